//! Invariants 2 and 3: what keeps a Worker busy.

use std::collections::BTreeSet;

use shared::model::Worker;

use super::Invariant;
use crate::history::Picture;
use crate::world::World;

pub(super) fn check(world: &World, old: Option<&Worker>, new: &Worker) {
    let expected = old.map_or(0, |old| old.version + 1);
    if new.version != expected {
        let what = format!("Worker {} was written as version {}, expected {expected}", new.friendly_name, new.version);
        world.violated(Invariant::Versions, what);
    }
    // A capacity may shrink while more is open; nothing may be added then.
    let grew = old.is_none_or(|old| new.open_reservations.len() > old.open_reservations.len());
    for share in new.channels.iter().filter(|_| grew) {
        let open = new.open_reservations.iter().filter(|open| open.channel == share.channel).count();
        if open > usize::from(share.configured_capacity) {
            let what = format!("{} has {open} Reservations of {:?}", new.friendly_name, share);
            world.violated(Invariant::Capacity, what);
        }
    }
}

/// Slots and open Reservations are the same, seen from both sides.
pub(super) fn check_slots(world: &World, picture: &Picture) {
    let slots: BTreeSet<_> = picture
        .workers
        .values()
        .flat_map(|worker| worker.open_reservations.iter().map(|open| (worker.sid, open.task_sid, open.sid)))
        .collect();
    let reservations: BTreeSet<_> = picture
        .tasks
        .values()
        .flat_map(|task| task.open_reservations().map(|open| (open.worker_sid, task.sid, open.sid)))
        .collect();
    for (worker, task, reservation) in slots.symmetric_difference(&reservations) {
        let what = format!("{reservation} of {task} and {worker} is known to one of them only");
        world.violated(Invariant::SlotsAreReservations, what);
    }
}
