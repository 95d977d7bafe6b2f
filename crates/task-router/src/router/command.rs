//! The inputs of the engine.

use serde_json::{Map, Value};

use super::release::Release;
use crate::model::instruction::Supervision;
use crate::model::{AssignmentStatus, Attributes, EndReason, IssuedInstruction, TaskChannelName};
use ids::time::Timestamp;
use ids::{ActivitySid, CallSid, ConferenceSid, QueueSid, ReservationSid, TaskSid, WorkerSid};

/// Something that happened, or time that passed. The engine may refuse it.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Advance the Task: its deadlines first, then, if it still waits, the candidates of the
    /// snapshot.
    Advance {
        /// The Task to advance.
        task: TaskSid,
    },
    /// No Worker is available for the Task now: a new Task is added to its waiting list.
    NoWorkerFound {
        /// The Task that was searched for.
        task: TaskSid,
    },
    /// No Worker is available for the Task, and its waiting list has as many calls as it may: a new
    /// Task is canceled.
    WaitingListFull {
        /// The Task that was searched for.
        task: TaskSid,
    },
    /// The Worker has a free slot: reserve the Task of the snapshot that comes first.
    ServeWorker {
        /// The Worker with a free slot.
        worker: WorkerSid,
    },
    /// A Reservation was accepted or rejected.
    Answered {
        /// The Task offered.
        task: TaskSid,
        /// The Reservation.
        reservation: ReservationSid,
        /// The answer.
        answer: Answer,
    },
    /// A telephone instruction is about to be carried out: a claim. Only the writer whose claim is
    /// committed may place the call.
    InstructionIssued {
        /// The Task offered.
        task: TaskSid,
        /// The Reservation.
        reservation: ReservationSid,
        /// The instruction and its claim.
        instruction: IssuedInstruction,
    },
    /// The Worker's call waits for its slot until this moment, because calls are paced: the offer
    /// waits with it.
    OfferPostponed {
        /// The Task offered.
        task: TaskSid,
        /// The Reservation.
        reservation: ReservationSid,
        /// The moment of the slot.
        until: Timestamp,
    },
    /// The carrier named the call to the Worker.
    WorkerCallNamed {
        /// The Task offered.
        task: TaskSid,
        /// The Reservation.
        reservation: ReservationSid,
        /// The Worker's leg.
        call: CallSid,
    },
    /// The Worker has picked up.
    WorkerCallAnswered {
        /// The Task offered.
        task: TaskSid,
        /// The Reservation.
        reservation: ReservationSid,
        /// The Worker's leg.
        call: CallSid,
    },
    /// The call to the Worker is over, or could not be placed.
    WorkerCallEnded {
        /// The Task offered.
        task: TaskSid,
        /// The Reservation.
        reservation: ReservationSid,
        /// The carrier's error code, if it gave one.
        code: Option<u32>,
    },
    /// A call asks for the caller of a Reservation, `<Dial><Queue reservationSid>`
    /// (voice-webhooks.md section 5.3).
    WorkerDialed {
        /// The Task offered.
        task: TaskSid,
        /// The Reservation.
        reservation: ReservationSid,
        /// The call that asks.
        call: CallSid,
        /// The Activity the Worker moves to when the conversation has ended.
        post_work_activity: Option<ActivitySid>,
    },
    /// A leg joined the conference; the Worker joins first and waits for the caller.
    ConferenceEntered {
        /// The Task offered.
        task: TaskSid,
        /// The Reservation.
        reservation: ReservationSid,
        /// The carrier's id of the conference.
        conference: ConferenceSid,
        /// The leg that joined.
        call: CallSid,
    },
    /// The caller, or a customer who was dialed, joins the conference of the Worker.
    ConferenceJoined {
        /// The Task offered.
        task: TaskSid,
        /// The Reservation.
        reservation: ReservationSid,
    },
    /// The customer is about to be dialed into the conference of the Worker: a claim. Only the
    /// writer whose claim is committed may place the call.
    CustomerCallIssued {
        /// The Task offered.
        task: TaskSid,
        /// The Reservation.
        reservation: ReservationSid,
        /// A random number, different for each attempt.
        claim: u64,
    },
    /// The carrier has named the call to the customer.
    CustomerCallNamed {
        /// The Task offered.
        task: TaskSid,
        /// The Reservation.
        reservation: ReservationSid,
        /// The customer's leg.
        call: CallSid,
    },
    /// A leg left the conference, or the conference ended.
    ConferenceLeft {
        /// The Task offered.
        task: TaskSid,
        /// The Reservation.
        reservation: ReservationSid,
        /// The leg or the conference that ended.
        leaving: Leaving,
    },
    /// A supervisor is about to be called: a claim. Only the writer whose claim is committed may
    /// place the call.
    SupervisionIssued {
        /// The assigned Task.
        task: TaskSid,
        /// Its accepted Reservation.
        reservation: ReservationSid,
        /// The supervisor to call, and the claim.
        supervision: Supervision,
    },
    /// The caller was moved out of the carrier's queue by a REST request: that of an instruction,
    /// or that of another program.
    CallerMoved {
        /// The caller's Task.
        task: TaskSid,
        /// The carrier's queue.
        carrier_queue: Option<QueueSid>,
    },
    /// The Worker was connected to the carrier's queue, and no caller waited in it.
    CallerNotFound {
        /// The Task offered.
        task: TaskSid,
        /// The Reservation.
        reservation: ReservationSid,
    },
    /// The caller is no longer in the carrier's queue.
    CallerGone {
        /// The caller's Task.
        task: TaskSid,
        /// The Task's reason for ending, if it is not assigned.
        reason: EndReason,
        /// The carrier's queue, which is deleted after the Task has ended.
        carrier_queue: Option<QueueSid>,
    },
    /// The API sets the Task's status (taskrouter.md section 5).
    StatusSet {
        /// The Task to change.
        task: TaskSid,
        /// `Wrapping`, `Completed` or `Canceled`; other values are refused.
        status: AssignmentStatus,
        /// The Task's reason for ending.
        reason: EndReason,
        /// Attributes to set together with the status (section 2.8); `None`: unchanged.
        attributes: Option<AttributesChange>,
    },
    /// The API updates a Task (taskrouter.md section 2.8).
    TaskUpdated {
        /// The Task to change.
        task: TaskSid,
        /// The fields to change.
        changes: TaskChanges,
    },
    /// The API deletes a Task, whatever its status.
    TaskDeleted {
        /// The Task to delete.
        task: TaskSid,
    },
    /// A Worker's Activity is set (taskrouter.md section 3).
    ActivitySet {
        /// The Worker to change.
        worker: WorkerSid,
        /// The new Activity.
        activity: ActivitySid,
        /// Reject the Worker's pending Reservations, if the Activity is unavailable.
        reject_pending: bool,
    },
    /// The API updates a Worker (taskrouter.md section 2.3).
    WorkerUpdated {
        /// The Worker to change.
        worker: WorkerSid,
        /// The fields to change.
        changes: WorkerChanges,
    },
    /// The API updates a Worker's capacity or availability in a TaskChannel (taskrouter.md section
    /// 2.4).
    WorkerChannelUpdated {
        /// The Worker to change.
        worker: WorkerSid,
        /// The TaskChannel.
        channel: TaskChannelName,
        /// The number of slots; `None`: unchanged.
        capacity: Option<u16>,
        /// Is the Worker offered new Tasks of the channel? `None`: unchanged.
        available: Option<bool>,
    },
    /// A Reservation or its conversation has ended: its Worker gets back what they still hold of
    /// it.
    Released(Release),
    /// Advance the Worker: end a wrap-up that has expired, update queue membership.
    AdvanceWorker {
        /// The Worker to advance.
        worker: WorkerSid,
    },
}

