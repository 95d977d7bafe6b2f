//! Instruction: what an application wants done with a Reservation (taskrouter.md section 11.3).
//!
//! One type serves the answer of an assignment callback ([`Instruction::from_json`]) and the REST
//! API ([`Instruction::from_form`]). Both read the same table of parameters (`parameters.rs`): each
//! parameter has two names, an error code and a default.

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

use super::Task;
use ids::{ActivitySid, WorkerSid};

pub use check::{Impossible, check};
pub use error::{InstructionError, Problem};
pub use issued::{ConferencePlan, CustomerCall, IssuedInstruction, Plan, Supervision};
pub use kinds::{
    Call, Conference, ConferenceCallback, Dequeue, MaxParticipants, Redirect, RingTimeout,
    StatusCallback, Supervise, Supervisor,
};

/// What an application wants done with a Reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "instruction", rename_all = "snake_case")]
pub enum Instruction {
    /// Accept the Reservation without any call.
    Accept,
    /// Reject the Reservation.
    Reject {
        /// The Worker's Activity from then on; unchanged if `None`.
        activity_sid: Option<ActivitySid>,
    },
    /// Call the Worker, connect the Worker with the waiting caller, accept when they are connected.
    Dequeue(Dequeue),
    /// Call the Worker; the TwiML of the application decides the rest.
    Call(Call),
    /// Redirect a waiting call to TwiML of the application.
    Redirect(Redirect),
    /// Call the Worker into a conference, move the caller there, accept when both have joined.
    Conference(Box<Conference>),
    /// Call a supervisor into the conference of an accepted Reservation.
    Supervise(Supervise),
}

/// The name of an instruction.
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
    /// Every instruction of TaskRouter.
    pub const ALL: [Self; 7] = [
        Self::Accept,
        Self::Reject,
        Self::Dequeue,
        Self::Call,
        Self::Redirect,
        Self::Conference,
        Self::Supervise,
    ];

    /// The name in JSON and in forms.
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

    /// The name as TaskRouter's messages print it: `Conference`.
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
    /// The name of this instruction.
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

    /// The addresses that are dialed to carry it out: the phone, and for a conference the customer of
    /// an outbound Task. `contact_uri` is the address of the Worker or, for a supervisor who is a
    /// Worker, of the supervisor. Empty: no call is placed.
    pub fn dialed<'a>(&'a self, task: &'a Task, contact_uri: Option<&'a str>) -> Vec<&'a str> {
        let phone = match self {
            Self::Dequeue(dequeue) => dequeue.to.as_deref().or(contact_uri),
            Self::Call(call) => call.to.as_deref().or(contact_uri),
            Self::Conference(conference) => conference.to.as_deref().or(contact_uri),
            Self::Supervise(supervise) => match &supervise.supervisor {
                Supervisor::Worker(_) => contact_uri,
                Supervisor::Uri(uri) => Some(uri.as_str()),
            },
            Self::Accept | Self::Reject { .. } | Self::Redirect(_) => None,
        };
        let customer = match self {
            Self::Conference(_) => task.outbound_to(),
            Self::Accept
            | Self::Reject { .. }
            | Self::Dequeue(_)
            | Self::Call(_)
            | Self::Redirect(_)
            | Self::Supervise(_) => None,
        };
        [phone, customer].into_iter().flatten().collect()
    }

    /// The Worker whose phone rings instead of the Reservation's own: a supervisor who is a Worker.
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
