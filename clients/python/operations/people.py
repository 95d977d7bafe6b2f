"""Workers, their channels and their Reservations."""

import json

from operations import exercises
from operations.instructions import instruct
from world import World, unique


@exercises("CreateWorker")
def create_worker(world: World) -> None:
    name = unique("Alice")
    made = world.workspace.workers.create(
        friendly_name=name, activity_sid=world.activities["Unavailable"], attributes='{"level":3}'
    )
    assert (made.friendly_name, made.activity_name, made.available) == (name, "Unavailable", False)
    assert json.loads(made.attributes) == {"level": 3}


@exercises("ListWorker")
def list_workers(world: World) -> None:
    workers = world.workspace.workers
    queue = world.new_queue(target_workers='knots HAS "bowline"')
    sailor = workers(world.new_worker(knots=["bowline"])).fetch()
    assert world.worker != sailor.sid
    for filters in (
        {"friendly_name": sailor.friendly_name},
        {"target_workers_expression": 'knots HAS "bowline"'},
        {"task_queue_sid": queue},
        {"task_queue_name": world.workspace.task_queues(queue).fetch().friendly_name},
    ):
        assert [worker.sid for worker in workers.list(**filters)] == [sailor.sid], filters
    for filters in ({"activity_name": "Offline"}, {"activity_sid": world.activities["Offline"]}, {"available": "false"}):
        found = workers.list(**filters)
        assert sailor.sid in [worker.sid for worker in found], filters
        assert not any(worker.available for worker in found), filters
    changed = [worker.date_status_changed for worker in workers.list(ordering="DateStatusChanged:desc")]
    assert changed == sorted(changed, reverse=True)
    assert sailor.sid in [worker.sid for worker in workers.stream(page_size=1)]


@exercises("FetchWorker")
def fetch_worker(world: World) -> None:
    assert world.workspace.workers(world.worker).fetch().activity_name == "Offline"


@exercises("UpdateWorker")
def update_worker(world: World) -> None:
    worker = world.workspace.workers(world.new_worker())
    name = unique("Bob")
    changed = worker.update(
        if_match="*",
        activity_sid=world.activities["Unavailable"],
        attributes='{"level":4}',
        friendly_name=name,
        reject_pending_reservations=True,
    )
    assert (changed.friendly_name, changed.activity_name) == (name, "Unavailable")
    assert json.loads(changed.attributes) == {"level": 4}


@exercises("DeleteWorker")
def delete_worker(world: World) -> None:
    assert world.workspace.workers(world.new_worker()).delete(if_match="*")


@exercises("ListWorkerChannel")
def list_worker_channels(world: World) -> None:
    channels = list(world.workspace.workers(world.worker).worker_channels.stream(page_size=2))
    names = [channel.task_channel_unique_name for channel in channels]
    assert {"default", "voice", "chat", "sms", "video"} <= set(names)
    assert len(names) == len(set(names))
    assert all(channel.configured_capacity == 1 for channel in channels)


@exercises("FetchWorkerChannel")
def fetch_worker_channel(world: World) -> None:
    channels = world.workspace.workers(world.worker).worker_channels
    voice = channels("voice").fetch()
    assert (voice.task_channel_unique_name, voice.available_capacity_percentage) == ("voice", 100)
    assert channels(voice.sid).fetch().sid == voice.sid


@exercises("UpdateWorkerChannel")
def update_worker_channel(world: World) -> None:
    changed = world.workspace.workers(world.new_worker()).worker_channels("chat").update(capacity=3, available=False)
    assert (changed.configured_capacity, changed.available) == (3, False)


@exercises("ListWorkerReservation")
def list_worker_reservations(world: World) -> None:
    worker = world.workspace.workers(world.new_worker("Available"))
    for channel in ("chat", "sms"):
        world.new_task(routing_target=worker.fetch().sid, task_channel=channel)
    reservations = worker.reservations
    world.until(lambda: len(reservations.list()) == 2, "both Reservations")
    assert len(reservations.list(reservation_status="pending")) == 2
    assert reservations.list(reservation_status="accepted") == []
    assert len(list(reservations.stream(page_size=1))) == 2


@exercises("FetchWorkerReservation")
def fetch_worker_reservation(world: World) -> None:
    offer = world.offered()
    shown = world.workspace.workers(offer.worker_sid).reservations(offer.sid).fetch()
    assert (shown.task_sid, shown.reservation_status, shown.worker_name) == (offer.task_sid, "pending", offer.worker_name)


@exercises("UpdateWorkerReservation")
def update_worker_reservation(world: World) -> None:
    offer = world.offered()
    reservation = world.workspace.workers(offer.worker_sid).reservations(offer.sid)
    refused = reservation.update(
        if_match="*", reservation_status="rejected", worker_activity_sid=world.activities["Offline"]
    )
    assert refused.reservation_status == "rejected"
    assert world.workspace.workers(offer.worker_sid).fetch().activity_name == "Offline"
    instruct(world, lambda offer: world.workspace.workers(offer.worker_sid).reservations(offer.sid))
