//! The engine's answer to a Command: an outcome, and the Tasks and Workers to commit.

use crate::model::{ATTRIBUTES_CHARS_MAX, AssignmentStatus, ReservationStatus, Task, Worker};
use ids::{ReservationSid, TaskSid, WorkerSid};

/// The outcome of a Command, and the next versions of the Tasks and Workers that it changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The outcome of the Command.
    pub outcome: Outcome,
    /// How the Workers are written.
    pub workers_written: WorkersWritten,
    /// Tasks to write, each on condition that the stored version is one lower.
    pub tasks: Vec<Task>,
    /// Workers to write, each on condition that the stored version is one lower.
    pub workers: Vec<Worker>,
}

impl Decision {
    /// The Decision, if it changes anything.
    pub fn if_changed(self) -> Option<Self> {
        (self.outcome == Outcome::Changed).then_some(self)
    }
}

/// How the Workers of a Decision are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkersWritten {
    /// In one transaction with the Tasks: slots are taken, or the Command is about the Worker.
    WithTheTask,
    /// After the Task, each Worker by itself: the Workers only get back what is theirs. If a Worker
    /// cannot be written, the Task's stream record has the same effect ([`super::release`]).
    AfterTheTask,
}

/// What a Command led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The Decision changes Tasks or Workers.
    Changed,
    /// Nothing to write: the Command was handled before (commands are idempotent), or nothing is
    /// due.
    AlreadySo,
    /// The Command is not allowed now.
    Refused(Refusal),
}

/// Why a Command is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The Task does not exist, or has expired and was deleted.
    #[error("there is no Task {0}")]
    NoSuchTask(TaskSid),
    /// The Worker does not exist.
    #[error("there is no Worker {0}")]
    NoSuchWorker(WorkerSid),
    /// The Activity does not exist.
    #[error("there is no such Activity in the Workspace")]
    NoSuchActivity,
    /// The Reservation is not of the Task's latest round.
    #[error("there is no Reservation {0} in the Task's latest round")]
    NoSuchReservation(ReservationSid),
    /// The Reservation was answered or has ended.
    #[error("Reservation {reservation} is {} and no longer pending", status.as_str())]
    ReservationNotPending {
        /// The Reservation of the Command.
        reservation: ReservationSid,
        /// Its status.
        status: ReservationStatus,
    },
    /// The stored version is not the one that the caller expects (taskrouter.md section 1,
    /// "Optimistic concurrency").
    #[error("the resource has version {version}, not the one expected; read it again")]
    WrongVersion {
        /// The stored version.
        version: u64,
    },
    /// Another instruction is already being carried out for the Reservation.
    #[error("another instruction is being carried out for Reservation {0}")]
    InstructionInHand(ReservationSid),
    /// The patched attributes would exceed [`ATTRIBUTES_CHARS_MAX`].
    #[error("attributes would have more than {ATTRIBUTES_CHARS_MAX} characters")]
    AttributesTooLong,
    /// The TaskChannel does not exist.
    #[error("there is no such TaskChannel in the Workspace")]
    NoSuchTaskChannel,
    /// The Task's status does not allow the change (taskrouter.md section 5, "Illegal changes").
    #[error("Task {task} is {}, which does not allow this", status.as_str())]
    WrongStatus {
        /// The Task of the Command.
        task: TaskSid,
        /// Its status.
        status: AssignmentStatus,
    },
}
