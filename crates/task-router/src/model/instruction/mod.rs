//! Instruction: what shall be done about a Reservation (taskrouter.md section 11.3).
//!
//! One type for what an assignment callback answers ([`Instruction::from_json`]) and for what the REST API is told
//! ([`Instruction::from_form`]). Both read the same table of parameters (`parameters.rs`), each with its two names, its
//! error code and its default.

mod check;
mod error;
mod fields;
mod issued;
mod kinds;
mod parameters;
mod parse;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use ids::{ActivitySid, WorkerSid};

pub use check::{Impossible, check};
pub use error::{InstructionError, Problem};
pub use issued::{ConferencePlan, CustomerCall, IssuedInstruction, Plan, Supervision};
pub use kinds::{
    Call, Conference, ConferenceCallback, Dequeue, MaxParticipants, Redirect, RingTimeout,
    StatusCallback, Supervise, Supervisor,
};

/// What shall be done about a Reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "instruction", rename_all = "snake_case")]
pub enum Instruction {
    /// Accept it; nothing else.
    Accept,
    /// Reject it.
    Reject {
        /// The Worker's Activity from then on; unchanged if not named.
        activity_sid: Option<ActivitySid>,
    },
    /// Call the Worker, connect them with the waiting caller, accept when they are connected.
    Dequeue(Dequeue),
    /// Call the Worker and let somebody's TwiML go on from there.
    Call(Call),
    /// Send a waiting call to somebody's TwiML.
    Redirect(Redirect),
    /// Call the Worker into a conference, move the caller there, accept when both are in.
    Conference(Box<Conference>),
    /// Call a supervisor into the conference of an accepted Reservation.
    Supervise(Supervise),
}

/// Which instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstructionName {
    /// [`Instruction::Accept`]
    Accept,
    /// [`Instruction::Reject`]
    Reject,
    /// [`Instruction::Dequeue`]
    Dequeue,
    /// [`Instruction::Call`]
    Call,
    /// [`Instruction::Redirect`]
    Redirect,
    /// [`Instruction::Conference`]
    Conference,
    /// [`Instruction::Supervise`]
    Supervise,
}

impl InstructionName {
    /// Every instruction there is.
    pub const ALL: [Self; 7] = [
        Self::Accept,
        Self::Reject,
        Self::Dequeue,
        Self::Call,
        Self::Redirect,
        Self::Conference,
        Self::Supervise,
    ];

    /// The word an application uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Dequeue => "dequeue",
            Self::Call => "call",
            Self::Redirect => "redirect",
            Self::Conference => "conference",
            Self::Supervise => "supervise",
        }
    }

    /// The word as TaskRouter's messages begin it: `Conference`.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Accept => "Accept",
            Self::Reject => "Reject",
            Self::Dequeue => "Dequeue",
            Self::Call => "Call",
            Self::Redirect => "Redirect",
            Self::Conference => "Conference",
            Self::Supervise => "Supervise",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|name| name.as_str().eq_ignore_ascii_case(text))
    }
}

impl Instruction {
    /// Which one it is.
    pub const fn name(&self) -> InstructionName {
        match self {
            Self::Accept => InstructionName::Accept,
            Self::Reject { .. } => InstructionName::Reject,
            Self::Dequeue(_) => InstructionName::Dequeue,
            Self::Call(_) => InstructionName::Call,
            Self::Redirect(_) => InstructionName::Redirect,
            Self::Conference(_) => InstructionName::Conference,
            Self::Supervise(_) => InstructionName::Supervise,
        }
    }

    /// The Worker whose phone rings instead of the Reservation's own: a supervisor who is one.
    pub fn supervisor(&self) -> Option<WorkerSid> {
        match self {
            Self::Supervise(supervise) => match supervise.supervisor {
                Supervisor::Worker(sid) => Some(sid),
                Supervisor::Uri(_) => None,
            },
            Self::Accept
            | Self::Reject { .. }
            | Self::Dequeue(_)
            | Self::Call(_)
            | Self::Redirect(_)
            | Self::Conference(_) => None,
        }
    }
}
