"""A contact centre as published programs build it: a set-up script that creates what is missing, calls through `<Enqueue
workflowSid>`, an assignment callback, Events, voicemail when nobody answers, and attributes after the end. Each test is a
part of the same program, with nothing changed but the host."""

import json
import os
from collections.abc import Iterator

import pytest
import requests
from application import Application, attributes_of, client
from world import World, unique

CALLER = "+17075550142"
AGENT = "+17075550161"
# Seconds until a call that is not answered goes to voicemail.
PATIENCE = 4


@pytest.fixture(scope="module")
def centre() -> Iterator["Centre"]:
    application = Application()
    yield Centre(application)
    assert not application.refused, f"requests without a valid signature: {application.refused}"
    application.close()


class Centre:
    """The program's set-up script, and its server."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.client = client()
        self.name = unique("Helpdesk")
        self.number = self.client.incoming_phone_numbers.list()[0]
        self.set_up()
        application.routes |= {
            "/incoming": lambda form: self.enqueue(form),
            "/assignment": lambda form: json.dumps({"instruction": "dequeue", "from": self.number.phone_number}),
            "/events": lambda form: self.on_event(form),
            "/voicemail": lambda form: f'<Response><Say>Leave a message</Say><Record maxLength="20" action="{application.url}/recorded"/></Response>',
            "/recorded": lambda form: "<Response><Hangup/></Response>",
        }

    def set_up(self) -> None:
        """Creates what is missing: it may run several times."""
        url = self.application.url
        found = self.client.taskrouter.v1.workspaces.list(friendly_name=self.name)
        created = found or [
            self.client.taskrouter.v1.workspaces.create(
                friendly_name=self.name, event_callback_url=f"{url}/events", template="FIFO", multi_task_enabled=True
            )
        ]
        self.workspace = self.client.taskrouter.v1.workspaces(created[0].sid)
        activities = {activity.friendly_name: activity.sid for activity in self.workspace.activities.list()}
        for name, available in (("Idle", True), ("Busy", False), ("Reserved", False)):
            activities.setdefault(name, None)
            if not activities[name]:
                activities[name] = self.workspace.activities.create(friendly_name=name, available=available).sid
        self.activities = activities
        queues = {queue.friendly_name: queue.sid for queue in self.workspace.task_queues.list()}
        for name, target in (("Support", "products HAS 'support'"), ("Everybody", "1==1")):
            if name not in queues:
                queues[name] = self.workspace.task_queues.create(
                    friendly_name=name,
                    target_workers=target,
                    reservation_activity_sid=activities["Reserved"],
                    assignment_activity_sid=activities["Busy"],
                ).sid
        self.queues = queues
        workflows = self.workspace.workflows.list(friendly_name="Calls")
        self.workflow = workflows[0] if workflows else self.workspace.workflows.create(
            friendly_name="Calls",
            configuration=self.configuration(),
            assignment_callback_url=f"{url}/assignment",
            task_reservation_timeout=30,
        )
        self.number.update(voice_url=f"{url}/incoming", voice_method="POST")

    def configuration(self) -> str:
        """Keys as published programs spell them; an unknown one is kept."""
        targets = [{"queue": self.queues["Support"], "timeout": PATIENCE, "priority": 5}]
        filters = [{"friendlyName": "Support", "expression": "selected_product == 'support'", "targets": targets}]
        default_filter = {"task_queue_sid": self.queues["Everybody"], "filter_friendly_name": "Rest"}
        return json.dumps({"task_routing": {"filters": filters, "default_filter": default_filter}, "version": 3})

    def enqueue(self, form: dict) -> str:
        task = json.dumps({"selected_product": "support"})
        return f'<Response><Enqueue workflowSid="{self.workflow.sid}"><Task>{task}</Task></Enqueue></Response>'

    def on_event(self, form: dict) -> str:
        if form["EventType"] == "workflow.timeout":
            call = attributes_of(form)["call_sid"]
            self.client.calls(call).update(method="POST", url=f"{self.application.url}/voicemail")
        return ""

    def dial(self) -> str:
        return phones("POST", "", {"from": CALLER, "to": self.number.phone_number})["call_sid"]

    def task_of(self, call: str):
        tasks = self.workspace.tasks.list(evaluate_task_attributes=f"call_sid == '{call}'")
        return tasks[0] if tasks else None


def phones(method: str, path: str, body: dict | None = None) -> dict:
    """A request to the simulated telephones."""
    answer = requests.request(method, f"{os.environ['CORDBOARD_URL']}/simulator/calls{path}", json=body, timeout=30)
    assert answer.ok, answer.text
    return answer.json() if answer.text else {}


def test_set_up_script_may_run_twice(centre: Centre) -> None:
    before = (centre.workflow.sid, centre.queues, centre.activities)
    centre.set_up()
    assert (centre.workflow.sid, centre.queues, centre.activities) == before
    assert json.loads(centre.workflow.configuration) == json.loads(centre.configuration())
    assert centre.workflow.configuration == centre.configuration(), "expected the text as it was sent"
    queue = centre.workspace.task_queues(centre.queues["Support"]).fetch()
    assert (queue.assignment_activity_sid, queue.reservation_activity_name) == (centre.activities["Busy"], "Reserved")
    assert centre.client.api.v2010.accounts(os.environ["ACCOUNT_SID"]).fetch().status == "active"


def test_caller_reaches_an_agent(centre: Centre) -> None:
    attributes = json.dumps({"products": ["support"], "contact_uri": AGENT})
    worker = centre.workspace.workers.create(friendly_name="Ada", attributes=attributes, activity_sid=centre.activities["Idle"])
    call = centre.dial()
    ringing = World.until(lambda: phones("GET", f"?to={AGENT.replace('+', '%2B')}&status=ringing")["calls"], "a ringing phone")
    phones("POST", f"/{ringing[0]['call_sid']}/answer", {})
    World.until(lambda: centre.task_of(call).assignment_status == "assigned", "an assigned Task")
    phones("POST", f"/{call}/hangup", {})
    task = World.until(lambda: wrapping(centre.task_of(call)), "a Task in wrap-up")
    task.update(assignment_status="completed", reason="resolved")
    types = {"task.created", "reservation.created", "reservation.accepted", "task.wrapup", "task.completed"}
    World.until(lambda: all(centre.application.of_type("/events", name) for name in types), f"the Events {types}")
    worker.update(activity_sid=centre.activities["Offline"])
    attributes = {"call_sid": call, "conversations": {"media": [{"type": "VoiceRecording", "url": "https://example.com/RE1"}]}}
    updated = centre.workspace.tasks(task.sid).update(attributes=json.dumps(attributes))
    assert updated.attributes == json.dumps(attributes), "expected the attributes as they were sent"


def recording(transcript: list) -> list | None:
    return transcript if "beep" in str(transcript) else None


def wrapping(task):
    return task if task.assignment_status == "wrapping" else None


def test_unanswered_caller_leaves_voicemail(centre: Centre) -> None:
    call = centre.dial()
    World.until(lambda: centre.application.received.get("/voicemail"), "the voicemail's TwiML requested")
    transcript = World.until(lambda: recording(phones("GET", f"/{call}")["transcript"]), "the beep")
    assert "Leave a message" in str(transcript)
    phones("POST", f"/{call}/hangup", {})
    recorded = World.until(lambda: centre.application.received.get("/recorded"), "a recording")[0]
    assert (recorded["CallSid"], bool(recorded["RecordingUrl"])) == (call, True)
    (timeout,) = centre.application.of_type("/events", "workflow.timeout")
    assert attributes_of(timeout)["call_sid"] == call
