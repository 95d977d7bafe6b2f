"""Tasks, their Reservations, and Events."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from operations import exercises
from operations.instructions import instruct
from twilio.base.exceptions import TwilioRestException
from world import World


@exercises("CreateTask")
def create_task(world: World) -> None:
    before = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=1)
    made = world.workspace.tasks.create(
        timeout=600,
        priority=7,
        task_channel="chat",
        workflow_sid=world.workflow,
        attributes='{"who":"ann"}',
        virtual_start_time=before,
        routing_target=world.worker,
        ignore_capacity="false",
        task_queue_sid=world.queue,
    )
    assert (made.timeout, made.priority, made.task_channel_unique_name) == (600, 7, "chat")
    assert (made.workflow_sid, made.task_queue_sid, made.assignment_status) == (world.workflow, world.queue, "pending")
    assert (made.virtual_start_time, json.loads(made.attributes)) == (before, {"who": "ann"})


@exercises("ListTask")
def list_tasks(world: World) -> None:
    tasks = world.workspace.tasks
    queue = world.new_queue()
    workflow = world.new_workflow(queue)
    low = world.new_task(workflow_sid=workflow, priority=1, attributes='{"deep":{"no":1}}')
    high = world.new_task(workflow_sid=workflow, priority=2, attributes='{"deep":{"no":2}}')
    of_workflow = {"workflow_sid": workflow}
    for filters, expected in (
        (of_workflow, [low, high]),
        (of_workflow | {"priority": 2}, [high]),
        (of_workflow | {"assignment_status": ["pending", "reserved"]}, [low, high]),
        (of_workflow | {"assignment_status": ["assigned"]}, []),
        ({"workflow_name": world.workspace.workflows(workflow).fetch().friendly_name}, [low, high]),
        ({"task_queue_sid": queue}, [low, high]),
        ({"task_queue_name": world.workspace.task_queues(queue).fetch().friendly_name}, [low, high]),
        (of_workflow | {"evaluate_task_attributes": "deep.no == 1"}, [low]),
        (of_workflow | {"has_addons": True}, []),
        (of_workflow | {"has_addons": False}, [low, high]),
        (of_workflow | {"ordering": "Priority:desc,DateCreated:asc"}, [high, low]),
        (of_workflow | {"page_size": 1}, [low, high]),
    ):
        assert [task.sid for task in tasks.list(**filters)] == expected, filters
    worker = world.new_worker()
    aimed = world.new_task(routing_target=worker, ignore_capacity="false")
    assert [task.sid for task in tasks.list(routing_target=worker)] == [aimed]


@exercises("FetchTask")
def fetch_task(world: World) -> None:
    shown = world.workspace.tasks(world.task).fetch()
    assert (shown.sid, shown.addons, shown.age >= 0) == (world.task, "{}", True)


@exercises("UpdateTask")
def update_task(world: World) -> None:
    task = world.workspace.tasks(world.new_task())
    earlier = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=2)
    changed = task.update(
        if_match="*", attributes='{"a":1}', priority=9, task_channel="sms", virtual_start_time=earlier
    )
    assert (changed.priority, changed.task_channel_unique_name) == (9, "sms")
    assert (changed.virtual_start_time, json.loads(changed.attributes)) == (earlier, {"a": 1})
    ended = task.update(assignment_status="canceled", reason="not wanted any more")
    assert (ended.assignment_status, ended.reason) == ("canceled", "not wanted any more")


@exercises("DeleteTask")
def delete_task(world: World) -> None:
    assert world.workspace.tasks(world.new_task()).delete(if_match="*")


@exercises("ListTaskReservation")
def list_task_reservations(world: World) -> None:
    queue = world.new_queue(target_workers="pair == true", max_reserved_workers=2)
    workers = {world.new_worker("Available", pair=True) for _ in range(2)}
    task = world.new_task(workflow_sid=world.new_workflow(queue))
    reservations = world.workspace.tasks(task).reservations
    world.until(lambda: len(reservations.list()) == 2, "both Reservations")
    assert {offer.worker_sid for offer in reservations.stream(page_size=1)} == workers
    assert len(reservations.list(reservation_status="pending")) == 2
    assert reservations.list(reservation_status="accepted") == []
    one = workers.pop()
    assert [offer.worker_sid for offer in reservations.list(worker_sid=one)] == [one]


@exercises("FetchTaskReservation")
def fetch_task_reservation(world: World) -> None:
    offer = world.offered()
    assert world.workspace.tasks(offer.task_sid).reservations(offer.sid).fetch().worker_sid == offer.worker_sid


@exercises("UpdateTaskReservation")
def update_task_reservation(world: World) -> None:
    offer = world.offered()
    assert offer.update(if_match="*", reservation_status="accepted").reservation_status == "accepted"
    instruct(world, lambda offer: world.workspace.tasks(offer.task_sid).reservations(offer.sid))
    supervisor = world.new_worker("Available", contact_uri="+17075550109")
    accepted = world.assigned(task_channel="voice")
    # There is no call, so there is nothing to supervise.
    with pytest.raises(TwilioRestException, match="Supervise"):
        accepted.update(instruction="supervise", supervisor=supervisor, supervisor_mode="monitor")


@exercises("ListEvent")
def list_events(world: World) -> None:
    events = world.workspace.events
    offer = world.offered()
    found = world.until(lambda: events.list(reservation_sid=offer.sid), "an Event of the Reservation")
    assert [event.event_type for event in found] == ["reservation.created"]
    now = datetime.now(timezone.utc)
    hour = timedelta(hours=1)
    for filters in (
        {"task_sid": offer.task_sid, "event_type": "reservation.created"},
        {"worker_sid": offer.worker_sid, "minutes": 5},
        {"workflow_sid": world.workflow, "task_queue_sid": found[0].event_data["task_queue_sid"]},
        {"task_sid": offer.task_sid, "start_date": now - hour, "end_date": now + hour},
        {"task_channel": "default"},
        {"sid": found[0].sid},
    ):
        assert found[0].sid in [event.sid for event in events.list(**filters)], filters
    first, second = events.stream(page_size=1, limit=2)
    assert first.sid != second.sid


@exercises("FetchEvent")
def fetch_event(world: World) -> None:
    task = world.new_task()
    events = world.workspace.events
    (created,) = world.until(lambda: events.list(task_sid=task, event_type="task.created"), "the Event of a creation")
    shown = events(created.sid).fetch()
    assert (shown.event_type, shown.resource_sid) == ("task.created", task)
