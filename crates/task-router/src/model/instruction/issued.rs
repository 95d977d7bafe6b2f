//! An instruction that is being carried out for a Reservation (taskrouter.md section 6, "On hold").

use serde::{Deserialize, Serialize};

use super::{Conference, StatusCallback};
use ids::{ActivitySid, CallSid};
use ids::{ConferenceSid, QueueSid};
use vocabulary::SupervisorMode;

/// An instruction that moves calls, claimed by whoever carries it out. From that moment the Reservation's own timeout
/// stands still; how the calls end decides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IssuedInstruction {
    /// Who issued it: a number of its own for each attempt, so that an attempt whose write succeeded but whose answer was
    /// lost still knows that it may go on.
    pub claim: u64,
    /// What is being done.
    #[serde(default)]
    pub plan: Plan,
    /// The call to the Worker, once the carrier has named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_call_sid: Option<CallSid>,
    /// The Activity the Worker moves to when the conversation has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_work_activity_sid: Option<ActivitySid>,
    /// Seconds the Worker's phone may ring.
    pub ring_timeout_secs: u32,
    /// That it is carried out accepts the Reservation (`accept` of `call` and `redirect`, taskrouter.md section 11.3).
    #[serde(default, skip_serializing_if = "is_false")]
    pub accepts: bool,
    /// The Worker has picked up and listens to somebody's TwiML.
    #[serde(default, skip_serializing_if = "is_false")]
    pub answered: bool,
}

/// What is being done, and what has to be known until it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// The Worker is called and led to the caller.
    Dequeue {
        /// Who is told how far the call is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status_callback: Option<StatusCallback>,
    },
    /// The Worker is called; somebody's TwiML goes on.
    Call {
        /// Who is told how the call ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status_callback: Option<StatusCallback>,
        /// The call whose TwiML asked for the caller, `<Dial><Queue reservationSid>`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dialed_by: Option<CallSid>,
    },
    /// No instruction: a call that somebody else placed asks for the caller, `<Dial><Queue reservationSid>`.
    DialQueue {
        /// That call.
        dialed_by: CallSid,
    },
    /// The caller is sent to somebody's TwiML.
    Redirect,
    /// Worker and caller meet in a conference.
    Conference(Box<ConferencePlan>),
}

/// A conference, as planned and as it goes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConferencePlan {
    /// What was asked for.
    pub conference: Conference,
    /// The carrier's name of it, once the Worker is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<ConferenceSid>,
    /// The queue the caller was moved from; it is the Task's to delete once they are in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_queue_sid: Option<QueueSid>,
    /// The Worker was in it and has left.
    #[serde(default, skip_serializing_if = "is_false")]
    pub worker_left: bool,
    /// The caller was in it and has left.
    #[serde(default, skip_serializing_if = "is_false")]
    pub caller_left: bool,
    /// The call to a customer who is dialed into it, once somebody is to place it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerCall>,
    /// Supervisors called into it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supervisions: Vec<Supervision>,
}

/// The call to a customer who does not wait but is dialed, `outbound_to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerCall {
    /// The attempt that places it.
    pub claim: u64,
    /// The carrier's name of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<CallSid>,
}

/// A supervisor called into a conference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supervision {
    /// The request that asked for it: one request, one call.
    pub request: u64,
    /// The attempt that carries it out.
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
    /// Who is told how far the call to the Worker is.
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

    /// The conference, if it is about one.
    pub fn conference(&self) -> Option<&ConferencePlan> {
        match &self.plan {
            Plan::Conference(plan) => Some(plan),
            Plan::Dequeue { .. } | Plan::Call { .. } | Plan::Redirect | Plan::DialQueue { .. } => {
                None
            }
        }
    }

    /// The call to a customer who is dialed into the conference, once the carrier has named it.
    pub fn customer_call_sid(&self) -> Option<CallSid> {
        self.conference()?.customer?.sid
    }

    /// Whether it takes the caller out of the queue by order of ours, so that their leaving is no going away.
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
