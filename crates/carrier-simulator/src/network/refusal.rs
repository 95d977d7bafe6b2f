//! Why something that was asked of the network is not done.

use ids::{CallSid, ConferenceSid, QueueSid, TaskSid};

use super::{ADDRESS_EXPECTED, CallStatus, DIGITS_MAX, MEMBERS_MAX, NAME_CHARS_MAX};
use crate::twiml::Fault;

/// Why an input was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such call, or it ended long ago.
    #[error("there is no call {0}")]
    UnknownCall(CallSid),
    /// No such queue.
    #[error("there is no queue {0}")]
    UnknownQueue(QueueSid),
    /// The call does not wait in that queue.
    #[error("no such call waits in queue {0}")]
    NotAMember(QueueSid),
    /// The call was never enqueued as that Task.
    #[error("Task {0} was not made by an <Enqueue> of this call")]
    NotItsTask(TaskSid),
    /// No such conference, or it was over long ago.
    #[error("there is no conference {0}")]
    UnknownConference(String),
    /// Nobody of that name is in the conference.
    #[error("no such participant is in conference {0}")]
    NotAParticipant(ConferenceSid),
    /// The conference does not take that participant as it is.
    #[error(transparent)]
    Conference(#[from] Fault),
    /// Coaching without anybody to coach.
    #[error("CallSidToCoach: expected a call in this conference, because Coaching is true")]
    NobodyToCoach,
    /// The call is in a state in which that cannot happen.
    #[error("call {call} is {}; expected {expected}", status.as_str())]
    WrongState {
        /// Which call.
        call: CallSid,
        /// Its state.
        status: CallStatus,
        /// The states in which it can happen.
        expected: &'static str,
    },
    /// Not an address that can be dialled.
    #[error("{field}: expected {ADDRESS_EXPECTED}")]
    BadAddress {
        /// Which field.
        field: &'static str,
    },
    /// A person can only dial the centre.
    #[error("to: nobody answers there; the numbers of this centre are: {}", numbers.join(", "))]
    NotACentreNumber {
        /// The numbers there are.
        numbers: Vec<String>,
    },
    /// The centre cannot ring itself.
    #[error(
        "to: this is a number of the centre itself; calls from the centre to itself are not simulated"
    )]
    CentreNumber,
    /// Keys a phone does not have.
    #[error("digits: expected 1 to {DIGITS_MAX} of the keys 0-9 * #")]
    BadDigits,
    /// A queue's name is missing or too long.
    #[error("FriendlyName: expected 1 to {NAME_CHARS_MAX} characters")]
    BadQueueName,
    /// A queue's size is out of range.
    #[error("MaxSize: expected a whole number from 1 to {MEMBERS_MAX}")]
    BadQueueSize,
    /// Another queue has that name.
    #[error("FriendlyName: a queue with this name exists: {0}")]
    QueueExists(QueueSid),
    /// Calls wait in the queue.
    #[error("queue {0} is not empty")]
    QueueNotEmpty(QueueSid),
    /// A URL cannot be asked.
    #[error("{field}: expected an absolute http or https URL")]
    BadUrl {
        /// Which field.
        field: &'static str,
    },
    /// A limit of the simulation is reached.
    #[error("at most {max} {what} at once are simulated")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        max: usize,
    },
}
