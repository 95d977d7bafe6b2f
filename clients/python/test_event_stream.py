"""Streams of Events: a client that reconnects receives each Event once, and each is an Event of the official document."""

import json

import pytest
import requests
from event_stream import ATTEMPTS_MAX, EventStream, Message
from world import World

POLLS_MAX = 20


def receive(world: World, stream: EventStream, count: int) -> list[Message]:
    """At least `count` messages, from as many polls as needed."""
    messages: list[Message] = []
    for _ in range(POLLS_MAX):
        messages += stream.next()
        if len(messages) >= count:
            break
    official = world.recorder.official
    for message in messages:
        problems = official.problems(official.operations["FetchEvent"], 200, {}, json.dumps(message.data))
        assert not problems, f"{message}: {problems}"
        assert (message.id, message.event) == (message.data["sid"], message.data["event_type"])
    return messages


def written_at(message: Message) -> int:
    """Milliseconds since 1970 of the write that published the Event, from its id. A Task's creation is published with its
    second write, so `event_date_ms` of different Tasks may be in another order."""
    return int(message.id.removeprefix("EV")[:11], 16)


def test_client_continues_after_its_last_event(world: World) -> None:
    stream = EventStream(world.sid)
    stream.next(wait=0)
    tasks = [world.new_task() for _ in range(4)]
    expected = {event.sid for task in tasks for event in world.until(lambda: stored(world, task), "the Events of a new Task")}
    messages = receive(world, stream, len(expected))
    assert expected <= {message.id for message in messages}
    assert len({message.id for message in messages}) == len(messages), "expected no duplicate"
    writes = [written_at(message) for message in messages]
    assert writes == sorted(writes)
    for task in tasks:
        moments = [message.data["event_date_ms"] for message in messages if message.data["event_data"].get("task_sid") == task]
        assert moments, "expected Events of each Task"
        assert moments == sorted(moments), "expected the Events of one Task in their order"

    # A client that crashed after the third message.
    restarted = EventStream(world.sid, last_event_id=messages[2].id)
    rest = receive(world, restarted, len(messages) - 3)
    assert [message.id for message in rest[: len(messages) - 3]] == [message.id for message in messages[3:]]
    assert EventStream(world.sid, last_event_id=restarted.last_event_id).next(wait=0) == []


def test_worker_stream_has_only_own_events(world: World) -> None:
    worker = world.new_worker("Available", contact_uri="+17075550101")
    stream = EventStream(f"{world.sid}/Workers/{worker}")
    stream.next(wait=0)
    world.new_task()
    task = world.new_task(routing_target=worker)
    (message, *_) = receive(world, stream, 1)
    assert (message.event, message.data["event_data"]["task_sid"]) == ("reservation.created", task)
    assert message.data["event_data"]["worker_sid"] == worker


class BusyServer(requests.Session):
    """Refuses some requests, and then answers with an empty stream."""

    def __init__(self, refusals: list[tuple[int, str]]) -> None:
        super().__init__()
        self.refusals = refusals

    def get(self, url: str, **_: object) -> requests.Response:
        answer = requests.Response()
        answer.status_code, retry_after = self.refusals.pop(0) if self.refusals else (200, "0")
        answer.headers.update({"Retry-After": retry_after, "Content-Type": "text/event-stream"})
        answer._content = b"retry: 250\n\n"  # noqa: SLF001
        return answer


def test_client_backs_off(world: World) -> None:
    pauses: list[float] = []
    session = BusyServer([(429, "0"), (503, "0"), (429, "7")])
    assert EventStream(world.sid, session=session, sleep=pauses.append).next(wait=0) == []
    first, second, third = pauses
    assert 0.5 <= first <= 1
    assert 1 <= second <= 2
    assert third == 7, "the server asked for more"
    session = BusyServer([(429, "0")] * ATTEMPTS_MAX)
    with pytest.raises(requests.HTTPError, match="429"):
        EventStream(world.sid, session=session, sleep=pauses.append).next(wait=0)


def stored(world: World, task: str) -> list:
    """The Events of a new Task, once the last of them is stored; empty before."""
    events = world.workspace.events.list(task_sid=task)
    return events if "task.created" in [event.event_type for event in events] else []
