//! An instruction that is being carried out for a Reservation (taskrouter.md section 6, "On hold").

use serde::{Deserialize, Serialize};

use super::{Conference, StatusCallback};
use ids::{ActivitySid, CallSid};
use ids::{ConferenceSid, QueueSid};
use vocabulary::SupervisorMode;

/// An instruction that moves calls, claimed by the writer that carries it out. From the claim on,
/// the reservation timeout does not apply; the end of the calls decides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IssuedInstruction {
    /// The number of the attempt that claimed the instruction. The number is random, so an attempt
    /// whose write succeeded but whose response was lost recognizes its own claim and continues.
    pub claim: u64,
    /// How the calls are connected.
    #[serde(default)]
    pub plan: Plan,
    /// The call to the Worker, once the carrier has assigned its SID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_call_sid: Option<CallSid>,
    /// The Activity the Worker moves to when the conversation has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_work_activity_sid: Option<ActivitySid>,
    /// Seconds that the Worker's phone may ring.
    pub ring_timeout_secs: u32,
    /// Whether carrying it out accepts the Reservation (`accept` of `call` and `redirect`,
    /// taskrouter.md section 11.3).
    #[serde(default, skip_serializing_if = "is_false")]
    pub accepts: bool,
    /// Whether the Worker has answered and the TwiML of the application runs.
    #[serde(default, skip_serializing_if = "is_false")]
    pub answered: bool,
}

/// How the calls are connected, with what must be known until the instruction is finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// The Worker is called and connected with the caller in the queue.
    Dequeue {
        /// Receives the progress of the call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status_callback: Option<StatusCallback>,
    },
    /// The Worker is called; the TwiML of the application decides the rest.
    Call {
        /// Receives the end of the call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status_callback: Option<StatusCallback>,
        /// The call whose TwiML asked for the caller, `<Dial><Queue reservationSid>`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dialed_by: Option<CallSid>,
    },
    /// No instruction: a call that Cordboard did not place asks for the caller, `<Dial><Queue
    /// reservationSid>`.
    DialQueue {
        /// The call that asks.
        dialed_by: CallSid,
    },
    /// The caller is redirected to TwiML of the application.
    Redirect,
    /// Worker and caller join a conference.
    Conference(Box<ConferencePlan>),
}

/// A conference: its parameters and its state.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConferencePlan {
    /// The parameters of the instruction.
    pub conference: Conference,
    /// The SID of the conference, once the Worker has joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<ConferenceSid>,
    /// The carrier's queue that the caller was moved from. It belongs to the Task and is deleted
    /// once the caller has joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_queue_sid: Option<QueueSid>,
    /// The Worker has joined and left.
    #[serde(default, skip_serializing_if = "is_false")]
    pub worker_left: bool,
    /// The caller has joined and left.
    #[serde(default, skip_serializing_if = "is_false")]
    pub caller_left: bool,
    /// The call to a customer who is dialed into the conference, from the moment it is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerCall>,
    /// The supervisors that were called into the conference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supervisions: Vec<Supervision>,
}

/// The call to a customer who does not wait in a queue but is dialed, `outbound_to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerCall {
    /// The attempt that places the call.
    pub claim: u64,
    /// The SID of the call, once the carrier has assigned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<CallSid>,
}

/// A supervisor called into a conference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supervision {
    /// The request that asked for it; one request places one call.
    pub request: u64,
    /// The attempt that places the call.
    pub claim: u64,
    /// What the supervisor can do.
    pub mode: SupervisorMode,
}

impl Default for Plan {
    fn default() -> Self {
        Self::Dequeue {
            status_callback: None,
        }
    }
}

impl IssuedInstruction {
    /// The callback that receives the progress of the call to the Worker.
    pub fn status_callback(&self) -> Option<&StatusCallback> {
        match &self.plan {
            Plan::Dequeue { status_callback }
            | Plan::Call {
                status_callback, ..
            } => status_callback.as_ref(),
            Plan::Conference(plan) => plan.conference.status_callback.as_ref(),
            Plan::Redirect | Plan::DialQueue { .. } => None,
        }
    }

    /// The conference; `None` for other plans.
    pub fn conference(&self) -> Option<&ConferencePlan> {
        match &self.plan {
            Plan::Conference(plan) => Some(plan),
            Plan::Dequeue { .. } | Plan::Call { .. } | Plan::Redirect | Plan::DialQueue { .. } => {
                None
            }
        }
    }

    /// The call to a customer who is dialed into the conference, once the carrier has assigned its
    /// SID.
    pub fn customer_call_sid(&self) -> Option<CallSid> {
        self.conference()?.customer?.sid
    }

    /// Whether the instruction itself takes the caller out of the queue, so that the caller's
    /// departure from it does not mean a hang-up.
    pub fn moves_caller(&self) -> bool {
        match self.plan {
            Plan::Redirect | Plan::Conference(_) => true,
            Plan::Dequeue { .. } | Plan::Call { .. } | Plan::DialQueue { .. } => false,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !*value
}
