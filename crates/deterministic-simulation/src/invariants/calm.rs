//! Invariants 4, 6 and 7, and what must be over in the end: liveness, looked at while nothing goes wrong any more.

use std::collections::BTreeMap;

use carrier_simulator::network::{Call, CallStatus, Direction, Network};
use ids::time::{Millis, Timestamp};
use ids::{TaskSid, WorkerSid};
use task_router::model::{AssignmentStatus, Task, Worker};

use super::Invariant;
use super::workers::{Slot, kept_slots, unnoted_slots};
use crate::centre::Centre;
use crate::scenario::Names;

/// How long a Task may stand beside a free Worker: longer than a Worker is spared, shorter than a sweep takes to come.
const BESIDE_MAX: Millis = Millis::from_secs(15);

/// How long a Worker may keep the slot of a Reservation that has ended, or not know that they have accepted one.
const KEPT_MAX: Millis = Millis::from_secs(8);

/// How long a deadline may be passed: a second of clock, and delivery.
const OVERDUE_MAX: Millis = Millis::from_secs(4);

/// How often the sweep comes, as in `template.yaml`, and some.
const SWEEP_EVERY: Millis = Millis::from_secs(61);

/// How long a caller may be in a queue whose Task has ended, or nowhere while their Task waits: a round of music, and some.
const FORGOTTEN_MAX: Millis = Millis::from_secs(60);

/// How long after the storm what it broke may stay so: a sweep, and what the sweep sets going.
pub const MENDING: Millis = Millis::from_secs(75);

/// Watches over time: something is wrong only when it stays so.
#[derive(Default)]
pub struct Watch {
    beside: BTreeMap<(TaskSid, u64, WorkerSid, u64), Timestamp>,
    forgotten: BTreeMap<TaskSid, Timestamp>,
    kept: BTreeMap<Slot, Timestamp>,
    unnoted: BTreeMap<Slot, Timestamp>,
}

impl Watch {
    /// Looks once.
    pub fn look(&mut self, centre: &Centre, names: &Names) {
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
            let what = format!("{task} waits beside {worker}");
            centre
                .world
                .violated(Invariant::NobodyWaitsBesideAFreeWorker, what);
        }
        for task in picture.tasks.values() {
            look_at_deadlines(centre, task);
        }
        for worker in picture
            .workers
            .values()
            .filter(|worker| worker.activity_sid == names.wrap_up)
        {
            look_at_wrap_up(centre, names, worker);
        }
        self.kept = since(&self.kept, kept_slots(&picture), now);
        for (worker, task, reservation) in stale(&self.kept, now, KEPT_MAX) {
            let what =
                format!("{worker} keeps a slot for {reservation} of {task}, which has ended");
            centre.world.violated(Invariant::SlotsAreReservations, what);
        }
        let asks = names.workspace.asks_for_assigned_tasks();
        self.unnoted = since(
            &self.unnoted,
            if asks {
                unnoted_slots(&picture)
            } else {
                Vec::new()
            },
            now,
        );
        for (worker, task, reservation) in stale(&self.unnoted, now, KEPT_MAX) {
            let what = format!(
                "{worker} does not know whether they have accepted {reservation} of {task}"
            );
            centre.world.violated(Invariant::SlotsAreReservations, what);
        }
        self.look_at_callers(centre, now, &picture.tasks);
    }

    /// Invariant 6.
    fn look_at_callers(
        &mut self,
        centre: &Centre,
        now: Timestamp,
        tasks: &BTreeMap<TaskSid, Task>,
    ) {
        let callers = centre.carrier.read(callers);
        let mut forgotten = BTreeMap::new();
        for (task, place) in callers {
            let status = tasks.get(&task).map(|task| task.assignment_status);
            let is_forgotten = match (place, status) {
                // In silence, with no Task.
                (Place::Queue, None) => true,
                (Place::Queue, Some(status)) => status.is_end(),
                // Their Task waits for nobody.
                (
                    Place::Elsewhere,
                    Some(AssignmentStatus::Pending | AssignmentStatus::Reserved),
                ) => true,
                (Place::Elsewhere | Place::Connected, _) => false,
            };
            if is_forgotten {
                forgotten.insert(task, self.forgotten.get(&task).copied().unwrap_or(now));
            }
        }
        self.forgotten = forgotten;
        for task in stale(&self.forgotten, now, FORGOTTEN_MAX) {
            let what = format!("the caller of {task} is neither waiting nor connected nor sent on");
            centre.world.violated(Invariant::NoCallerIsForgotten, what);
        }
    }
}

/// What has not ended: nothing, when everybody has hung up and time has passed.
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

/// Invariant 7, of Reservations, of the Task's own time and of its step.
fn look_at_deadlines(centre: &Centre, task: &Task) {
    let now = centre.world.now();
    let waits = matches!(
        task.assignment_status,
        AssignmentStatus::Pending | AssignmentStatus::Reserved
    );
    let pending = task.assignment_status == AssignmentStatus::Pending;
    let step = Names::step_ends_after(task).filter(|_| pending);
    let step = step.map(|secs| {
        (
            "its step",
            task.position.filter_entered_at + Millis::from_secs(secs),
        )
    });
    let life = waits.then(|| ("its time to live", task.expires_at()));
    let offers = task
        .pending_reservations()
        .map(|offer| ("a Reservation", offer.date_created, offer.expires_at));
    let others = step
        .into_iter()
        .chain(life)
        .map(|(what, deadline)| (what, task.date_created, deadline));
    for (what, made, deadline) in offers.chain(others) {
        if now.since(deadline) > overdue_max(centre, made) {
            let late = now.since(deadline);
            centre.world.violated(
                Invariant::Deadlines,
                format_args!("{}: {what} is {late:?} overdue", task.sid),
            );
        }
    }
}

/// What was made in the storm may have lost its timer, and waits for the sweep; what was made in the calm is on time.
fn overdue_max(centre: &Centre, made: Timestamp) -> Millis {
    let in_the_calm = centre.world.calm_since().is_some_and(|since| made > since);
    if in_the_calm {
        OVERDUE_MAX
    } else {
        OVERDUE_MAX.saturating_add(SWEEP_EVERY)
    }
}

fn look_at_wrap_up(centre: &Centre, names: &Names, worker: &Worker) {
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

/// Where a caller is.
#[derive(Clone, Copy)]
enum Place {
    Queue,
    Connected,
    Elsewhere,
}

/// Everybody who called and is still there, by what would be their Task.
fn callers(network: &Network) -> Vec<(TaskSid, Place)> {
    let queues = network.queues();
    let live = |call: &&Call| {
        call.direction == Direction::Inbound && call.status == CallStatus::InProgress
    };
    let place = |call: &Call| match () {
        () if call.bridged_with().is_some() => Place::Connected,
        () if queues
            .iter()
            .any(|queue| queue.position(call.sid).is_some()) =>
        {
            Place::Queue
        }
        () => Place::Elsewhere,
    };
    let calls = network.calls().into_iter().filter(live);
    calls
        .map(|call| (TaskSid::derive(&[&call.sid.to_string()]), place(call)))
        .collect()
}

/// Since when each of these has been so, if the ones before were so, too.
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

fn stale<K: Copy>(since: &BTreeMap<K, Timestamp>, now: Timestamp, longest: Millis) -> Vec<K> {
    since
        .iter()
        .filter(|(_, since)| now.since(**since) > longest)
        .map(|(key, _)| *key)
        .collect()
}
