"""Workspaces, Activities, TaskChannels, TaskQueues, Workflows."""

import json

from operations import exercises
from world import World, unique


@exercises("CreateWorkspace")
def create_workspace(world: World) -> None:
    name = unique("Created")
    made = world.workspaces.create(
        friendly_name=name,
        event_callback_url="https://events.example/taskrouter",
        events_filter="task.created, task.completed",
        multi_task_enabled=True,
        template="FIFO",
        prioritize_queue_order="LIFO",
    )
    assert (made.friendly_name, made.prioritize_queue_order, made.multi_task_enabled) == (name, "LIFO", True)
    inside = world.workspaces(made.sid)
    assert [queue.friendly_name for queue in inside.task_queues.list()] == ["Sample Queue"]
    assert [workflow.friendly_name for workflow in inside.workflows.list()] == ["Default Fifo Workflow"]


@exercises("ListWorkspace")
def list_workspaces(world: World) -> None:
    name = unique("Listed")
    made = world.workspaces.create(friendly_name=name)
    assert [found.sid for found in world.workspaces.list(friendly_name=name)] == [made.sid]
    assert made.sid in [found.sid for found in world.workspaces.stream(page_size=1)]


@exercises("FetchWorkspace")
def fetch_workspace(world: World) -> None:
    assert world.workspace.fetch().sid == world.sid


@exercises("UpdateWorkspace")
def update_workspace(world: World) -> None:
    sid = world.workspaces.create(friendly_name=unique("Updated")).sid
    available = world.workspaces(sid).activities.list(friendly_name="Available")[0].sid
    name = unique("Renamed")
    changed = world.workspaces(sid).update(
        default_activity_sid=available,
        event_callback_url="https://events.example/more",
        events_filter="worker.created",
        friendly_name=name,
        multi_task_enabled=True,
        timeout_activity_sid=available,
        prioritize_queue_order="LIFO",
    )
    assert (changed.friendly_name, changed.default_activity_name) == (name, "Available")
    assert (changed.timeout_activity_sid, changed.prioritize_queue_order) == (available, "LIFO")


@exercises("DeleteWorkspace")
def delete_workspace(world: World) -> None:
    sid = world.workspaces.create(friendly_name=unique("Deleted")).sid
    assert world.workspaces(sid).delete()
    assert sid not in [found.sid for found in world.workspaces.list()]


@exercises("CreateActivity")
def create_activity(world: World) -> None:
    made = world.workspace.activities.create(friendly_name=unique("Lunch"), available=False)
    assert made.available is False


@exercises("ListActivity")
def list_activities(world: World) -> None:
    activities = world.workspace.activities
    assert [activity.friendly_name for activity in activities.list(friendly_name="Offline")] == ["Offline"]
    assert all(activity.available for activity in activities.list(available="true"))
    assert len(list(activities.stream(page_size=1))) >= 3


@exercises("FetchActivity")
def fetch_activity(world: World) -> None:
    assert world.workspace.activities(world.activities["Offline"]).fetch().friendly_name == "Offline"


@exercises("UpdateActivity")
def update_activity(world: World) -> None:
    activity = world.workspace.activities.create(friendly_name=unique("Training"), available=True)
    name = unique("Coaching")
    assert activity.update(friendly_name=name).friendly_name == name


@exercises("DeleteActivity")
def delete_activity(world: World) -> None:
    assert world.workspace.activities.create(friendly_name=unique("Gone")).delete()


@exercises("CreateTaskChannel")
def create_task_channel(world: World) -> None:
    name = unique("fax").replace(" ", "_")
    made = world.workspace.task_channels.create(friendly_name="Fax", unique_name=name, channel_optimized_routing=True)
    assert (made.unique_name, made.channel_optimized_routing) == (name, True)


@exercises("ListTaskChannel")
def list_task_channels(world: World) -> None:
    names = [channel.unique_name for channel in world.workspace.task_channels.stream(page_size=2)]
    assert {"default", "voice", "chat", "sms", "video"} <= set(names)
    assert len(names) == len(set(names))


@exercises("FetchTaskChannel")
def fetch_task_channel(world: World) -> None:
    by_name = world.workspace.task_channels("voice").fetch()
    assert world.workspace.task_channels(by_name.sid).fetch().unique_name == "voice"


@exercises("UpdateTaskChannel")
def update_task_channel(world: World) -> None:
    channel = world.workspace.task_channels.create("Letters", unique("letters").replace(" ", "_"))
    changed = channel.update(friendly_name="Post", channel_optimized_routing=True)
    assert (changed.friendly_name, changed.channel_optimized_routing) == ("Post", True)


