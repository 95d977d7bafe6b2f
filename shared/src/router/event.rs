//! What can happen.

use crate::model::{
    ActivitySid, AssignmentStatus, CallSid, EndReason, IssuedInstruction, QueueSid, ReservationSid, TaskSid, WorkerSid,
};

/// Something that happened, or time that passed.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Look at this Task: deadlines first, then, if it still waits, the Workers in the snapshot.
    Advance {
        /// Which.
        task: TaskSid,
    },
    /// This Worker has a free slot: find the waiting Task in the snapshot that comes first.
    ServeWorker {
        /// Who.
        worker: WorkerSid,
    },
    /// A Reservation was accepted or rejected.
    Answered {
        /// The Task offered.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
        /// What was said.
        answer: Answer,
    },
    /// A telephone instruction is about to be carried out. Whoever gets this through may place the call; nobody else.
    InstructionIssued {
        /// The Task offered.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
        /// What is being done.
        instruction: IssuedInstruction,
    },
    /// The carrier named the call to the Worker.
    WorkerCallNamed {
        /// The Task offered.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
        /// The Worker's leg.
        call: CallSid,
    },
    /// The call to the Worker is over, or could not be placed.
    WorkerCallEnded {
        /// The Task offered.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
        /// The carrier's error code, if it gave one.
        code: Option<u32>,
    },
    /// The Worker was led to the caller and found nobody waiting.
    CallerNotFound {
        /// The Task offered.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
    },
    /// The caller is no longer in the carrier's queue.
    CallerGone {
        /// The caller's Task.
        task: TaskSid,
        /// The reason it ends with, if nobody had it.
        reason: EndReason,
        /// The carrier's queue, to be deleted.
        carrier_queue: Option<QueueSid>,
    },
    /// Somebody ends the Task through the API (taskrouter.md section 5).
    TaskEnded {
        /// Which.
        task: TaskSid,
        /// `Completed` or `Canceled`.
        end: AssignmentStatus,
        /// Why.
        reason: EndReason,
    },
    /// A Worker's Activity is set (taskrouter.md section 3).
    ActivitySet {
        /// Who.
        worker: WorkerSid,
        /// To what.
        activity: ActivitySid,
        /// Reject what the Worker has been offered, if the Activity is unavailable.
        reject_pending: bool,
    },
    /// Look at this Worker's time limits.
    AdvanceWorker {
        /// Who.
        worker: WorkerSid,
    },
}

impl Event {
    /// The Task it is about, if it is about one.
    pub fn task(&self) -> Option<TaskSid> {
        match self {
            Self::Advance { task }
            | Self::Answered { task, .. }
            | Self::InstructionIssued { task, .. }
            | Self::WorkerCallNamed { task, .. }
            | Self::WorkerCallEnded { task, .. }
            | Self::CallerNotFound { task, .. }
            | Self::CallerGone { task, .. }
            | Self::TaskEnded { task, .. } => Some(*task),
            Self::ServeWorker { .. } | Self::ActivitySet { .. } | Self::AdvanceWorker { .. } => None,
        }
    }

    /// The Worker it is about, if it is about one.
    pub fn worker(&self) -> Option<WorkerSid> {
        match self {
            Self::ServeWorker { worker } | Self::ActivitySet { worker, .. } | Self::AdvanceWorker { worker } => {
                Some(*worker)
            }
            Self::Advance { .. }
            | Self::Answered { .. }
            | Self::InstructionIssued { .. }
            | Self::WorkerCallNamed { .. }
            | Self::WorkerCallEnded { .. }
            | Self::CallerNotFound { .. }
            | Self::CallerGone { .. }
            | Self::TaskEnded { .. } => None,
        }
    }
}

/// The answer to a Reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The Worker takes the Task.
    Accept,
    /// The Worker does not; the Activity to move to, if one was named.
    Reject {
        /// The Worker's new Activity.
        activity: Option<ActivitySid>,
    },
}
