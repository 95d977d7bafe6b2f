//! Invariants 2 and 3: what keeps a Worker busy.

use std::collections::BTreeSet;

use ids::{ReservationSid, TaskSid, WorkerSid};
use task_router::model::{OpenReservation, OpenStatus, ReservationStatus, Task, Worker};

use super::Invariant;
use crate::history::Picture;
use crate::world::World;

pub(super) fn check(world: &World, picture: &Picture, old: Option<&Worker>, new: &Worker) {
    let expected = old.map_or(0, |old| old.version + 1);
    if new.version != expected {
        let what = format!(
            "Worker {} was written as version {}, expected {expected}",
            new.friendly_name, new.version
        );
        world.violated(Invariant::Versions, what);
    }
    // A capacity may shrink while more is open; nothing may be added then, but what ignores it.
    let had = |old: &Worker, sid| old.open_reservations.iter().any(|open| open.sid == sid);
    let added = |open: &&OpenReservation| old.is_none_or(|old| !had(old, open.sid));
    let counts = |open: &&OpenReservation| {
        !picture
            .tasks
            .get(&open.task_sid)
            .is_some_and(|task| task.ignore_capacity)
    };
    for share in &new.channels {
        let of_channel = || {
            new.open_reservations
                .iter()
                .filter(|open| open.channel == share.channel)
        };
        let (open, grew) = (
            of_channel().count(),
            of_channel().any(|open| added(&open) && counts(&open)),
        );
        if grew && open > usize::from(share.configured_capacity) {
            let what = format!(
                "{} has {open} Reservations of {:?}",
                new.friendly_name, share
            );
            world.violated(Invariant::Capacity, what);
        }
    }
}

/// An open Reservation takes a slot, from the write that makes it on.
pub(super) fn check_slots(world: &World, picture: &Picture) {
    let slots = slots(picture);
    for reservation in reservations(picture).difference(&slots) {
        let what = format!(
            "{} of {} is open and takes no slot of {}",
            reservation.2, reservation.1, reservation.0
        );
        world.violated(Invariant::SlotsAreReservations, what);
    }
}

/// Slots that are taken by nothing. They are given back by a write of their own, so they are wrong only when they stay.
pub(super) fn kept_slots(picture: &Picture) -> Vec<Slot> {
    slots(picture)
        .difference(&reservations(picture))
        .copied()
        .collect()
}

/// Slots whose Worker does not know that the Reservation was accepted. That is noted by a write of its own, too, where it is
/// asked for.
pub(super) fn unnoted_slots(picture: &Picture) -> Vec<Slot> {
    let accepted = |open: &OpenReservation| {
        let reservation = picture
            .tasks
            .get(&open.task_sid)
            .and_then(|task| task.reservation(open.sid));
        reservation.is_some_and(|reservation| reservation.status == ReservationStatus::Accepted)
    };
    let of = |worker: &Worker| {
        let unnoted = worker
            .open_reservations
            .iter()
            .filter(|open| (open.status == OpenStatus::Accepted) != accepted(open));
        unnoted
            .map(|open| (worker.sid, open.task_sid, open.sid))
            .collect::<Vec<_>>()
    };
    picture.workers.values().flat_map(of).collect()
}

/// Who holds which Task by which Reservation.
pub(super) type Slot = (WorkerSid, TaskSid, ReservationSid);

fn slots(picture: &Picture) -> BTreeSet<Slot> {
    let of = |worker: &Worker| {
        let open = worker.open_reservations.iter();
        open.map(|open| (worker.sid, open.task_sid, open.sid))
            .collect::<Vec<_>>()
    };
    picture.workers.values().flat_map(of).collect()
}

fn reservations(picture: &Picture) -> BTreeSet<Slot> {
    let of = |task: &Task| {
        let open = task.open_reservations();
        open.map(|open| (open.worker_sid, task.sid, open.sid))
            .collect::<Vec<_>>()
    };
    picture.tasks.values().flat_map(of).collect()
}
