//! Repeats the decisions of a recording, and compares their results with what was written.
//!
//! The order and the moments of the writes come from the recording, as do the inputs: what callers,
//! Workers, the carrier and the API did. For each write the engine decides over the state that the
//! writes before it have left. Its Decision must be the written Task and Worker, field by field.
//! Afterwards the state is the recorded one, so one difference does not cause others.

mod cause;
mod difference;
mod offer;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use ids::time::Timestamp;
use ids::{ReservationSid, TaskSid, WorkerSid};
use task_router::model::{Task, Worker};
use task_router::router::effects::{self, Effect};
use task_router::router::release::Release;
use task_router::router::{Decision, NewTask, create_task};

use crate::day::{Day, DayBuilder};
use crate::write::{Change, Write};
use cause::is_by_engine;
pub(crate) use cause::{WorkerCause, task_changes};
pub use difference::{Difference, Subject, Topic};
use difference::{fields, outcome_of};
pub use offer::Verdict;
use state::State;

/// Differences that are kept with their details. More say no more than their number does.
const DIFFERENCES_MAX: usize = 1_000;

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checked {
    /// Writes of Tasks and Workers.
    pub writes: u64,
    /// Tasks that were created.
    pub creations: u64,
    /// Reservations in the order of their creation.
    pub offers: Vec<Offer>,
    /// Ends of offers, steps, waits and wrap-ups by time, and entries of waiting lists.
    pub by_time: u64,
    /// Slots and Activities that Workers got back.
    pub releases: u64,
    /// Inputs whose consequences were decided again.
    pub inputs: u64,
    /// Writes that were taken over from the recording: inputs that cannot be derived from their result.
    pub taken_over: u64,
    /// The differences, the first `DIFFERENCES_MAX` of them.
    pub differences: Vec<Difference>,
    /// The number of all differences.
    pub difference_count: u64,
}

/// A Reservation of the recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// When it was created.
    pub at: Timestamp,
    /// The Task offered.
    pub task: TaskSid,
    /// The Reservation.
    pub reservation: ReservationSid,
    /// The Worker.
    pub worker: WorkerSid,
    /// The Worker's friendly name.
    pub worker_name: String,
    /// Whether the engine decides the same again.
    pub verdict: Verdict,
}

/// Repeats the decisions of the writes. Also returns the day that they show.
///
/// Writes before the first configuration are ignored: nothing can be decided without one.
pub fn check(writes: impl IntoIterator<Item = Write>) -> (Checked, Option<Day>) {
    let mut checker = Checker::default();
    for write in writes {
        checker.write(write);
    }
    checker.finish()
}

#[derive(Default)]
struct Checker {
    state: State,
    checked: Checked,
    day: DayBuilder,
    /// Workers as a Decision about a Task has left them, until their own write arrives.
    expected: BTreeMap<WorkerSid, Worker>,
    /// What Workers get back, until they have got it.
    releases: BTreeMap<ReservationSid, (TaskSid, Release)>,
    /// Writes of Workers that arrived before the Task of their new Reservation did.
    early: BTreeMap<ReservationSid, (Timestamp, Box<Worker>)>,
    /// Offers that differ, until their Workers' writes arrive: these differ for the same reason.
    differing: BTreeSet<ReservationSid>,
}

impl Checker {
    fn write(&mut self, write: Write) {
        let Write { at, change } = write;
        match change {
            Change::Configuration(workspace) => {
                self.day.configuration(at, &workspace);
                self.state.configure(at, workspace);
            }
            Change::KnownTask(task) => {
                self.day.known_task(at, &task);
                self.state.put_task(at, *task);
            }
            Change::KnownWorker(worker) => {
                self.day.known_worker(at, &worker);
                self.state.put_worker(at, *worker);
            }
            Change::Task(task) => self.task(at, *task),
            Change::Worker(worker) => self.worker(at, worker),
            Change::WorkerRemoved(worker) => {
                self.day.worker_removed(at, worker);
                self.state.workers.remove(&worker);
            }
        }
    }