@exercises("DeleteTaskChannel")
def delete_task_channel(world: World) -> None:
    assert world.workspace.task_channels.create("Telex", unique("telex").replace(" ", "_")).delete()


@exercises("CreateTaskQueue")
def create_task_queue(world: World) -> None:
    made = world.workspace.task_queues.create(
        friendly_name=unique("Created"),
        target_workers='languages HAS "en"',
        max_reserved_workers=2,
        task_order="LIFO",
        reservation_activity_sid=world.activities["Unavailable"],
        assignment_activity_sid=world.activities["Unavailable"],
    )
    assert (made.target_workers, made.max_reserved_workers, made.task_order) == ('languages HAS "en"', 2, "LIFO")


@exercises("ListTaskQueue")
def list_task_queues(world: World) -> None:
    queues = world.workspace.task_queues
    polish = world.new_queue(target_workers='languages HAS "pl"')
    name = queues(polish).fetch().friendly_name
    assert [queue.sid for queue in queues.list(friendly_name=name)] == [polish]
    speaks = json.dumps({"languages": ["pl"]})
    assert polish in [queue.sid for queue in queues.list(evaluate_worker_attributes=speaks)]
    assert polish not in [queue.sid for queue in queues.list(evaluate_worker_attributes="{}")]
    assert polish not in [queue.sid for queue in queues.list(worker_sid=world.worker)]
    newest_first = [queue.date_updated for queue in queues.list(ordering="DateUpdated:desc")]
    assert newest_first == sorted(newest_first, reverse=True)
    assert polish in [queue.sid for queue in queues.stream(page_size=1)]


@exercises("FetchTaskQueue")
def fetch_task_queue(world: World) -> None:
    assert world.workspace.task_queues(world.queue).fetch().target_workers == "1==1"


@exercises("UpdateTaskQueue")
def update_task_queue(world: World) -> None:
    name = unique("Renamed")
    changed = world.workspace.task_queues(world.new_queue()).update(
        friendly_name=name,
        target_workers="level > 3",
        reservation_activity_sid=world.activities["Unavailable"],
        assignment_activity_sid=world.activities["Unavailable"],
        max_reserved_workers=5,
        task_order="LIFO",
    )
    shown = (changed.friendly_name, changed.target_workers, changed.max_reserved_workers, changed.task_order)
    assert shown == (name, "level > 3", 5, "LIFO")


@exercises("DeleteTaskQueue")
def delete_task_queue(world: World) -> None:
    assert world.workspace.task_queues(world.new_queue()).delete()


@exercises("CreateWorkflow")
def create_workflow(world: World) -> None:
    target = {"queue": world.queue, "priority": 3, "timeout": 60}
    filters = [{"filter_friendly_name": "English", "expression": "language == 'en'", "targets": [target]}]
    configuration = {"task_routing": {"filters": filters, "default_filter": {"queue": world.queue}}}
    made = world.workspace.workflows.create(
        friendly_name=unique("Created"),
        configuration=json.dumps(configuration),
        assignment_callback_url="https://app.example/assignment",
        fallback_assignment_callback_url="https://app.example/fallback",
        task_reservation_timeout=30,
    )
    assert json.loads(made.configuration) == configuration
    assert (made.task_reservation_timeout, made.document_content_type) == (30, "application/json")


@exercises("ListWorkflow")
def list_workflows(world: World) -> None:
    workflows = world.workspace.workflows
    made = world.new_workflow()
    name = workflows(made).fetch().friendly_name
    assert [workflow.sid for workflow in workflows.list(friendly_name=name)] == [made]
    world.new_workflow()
    assert made in [workflow.sid for workflow in workflows.stream(page_size=1)]


@exercises("FetchWorkflow")
def fetch_workflow(world: World) -> None:
    assert world.workspace.workflows(world.workflow).fetch().task_reservation_timeout == 120


@exercises("UpdateWorkflow")
def update_workflow(world: World) -> None:
    name = unique("Renamed")
    configuration = {"task_routing": {"filters": [], "default_filter": {"queue": world.new_queue()}}}
    changed = world.workspace.workflows(world.new_workflow()).update(
        friendly_name=name,
        assignment_callback_url="https://app.example/other",
        fallback_assignment_callback_url="https://app.example/another",
        configuration=json.dumps(configuration),
        task_reservation_timeout=45,
        re_evaluate_tasks="true",
    )
    assert (changed.friendly_name, changed.task_reservation_timeout) == (name, 45)
    assert json.loads(changed.configuration) == configuration


@exercises("DeleteWorkflow")
def delete_workflow(world: World) -> None:
    assert world.workspace.workflows(world.new_workflow()).delete()
