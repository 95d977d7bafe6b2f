"""Events as they happen: who comes again hears each of them once, and each is an Event of the official document."""

import json

from event_stream import EventStream, Message
from world import World

PIECES_MAX = 20


def heard(world: World, stream: EventStream, count: int) -> list[Message]:
    """So many messages, or more, in as many pieces as they come."""
    messages: list[Message] = []
    for _ in range(PIECES_MAX):
        messages += stream.next()
        if len(messages) >= count:
            break
    official = world.recorder.official
    for message in messages:
        problems = official.problems(official.operations["FetchEvent"], 200, {}, json.dumps(message.data))
        assert not problems, f"{message}: {problems}"
        assert (message.id, message.event) == (message.data["sid"], message.data["event_type"])
    return messages


def test_who_broke_off_goes_on_behind_the_last_event_they_saw(world: World) -> None:
    stream = EventStream(world.sid)
    stream.next(wait=0)
    tasks = [world.new_task() for _ in range(4)]
    told = {event.sid for task in tasks for event in world.until(lambda: stored(world, task), "the Events of a new Task")}
    messages = heard(world, stream, len(told))
    assert told <= {message.id for message in messages}
    assert len({message.id for message in messages}) == len(messages), "none comes twice"
    moments = [message.data["event_date_ms"] for message in messages]
    assert moments == sorted(moments)

    # A client that crashed after the third.
    again = EventStream(world.sid, last_event_id=messages[2].id)
    rest = heard(world, again, len(messages) - 3)
    assert [message.id for message in rest[: len(messages) - 3]] == [message.id for message in messages[3:]]
    assert EventStream(world.sid, last_event_id=again.last_event_id).next(wait=0) == []


def test_a_worker_hears_what_is_theirs(world: World) -> None:
    worker = world.new_worker("Available", contact_uri="+17075550101")
    stream = EventStream(f"{world.sid}/Workers/{worker}")
    stream.next(wait=0)
    world.new_task()
    task = world.new_task(routing_target=worker)
    (message, *_) = heard(world, stream, 1)
    assert (message.event, message.data["event_data"]["task_sid"]) == ("reservation.created", task)
    assert message.data["event_data"]["worker_sid"] == worker


def stored(world: World, task: str) -> list:
    """The Events of a new Task, once the last of them is there."""
    events = world.workspace.events.list(task_sid=task)
    return events if "task.created" in [event.event_type for event in events] else []
