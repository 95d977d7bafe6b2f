//! What the core asks for: new versions of Tasks and Workers.

use std::collections::BTreeSet;

use super::Snapshot;
use super::{release, workflow};
use crate::model::{
    ATTRIBUTES_CHARS_MAX, AfterFailedReservation, AssignmentStatus, FailedOffer, IssuedInstruction,
    ReservationStatus, Task, Worker, Workspace,
};
use ids::time::Timestamp;
use ids::{ReservationSid, TaskSid, WorkerSid};
use planted_bugs::Bug;

/// A decision: what became of the event, and what to write.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What became of the event.
    pub outcome: Outcome,
    /// How the Workers are to be written.
    pub workers_written: WorkersWritten,
    /// Tasks to write, each on condition that the stored version is one lower.
    pub tasks: Vec<Task>,
    /// Workers to write, each on condition that the stored version is one lower.
    pub workers: Vec<Worker>,
}

impl Decision {
    /// The decision, if there is something to be written.
    pub fn if_changed(self) -> Option<Self> {
        (self.outcome == Outcome::Changed).then_some(self)
    }
}

/// How the Workers of a decision are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkersWritten {
    /// Together with the Tasks, all or nothing: slots are taken, or the Worker is whom the event is about.
    WithTheTask,
    /// After the Task, each by itself: they only get back what is theirs. If one cannot be written, the Task's stream
    /// record brings the same about ([`super::release`]).
    AfterTheTask,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Something is to be written.
    Changed,
    /// The world is as the event wants it: it was handled before, or nothing is due.
    AlreadySo,
    /// The event cannot happen now.
    Refused(Refusal),
}

/// Why an event cannot happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The Task is not there, or was cleaned up.
    #[error("there is no Task {0}")]
    NoSuchTask(TaskSid),
    /// The Worker is not there.
    #[error("there is no Worker {0}")]
    NoSuchWorker(WorkerSid),
    /// The Activity is not there.
    #[error("there is no such Activity in the Workspace")]
    NoSuchActivity,
    /// The Reservation is not of the Task's latest round.
    #[error("there is no Reservation {0} in the Task's latest round")]
    NoSuchReservation(ReservationSid),
    /// The Reservation has been answered or has ended.
    #[error("Reservation {reservation} is {} and no longer pending", status.as_str())]
    ReservationNotPending {
        /// Which.
        reservation: ReservationSid,
        /// What it is.
        status: ReservationStatus,
    },
    /// Whoever wants the change has seen another version (taskrouter.md section 1, "Optimistic concurrency").
    #[error("the resource has version {version}, not the one expected; read it again")]
    WrongVersion {
        /// The version it has.
        version: u64,
    },
    /// Calls are being made for the Reservation already.
    #[error("another instruction is being carried out for Reservation {0}")]
    InstructionInHand(ReservationSid),
    /// What a patch makes of the attributes is longer than attributes may be.
    #[error("attributes would have more than {ATTRIBUTES_CHARS_MAX} characters")]
    AttributesTooLong,
    /// The TaskChannel is not there.
    #[error("there is no such TaskChannel in the Workspace")]
    NoSuchTaskChannel,
    /// The Task is not in a status that allows it (taskrouter.md section 5, "Illegal changes").
    #[error("Task {task} is {}, which does not allow this", status.as_str())]
    WrongStatus {
        /// Which.
        task: TaskSid,
        /// What it is.
        status: AssignmentStatus,
    },
}

/// A snapshot being changed, with a note of what was.
pub(super) struct Draft<'a> {
    pub workspace: &'a Workspace,
    pub now: Timestamp,
    snapshot: Snapshot<'a>,
    changed_tasks: BTreeSet<TaskSid>,
    changed_workers: BTreeSet<WorkerSid>,
    workers_written: WorkersWritten,
}

impl<'a> Draft<'a> {
    pub fn new(snapshot: Snapshot<'a>, now: Timestamp) -> Self {
        Self {
            workspace: snapshot.workspace,
            now,
            snapshot,
            changed_tasks: BTreeSet::new(),
            changed_workers: BTreeSet::new(),
            workers_written: WorkersWritten::AfterTheTask,
        }
    }

    /// From here on Workers have to be written together with the Tasks.
    pub fn bind_workers(&mut self) {
        self.workers_written = WorkersWritten::WithTheTask;
    }

