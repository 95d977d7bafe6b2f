//! TwiML documents as typed verbs (voice-webhooks.md sections 4 to 6).
//!
//! [`parse`] is the only way in. A document that cannot be read is a [`Fault`]; what can be read but not done is left
//! out and said in [`Document::warnings`].

mod attributes;
mod conference;
mod dial;
mod enqueue;
mod fault;
mod parse;
mod xml;

use serde::{Deserialize, Serialize};

pub use conference::{Beep, ConferenceEvent, ConferenceNoun, LABEL_CHARS_MAX, PARTICIPANTS_MAX};
pub use fault::{ErrorCode, Fault};
pub use parse::parse;

/// Bytes of the largest document a carrier takes (voice-webhooks.md section 4, "size").
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024;

/// What a document asks for, in order, and what in it has no effect here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// The verbs that will run, top to bottom.
    pub verbs: Vec<Verb>,
    /// Sentences about what was ignored: unknown or not simulated (12200).
    pub warnings: Vec<String>,
}

/// How a URL is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Method {
    /// Parameters in the query.
    Get,
    /// Parameters as a form in the body.
    #[default]
    Post,
}

impl Method {
    /// Reads `GET` or `POST`, in any case.
    pub fn read(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("GET") {
            return Some(Self::Get);
        }
        text.eq_ignore_ascii_case("POST").then_some(Self::Post)
    }
}

/// A URL as the document writes it, perhaps relative, and how it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Absolute, or relative to the document's own URL.
    pub url: String,
    /// GET or POST.
    pub method: Method,
}

/// One thing a call does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verb {
    /// Something the person hears.
    Sound(Sound),
    /// Listens for keys.
    Gather(Gather),
    /// WaitTimes in a queue.
    Enqueue(Enqueue),
    /// Ends waiting in a queue.
    Leave,
    /// Connects to somebody else.
    Dial(Dial),
    /// Records what the person says.
    Record(Record),
    /// Goes on with another document.
    Redirect(Link),
    /// Ends the call.
    Hangup,
    /// Refuses the call.
    Reject(RejectReason),
}

/// Something the person hears; the verbs that may be nested in a Gather.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sound {
    /// Reads a text aloud.
    Say {
        /// The text, markup removed, white space collapsed.
        text: String,
        /// How often, at least once.
        loops: u32,
    },
    /// Plays an audio file.
    Play {
        /// Where the audio is.
        url: String,
        /// How often, at least once.
        loops: u32,
    },
    /// Sends tones.
    Tones {
        /// `0-9 A-D * # w W`.
        digits: String,
    },
    /// Says nothing.
    Pause {
        /// For so long, in seconds.
        length_secs: u32,
    },
}

/// `<Gather>` (voice-webhooks.md section 6.1); the keypad only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gather {
    /// Where the digits go; the document's own URL when absent.
    pub action: Option<String>,
    /// How they are sent.
    pub method: Method,
    /// Keys after which it is finished.
    pub num_digits: Option<u32>,
    /// The key that finishes it and is not one of the digits.
    pub finish_on_key: Option<char>,
    /// Seconds of silence that finish it, counted after the prompts.
    pub timeout_secs: u32,
    /// Whether `action` is asked without any digits.
    pub action_on_empty_result: bool,
    /// Whether keys are listened to at all.
    pub listens_to_keys: bool,
    /// What the person hears meanwhile; a key stops it.
    pub prompts: Vec<Sound>,
}

/// `<Enqueue>` (voice-webhooks.md section 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enqueue {
    /// Which queue.
    pub queue: EnqueueInto,
    /// Asked when the call leaves the queue.
    pub action: Option<Link>,
    /// What the waiting person hears.
    pub wait: Wait,
}

/// Where a call is put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnqueueInto {
    /// The queue with this name, made on first use.
    Queue(String),
    /// The queue of a Workflow, as a Task of it.
    Workflow(TaskNoun),
}

/// `workflowSid` and the `<Task>` below it (taskrouter.md section 16).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskNoun {
    /// `workflowSid`, not yet checked.
    pub workflow: String,
    /// The JSON inside `<Task>`, for the TaskRouter to judge.
    pub attributes: Option<String>,
    /// The Task's priority.
    pub priority: Option<u32>,
    /// Seconds it may live before being assigned.
    pub timeout_secs: Option<u32>,
}

/// What a waiting person hears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wait {
    /// The carrier's own music.
    Music,
    /// Nothing (`waitUrl=""`).
    Silence,
    /// A document, again and again.
    Document(Link),
}

/// `<Dial>` (voice-webhooks.md sections 5.3 and 6.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dial {
    /// Who is to be reached.
    pub to: DialTo,
    /// Asked when it is over.
    pub action: Option<Link>,
    /// Seconds to wait for an answer.
    pub timeout_secs: u32,
    /// Seconds after which the conversation is cut.
    pub time_limit_secs: u32,
    /// The number the other phone sees.
    pub caller_id: Option<String>,
    /// Whether the `*` key ends the conversation.
    pub hangup_on_star: bool,
}

/// Who a Dial reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DialTo {
    /// Phones that ring at once; the first to answer wins.
    Phones(Vec<Phone>),
    /// The caller at the head of this queue.
    Queue {
        /// The queue's name.
        name: String,
        /// What that caller hears before the connection.
        announcement: Option<Link>,
        /// The action of the TaskRouter whose reservation led here; told beside the Dial's own.
        #[serde(default)]
        also_told: Option<Link>,
    },
    /// The caller of a reservation, whom only the TaskRouter behind this carrier knows.
    Reservation {
        /// `reservationSid`, not yet checked.
        reservation: String,
        /// `postWorkActivitySid`, for the TaskRouter to judge.
        post_work_activity: Option<String>,
    },
    /// A conference.
    Conference(Box<ConferenceNoun>),
}

/// One phone to ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// E.164, `client:…` or `sip:…`; not yet checked.
    pub address: String,
    /// Who is told how the leg fares.
    pub status_callback: Option<Link>,
    /// About which moments.
    pub status_events: Vec<StatusEvent>,
}

/// Moments a status callback can be asked for (voice-webhooks.md section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StatusEvent {
    /// The call is about to be dialled.
    Initiated,
    /// The phone rings.
    Ringing,
    /// Somebody picked up.
    Answered,
    /// The call is over, however it ended.
    Completed,
}

impl StatusEvent {
    /// Reads a list separated by blanks; words that are no event come back as the second part.
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

/// Reads lists of words separated by blanks; words that `read` does not know come back as the second part.
fn read_words<'a, T>(
    texts: impl IntoIterator<Item = &'a str>,
    read: impl Fn(&str) -> Option<T>,
) -> (Vec<T>, Vec<String>) {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for word in texts.into_iter().flat_map(str::split_whitespace) {
        match read(word) {
            Some(value) => known.push(value),
            None => unknown.push(word.to_owned()),
        }
    }
    (known, unknown)
}

/// `<Record>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Where the recording is announced; the document's own URL when absent.
    pub action: Option<String>,
    /// How.
    pub method: Method,
    /// Seconds after which it stops.
    pub max_length_secs: u32,
    /// Seconds of silence after which it stops.
    pub timeout_secs: u32,
    /// Keys that stop it.
    pub finish_on_key: String,
    /// Whether a beep comes first.
    pub play_beep: bool,
    /// Told when the recording is ready.
    pub status_callback: Option<Link>,
}

/// How a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RejectReason {
    /// As if nobody were there: the call ends as `no-answer`.
    Rejected,
    /// A busy tone: the call ends as `busy`.
    Busy,
}
