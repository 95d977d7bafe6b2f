//! Invariants 4, 6 and 7, and that everything ends: liveness, checked during the calm.

use std::collections::BTreeMap;

use carrier_simulator::network::{Call, CallStatus, Direction, Network};
use ids::time::{Millis, Timestamp};
use ids::{TaskSid, WorkerSid};
use task_router::model::{AssignmentStatus, Task, Worker};

use super::Invariant;
use super::workers::{Slot, kept_slots, unnoted_slots};
use crate::centre::Centre;
use crate::scenario::Names;

/// How long a Task may stay pending beside a free Worker: longer than the pause before a Worker is
/// offered the same Task again, shorter than the period of the sweep.
const BESIDE_MAX: Millis = Millis::from_secs(15);

/// How long a slot may stay out of step with its Reservation: taken by an ended one, or not noted
/// as accepted.
const KEPT_MAX: Millis = Millis::from_secs(8);

/// How late a deadline may be enforced: one tick of the clock, and delivery.
const OVERDUE_MAX: Millis = Millis::from_secs(4);

/// Period of the sweep, as in `template.yaml`, plus a second.
const SWEEP_EVERY: Millis = Millis::from_secs(61);

/// How long a caller may stay in the queue of an ended Task, or outside the queue of a waiting
/// Task: a round of music, and a margin.
const FORGOTTEN_MAX: Millis = Millis::from_secs(60);

/// How long after the storm its effects may last: a period of the sweep, and the time for what the
/// sweep starts.
pub const RECOVERY: Millis = Millis::from_secs(75);

/// Observations over time: a state violates an invariant only when it lasts.
#[derive(Default)]
pub struct Watch {
    beside: BTreeMap<(TaskSid, u64, WorkerSid, u64), Timestamp>,
    forgotten: BTreeMap<TaskSid, Timestamp>,
    kept: BTreeMap<Slot, Timestamp>,
    unnoted: BTreeMap<Slot, Timestamp>,
}

impl Watch {
    /// Checks the current state once.
    pub fn check(&mut self, centre: &Centre, names: &Names) {
        let now = centre.world.now();
        let picture = centre.history.picture();
        let pending = |task: &&Task| task.assignment_status == AssignmentStatus::Pending;
        let mut beside = BTreeMap::new();
        for task in picture.tasks.values().filter(pending) {
            for worker in picture
                .workers
                .values()
                .filter(|worker| names.fits(worker, task))
            {
                let key = (task.sid, task.version, worker.sid, worker.version);
                beside.insert(key, self.beside.get(&key).copied().unwrap_or(now));
            }
        }
        self.beside = beside;
        for (task, _, worker, _) in stale(&self.beside, now, BESIDE_MAX) {
            let what = format!("{task} is pending beside the free Worker {worker}");
            centre
                .world
                .violated(Invariant::NoTaskWaitsBesideAFreeWorker, what);
        }
        for task in picture.tasks.values() {
            check_deadlines(centre, task);
        }
        for worker in picture
            .workers
            .values()
            .filter(|worker| worker.activity_sid == names.wrap_up)
        {
            check_wrap_up(centre, names, worker);
        }
        self.kept = since(&self.kept, kept_slots(&picture), now);
        for (worker, task, reservation) in stale(&self.kept, now, KEPT_MAX) {
            let what =
                format!("{worker} keeps a slot for {reservation} of {task}, which has ended");
            centre.world.violated(Invariant::SlotsAreReservations, what);
        }
        let unnoted = if names.workspace.asks_for_assigned_tasks() {
            unnoted_slots(&picture)
        } else {
            Vec::new()
        };
        self.unnoted = since(&self.unnoted, unnoted, now);
        for (worker, task, reservation) in stale(&self.unnoted, now, KEPT_MAX) {
            let what = format!(
                "the slot of {worker} does not show whether {reservation} of {task} is accepted"
            );
            centre.world.violated(Invariant::SlotsAreReservations, what);
        }
        self.check_callers(centre, now, &picture.tasks);
    }

    /// Checks invariant 6.
    fn check_callers(&mut self, centre: &Centre, now: Timestamp, tasks: &BTreeMap<TaskSid, Task>) {
        let callers = centre.carrier.read(callers);
        let mut forgotten = BTreeMap::new();
        for (task, place) in callers {
            let status = tasks.get(&task).map(|task| task.assignment_status);
            let is_forgotten = match (place, status) {
                // The caller waits in silence, without a Task.
                (Place::Queue, None) => true,
                (Place::Queue, Some(status)) => status.is_end(),
                // The Task waits, but its caller is not in the queue.
                (Place::Outside, Some(AssignmentStatus::Pending | AssignmentStatus::Reserved)) => {
                    true
                }
                (Place::Outside | Place::Connected, _) => false,
            };
            if is_forgotten {
                forgotten.insert(task, self.forgotten.get(&task).copied().unwrap_or(now));
            }
        }
        self.forgotten = forgotten;
        for task in stale(&self.forgotten, now, FORGOTTEN_MAX) {
            let what =
                format!("the caller of {task} is neither waiting nor connected nor redirected");
            centre.world.violated(Invariant::CallerIsServed, what);
        }
    }
}

