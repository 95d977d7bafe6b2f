"""Statistics (taskrouter.md section 13)."""

from datetime import datetime, timedelta, timezone

from operations import exercises
from world import World

BY_MINUTES = {"minutes": 5, "task_channel": "default"}
BY_WAIT = BY_MINUTES | {"split_by_wait_time": "5,30"}


def time_range() -> dict:
    """The last hour, as dates."""
    now = datetime.now(timezone.utc).replace(microsecond=0)
    return {"start_date": now - timedelta(hours=1), "end_date": now}


class Body(dict):
    """A JSON body in the form that the client expects."""

    def to_dict(self) -> dict:
        return self


@exercises("CreateTaskQueueBulkRealTimeStatistics")
def task_queues_in_bulk(world: World) -> None:
    queues = world.workspace.task_queues
    for name in ("QueueSids", "queueSids"):
        found = queues.bulk_real_time_statistics.create(body=Body({name: [world.queue, world.new_queue()]}))
        assert found.task_queue_response_count == 2
        assert {data["task_queue_sid"] for data in found.task_queue_data} >= {world.queue}


@exercises("ListTaskQueuesStatistics")
def task_queues(world: World) -> None:
    statistics = world.workspace.task_queues.statistics
    name = world.workspace.task_queues(world.queue).fetch().friendly_name
    assert [found.task_queue_sid for found in statistics.list(friendly_name=name, **BY_WAIT)] == [world.queue]
    statistics.list(limit=1, **time_range())
    other = world.new_queue()
    assert {world.queue, other} <= {found.task_queue_sid for found in statistics.stream(page_size=1)}


def scopes(world: World) -> dict:
    """The resources that have real-time, cumulative and combined statistics."""
    return {
        "Workspace": world.workspace,
        "TaskQueue": world.workspace.task_queues(world.queue),
        "Workflow": world.workspace.workflows(world.workflow),
    }


def exercise_scope(scope: str) -> None:
    @exercises(f"Fetch{scope}RealTimeStatistics")
    def real_time(world: World) -> None:
        world.new_task()
        statistics = scopes(world)[scope].real_time_statistics()
        assert statistics.fetch(task_channel="default").total_tasks >= 0
        assert statistics.fetch().longest_task_waiting_age >= 0

    @exercises(f"Fetch{scope}CumulativeStatistics")
    def cumulative(world: World) -> None:
        statistics = scopes(world)[scope].cumulative_statistics()
        found = statistics.fetch(**BY_WAIT)
        assert set(found.split_by_wait_time) == {"5", "30"}
        assert found.reservations_created >= 0
        requested = time_range()
        found = statistics.fetch(**requested)
        assert (found.start_time, found.end_time) == (requested["start_date"], requested["end_date"])

    @exercises(f"Fetch{scope}Statistics")
    def combined(world: World) -> None:
        statistics = scopes(world)[scope].statistics()
        found = statistics.fetch(**BY_WAIT)
        assert found.realtime["total_tasks"] >= 0
        assert set(found.cumulative["split_by_wait_time"]) == {"5", "30"}
        statistics.fetch(**time_range())


for each in ("Workspace", "TaskQueue", "Workflow"):
    exercise_scope(each)


@exercises("FetchWorkersRealTimeStatistics")
def workers_real_time(world: World) -> None:
    statistics = world.workspace.workers.real_time_statistics()
    world.new_worker()
    assert statistics.fetch().total_workers >= 1
    assert statistics.fetch(task_channel="voice").total_workers >= 1


@exercises("FetchWorkersCumulativeStatistics")
def workers_cumulative(world: World) -> None:
    statistics = world.workspace.workers.cumulative_statistics()
    assert statistics.fetch(**BY_MINUTES).reservations_created >= 0
    statistics.fetch(**time_range())


@exercises("FetchWorkerStatistics")
def workers_combined(world: World) -> None:
    statistics = world.workspace.workers.statistics()
    name = world.workspace.task_queues(world.queue).fetch().friendly_name
    worker = world.workspace.workers(world.worker).fetch().friendly_name
    for filters in ({"task_queue_sid": world.queue}, {"task_queue_name": name}, {"friendly_name": worker}, BY_MINUTES, time_range()):
        assert statistics.fetch(**filters).realtime["total_workers"] >= 0, filters


@exercises("FetchWorkerInstanceStatistics")
def one_worker(world: World) -> None:
    statistics = world.workspace.workers(world.worker).statistics()
    assert "reservations_created" in statistics.fetch(**BY_MINUTES).cumulative
    statistics.fetch(**time_range())
