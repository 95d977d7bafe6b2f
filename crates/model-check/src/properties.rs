//! The properties: the invariants of ARCHITECTURE.md by their numbers, and examples of states that
//! must be reachable, so that no property holds because nothing happens.

use stateright::Property;
use task_router::model::{AssignmentStatus, Reservation, ReservationStatus, Task, Worker};

use crate::{Protocol, State};

/// Invariant 1.
pub const ONE_ACCEPTED: &str =
    "1: a Task has at most as many open Reservations as its queue offers, one of them accepted";
/// Invariant 2.
pub const CAPACITY: &str =
    "2: a Worker's Reservations never exceed their capacity, and every open one has a slot";
/// Invariants 3 and 5.
pub const ENDS_ONCE: &str =
    "3 and 5: an end is final, and a message that is handled twice changes nothing";
/// Invariant 4.
pub const NO_TASK_FORGOTTEN: &str =
    "4: in a settled state no Task waits while a Worker could take it";
/// Invariant 4, for Workers.
pub const NO_SLOT_LOST: &str =
    "4: in a settled state every taken slot belongs to an open Reservation";

pub(crate) fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always(ONE_ACCEPTED, |protocol: &Protocol, state: &State| {
            state
                .tasks
                .iter()
                .all(|task| has_few_offers(protocol, task) && agrees_with_its_offers(task))
        }),
        Property::always(CAPACITY, |_, state: &State| {
            state
                .workers
                .iter()
                .all(|worker| is_within_capacity(worker))
                && every_offer_has_a_slot(state)
        }),
        Property::always(ENDS_ONCE, |_, state: &State| state.violation.is_none()),
        Property::always(NO_TASK_FORGOTTEN, |protocol: &Protocol, state: &State| {
            !has_forgotten_task(protocol, state) || !protocol.is_settled(state)
        }),
        Property::always(NO_SLOT_LOST, |protocol: &Protocol, state: &State| {
            every_slot_has_an_offer(state) || !protocol.is_settled(state)
        }),
        Property::sometimes("all Tasks are assigned at once", |_, state: &State| {
            state
                .tasks
                .iter()
                .all(|task| task.assignment_status == AssignmentStatus::Assigned)
        }),
    ]
}

fn has_forgotten_task(protocol: &Protocol, state: &State) -> bool {
    // A Task that has used all its rounds is on the boundary of the explored states.
    let task_waits = state
        .tasks
        .iter()
        .any(|task| task.is_pending() && task.rounds < protocol.bounds.rounds_max);
    let worker_is_free = state
        .workers
        .iter()
        .any(|worker| worker.readiness(&protocol.workspace).is_some());
    task_waits && worker_is_free
}

/// Invariant 1.
fn has_few_offers(protocol: &Protocol, task: &Task) -> bool {
    let held = |offer: &&Reservation| offer.status != ReservationStatus::Pending;
    task.open_reservations().count() <= usize::from(protocol.bounds.offers_at_once)
        && task.open_reservations().filter(held).count() <= 1
}

/// A Task is `reserved` exactly while an offer is pending, and `assigned` or `wrapping` exactly
/// while a Worker holds it.
fn agrees_with_its_offers(task: &Task) -> bool {
    let pending = task.pending_reservations().count();
    let held = task.held_reservation().is_some();
    match task.assignment_status {
        AssignmentStatus::Reserved => pending > 0 && !held,
        AssignmentStatus::Assigned | AssignmentStatus::Wrapping => pending == 0 && held,
        AssignmentStatus::Pending | AssignmentStatus::Completed | AssignmentStatus::Canceled => {
            pending == 0 && !held
        }
    }
}

/// Invariant 2.
fn is_within_capacity(worker: &Worker) -> bool {
    let within = |share: &task_router::model::WorkerChannel| {
        worker.occupied(share.channel) <= usize::from(share.configured_capacity)
    };
    worker.channels.iter().all(within)
}

fn every_offer_has_a_slot(state: &State) -> bool {
    let has_slot = |offer: &Reservation| {
        let worker = state
            .workers
            .iter()
            .find(|worker| worker.sid == offer.worker_sid);
        worker.is_some_and(|worker| {
            worker
                .open_reservations
                .iter()
                .any(|open| open.sid == offer.sid)
        })
    };
    state
        .tasks
        .iter()
        .all(|task| task.open_reservations().all(has_slot))
}

fn every_slot_has_an_offer(state: &State) -> bool {
    let open = |sid| {
        let offer = state.tasks.iter().find_map(|task| task.reservation(sid));
        offer.is_some_and(|offer| offer.status.is_open())
    };
    state
        .workers
        .iter()
        .all(|worker| worker.open_reservations.iter().all(|slot| open(slot.sid)))
}

/// Invariant 3: the transitions of taskrouter.md sections 5 and 6.
pub(crate) fn invalid_task_transition(old: &Task, new: &Task) -> Option<&'static str> {
    use AssignmentStatus::{Assigned, Canceled, Completed, Pending, Reserved, Wrapping};
    let allowed = match (old.assignment_status, new.assignment_status) {
        (before, after) if before == after => true,
        (Pending, Reserved | Canceled)
        | (Reserved, Pending | Assigned | Canceled)
        | (Assigned, Wrapping | Completed)
        | (Wrapping, Completed) => true,
        (Pending | Reserved | Assigned | Wrapping | Completed | Canceled, _) => false,
    };
    if !allowed {
        return Some("a Task made a transition that section 5 does not allow");
    }
    old.reservations
        .iter()
        .find_map(|before| match new.reservation(before.sid) {
            None if before.status.is_open() => {
                Some("an open Reservation disappeared from its Task")
            }
            None => None,
            Some(after) => invalid_reservation_transition(before.status, after.status),
        })
}

fn invalid_reservation_transition(
    before: ReservationStatus,
    after: ReservationStatus,
) -> Option<&'static str> {
    use ReservationStatus::{
        Accepted, Canceled, Completed, Pending, Rejected, Rescinded, Timeout, Wrapping,
    };
    let allowed = match (before, after) {
        (before, after) if before == after => true,
        (Pending, Accepted | Rejected | Timeout | Canceled | Rescinded)
        | (Accepted, Wrapping | Completed)
        | (Wrapping, Completed) => true,
        (
            Pending | Accepted | Wrapping | Rejected | Timeout | Canceled | Rescinded | Completed,
            _,
        ) => false,
    };
    (!allowed).then_some("a Reservation made a transition that section 6 does not allow")
}
