//! The telephones of a simulated network, as the console sees them. Whoever runs such a network implements [`Phones`].

use ids::CallSid;
use ids::time::Timestamp;

/// A telephone network with people at its phones.
pub trait Phones: Send + Sync {
    /// The number that reaches the centre.
    fn centre_number(&self) -> String;

    /// The newest calls, newest first: one entry for each phone that is part of one. At most [`CALLS_MAX`].
    fn calls(&self) -> Vec<Call>;

    /// What webhooks returned for a call, oldest first.
    fn documents(&self, call: CallSid) -> Vec<Document>;

    /// Another number after anything has changed.
    fn revision(&self) -> u64;

    /// Somebody at the phone `from` dials the centre.
    ///
    /// # Errors
    /// A sentence for the person at the phone.
    fn dial(&self, from: &str) -> Result<CallSid, String>;

    /// Somebody at the phone of a call does something.
    ///
    /// # Errors
    /// A sentence for the person at the phone.
    fn act(&self, call: CallSid, act: Act) -> Result<(), String>;
}

/// Calls a page shows at most.
pub const CALLS_MAX: usize = 40;

/// What one can do at a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Pick up.
    Answer,
    /// Refuse.
    Decline,
    /// Hang up.
    HangUp,
    /// Press keys.
    Press(String),
}

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The phone rings, or the centre has not answered yet.
    Ringing,
    /// Connected with the centre.
    Connected,
    /// Over.
    Over,
}

/// A phone that is part of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The call.
    pub sid: CallSid,
    /// The number of this phone.
    pub phone: String,
    /// Whether the person at this phone dialled the centre; otherwise the centre calls them.
    pub is_caller: bool,
    /// Where it is.
    pub state: State,
    /// The carrier's word for it.
    pub status: String,
    /// The call of the person spoken to, if any.
    pub talking_with: Option<CallSid>,
    /// When it began.
    pub began: Timestamp,
    /// What was heard and done, oldest first.
    pub transcript: Vec<Line>,
}

/// One thing heard or done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// What kind, in one word.
    pub kind: String,
    /// In words.
    pub text: String,
}

/// What a webhook returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// When.
    pub at: Timestamp,
    /// Which webhook, path and query.
    pub address: String,
    /// The HTTP status; `None`: there was no answer.
    pub status: Option<u16>,
    /// The document, or why there is none.
    pub text: String,
}
