"""Refusals: the exceptions that a customer's program gets (taskrouter.md section 15)."""

import os
from collections.abc import Callable

import pytest
from recorder import Recorder
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client
from world import World

UNKNOWN = "0" * 32


def refused(request: Callable, status: int, code: int, part: str = "") -> None:
    with pytest.raises(TwilioRestException) as error:
        request()
    assert (error.value.status, error.value.code) == (status, code), error.value
    assert part in error.value.msg


def test_stale_version_changes_nothing(world: World) -> None:
    task = world.workspace.tasks(world.new_task())
    refused(lambda: task.update(if_match='"77"', priority=2), 412, 20412)
    assert task.fetch().priority == 0
    worker = world.workspace.workers(world.new_worker())
    worker.update(if_match='"0"', attributes='{"a":0}')
    refused(lambda: worker.update(if_match='"0"', attributes='{"a":1}'), 412, 20412)


def test_missing_resource_is_not_found(world: World) -> None:
    for part in (
        world.workspaces(f"WS{UNKNOWN}"),
        world.workspace.activities(f"WA{UNKNOWN}"),
        world.workspace.workers(f"WK{UNKNOWN}"),
        world.workspace.workers(world.worker).worker_channels(f"WC{UNKNOWN}"),
        world.workspace.task_channels(f"TC{UNKNOWN}"),
        world.workspace.task_queues(f"WQ{UNKNOWN}"),
        world.workspace.workflows(f"WW{UNKNOWN}"),
        world.workspace.tasks(f"WT{UNKNOWN}"),
        world.workspace.tasks(world.task).reservations(f"WR{UNKNOWN}"),
        world.workspace.events(f"EV{UNKNOWN}"),
        world.workspace.task_queues(f"WQ{UNKNOWN}").real_time_statistics(),
        world.workspace.workflows(f"WW{UNKNOWN}").cumulative_statistics(),
    ):
        refused(part.fetch, 404, 20404)


def test_wrong_token_is_refused(world: World) -> None:
    http_client = Recorder(os.environ["CORDBOARD_URL"])
    stranger = Client(os.environ["ACCOUNT_SID"], "a guess", http_client=http_client)
    refused(stranger.taskrouter.v1.workspaces(world.sid).fetch, 401, 20003)


def test_invalid_parameter_is_named(world: World) -> None:
    tasks, workers, queues = world.workspace.tasks, world.workspace.workers, world.workspace.task_queues
    for request, name in (
        (lambda: tasks.create(attributes="{", workflow_sid=world.workflow), "Attributes"),
        (lambda: tasks.create(attributes="{}", workflow_sid=world.workflow, priority=-1), "Priority"),
        (lambda: tasks(world.task).update(assignment_status="completed"), ""),
        (lambda: workers.create(friendly_name=""), "FriendlyName"),
        (lambda: workers(world.worker).update(activity_sid="WA1"), "ActivitySid"),
        (lambda: queues.create(friendly_name="Hyphen", target_workers="skill-level > 3"), "TargetWorkers"),
        (lambda: world.workspace.workflows.create("Broken", "{"), "Configuration"),
    ):
        refused(request, 400, 20001, name)


def test_page_has_at_most_thousand_entries(world: World) -> None:
    with pytest.raises(TwilioException):
        world.workspace.workers.page(page_size=1001)
