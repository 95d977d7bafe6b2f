//! Reservation: one Task offered to one Worker (taskrouter.md sections 2.9 and 6).

use serde::{Deserialize, Serialize};

use super::IssuedInstruction;
use ids::time::Timestamp;
use ids::{ActivitySid, ReservationSid, TaskSid, WorkerSid};

/// Where a Reservation stands. Everything but `Pending`, `Accepted` and `Wrapping` is an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReservationStatus {
    /// Offered; nobody has answered.
    Pending,
    /// The Worker took the Task.
    Accepted,
    /// The Worker, or the application for the Worker, said no.
    Rejected,
    /// Nobody answered in the Workflow's reservation timeout.
    Timeout,
    /// The Task ended, or the call to the Worker came to nothing.
    Canceled,
    /// Another Worker accepted a parallel Reservation.
    Rescinded,
    /// The conversation is over, the paperwork is not.
    Wrapping,
    /// Done.
    Completed,
}

impl ReservationStatus {
    /// Does a Reservation in this status take up a slot of the Worker's channel (taskrouter.md section 4)?
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
    /// `WR…`, derived from the Task, the round and the Worker: reserving again names the same Reservation.
    pub sid: ReservationSid,
    /// Who was offered the Task.
    pub worker_sid: WorkerSid,
    /// The Worker's friendly name at that moment.
    pub worker_name: String,
    /// Where it stands.
    pub status: ReservationStatus,
    /// When it was made.
    pub date_created: Timestamp,
    /// When its status last changed.
    pub date_updated: Timestamp,
    /// When a `Pending` one ends by itself: as `Timeout` before an instruction was issued, as `Canceled` after.
    pub expires_at: Timestamp,
    /// The telephone instruction being carried out, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<IssuedInstruction>,
    /// The Activity somebody named who rejected it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_into: Option<ActivitySid>,
    /// Why the telephone part failed, a carrier error code, on `Canceled` ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canceled_reason_code: Option<u32>,
}

impl Reservation {
    /// A pending Reservation, made now.
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

    /// The id of the Reservation of `task` for `worker` in the given round.
    pub fn derive_sid(task: TaskSid, round: u32, worker: WorkerSid) -> ReservationSid {
        ReservationSid::derive(&[&task.to_string(), &round.to_string(), &worker.to_string()])
    }
}