    pub fn snapshot(&self) -> &Snapshot<'a> {
        &self.snapshot
    }

    pub fn task(&self, sid: TaskSid) -> Result<&Task, Refusal> {
        self.snapshot
            .tasks
            .get(&sid)
            .ok_or(Refusal::NoSuchTask(sid))
    }

    pub fn worker(&self, sid: WorkerSid) -> Result<&Worker, Refusal> {
        self.snapshot
            .workers
            .get(&sid)
            .ok_or(Refusal::NoSuchWorker(sid))
    }

    /// The Task, to be changed: it will be written.
    pub fn task_mut(&mut self, sid: TaskSid) -> Result<&mut Task, Refusal> {
        let task = self
            .snapshot
            .tasks
            .get_mut(&sid)
            .ok_or(Refusal::NoSuchTask(sid))?;
        self.changed_tasks.insert(sid);
        Ok(task)
    }

    /// The Worker, to be changed: it will be written. A Worker who was deleted meanwhile has nothing left to change.
    pub fn worker_mut(&mut self, sid: WorkerSid) -> Option<&mut Worker> {
        let worker = self.snapshot.workers.get_mut(&sid)?;
        self.changed_workers.insert(sid);
        Some(worker)
    }

    pub fn has_changes(&self) -> bool {
        !self.changed_tasks.is_empty() || !self.changed_workers.is_empty()
    }

    /// Ends a Reservation, or its conversation: its status, what the Worker gets back and, if it was never accepted, a note
    /// to spare the Worker.
    pub fn end_reservation(
        &mut self,
        task: TaskSid,
        reservation: ReservationSid,
        status: ReservationStatus,
    ) -> Result<(), Refusal> {
        let (now, workspace) = (self.now, self.workspace);
        let task = self.task_mut(task)?;
        let Some(ended) = task
            .reservations
            .iter_mut()
            .find(|candidate| candidate.sid == reservation)
        else {
            return Err(Refusal::NoSuchReservation(reservation));
        };
        if ended.status == ReservationStatus::Pending {
            let moved_caller = ended
                .instruction
                .as_ref()
                .is_some_and(IssuedInstruction::moves_caller);
            task.failed_offers.push(FailedOffer {
                worker_sid: ended.worker_sid,
                at: now,
                moved_caller,
            });
        }
        ended.status = status;
        ended.date_updated = now;
        match release::of_reservation(workspace, ended) {
            Some(given_back) => release::give_back(self, &given_back),
            None => Ok(()),
        }
    }

    /// Turns a reserved Task without pending Reservations back to pending (taskrouter.md section 5); where it goes on is
    /// the Workspace's choice (section 7.2, rule 8).
    pub fn settle_round(&mut self, task: TaskSid) -> Result<(), Refusal> {
        let still_offered = self.task(task)?.pending_reservations().next().is_some();
        if self.task(task)?.assignment_status != AssignmentStatus::Reserved || still_offered {
            return Ok(());
        }
        self.task_mut(task)?.assignment_status = AssignmentStatus::Pending;
        match self.workspace.rules.after_failed_reservation {
            AfterFailedReservation::StayInStep => Ok(()),
            AfterFailedReservation::NextStep => workflow::pass_failed_round(self, task),
        }
    }

    /// The decision: everything that changed, with its next version.
    pub fn decide(mut self, outcome: Result<(), Refusal>) -> Decision {
        if let Err(refusal) = outcome {
            let (tasks, workers, workers_written) = (Vec::new(), Vec::new(), self.workers_written);
            return Decision {
                outcome: Outcome::Refused(refusal),
                workers_written,
                tasks,
                workers,
            };
        }
        let outcome = if self.has_changes() {
            Outcome::Changed
        } else {
            Outcome::AlreadySo
        };
        let now = self.now;
        let mut tasks: Vec<Task> = self
            .changed_tasks
            .iter()
            .filter_map(|sid| self.snapshot.tasks.remove(sid))
            .collect();
        let mut workers: Vec<Worker> = self
            .changed_workers
            .iter()
            .filter_map(|sid| self.snapshot.workers.remove(sid))
            .collect();
        for task in &mut tasks {
            task.version += 1;
            // Whoever decides may have looked at the clock before the last writer did; events are in the order of this date.
            task.date_updated = if Bug::TimeGoesBack.is_planted() {
                now
            } else {
                task.date_updated.max(now)
            };
        }
        for worker in &mut workers {
            worker.version += 1;
            worker.date_updated = now;
        }
        Decision {
            outcome,
            workers_written: self.workers_written,
            tasks,
            workers,
        }
    }
}
