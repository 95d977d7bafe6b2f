"""A Workspace with one resource of each kind, created through the official client."""

import json
import time
from collections.abc import Callable
from functools import cached_property
from itertools import count

from twilio.rest import Client

TIMEOUT_SECONDS = 20
POLL_EVERY_SECONDS = 0.02
NUMBERS = count(1)


def unique(name: str) -> str:
    """A unique name."""
    return f"{name} {next(NUMBERS)}"


class World:
    """A new Workspace."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.recorder = client.http_client
        self.workspaces = client.taskrouter.v1.workspaces
        self.sid = self.workspaces.create(friendly_name=unique("Workspace"), template="NONE").sid
        self.workspace = self.workspaces(self.sid)

    @cached_property
    def activities(self) -> dict[str, str]:
        """SIDs by name: Offline, Available, Unavailable."""
        return {activity.friendly_name: activity.sid for activity in self.workspace.activities.list()}

    @cached_property
    def queue(self) -> str:
        """A TaskQueue that no Worker serves: its Tasks wait, and occupy no Worker of a test."""
        return self.new_queue()

    @cached_property
    def workflow(self) -> str:
        """A Workflow that leads into the queue."""
        return self.new_workflow()

    @cached_property
    def worker(self) -> str:
        """A Worker who is offline."""
        return self.new_worker()

    @cached_property
    def task(self) -> str:
        """A Task that no Worker can take."""
        return self.new_task()

    def new_queue(self, **parameters) -> str:
        parameters = {"target_workers": "nobody == true"} | parameters
        return self.workspace.task_queues.create(friendly_name=unique("Queue"), **parameters).sid

    def new_workflow(self, queue: str | None = None, **parameters) -> str:
        configuration = json.dumps({"task_routing": {"filters": [], "default_filter": {"queue": queue or self.queue}}})
        return self.workspace.workflows.create(unique("Workflow"), configuration, **parameters).sid

    def new_worker(self, activity: str = "Offline", **attributes) -> str:
        worker = self.workspace.workers.create(
            friendly_name=unique("Worker"), activity_sid=self.activities[activity], attributes=json.dumps(attributes)
        )
        return worker.sid

    def new_task(self, **parameters) -> str:
        parameters = {"workflow_sid": self.workflow, "attributes": json.dumps({"selected_language": "en"})} | parameters
        return self.workspace.tasks.create(**parameters).sid

    @staticmethod
    def until(look: Callable, awaited: str):
        """Polls until `look` finds something."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(POLL_EVERY_SECONDS)
        raise AssertionError(f"timeout, expected {awaited}")

    def offered(self, **parameters):
        """The pending Reservation of a new Task for a new Worker."""
        worker = self.new_worker("Available", contact_uri="+17075550101")
        task = self.new_task(routing_target=worker, **parameters)
        reservations = self.workspace.tasks(task).reservations
        return self.until(reservations.list, "an offer to the only Worker")[0]

    def assigned(self, **parameters):
        """An accepted Reservation of a new Task."""
        return self.offered(**parameters).update(reservation_status="accepted")