    fn finish(mut self) -> (Checked, Option<Day>) {
        // The Tasks of these Reservations are not in the recording.
        for (_, (at, worker)) in std::mem::take(&mut self.early) {
            self.checked.taken_over += 1;
            self.state.put_worker(at, *worker);
        }
        (self.checked, self.day.finish())
    }

    fn task(&mut self, at: Timestamp, new: Task) {
        let old = self.state.tasks.get(&new.sid).cloned();
        if self.state.workspace.is_none()
            || is_stale(old.as_ref().map(|it| it.version), new.version)
        {
            return;
        }
        self.checked.writes += 1;
        match &old {
            None if new.is_new() => self.creation(&new),
            // Its creation is not in the recording.
            None => self.checked.taken_over += 1,
            Some(old) if new.rounds > old.rounds => self.offers(old, &new),
            Some(old) => self.change(old, &new),
        }
        self.note_releases(old.as_ref(), &new);
        self.day.task(at, old.as_ref(), &new);
        let offered: Vec<ReservationSid> = new.reservations.iter().map(|it| it.sid).collect();
        self.state.put_task(at, new);
        for reservation in offered {
            if let Some((at, worker)) = self.early.remove(&reservation) {
                self.worker(at, worker);
            }
        }
    }

    /// A new Task must be in the queue and step that its Workflow leads it to.
    fn creation(&mut self, new: &Task) {
        self.checked.creations += 1;
        let created = NewTask {
            sid: new.sid,
            attributes: new.attributes.clone(),
            channel: new.channel,
            priority: new.priority,
            timeout: new.timeout,
            virtual_start_time: Some(new.virtual_start_time),
            routing_target: new.routing_target,
            task_queue: Some(new.task_queue_sid),
            ignore_capacity: new.ignore_capacity,
            redial: new.redial.clone(),
        };
        for workspace in self.state.configurations(new.date_created) {
            let Some(workflow) = workspace.workflows.get(&new.workflow_sid) else {
                continue;
            };
            let again = create_task(workspace, workflow, created.clone(), new.date_created);
            if again.as_ref() == Ok(new) {
                return;
            }
        }
        let again = self.state.workspace.as_ref().and_then(|workspace| {
            let workflow = workspace.workflows.get(&new.workflow_sid)?;
            Some(create_task(workspace, workflow, created, new.date_created))
        });
        let replayed = match &again {
            None => "the Workflow is not in the configuration".to_owned(),
            Some(Err(error)) => error.to_string(),
            Some(Ok(again)) => fields(again, new),
        };
        self.difference(Difference {
            at: new.date_created,
            subject: Subject::Task(new.sid),
            topic: Topic::Creation,
            recorded: outcome_of(new),
            replayed,
        });
    }

    fn offers(&mut self, old: &Task, new: &Task) {
        let found = self.state.offer(old, new);
        if let Some(decision) = found.decision {
            self.expect(&decision);
        }
        for reservation in &new.reservations {
            self.checked.offers.push(Offer {
                at: reservation.date_created,
                task: new.sid,
                reservation: reservation.sid,
                worker: reservation.worker_sid,
                worker_name: reservation.worker_name.clone(),
                verdict: found.verdict,
            });
        }
        if let Some(difference) = found.difference {
            let offers = new.reservations.iter().map(|offer| offer.sid);
            self.differing.extend(offers);
            self.difference(difference);
        }
    }

    /// A write of a Task that creates no Reservation.
    fn change(&mut self, old: &Task, new: &Task) {
        if let Some(decision) = self.state.by_time(old, new) {
            self.checked.by_time += 1;
            return self.expect(&decision);
        }
        if is_by_engine(old, new) {
            self.checked.by_time += 1;
            return self.difference(Difference {
                at: new.date_updated,
                subject: Subject::Task(new.sid),
                topic: Topic::Time,
                recorded: outcome_of(new),
                replayed: self.state.replayed_by_time(old, new),
            });
        }
        match self.state.by_input(old, new) {
            Some(decision) => {
                self.checked.inputs += 1;
                self.expect(&decision);
            }
            None => self.checked.taken_over += 1,
        }
    }

