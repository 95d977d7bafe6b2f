//! What can happen.

use serde_json::{Map, Value};

use super::release::Release;
use crate::model::instruction::Supervision;
use crate::model::{AssignmentStatus, Attributes, EndReason, IssuedInstruction, TaskChannelName};
use ids::time::Timestamp;
use ids::{ActivitySid, CallSid, ConferenceSid, QueueSid, ReservationSid, TaskSid, WorkerSid};

/// Something that happened, or time that passed.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Look at this Task: deadlines first, then, if it still waits, the Workers in the snapshot.
    Advance {
        /// Which.
        task: TaskSid,
    },
    /// Nobody is free for this Task now: a new one gets its place in line.
    NoWorkerFound {
        /// Which.
        task: TaskSid,
    },
    /// Nobody is free for this Task, and as many calls wait in its line as may: a new one does not wait.
    WaitingListFull {
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
    /// The Worker has picked up.
    WorkerCallAnswered {
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
    /// A call asks for the caller of a Reservation, `<Dial><Queue reservationSid>` (voice-webhooks.md section 5.3).
    WorkerDialed {
        /// The Task offered.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
        /// The call that asks.
        call: CallSid,
        /// The Activity the Worker moves to when the conversation has ended.
        post_work_activity: Option<ActivitySid>,
    },
    /// The Worker is in the conference and waits for the caller.
    ConferenceEntered {
        /// The Task offered.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
        /// The carrier's name of the conference.
        conference: ConferenceSid,
        /// Whose leg is in.
        call: CallSid,
    },
    /// The caller, or a customer who was dialed, comes into the conference, where the Worker is.
    ConferenceJoined {
        /// The Task offered.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
    },
    /// The customer is about to be dialed into the conference, where the Worker is. Whoever gets this through may place the
    /// call; nobody else.
    CustomerCallIssued {
        /// The Task offered.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
        /// A number of its own for each attempt.
        claim: u64,
    },
    /// The carrier has named the call to the customer.
    CustomerCallNamed {
        /// The Task offered.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
        /// The customer's leg.
        call: CallSid,
    },
    /// Somebody left the conference, or it is over.
    ConferenceLeft {
        /// The Task offered.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
        /// Who.
        who: Leaving,
    },
    /// A supervisor is about to be called. Whoever gets this through may place the call; nobody else.
    SupervisionIssued {
        /// The Task.
        task: TaskSid,
        /// Its accepted Reservation.
        reservation: ReservationSid,
        /// What is being done.
        supervision: Supervision,
    },
    /// The caller was moved out of the carrier's queue: by an instruction, or by somebody else.
    CallerMoved {
        /// The caller's Task.
        task: TaskSid,
        /// The carrier's queue.
        carrier_queue: Option<QueueSid>,
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
    /// Somebody sets the Task's status through the API (taskrouter.md section 5).
    StatusSet {
        /// Which.
        task: TaskSid,
        /// `Wrapping`, `Completed` or `Canceled`; the others cannot be set.
        status: AssignmentStatus,
        /// Why.
        reason: EndReason,
    },
    /// Somebody changes what is known about a Task (taskrouter.md section 2.8).
    TaskUpdated {
        /// Which.
        task: TaskSid,
        /// What changes.
        changes: TaskChanges,
    },
    /// Somebody removes the Task, whatever its status.
    TaskDeleted {
        /// Which.
        task: TaskSid,
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
    /// Somebody changes what is known about a Worker (taskrouter.md section 2.3).
    WorkerUpdated {
        /// Who.
        worker: WorkerSid,
        /// What changes.
        changes: WorkerChanges,
    },
    /// Somebody changes a Worker's share of a TaskChannel (taskrouter.md section 2.4).
    WorkerChannelUpdated {
        /// Who.
        worker: WorkerSid,
        /// Which channel.
        channel: TaskChannelName,
        /// Tasks at once.
        capacity: Option<u16>,
        /// Open for new Tasks?
        available: Option<bool>,
    },
    /// A Reservation of this Worker has ended, or its conversation: they get back what they still hold of it.
    Released(Release),
    /// Look at this Worker's time limits.
    AdvanceWorker {
        /// Who.
        worker: WorkerSid,
    },
}

impl Command {
    /// The Task it is about, if it is about one.
    pub fn task(&self) -> Option<TaskSid> {
        match self {
            Self::Advance { task }
            | Self::NoWorkerFound { task }
            | Self::WaitingListFull { task }
            | Self::Answered { task, .. }
            | Self::InstructionIssued { task, .. }
            | Self::WorkerCallNamed { task, .. }
            | Self::WorkerCallAnswered { task, .. }
            | Self::WorkerCallEnded { task, .. }
            | Self::WorkerDialed { task, .. }
            | Self::ConferenceEntered { task, .. }
            | Self::ConferenceJoined { task, .. }
            | Self::CustomerCallIssued { task, .. }
            | Self::CustomerCallNamed { task, .. }
            | Self::ConferenceLeft { task, .. }
            | Self::SupervisionIssued { task, .. }
            | Self::CallerMoved { task, .. }
            | Self::CallerNotFound { task, .. }
            | Self::CallerGone { task, .. }
            | Self::StatusSet { task, .. }
            | Self::TaskUpdated { task, .. }
            | Self::TaskDeleted { task } => Some(*task),
            Self::ServeWorker { .. }
            | Self::ActivitySet { .. }
            | Self::WorkerUpdated { .. }
            | Self::WorkerChannelUpdated { .. }
            | Self::Released(_)
            | Self::AdvanceWorker { .. } => None,
        }
    }

    /// Is it about a Worker and may change what they were offered? Only then are their Tasks needed to decide it.
    pub fn concerns_offers(&self) -> bool {
        let of_update =
            |changes: &WorkerChanges| changes.reject_pending && changes.activity.is_some();
        matches!(
            self,
            Self::ActivitySet {
                reject_pending: true,
                ..
            }
        ) || matches!(self, Self::WorkerUpdated { changes, .. } if of_update(changes))
    }

    /// The Worker it is about, if it is about one.
    pub fn worker(&self) -> Option<WorkerSid> {
        match self {
            Self::ServeWorker { worker }
            | Self::ActivitySet { worker, .. }
            | Self::WorkerUpdated { worker, .. }
            | Self::WorkerChannelUpdated { worker, .. }
            | Self::Released(Release { worker, .. })
            | Self::AdvanceWorker { worker } => Some(*worker),
            Self::Advance { .. }
            | Self::NoWorkerFound { .. }
            | Self::WaitingListFull { .. }
            | Self::Answered { .. }
            | Self::InstructionIssued { .. }
            | Self::WorkerCallNamed { .. }
            | Self::WorkerCallAnswered { .. }
            | Self::WorkerCallEnded { .. }
            | Self::WorkerDialed { .. }
            | Self::ConferenceEntered { .. }
            | Self::ConferenceJoined { .. }
            | Self::CustomerCallIssued { .. }
            | Self::CustomerCallNamed { .. }
            | Self::ConferenceLeft { .. }
            | Self::SupervisionIssued { .. }
            | Self::CallerMoved { .. }
            | Self::CallerNotFound { .. }
            | Self::CallerGone { .. }
            | Self::StatusSet { .. }
            | Self::TaskUpdated { .. }
            | Self::TaskDeleted { .. } => None,
        }
    }
}

/// What changes about a Task; what is absent stays. Its place in the Workflow stays too (taskrouter.md section 7.2,
/// rule 15).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskChanges {
    /// What is known about it.
    pub attributes: Option<AttributesChange>,
    /// Higher is served first.
    pub priority: Option<u32>,
    /// The kind of work; must be one of the Workspace's.
    pub channel: Option<TaskChannelName>,
    /// The moment its waiting is counted from.
    pub virtual_start_time: Option<Timestamp>,
}

/// What changes about a Worker; what is absent stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WorkerChanges {
    /// The name; that it is unique is the writer's business.
    pub friendly_name: Option<String>,
    /// Skills and address.
    pub attributes: Option<AttributesChange>,
    /// What they are doing.
    pub activity: Option<ActivitySid>,
    /// Reject what they have been offered, if that Activity is unavailable.
    pub reject_pending: bool,
}

/// How attributes change.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributesChange {
    /// To these, whatever they were.
    Replace(Attributes),
    /// By a JSON merge patch (RFC 7396), whatever else changed meanwhile.
    Merge(Map<String, Value>),
}

impl From<Attributes> for AttributesChange {
    fn from(attributes: Attributes) -> Self {
        Self::Replace(attributes)
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

/// Who leaves a conference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// This leg.
    Call(CallSid),
    /// Everybody: the conference of this name is over.
    Everybody(ConferenceSid),
}
