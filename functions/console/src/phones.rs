//! The port [`Phones`]: the telephones of a simulated network, as the console shows them. A program
//! that runs such a network implements it.

use std::pin::Pin;

use ids::CallSid;
use ids::time::Timestamp;
use serde::Serialize;

/// A simulated telephone network.
pub trait Phones: Send + Sync {
    /// The numbers of the contact centre, at least one.
    fn centre_numbers(&self) -> Vec<String>;

    /// The newest calls, newest first: one entry for each phone that takes part in a call. At most
    /// [`CALLS_MAX`].
    fn calls(&self) -> Vec<Call>;

    /// The webhooks about a call that were answered with a document, oldest first.
    fn documents(&self, call: CallSid) -> Vec<Document>;

    /// Sends the webhook of a document once more. The answer is added to the documents of the call
    /// and changes nothing in the call.
    ///
    /// # Errors
    /// A message when there is no such document any more.
    fn send_again(&self, call: CallSid, document: u64) -> SendingAgain<'_>;

    /// Passes a message of the window that hears `call` to the window that hears the other phone of
    /// its conversation. Its content is the windows' own.
    ///
    /// # Errors
    /// A message when the call talks with no other phone, or the text is longer than
    /// [`SIGNAL_BYTES_MAX`].
    fn signal(&self, call: CallSid, message: &str) -> Result<(), String>;

    /// The messages for the window that hears `call`, after the one with this number.
    fn signals(&self, call: CallSid, after: u64) -> Vec<Signal>;

    /// A number that changes with every change of the network.
    fn revision(&self) -> u64;

    /// Dials a number of the contact centre from the phone `from`.
    ///
    /// # Errors
    /// A message for the person at the phone.
    fn dial(&self, from: &str, to: &str) -> Result<CallSid, String>;

    /// Performs an action at the phone of a call.
    ///
    /// # Errors
    /// A message for the person at the phone.
    fn perform(&self, call: CallSid, action: Action) -> Result<(), String>;
}

/// A webhook that is sent once more.
pub type SendingAgain<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Maximum number of calls on the page.
pub const CALLS_MAX: usize = 40;

/// Longest message between two windows, in bytes. A description of a connection has some 2,000.
pub const SIGNAL_BYTES_MAX: usize = 16 * 1024;

/// A message between two windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signal {
    /// Its number; later messages have higher ones.
    pub number: u64,
    /// Its text.
    pub message: String,
}

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
    /// Say a text.
    Say(String),
    /// Listen to the call: texts are read as slowly as in reality from now on.
    Listen,
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
    /// Number of the newest message for the window that hears this phone; 0 without one.
    pub last_signal: u64,
    /// Whether the person hears the ringing of the phones that the call dials.
    pub hears_ringing: bool,
    /// Whether what the person says is heard.
    pub hears_speech: bool,
    /// Phrases that the contact centre expects to hear.
    pub hints: Vec<String>,
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
    /// The sound that was heard, if a browser can make it.
    pub sound: Option<Sound>,
}

/// A sound that a person at a phone hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sound {
    /// A voice reads the text, in this language (a BCP 47 tag).
    Speech(String),
    /// An audio file.
    Audio {
        /// The URL of the file.
        url: String,
        /// Number of repetitions, at least 1.
        loops: u32,
    },
}

/// A webhook and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Number of the document; unique.
    pub number: u64,
    /// The moment of the answer.
    pub at: Timestamp,
    /// Whether a person has sent the webhook once more.
    pub is_again: bool,
    /// The method of the request.
    pub method: String,
    /// Path and query of the webhook.
    pub address: String,
    /// The headers of the request, with the signature.
    pub headers: Vec<(String, String)>,
    /// The parameters of the request's form or query, in their order.
    pub parameters: Vec<(String, String)>,
    /// The HTTP status; `None` if the webhook did not answer.
    pub status: Option<u16>,
    /// The document, or the reason for which there is none.
    pub text: String,
}
