//! TwiML documents as typed verbs (voice-webhooks.md sections 4 to 6).
//!
//! [`parse`] is the only entry point. A document that cannot be read leads to a [`Fault`]; verbs
//! and attributes that are not simulated are skipped, with a sentence in [`Document::warnings`].

mod attributes;
mod conference;
mod dial;
mod enqueue;
mod fault;
mod gather;
mod parse;
mod say;
mod xml;

use ids::time::Millis;
use serde::{Deserialize, Serialize};

pub use conference::{Beep, ConferenceEvent, ConferenceNoun, LABEL_CHARS_MAX, PARTICIPANTS_MAX};
pub use dial::{DialRecording, RecordFrom};
pub use fault::{ErrorCode, Fault};
pub use gather::{Gather, Recognition, SpeechTimeout};
pub use parse::parse;

/// Largest document that a carrier accepts, in bytes (voice-webhooks.md section 4, "size").
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024;

/// The verbs of a document, and the warnings about its ignored parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// The verbs to run, in order.
    pub verbs: Vec<Verb>,
    /// Sentences about ignored parts: unknown or not simulated (12200).
    pub warnings: Vec<String>,
}

/// The HTTP method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Method {
    /// Parameters in the query.
    Get,
    /// Parameters as a form in the body.
    #[default]
    Post,
}

impl Method {
    /// Reads `GET` or `POST`, ignoring case.
    pub fn read(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("GET") {
            return Some(Self::Get);
        }
        text.eq_ignore_ascii_case("POST").then_some(Self::Post)
    }
}

/// A URL as the document contains it, perhaps relative, and the method of its request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Absolute, or relative to the document's own URL.
    pub url: String,
    /// GET or POST.
    pub method: Method,
}

/// One step of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verb {
    /// Plays something to the person.
    Sound(Sound),
    /// Listens for keys and speech.
    Gather(Gather),
    /// Waits in a queue.
    Enqueue(Enqueue),
    /// Ends waiting in a queue.
    Leave,
    /// Connects with another call.
    Dial(Dial),
    /// Records what the person says.
    Record(Record),
    /// Records the call from here on, while the next verbs run.
    StartRecording(StartRecording),
    /// Continues with another document.
    Redirect(Link),
    /// Ends the call.
    Hangup,
    /// Refuses the call.
    Reject(RejectReason),
}

/// Something that the person hears; the verbs that may be nested in a Gather.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sound {
    /// Reads a text aloud.
    Say {
        /// The text, without markup, white space collapsed.
        text: String,
        /// Number of repetitions, at least 1.
        loops: u32,
        /// The pauses in the text, together.
        #[serde(default)]
        pause: Millis,
        /// The language of the voice, as a BCP 47 tag.
        #[serde(default = "default_language")]
        language: String,
    },
    /// Plays an audio file.
    Play {
        /// The URL of the audio file.
        url: String,
        /// Number of repetitions, at least 1.
        loops: u32,
    },
    /// Plays the tones of keys.
    Tones {
        /// `0-9 A-D * # w W`.
        digits: String,
    },
    /// Plays silence.
    Pause {
        /// The length in seconds.
        length_secs: u32,
    },
}

/// The language of a Say that names none.
pub(crate) fn default_language() -> String {
    "en-US".to_owned()
}

/// `<Enqueue>` (voice-webhooks.md section 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enqueue {
    /// The queue to wait in.
    pub queue: EnqueueInto,
    /// The URL that is requested when the call leaves the queue.
    pub action: Option<Link>,
    /// What the waiting person hears.
    pub wait: Wait,
}

/// The destination of an Enqueue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnqueueInto {
    /// The queue with this name, created on first use.
    Queue(String),
    /// The queue of a Workflow, as a Task of it.
    Workflow(TaskNoun),
}

/// `workflowSid` and the `<Task>` below it (taskrouter.md section 16).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskNoun {
    /// `workflowSid`; not checked yet.
    pub workflow: String,
    /// The JSON inside `<Task>`, for the TaskRouter to check.
    pub attributes: Option<String>,
    /// The Task's priority.
    pub priority: Option<u32>,
    /// Seconds until an unassigned Task expires.
    pub timeout_secs: Option<u32>,
}

/// What a waiting person hears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wait {
    /// The carrier's own music.
    Music,
    /// Silence (`waitUrl=""`).
    Silence,
    /// A document, repeated.
    Document(Link),
}

