//! What the core asks for: new versions of Tasks and Workers, all or nothing.

use std::collections::BTreeSet;

use super::Snapshot;
use super::roster::roster_of;
use super::workflow;
use crate::model::{
    AfterFailedReservation, AssignmentStatus, FailedOffer, ReservationSid, ReservationStatus, Task, TaskSid, Timestamp,
    Worker, WorkerSid, Workspace,
};
use crate::planted::{self, Bug};

/// A decision: what became of the event, and what to write.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What became of the event.
    pub outcome: Outcome,
    /// Tasks to write, each on condition that the stored version is one lower.
    pub tasks: Vec<Task>,
    /// Workers to write, each on condition that the stored version is one lower.
    pub workers: Vec<Worker>,
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
    /// Calls are being made for the Reservation already.
    #[error("another instruction is being carried out for Reservation {0}")]
    InstructionInHand(ReservationSid),
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
}

impl<'a> Draft<'a> {
    pub fn new(snapshot: Snapshot<'a>, now: Timestamp) -> Self {
        let workspace = snapshot.workspace;
        Self { workspace, now, snapshot, changed_tasks: BTreeSet::new(), changed_workers: BTreeSet::new() }
    }

    pub fn snapshot(&self) -> &Snapshot<'a> {
        &self.snapshot
    }

    pub fn task(&self, sid: TaskSid) -> Result<&Task, Refusal> {
        self.snapshot.tasks.get(&sid).ok_or(Refusal::NoSuchTask(sid))
    }

    pub fn worker(&self, sid: WorkerSid) -> Result<&Worker, Refusal> {
        self.snapshot.workers.get(&sid).ok_or(Refusal::NoSuchWorker(sid))
    }

    /// The Task, to be changed: it will be written.
    pub fn task_mut(&mut self, sid: TaskSid) -> Result<&mut Task, Refusal> {
        let task = self.snapshot.tasks.get_mut(&sid).ok_or(Refusal::NoSuchTask(sid))?;
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

    /// Ends a Reservation: its status, its slot at the Worker and, if it was never accepted, a note to spare the Worker.
    pub fn end_reservation(
        &mut self,
        task: TaskSid,
        reservation: ReservationSid,
        status: ReservationStatus,
    ) -> Result<(), Refusal> {
        let now = self.now;
        let task = self.task_mut(task)?;
        let Some(ended) = task.reservations.iter_mut().find(|candidate| candidate.sid == reservation) else {
            return Err(Refusal::NoSuchReservation(reservation));
        };
        let worker_sid = ended.worker_sid;
        if ended.status == ReservationStatus::Pending {
            task.failed_offers.push(FailedOffer { worker_sid, at: now });
        }
        ended.status = status;
        ended.date_updated = now;
        if let Some(worker) = self.worker_mut(worker_sid) {
            let kept = planted::is(Bug::SlotKept) && status == ReservationStatus::Timeout;
            worker.open_reservations.retain(|open| kept || open.sid != reservation);
        }
        Ok(())
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
            return Decision { outcome: Outcome::Refused(refusal), tasks: Vec::new(), workers: Vec::new() };
        }
        let outcome = if self.has_changes() { Outcome::Changed } else { Outcome::AlreadySo };
        let (now, workspace) = (self.now, self.workspace);
        let mut tasks: Vec<Task> =
            self.changed_tasks.iter().filter_map(|sid| self.snapshot.tasks.remove(sid)).collect();
        let mut workers: Vec<Worker> =
            self.changed_workers.iter().filter_map(|sid| self.snapshot.workers.remove(sid)).collect();
        for task in &mut tasks {
            task.version += 1;
            task.date_updated = now;
        }
        for worker in &mut workers {
            worker.version += 1;
            worker.roster = roster_of(workspace, worker);
        }
        Decision { outcome, tasks, workers }
    }
}