/// Calls, Tasks and Reservations that have not ended. Empty once all callers have hung up and
/// enough time has passed.
pub fn left_over(centre: &Centre) -> Vec<String> {
    let mut left = centre.carrier.read(|network| {
        let live = network
            .calls()
            .into_iter()
            .filter(|call| !call.status.is_over());
        live.map(|call| {
            format!(
                "call {} {:?} {}",
                call.sid,
                call.direction,
                call.status.as_str()
            )
        })
        .collect::<Vec<_>>()
    });
    centre.history.read(|picture| {
        let tasks = picture
            .tasks
            .values()
            .filter(|task| !task.assignment_status.is_end());
        left.extend(tasks.map(|task| {
            format!(
                "Task {} is still {}",
                task.sid,
                task.assignment_status.as_str()
            )
        }));
        let busy = picture
            .workers
            .values()
            .filter(|worker| !worker.open_reservations.is_empty());
        left.extend(busy.map(|worker| {
            format!(
                "{} still has {:?}",
                worker.friendly_name, worker.open_reservations
            )
        }));
    });
    left
}

/// Checks invariant 7 for Reservations, the Task's timeout and the timeout of its step.
fn check_deadlines(centre: &Centre, task: &Task) {
    let now = centre.world.now();
    let waits = matches!(
        task.assignment_status,
        AssignmentStatus::Pending | AssignmentStatus::Reserved
    );
    let pending = task.assignment_status == AssignmentStatus::Pending;
    let mut deadlines = Vec::new();
    for offer in task.pending_reservations() {
        deadlines.push(("a Reservation", offer.date_created, offer.expires_at));
    }
    if let Some(secs) = Names::step_ends_after(task)
        && pending
    {
        let deadline = task.position.filter_entered_at + Millis::from_secs(secs);
        deadlines.push(("its step", task.date_created, deadline));
    }
    if waits {
        deadlines.push(("its timeout", task.date_created, task.expires_at()));
    }
    for (what, made, deadline) in deadlines {
        if now.since(deadline) > overdue_max(centre, made) {
            let late = now.since(deadline);
            centre.world.violated(
                Invariant::Deadlines,
                format_args!("{}: {what} is {late:?} overdue", task.sid),
            );
        }
    }
}

/// The tolerance for a deadline. What was created in the storm may have lost its timer and waits
/// for the sweep; what was created in the calm must be on time.
fn overdue_max(centre: &Centre, made: Timestamp) -> Millis {
    let in_the_calm = centre.world.calm_since().is_some_and(|since| made > since);
    if in_the_calm {
        OVERDUE_MAX
    } else {
        OVERDUE_MAX.saturating_add(SWEEP_EVERY)
    }
}

fn check_wrap_up(centre: &Centre, names: &Names, worker: &Worker) {
    let Some(wrap_up) = &names.workspace.wrap_up else {
        return;
    };
    let late = centre
        .world
        .now()
        .since(worker.activity_ends_at(wrap_up.limit));
    if late > overdue_max(centre, worker.date_status_changed) {
        let what = format!(
            "the wrap-up of {} is {late:?} overdue",
            worker.friendly_name
        );
        centre.world.violated(Invariant::Deadlines, what);
    }
}

/// The place of a caller.
#[derive(Clone, Copy)]
enum Place {
    Queue,
    Connected,
    Outside,
}

/// All callers on the line, with the SID that the Task of their call has.
fn callers(network: &Network) -> Vec<(TaskSid, Place)> {
    let queues = network.queues();
    let live = |call: &&Call| {
        call.direction == Direction::Inbound && call.status == CallStatus::InProgress
    };
    let place = |call: &Call| {
        if call.bridged_with().is_some() {
            Place::Connected
        } else if queues
            .iter()
            .any(|queue| queue.position(call.sid).is_some())
        {
            Place::Queue
        } else {
            Place::Outside
        }
    };
    let calls = network.calls().into_iter().filter(live);
    calls
        .map(|call| (TaskSid::derive(&[&call.sid.to_string()]), place(call)))
        .collect()
}

/// Since when each of `slots` has lasted, given the observations `before`.
fn since(
    before: &BTreeMap<Slot, Timestamp>,
    slots: Vec<Slot>,
    now: Timestamp,
) -> BTreeMap<Slot, Timestamp> {
    slots
        .into_iter()
        .map(|slot| (slot, before.get(&slot).copied().unwrap_or(now)))
        .collect()
}

/// The keys that have lasted longer than `longest`.
fn stale<K: Copy>(since: &BTreeMap<K, Timestamp>, now: Timestamp, longest: Millis) -> Vec<K> {
    since
        .iter()
        .filter(|(_, since)| now.since(**since) > longest)
        .map(|(key, _)| *key)
        .collect()
}