impl Command {
    /// The Task that the Command is about, if there is one.
    pub fn task(&self) -> Option<TaskSid> {
        match self {
            Self::Advance { task }
            | Self::NoWorkerFound { task }
            | Self::WaitingListFull { task }
            | Self::Answered { task, .. }
            | Self::InstructionIssued { task, .. }
            | Self::OfferPostponed { task, .. }
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

    /// May the Command reject pending Reservations of its Worker? Only then does the snapshot need
    /// the Worker's Tasks.
    pub fn concerns_offers(&self) -> bool {
        if let Self::ActivitySet { reject_pending, .. } = self {
            return *reject_pending;
        }
        if let Self::WorkerUpdated { changes, .. } = self {
            return changes.reject_pending && changes.activity.is_some();
        }
        false
    }

    /// The Worker that the Command is about, if there is one.
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
            | Self::OfferPostponed { .. }
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

/// An update of a Task. A field that is absent keeps its value. New attributes may lead a pending
/// Task to another filter (taskrouter.md section 7.2, rule 15).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskChanges {
    /// The JSON attributes.
    pub attributes: Option<AttributesChange>,
    /// Higher is served first.
    pub priority: Option<u32>,
    /// The TaskChannel; must exist in the Workspace.
    pub channel: Option<TaskChannelName>,
    /// The moment its waiting is counted from.
    pub virtual_start_time: Option<Timestamp>,
}

/// An update of a Worker. A field that is absent keeps its value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WorkerChanges {
    /// The name. The writer ensures that it is unique.
    pub friendly_name: Option<String>,
    /// The JSON attributes: skills, and the address that is called.
    pub attributes: Option<AttributesChange>,
    /// The Activity to enter.
    pub activity: Option<ActivitySid>,
    /// Reject the Worker's pending Reservations, if that Activity is unavailable.
    pub reject_pending: bool,
}

/// How attributes change.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributesChange {
    /// Replace all attributes.
    Replace(Attributes),
    /// Apply a JSON merge patch (RFC 7396) to the current attributes; concurrent changes of other
    /// keys stay.
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
    /// The Worker does not take the Task.
    Reject {
        /// The Activity that the Worker moves to, if the answer names one.
        activity: Option<ActivitySid>,
    },
}

/// What leaves a conference, or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// One leg leaves.
    Call(CallSid),
    /// The whole conference ends.
    Conference(ConferenceSid),
}
