"""Routing of Tasks to Workers, as a customer's program sees it."""

import json

import pytest
from twilio.base.exceptions import TwilioRestException
from world import World


def test_task_is_offered_accepted_and_completed(world: World) -> None:
    queue = world.new_queue(target_workers='languages HAS "en"')
    task = world.workspace.tasks(world.new_task(workflow_sid=world.new_workflow(queue)))
    assert task.fetch().assignment_status == "pending"
    worker = world.workspace.workers(world.new_worker(languages=["en"]))
    worker.update(activity_sid=world.activities["Available"])
    offer = world.until(task.reservations.list, "an offer once the Worker is available")[0]
    assert (offer.reservation_status, task.fetch().assignment_status) == ("pending", "reserved")
    offer.update(reservation_status="accepted")
    assert task.fetch().assignment_status == "assigned"
    channel = worker.worker_channels("default").fetch()
    assert (channel.assigned_tasks, channel.available_capacity_percentage) == (1, 0)
    ended = task.update(assignment_status="completed", reason="resolved")
    assert (ended.assignment_status, ended.reason) == ("completed", "resolved")
    world.until(lambda: worker.worker_channels("default").fetch().assigned_tasks == 0, "the slot released")
    events = world.workspace.events
    types = world.until(lambda: completed_events(events.list(task_sid=task.fetch().sid)), "the last Event")
    assert types[:3] == ["workflow.entered", "task-queue.entered", "task.created"]
    reservation_types = [name for name in types if name in ("reservation.created", "reservation.accepted", "reservation.completed")]
    assert reservation_types == ["reservation.created", "reservation.accepted", "reservation.completed"]


def completed_events(events: list) -> list[str]:
    """The types of a completed Task's Events, oldest first; empty while the last one is missing."""
    types = [event.event_type for event in reversed(events)]
    return types if {"task.completed", "reservation.completed"} <= set(types) else []


def test_rejected_task_is_offered_to_next_worker(world: World) -> None:
    queue = world.new_queue(target_workers="rejects == true")
    first = world.new_worker("Available", rejects=True)
    task = world.workspace.tasks(world.new_task(workflow_sid=world.new_workflow(queue)))
    offer = world.until(task.reservations.list, "the first offer")[0]
    second = world.new_worker("Available", rejects=True)
    offer.update(reservation_status="rejected", worker_activity_sid=world.activities["Unavailable"])
    assert world.workspace.workers(first).fetch().activity_name == "Unavailable"
    pending = {"reservation_status": "pending", "worker_sid": second}
    world.until(lambda: task.reservations.list(**pending), "an offer to the second Worker")


def test_unanswered_offer_times_out(world: World) -> None:
    workflow = world.new_workflow(world.new_queue(target_workers="slow == true"), task_reservation_timeout=1)
    worker = world.workspace.workers(world.new_worker("Available", slow=True))
    task = world.workspace.tasks(world.new_task(workflow_sid=workflow))
    world.until(task.reservations.list, "the offer")
    world.until(lambda: worker.fetch().activity_name == "Offline", "the Worker in the timeout Activity")
    assert task.fetch().assignment_status == "pending"
    timed_out = {"task_sid": task.fetch().sid, "event_type": "reservation.timeout"}
    world.until(lambda: world.workspace.events.list(**timed_out), "the Event of the timeout")


def test_first_of_two_acceptances_wins(world: World) -> None:
    queue = world.new_queue(target_workers="race == true", max_reserved_workers=2)
    for _ in range(2):
        world.new_worker("Available", race=True)
    task = world.workspace.tasks(world.new_task(workflow_sid=world.new_workflow(queue)))
    one, other = world.until(lambda: pair(task.reservations.list()), "both offers")
    assert one.update(reservation_status="accepted").reservation_status == "accepted"
    assert other.fetch().reservation_status == "rescinded"
    with pytest.raises(TwilioRestException) as refused:
        other.update(reservation_status="accepted")
    assert refused.value.status == 410


def pair(offers: list) -> list:
    return offers if len(offers) == 2 else []


def test_canceled_task_cancels_its_offer(world: World) -> None:
    offer = world.offered()
    task = world.workspace.tasks(offer.task_sid)
    assert task.update(assignment_status="canceled", reason="hung up").assignment_status == "canceled"
    assert offer.fetch().reservation_status == "canceled"


def test_workflow_selects_the_queue(world: World) -> None:
    polish, english = world.new_queue(), world.new_queue()
    target = {"queue": polish, "priority": 4}
    filters = [{"filter_friendly_name": "Polish", "expression": "language == 'pl'", "targets": [target]}]
    configuration = {"task_routing": {"filters": filters, "default_filter": {"queue": english}}}
    workflow = world.workspace.workflows.create("By language", json.dumps(configuration)).sid
    for language, queue, priority in (("pl", polish, 4), ("en", english, 0)):
        sid = world.new_task(workflow_sid=workflow, attributes=json.dumps({"language": language}))
        task = world.workspace.tasks(sid).fetch()
        assert (task.task_queue_sid, task.priority) == (queue, priority)


def test_list_is_paged_forward_and_back(world: World) -> None:
    queue = world.new_queue(target_workers="page == true")
    created = [world.new_worker(page=True) for _ in range(5)]
    workers = world.workspace.workers
    assert [worker.sid for worker in workers.stream(task_queue_sid=queue, page_size=2)] == created
    first = workers.page(task_queue_sid=queue, page_size=2)
    second = first.next_page()
    third = second.next_page()
    assert [worker.sid for worker in third] == created[4:]
    assert third.next_page() is None
    assert [worker.sid for worker in third.previous_page()] == created[2:4]


def test_statistics_count_reservations(world: World) -> None:
    queue = world.new_queue(target_workers="counted == true")
    workflow = world.new_workflow(queue)
    world.new_worker("Available", counted=True)
    task = world.workspace.tasks(world.new_task(workflow_sid=workflow))
    offer = world.until(task.reservations.list, "the offer")[0]
    waiting = world.new_task(workflow_sid=workflow, priority=2)
    offer.update(reservation_status="accepted")
    statistics = world.workspace.task_queues(queue)
    world.until(lambda: statistics.cumulative_statistics().fetch().reservations_accepted == 1, "the acceptance")
    counted = statistics.cumulative_statistics().fetch()
    assert (counted.tasks_entered, counted.reservations_created, counted.reservations_rejected) == (2, 1, 0)
    world.until(lambda: statistics.real_time_statistics().fetch().tasks_by_status["assigned"] == 1, "the Task assigned")
    now = statistics.real_time_statistics().fetch()
    assert (now.total_tasks, now.tasks_by_status["pending"]) == (2, 1)
    assert now.longest_task_waiting_sid == waiting
    assert (now.total_eligible_workers, now.total_available_workers) == (1, 1)
    assert now.tasks_by_priority == {"0": 1, "2": 1}
