//! The reasons for which the network refuses an input.

use ids::{CallSid, ConferenceSid, QueueSid, RecordingSid, TaskSid};

use super::{
    ADDRESS_EXPECTED, CallStatus, DIGITS_MAX, MEMBERS_MAX, NAME_CHARS_MAX, SPEECH_CHARS_MAX,
};
use crate::twiml::Fault;

/// The reason why an input was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such call, or it ended long ago.
    #[error("there is no call {0}")]
    UnknownCall(CallSid),
    /// There is no such queue.
    #[error("there is no queue {0}")]
    UnknownQueue(QueueSid),
    /// There is no such recording, or it was deleted.
    #[error("there is no recording {0}")]
    UnknownRecording(RecordingSid),
    /// The call does not wait in that queue.
    #[error("no such call waits in queue {0}")]
    NotAMember(QueueSid),
    /// No `<Enqueue>` of the call created this Task.
    #[error("Task {0} was not created by an <Enqueue> of this call")]
    NotItsTask(TaskSid),
    /// There is no such conference, or it was over long ago.
    #[error("there is no conference {0}")]
    UnknownConference(String),
    /// The conference has no such participant.
    #[error("no such participant is in conference {0}")]
    NotAParticipant(ConferenceSid),
    /// The conference does not accept the participant.
    #[error(transparent)]
    Conference(#[from] Fault),
    /// Coaching without a call to coach.
    #[error("CallSidToCoach: expected a call in this conference, because Coaching is true")]
    NoCallToCoach,
    /// The call has a status in which the input is not possible.
    #[error("call {call} is {}; expected {expected}", status.as_str())]
    WrongState {
        /// The call that the input names.
        call: CallSid,
        /// Its present status.
        status: CallStatus,
        /// The statuses in which the input is possible.
        expected: &'static str,
    },
    /// The address cannot be dialled.
    #[error("{field}: expected {ADDRESS_EXPECTED}")]
    BadAddress {
        /// The name of the field.
        field: &'static str,
    },
    /// The number is not one of the contact centre, and a person can dial no other.
    #[error("to: not a number of this contact centre; its numbers are: {}", numbers.join(", "))]
    NotACentreNumber {
        /// The numbers of the contact centre.
        numbers: Vec<String>,
    },
    /// The contact centre cannot call its own number.
    #[error(
        "to: this is a number of the centre itself; calls from the centre to itself are not simulated"
    )]
    CentreNumber,
    /// Not one of the keys of a phone, or too many keys.
    #[error("digits: expected 1 to {DIGITS_MAX} of the keys 0-9 * #")]
    BadDigits,
    /// No words, too many of them, or a confidence out of range.
    #[error("text: expected 1 to {SPEECH_CHARS_MAX} characters; confidence: a number from 0 to 1")]
    BadSpeech,
    /// A queue's name is missing or too long.
    #[error("FriendlyName: expected 1 to {NAME_CHARS_MAX} characters")]
    BadQueueName,
    /// The size of a queue is out of range.
    #[error("MaxSize: expected a whole number from 1 to {MEMBERS_MAX}")]
    BadQueueSize,
    /// Another queue has this name.
    #[error("FriendlyName: a queue with this name exists: {0}")]
    QueueExists(QueueSid),
    /// Calls wait in the queue.
    #[error("queue {0} is not empty")]
    QueueNotEmpty(QueueSid),
    /// The URL is not absolute, or neither http nor https.
    #[error("{field}: expected an absolute http or https URL")]
    BadUrl {
        /// The name of the field.
        field: &'static str,
    },
    /// A limit of the simulation is reached.
    #[error("at most {max} {what} at once are simulated")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit that is reached.
        max: usize,
    },
}