    fn expect(&mut self, decision: &Decision) {
        for worker in &decision.workers {
            self.expected.insert(worker.sid, worker.clone());
        }
    }

    fn note_releases(&mut self, old: Option<&Task>, new: &Task) {
        let Some(workspace) = &self.state.workspace else {
            return;
        };
        for effect in effects::of_task(workspace, old, new) {
            if let Effect::Release(release) = effect {
                self.releases
                    .insert(release.reservation, (new.sid, release));
            }
        }
    }

    fn worker(&mut self, at: Timestamp, new: Box<Worker>) {
        let Some(old) = self.state.workers.get(&new.sid).cloned() else {
            self.checked.taken_over += 1;
            self.day.worker_added(at, &new);
            return self.state.put_worker(at, *new);
        };
        if self.state.workspace.is_none() || is_stale(Some(old.version), new.version) {
            return;
        }
        if let Some(reservation) = self.unknown_reservation(&old, &new) {
            self.early.insert(reservation, (at, new));
            return;
        }
        self.checked.writes += 1;
        let cause = match self.expected.remove(&new.sid) {
            Some(expected) if expected == *new => self.decided(&old, &new),
            Some(_) | None => self.state.cause_of_worker(&old, &new, &self.releases),
        };
        let mut open = new.open_reservations.iter();
        let is_of_difference = open.any(|open| self.differing.remove(&open.sid));
        match &cause {
            WorkerCause::Unknown if is_of_difference => self.checked.taken_over += 1,
            WorkerCause::Decision { .. } => self.checked.releases += 1,
            WorkerCause::Input => self.checked.inputs += 1,
            WorkerCause::Unknown if old.open_reservations == new.open_reservations => {
                self.checked.taken_over += 1;
            }
            WorkerCause::Unknown => {
                self.checked.releases += 1;
                self.difference(Difference {
                    at: new.date_updated,
                    subject: Subject::Worker(new.sid, new.friendly_name.clone()),
                    topic: Topic::Worker,
                    recorded: format!("{} open Reservations", new.open_reservations.len()),
                    replayed: fields(&old, &*new),
                });
            }
        }
        self.releases.retain(|reservation, _| {
            let is_open = |worker: &Worker| {
                let mut open = worker.open_reservations.iter();
                open.any(|open| open.sid == *reservation)
            };
            !is_open(&old) || is_open(&new)
        });
        self.day.worker(at, &old, &new, &cause);
        self.state.put_worker(at, *new);
    }

    /// The cause of a Worker's write that a Decision about a Task has led to.
    fn decided(&self, old: &Worker, new: &Worker) -> WorkerCause {
        let is_released = |reservation: &&ReservationSid| {
            let has = |worker: &Worker| {
                let mut open = worker.open_reservations.iter();
                open.any(|open| open.sid == **reservation)
            };
            has(old) && (!has(new) || old.activity_sid != new.activity_sid)
        };
        let released = self.releases.keys().find(is_released);
        let after = released.and_then(|it| self.releases.get(it));
        WorkerCause::Decision {
            after: after.map(|(task, _)| *task),
        }
    }

    /// A new Reservation of the Worker whose Task has not been read yet.
    fn unknown_reservation(&self, old: &Worker, new: &Worker) -> Option<ReservationSid> {
        let mut added = new.open_reservations.iter().filter(|open| {
            let mut before = old.open_reservations.iter();
            !before.any(|known| known.sid == open.sid)
        });
        let is_unknown = |task: TaskSid, reservation| {
            let task = self.state.tasks.get(&task);
            task.is_none_or(|task| task.reservation(reservation).is_none())
        };
        added
            .find(|open| is_unknown(open.task_sid, open.sid))
            .map(|open| open.sid)
    }

    fn difference(&mut self, difference: Difference) {
        self.checked.difference_count += 1;
        if self.checked.differences.len() < DIFFERENCES_MAX {
            self.checked.differences.push(difference);
        }
    }
}

/// Whether a write is not newer than what is known: recorded twice, or before the snapshot.
fn is_stale(known: Option<u64>, version: u64) -> bool {
    known.is_some_and(|known| version <= known)
}
