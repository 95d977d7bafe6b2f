//! Reservation: the offer of one Task to one Worker (taskrouter.md sections 2.9 and 6).

use serde::{Deserialize, Serialize};

use super::IssuedInstruction;
use ids::time::Timestamp;
use ids::{ActivitySid, ReservationSid, TaskSid, WorkerSid};

/// The status of a Reservation. Every status but `Pending`, `Accepted` and `Wrapping` is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReservationStatus {
    /// Offered; not answered yet.
    Pending,
    /// The Worker accepted the Task.
    Accepted,
    /// The Worker, or the application for the Worker, rejected the Task.
    Rejected,
    /// There was no answer within the Workflow's reservation timeout.
    Timeout,
    /// The Task ended, or the call to the Worker failed.
    Canceled,
    /// Another Worker accepted a parallel Reservation.
    Rescinded,
    /// The conversation has ended; the Worker's follow-up work has not.
    Wrapping,
    /// The Worker has finished the Task.
    Completed,
}

impl ReservationStatus {
    /// Whether a Reservation in this status takes a slot of the Worker's channel (taskrouter.md
    /// section 4).
    pub fn is_open(self) -> bool {
        match self {
            Self::Pending | Self::Accepted | Self::Wrapping => true,
            Self::Rejected | Self::Timeout | Self::Canceled | Self::Rescinded | Self::Completed => {
                false
            }
        }
    }

    /// The name of the status in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Timeout => "timeout",
            Self::Canceled => "canceled",
            Self::Rescinded => "rescinded",
            Self::Wrapping => "wrapping",
            Self::Completed => "completed",
        }
    }
}

/// One offer of a Task to a Worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// `WR…`, derived from the Task, the round and the Worker: a retry of the same round derives
    /// the same SID.
    pub sid: ReservationSid,
    /// The Worker that the Task is offered to.
    pub worker_sid: WorkerSid,
    /// The Worker's friendly name when the Reservation was created.
    pub worker_name: String,
    /// The status of the Reservation.
    pub status: ReservationStatus,
    /// When it was created.
    pub date_created: Timestamp,
    /// When its status last changed.
    pub date_updated: Timestamp,
    /// When a `Pending` Reservation ends by itself: as `Timeout` before an instruction was issued,
    /// as `Canceled` after.
    pub expires_at: Timestamp,
    /// The instruction that is being carried out, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<IssuedInstruction>,
    /// The Activity that the rejection named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_into: Option<ActivitySid>,
    /// The carrier's error code of a call that failed; on `Canceled` Reservations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canceled_reason_code: Option<u32>,
}

impl Reservation {
    /// A pending Reservation, created at `now`.
    pub fn new(
        sid: ReservationSid,
        worker_sid: WorkerSid,
        worker_name: impl Into<String>,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            sid,
            worker_sid,
            worker_name: worker_name.into(),
            status: ReservationStatus::Pending,
            date_created: now,
            date_updated: now,
            expires_at,
            instruction: None,
            rejected_into: None,
            canceled_reason_code: None,
        }
    }

    /// The SID of the Reservation of `task` for `worker` in the given round.
    pub fn derive_sid(task: TaskSid, round: u32, worker: WorkerSid) -> ReservationSid {
        ReservationSid::derive(&[&task.to_string(), &round.to_string(), &worker.to_string()])
    }
}