/// `<Dial>` (voice-webhooks.md sections 5.3 and 6.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dial {
    /// Phones, a queue, a reservation or a conference.
    pub to: DialTo,
    /// The URL that is requested when the Dial is over.
    pub action: Option<Link>,
    /// Seconds to wait for an answer.
    pub timeout_secs: u32,
    /// Time limit of the conversation in seconds.
    pub time_limit_secs: u32,
    /// The number that the other phone shows.
    pub caller_id: Option<String>,
    /// Whether the `*` key ends the conversation.
    pub hangup_on_star: bool,
    /// Whether phones ring one after the other instead of at the same time.
    #[serde(default)]
    pub sequential: bool,
    /// Whether an inbound call is picked up only when it is connected.
    #[serde(default)]
    pub answer_on_bridge: bool,
    /// The recording of the conversation.
    #[serde(default)]
    pub recording: Option<DialRecording>,
}

/// The destination of a Dial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DialTo {
    /// Phones that ring; the first to answer is connected.
    Phones(Vec<Phone>),
    /// The caller at the head of this queue.
    Queue {
        /// The queue's name.
        name: String,
        /// The document that the caller hears before the connection.
        announcement: Option<Link>,
        /// The action of the TaskRouter whose reservation led here; notified in addition to the
        /// Dial's own.
        #[serde(default, rename = "also_told")]
        task_router_action: Option<Link>,
    },
    /// The caller of a reservation; only the TaskRouter behind this carrier knows it.
    Reservation {
        /// `reservationSid`; not checked yet.
        reservation: String,
        /// `postWorkActivitySid`, for the TaskRouter to check.
        post_work_activity: Option<String>,
    },
    /// The conference that the call joins.
    Conference(Box<ConferenceNoun>),
}

/// A phone to ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// E.164, `client:…` or `sip:…`; not checked yet.
    pub address: String,
    /// The document that the called person hears before the connection.
    #[serde(default)]
    pub screening: Option<Link>,
    /// Tones that are sent after the answer.
    #[serde(default)]
    pub send_digits: Option<String>,
    /// The status callback of the leg.
    pub status_callback: Option<Link>,
    /// The events that it reports.
    pub status_events: Vec<StatusEvent>,
}

/// Events that a status callback can subscribe to (voice-webhooks.md section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StatusEvent {
    /// The call is about to be dialled.
    Initiated,
    /// The phone rings.
    Ringing,
    /// The phone was picked up.
    Answered,
    /// The call is over, for any reason.
    Completed,
}

impl StatusEvent {
    /// Reads a list separated by blanks. The second part contains the unknown words.
    pub fn read_list<'a>(texts: impl IntoIterator<Item = &'a str>) -> (Vec<Self>, Vec<String>) {
        read_words(texts, Self::read)
    }

    fn read(word: &str) -> Option<Self> {
        match word {
            "initiated" => Some(Self::Initiated),
            "ringing" => Some(Self::Ringing),
            "answered" => Some(Self::Answered),
            "completed" => Some(Self::Completed),
            _ => None,
        }
    }
}

/// Reads lists of words separated by blanks. The second part contains the words that `read` does
/// not know.
fn read_words<'a, T>(
    texts: impl IntoIterator<Item = &'a str>,
    read: impl Fn(&str) -> Option<T>,
) -> (Vec<T>, Vec<String>) {
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    for word in texts.into_iter().flat_map(str::split_whitespace) {
        match read(word) {
            Some(value) => known.push(value),
            None => unknown.push(word.to_owned()),
        }
    }
    (known, unknown)
}

/// `<Record>`: records what the person says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The URL that the recording is announced to; the document's own URL if absent.
    pub action: Option<String>,
    /// The method of that request.
    pub method: Method,
    /// Longest recording, in seconds.
    pub max_length_secs: u32,
    /// Seconds of silence that end the recording.
    pub timeout_secs: u32,
    /// The keys that end the recording.
    pub finish_on_key: String,
    /// Whether a beep precedes the recording.
    pub play_beep: bool,
    /// The callback that is notified when the recording is ready.
    pub status_callback: Option<Link>,
    /// Whether the silence at the end is cut off.
    #[serde(default)]
    pub trims_silence: bool,
    /// The callback that is notified of the text of the recording.
    #[serde(default)]
    pub transcription_callback: Option<Link>,
}

/// `<Start><Recording>`: records the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartRecording {
    /// 2 if each side has a channel of its own, else 1.
    pub channels: u8,
    /// The callback that is notified when the recording is ready.
    pub callback: Option<Link>,
}

/// The way in which a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RejectReason {
    /// As if the phone were not picked up: the call ends as `no-answer`.
    Rejected,
    /// A busy tone: the call ends as `busy`.
    Busy,
}
