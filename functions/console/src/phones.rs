//! The port [`Phones`]: the telephones of a simulated network, as the console shows them. A program
//! that runs such a network implements it.

use ids::CallSid;
use ids::time::Timestamp;

/// A simulated telephone network.
pub trait Phones: Send + Sync {
    /// The number of the contact centre.
    fn centre_number(&self) -> String;

    /// The newest calls, newest first: one entry for each phone that takes part in a call. At most
    /// [`CALLS_MAX`].
    fn calls(&self) -> Vec<Call>;

    /// The answers of webhooks about a call, oldest first.
    fn documents(&self, call: CallSid) -> Vec<Document>;

    /// A number that changes with every change of the network.
    fn revision(&self) -> u64;

    /// Dials the contact centre from the phone `from`.
    ///
    /// # Errors
    /// A message for the person at the phone.
    fn dial(&self, from: &str) -> Result<CallSid, String>;

    /// Performs an action at the phone of a call.
    ///
    /// # Errors
    /// A message for the person at the phone.
    fn perform(&self, call: CallSid, action: Action) -> Result<(), String>;
}

/// Maximum number of calls on the page.
pub const CALLS_MAX: usize = 40;

/// An action of the person at a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Answer the call.
    Answer,
    /// Decline the call.
    Decline,
    /// Hang up.
    HangUp,
    /// Press keys.
    Press(String),
}

/// The state of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallState {
    /// The phone rings, or the contact centre has not answered yet.
    Ringing,
    /// Connected with the contact centre.
    Connected,
    /// Ended.
    Ended,
}

/// A phone that takes part in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The call of this phone.
    pub sid: CallSid,
    /// The number of this phone.
    pub phone: String,
    /// Whether this phone dialled the contact centre; otherwise the contact centre calls it.
    pub is_caller: bool,
    /// The state of the call.
    pub state: CallState,
    /// The carrier's name of the state.
    pub status: String,
    /// The call of the phone it is connected with, if any.
    pub talking_with: Option<CallSid>,
    /// The moment at which the call began.
    pub began: Timestamp,
    /// What was heard and done, oldest first.
    pub transcript: Vec<TranscriptEntry>,
}

/// An entry of the transcript: one thing that was heard or done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptEntry {
    /// The moment of the entry.
    pub at: Timestamp,
    /// The kind of entry, in one word.
    pub kind: String,
    /// The text that was heard, or a description of what was done.
    pub text: String,
}

/// The answer of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The moment of the answer.
    pub at: Timestamp,
    /// Path and query of the webhook.
    pub address: String,
    /// The HTTP status; `None` if the webhook did not answer.
    pub status: Option<u16>,
    /// The document, or the reason for which there is none.
    pub text: String,
}
