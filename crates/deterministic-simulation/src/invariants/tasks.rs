//! Invariants 1, 3 and 7: the valid states and transitions of a Task.

use ids::time::Millis;
use task_router::model::{AssignmentStatus, Reservation, ReservationStatus, RoutingTarget, Task};

use super::Invariant;
use crate::history::short;
use crate::world::World;

/// How late a Reservation may time out during the calm: one tick of the clock, and delivery.
const DEADLINE_GRACE: Millis = Millis::from_secs(3);

pub(super) fn check(world: &World, old: Option<&Task>, new: &Task) {
    check_shape(world, new);
    let Some(old) = old else {
        if new.version != 0 {
            world.violated(
                Invariant::Versions,
                format_args!("{} starts with version {}", new.sid, new.version),
            );
        }
        return;
    };
    if new.version != old.version + 1 {
        let versions = format_args!(
            "Task {}: version {} was written over {}",
            new.sid, new.version, old.version
        )
        .to_string();
        world.violated(Invariant::Versions, versions);
    }
    check_transition(world, old, new);
    for before in &old.reservations {
        check_reservation(world, new, before, new.reservation(before.sid));
    }
}

/// Checks invariant 1.
fn check_shape(world: &World, task: &Task) {
    let count = |wanted: ReservationStatus| {
        task.reservations
            .iter()
            .filter(|reservation| reservation.status == wanted)
            .count()
    };
    let pending = count(ReservationStatus::Pending);
    let held = count(ReservationStatus::Accepted) + count(ReservationStatus::Wrapping);
    let fits = match task.assignment_status {
        AssignmentStatus::Pending | AssignmentStatus::Completed | AssignmentStatus::Canceled => {
            pending + held == 0
        }
        AssignmentStatus::Reserved => pending > 0 && held == 0,
        AssignmentStatus::Assigned | AssignmentStatus::Wrapping => pending == 0 && held == 1,
    };
    let at_once = world
        .names()
        .map_or(usize::MAX, |names| names.at_once(task.task_queue_sid));
    if !fits || pending > at_once {
        let status = task.assignment_status.as_str();
        let what = format!(
            "Task {} is {status} with {pending} pending and {held} accepted Reservations (at once: {at_once})",
            task.sid
        );
        world.violated(Invariant::ReservationsOfATask, what);
    }
    if let Some(RoutingTarget::Worker(target)) = task.routing_target
        && let Some(other) = task
            .reservations
            .iter()
            .find(|offer| offer.worker_sid != target)
    {
        let what = format!(
            "Task {} is for {target} and is offered to {}",
            task.sid, other.worker_sid
        );
        world.violated(Invariant::ReservationsOfATask, what);
    }
}

/// Checks the transition of a Task: invariant 3, taskrouter.md section 5.
fn check_transition(world: &World, old: &Task, new: &Task) {
    use AssignmentStatus::{Assigned, Canceled, Completed, Pending, Reserved, Wrapping};
    let from = old.assignment_status;
    let to = new.assignment_status;
    let allowed = match (from, to) {
        (Pending, Pending | Reserved | Canceled) => true,
        (Reserved, Reserved | Pending | Assigned | Canceled) => true,
        (Assigned, Assigned | Wrapping | Completed | Canceled | Pending) => true,
        (Wrapping, Wrapping | Completed) => true,
        (Completed, Completed) | (Canceled, Canceled) => true,
        (Pending | Reserved | Wrapping | Completed | Canceled, _) | (Assigned, Reserved) => false,
    };
    if !allowed {
        let what = format!(
            "Task {}: transition from {} to {}",
            new.sid,
            from.as_str(),
            to.as_str()
        );
        world.violated(Invariant::Transitions, what);
    }
    if from.is_end() && (old.reason != new.reason || old.reservations != new.reservations) {
        world.violated(
            Invariant::Transitions,
            format_args!("Task {} was changed after its end", new.sid),
        );
    }
}

/// Checks the transition of a Reservation: invariants 3 and 7, taskrouter.md section 6.
fn check_reservation(
    world: &World,
    task: &Task,
    before: &Reservation,
    after: Option<&Reservation>,
) {
    use ReservationStatus::{
        Accepted, Canceled, Completed, Pending, Rejected, Rescinded, Timeout, Wrapping,
    };
    let Some(after) = after else {
        if before.status.is_open() {
            let what = format!(
                "Reservation {} of Task {} is missing while open",
                before.sid, task.sid
            );
            world.violated(Invariant::Transitions, what);
        }
        return;
    };
    let allowed = match (before.status, after.status) {
        (Pending, _) => after.status != Wrapping,
        (Accepted, Accepted | Wrapping | Completed | Canceled) => true,
        (Wrapping, Wrapping | Completed) => true,
        (Rejected, Rejected) | (Timeout, Timeout) | (Canceled, Canceled) => true,
        (Rescinded, Rescinded) | (Completed, Completed) => true,
        (Accepted | Wrapping | Rejected | Timeout | Canceled | Rescinded | Completed, _) => false,
    };
    if !allowed {
        let from = before.status.as_str();
        let to = after.status.as_str();
        let what = format!(
            "Reservation {} of {}: transition from {from} to {to}",
            before.sid,
            short(task.sid)
        );
        world.violated(Invariant::Transitions, what);
    }
    check_deadline(world, before, after);
}

/// Checks that a Reservation made during the calm times out on time.
fn check_deadline(world: &World, before: &Reservation, after: &Reservation) {
    let Some(calm_since) = world.calm_since() else {
        return;
    };
    let ended =
        before.status == ReservationStatus::Pending && after.status == ReservationStatus::Timeout;
    let late = world.now().since(before.expires_at) > DEADLINE_GRACE;
    if ended && late && before.date_created > calm_since {
        let what = format!(
            "Reservation {} timed out {:?} late",
            before.sid,
            world.now().since(before.expires_at)
        );
        world.violated(Invariant::Deadlines, what);
    }
}
