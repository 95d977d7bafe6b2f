//! Invariants 2 and 3: versions, capacity and slots of Workers.

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
    // A capacity may be lowered below the number of open Reservations. After that, none may be
    // added except those that ignore the capacity.
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
        let open = of_channel().count();
        let grew = of_channel().any(|open| added(&open) && counts(&open));
        if grew && open > usize::from(share.configured_capacity) {
            let what = format!(
                "{} has {open} Reservations with {:?}",
                new.friendly_name, share
            );
            world.violated(Invariant::Capacity, what);
        }
    }
}

/// Checks that an open Reservation takes a slot from its first write on.
pub(super) fn check_slots(world: &World, picture: &Picture) {
    let slots = slots(picture);
    for reservation in reservations(picture).difference(&slots) {
        let what = format!(
            "{} of {} is open, but takes no slot of {}",
            reservation.2, reservation.1, reservation.0
        );
        world.violated(Invariant::SlotsAreReservations, what);
    }
}

/// Slots without an open Reservation. A slot is released by a separate write, so this is an error
/// only when it lasts.
pub(super) fn kept_slots(picture: &Picture) -> Vec<Slot> {
    slots(picture)
        .difference(&reservations(picture))
        .copied()
        .collect()
}

/// Slots that do not show the acceptance of their Reservation. It is noted by a separate write, and
/// only in a Workspace that asks for it.
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

/// A Reservation that takes a slot: Worker, Task and Reservation.
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
