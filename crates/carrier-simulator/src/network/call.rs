//! One leg of a call: its ends, its status, and what its document is doing at this moment.

use std::collections::VecDeque;

use ids::time::{Millis, Timestamp};
use ids::{CallSid, ConferenceSid, QueueSid, TaskSid};
use serde::{Deserialize, Serialize};

use super::fetch::{FetchId, Target};
use super::recording::{CallRecording, StartedRecording};
use super::speech::Speech;
use super::task::QueuedTask;
use super::transcript::Transcript;
use crate::twiml::{Dial, Gather, Method, Phone, Record, StatusEvent, Verb};

/// The status of a call as the REST API and the webhooks name it (voice-webhooks.md section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallStatus {
    /// Accepted, not dialled yet.
    Queued,
    /// A phone rings, or the contact centre has not picked up.
    Ringing,
    /// The call was answered and is not over.
    InProgress,
    /// The call was answered and is over.
    Completed,
    /// The phone was in use, or the call was declined.
    Busy,
    /// The call could not be connected.
    Failed,
    /// The phone was not picked up in time.
    NoAnswer,
    /// The call ended before it was answered.
    Canceled,
}

impl CallStatus {
    /// Every status, in the order in which a call passes through them.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Ringing,
        Self::InProgress,
        Self::Completed,
        Self::Busy,
        Self::Failed,
        Self::NoAnswer,
        Self::Canceled,
    ];

    /// The name in the carrier's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::NoAnswer => "no-answer",
            Self::Canceled => "canceled",
        }
    }

    /// Reads the carrier's name; `None` if it is unknown.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether the status is final.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Queued | Self::Ringing | Self::InProgress => false,
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled => true,
        }
    }
}

/// How a call began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// A person dialled a number of the contact centre.
    Inbound,
    /// A program created the call through the REST API.
    OutboundApi,
    /// The `<Dial>` of another call created it.
    OutboundDial,
}

impl Direction {
    /// The name in the carrier's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
            Self::OutboundDial => "outbound-dial",
        }
    }
}

/// A call leg: one telephone connected with the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Derived from the seed and the serial number.
    pub sid: CallSid,
    /// Number of the call in the order of creation; unique.
    pub serial: u64,
    /// The address of the calling side.
    pub from: String,
    /// The address of the called side.
    pub to: String,
    /// How it began.
    pub direction: Direction,
    /// The current status.
    pub status: CallStatus,
    /// The call whose `<Dial>` created this one.
    pub parent: Option<CallSid>,
    /// The moment of creation.
    pub created: Timestamp,
    /// The moment of the last change of status.
    pub updated: Timestamp,
    /// The moment of the answer.
    pub answered: Option<Timestamp>,
    /// The moment of the end.
    pub ended: Option<Timestamp>,
    /// Total time in queues.
    pub queue_time: Millis,
    /// What the person at this phone heard and did.
    pub transcript: Transcript,
    /// The documents that run: the main one, and above it the one that plays in a queue or
    /// conference.
    pub(super) stack: Vec<Frame>,
    pub(super) phase: Phase,
    pub(super) enqueued: Option<Enqueued>,
    /// Number of times the call was enqueued with a Workflow.
    #[serde(default)]
    pub(super) enqueues: u32,
    /// Whether a person listens to the call, so that speech takes as long as in reality.
    #[serde(default)]
    pub(super) is_audible: bool,
    /// Number of Gathers and Records of the call so far.
    #[serde(default)]
    pub(super) listened: u32,
    #[serde(default)]
    pub(super) conferring: Option<Conferring>,
    /// The conference that this call is being added to, until it is answered.
    #[serde(default)]
    pub(super) invited: Option<ConferenceSid>,
    /// Whether the participants of that conference hear this phone ring.
    #[serde(default)]
    pub(super) early_media: bool,
    /// What the call starts with once the phone is picked up.
    pub(super) start: Option<Start>,
    pub(super) fallback: Option<Target>,
    #[serde(rename = "reporter")]
    pub(super) status_callback: Option<StatusCallback>,
    pub(super) ring_for: Millis,
    pub(super) time_limit: Option<Millis>,
    pub(super) tones_on_answer: Option<String>,
    #[serde(default)]
    pub(super) recording: Option<CallRecording>,
    /// The recording that a document started.
    #[serde(default)]
    pub(super) started_recording: Option<StartedRecording>,
    /// Consecutive documents that each took less time than
    /// [`ROUND_MIN`](super::interpreter::ROUND_MIN).
    pub(super) hurried_rounds: u32,
}

impl Call {
    /// The address of the telephone of this leg.
    pub fn phone(&self) -> &str {
        match self.direction {
            Direction::Inbound => &self.from,
            Direction::OutboundApi | Direction::OutboundDial => &self.to,
        }
    }

    /// Whether the person hears the ringing of phones that the call dials.
    pub fn hears_ringing(&self) -> bool {
        matches!(self.phase, Phase::DialingPhones { .. })
    }

    /// The call at the other end of its conversation, if there is one.
    pub fn bridged_with(&self) -> Option<CallSid> {
        if let Phase::Bridged { with, .. } = &self.phase {
            Some(*with)
        } else {
            None
        }
    }

    /// The conference it is in, if there is one.
    pub fn conference(&self) -> Option<ConferenceSid> {
        self.conferring
            .as_ref()
            .map(|conferring| conferring.conference)
    }

    /// The Task of this call while it waits in the queue of a Workflow, once the TaskRouter has
    /// created it and until it has ended.
    pub fn waiting_task(&self) -> Option<TaskSid> {
        let enqueued = self.enqueued.as_ref()?;
        let task = enqueued.task?;
        if enqueued.left.is_some() || !task.is_live() {
            return None;
        }
        Some(task.sid)
    }

    /// Whether a Dial of its queue may take it: not before its Task is created, nor after its end.
    pub(super) fn can_be_fetched(&self) -> bool {
        self.enqueued
            .as_ref()
            .and_then(|enqueued| enqueued.task)
            .is_none_or(|task| task.is_live())
    }

    /// The moment at which it leaves its queue because its Task has ended.
    pub(super) fn leaves_queue_at(&self) -> Option<Timestamp> {
        let enqueued = self.enqueued.as_ref()?;
        enqueued.task?.leaves_at()
    }

    /// Time between the answer and the end; `None` while the call is not over, and for a call
    /// without an answer.
    pub fn duration(&self) -> Option<Millis> {
        Some(self.ended?.since(self.answered?))
    }

    /// The listener for keys that are pressed now.
    pub(super) fn key_listener(&self) -> Option<KeyListener> {
        match &self.conferring {
            Some(conferring) => conferring
                .dial
                .hangup_on_star
                .then_some(KeyListener::Conference),
            None => self.phase.key_listener(),
        }
    }

    /// The moment of the next timer of this call.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        let limit = self
            .time_limit
            .and_then(|limit| Some(self.answered? + limit));
        let stay = self.conferring.as_ref().map(|conferring| conferring.until);
        let grace = self.leaves_queue_at();
        let deadline = match &self.phase {
            Phase::Queued => Some(self.created),
            Phase::Ringing { until }
            | Phase::Sounding { until }
            | Phase::Recording { until, .. }
            | Phase::Resting { until, .. }
            | Phase::Bridged {
                until: Some(until), ..
            }
            | Phase::DialingQueue {
                until,
                connecting: None,
                ..
            } => Some(*until),
            Phase::Gathering(gathering) => gathering.until,
            Phase::Ended => return None,
            Phase::Fetching { .. }
            | Phase::Measuring { .. }
            | Phase::Holding
            | Phase::Running
            | Phase::AskingTaskRouter { .. }
            | Phase::Conferring
            | Phase::DialingPhones { .. }
            | Phase::DialingQueue {
                connecting: Some(_),
                ..
            }
            | Phase::Bridged { until: None, .. } => None,
        };
        [limit, stay, grace, deadline].into_iter().flatten().min()
    }
}

/// The phase of a call. A call waits for exactly one thing: a reply, a timer, a person or another
/// call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// It is dialled as soon as possible.
    Queued,
    /// The phone rings, at most until `until`.
    Ringing { until: Timestamp },
    /// Its next document is being fetched.
    Fetching { fetch: FetchId },
    /// The length of an audio file is being fetched.
    Measuring {
        fetch: FetchId,
        url: String,
        loops: u32,
    },
    /// The person hears something until `until`.
    Sounding { until: Timestamp },
    /// Runs a Gather.
    Gathering(Gathering),
    /// Runs a Record.
    Recording {
        record: Record,
        since: Timestamp,
        until: Timestamp,
        /// What the person has said in words.
        #[serde(default)]
        speech: Option<Speech>,
    },
    /// Between two verbs; it never lasts longer than a turn.
    Running,
    /// Delays the next document, because the documents follow each other too fast.
    Resting { until: Timestamp, next: Transfer },
    /// In a queue, with the carrier's own music or silence.
    Holding,
    /// Runs the Dial of a reservation: the TaskRouter has been asked for the queue of its caller.
    AskingTaskRouter { fetch: FetchId, dial: Dial },
    /// In a conference: with the other participants, or with the carrier's own music or silence.
    Conferring,
    /// Runs a Dial while phones ring, or called people hear a document before the connection.
    DialingPhones {
        dial: Dial,
        legs: Vec<CallSid>,
        /// Phones that ring when these legs have ended without a connection.
        #[serde(default)]
        waiting: VecDeque<Phone>,
    },
    /// Runs a Dial that waits for a caller of a queue, or whose caller (`connecting`) hears the
    /// announcement.
    DialingQueue {
        dial: Dial,
        since: Timestamp,
        until: Timestamp,
        connecting: Option<CallSid>,
    },
    /// In conversation with another call. `until` is the Dial's time limit, stored on the dialing
    /// side.
    Bridged {
        with: CallSid,
        since: Timestamp,
        until: Option<Timestamp>,
        side: Side,
    },
    /// The call is over.
    Ended,
}

impl Phase {
    /// The request whose answer the document waits for.
    pub fn awaited_fetch(&self) -> Option<FetchId> {
        match self {
            Self::Fetching { fetch }
            | Self::Measuring { fetch, .. }
            | Self::AskingTaskRouter { fetch, .. } => Some(*fetch),
            Self::Gathering(gathering) => gathering.measuring.as_ref().map(|(fetch, _, _)| *fetch),
            Self::Queued
            | Self::Ringing { .. }
            | Self::Sounding { .. }
            | Self::Recording { .. }
            | Self::Running
            | Self::Resting { .. }
            | Self::Holding
            | Self::Conferring
            | Self::DialingPhones { .. }
            | Self::DialingQueue { .. }
            | Self::Bridged { .. }
            | Self::Ended => None,
        }
    }

    /// The listener for keys that are pressed now.
    pub fn key_listener(&self) -> Option<KeyListener> {
        match self {
            Self::Gathering(gathering) => gathering
                .gather
                .listens_to_keys
                .then_some(KeyListener::Gather),
            Self::Recording { .. } => Some(KeyListener::Record),
            Self::Bridged {
                side: Side::Dialer(dial),
                ..
            } => dial.hangup_on_star.then_some(KeyListener::Conversation),
            Self::Bridged {
                side: Side::FromQueue | Side::Leg,
                ..
            }
            | Self::Queued
            | Self::Ringing { .. }
            | Self::Fetching { .. }
            | Self::Measuring { .. }
            | Self::Sounding { .. }
            | Self::Running
            | Self::Resting { .. }
            | Self::Holding
            | Self::AskingTaskRouter { .. }
            | Self::Conferring
            | Self::DialingPhones { .. }
            | Self::DialingQueue { .. }
            | Self::Ended => None,
        }
    }
}

/// The receiver of a pressed key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyListener {
    /// A Gather that listens to keys.
    Gather,
    /// A Record, which some keys end.
    Record,
    /// A conversation that the `*` key ends.
    Conversation,
    /// A conference that the `*` key leaves.
    Conference,
}

/// The state of a Gather.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Gathering {
    pub gather: Gather,
    /// Index of the next prompt; past the end once the prompts are over and only input is awaited.
    pub next_prompt: usize,
    pub digits: String,
    /// What the person has said.
    #[serde(default)]
    pub speech: Option<Speech>,
    /// The end of a prompt or of the timeout; `None` while a prompt's length is being fetched.
    pub until: Option<Timestamp>,
    /// The request for an audio file's length, its URL, and the number of repetitions.
    pub measuring: Option<(FetchId, String, u32)>,
}

/// How this side entered a conversation, which decides how it continues afterwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Side {
    /// Its document has the Dial.
    Dialer(Dial),
    /// It waited in a queue.
    FromQueue,
    /// The Dial rang its phone.
    Leg,
}

/// A change to another document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Transfer {
    pub role: Role,
    pub target: Target,
    /// Parameters in addition to those of every request.
    pub extra: Vec<(String, String)>,
}

/// A document that is running.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Frame {
    pub role: Role,
    /// The document's own URL, against which its links are resolved; `None` for TwiML given inline.
    pub base: Option<Target>,
    pub verbs: Vec<Verb>,
    /// Index of the next verb.
    pub next: usize,
    pub began: Timestamp,
}

/// The purpose of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Role {
    /// The call's own document.
    Main,
    /// Plays while the call waits in a queue.
    Wait,
    /// Plays to a caller who left the queue, before the connection with `dialer`.
    Announcement { dialer: CallSid },
    /// Plays to a person whose phone a Dial rang, before the connection with `dialer`.
    Screening { dialer: CallSid },
    /// Plays in a conference that has not started.
    ConferenceWait,
    /// Plays on hold in a conference.
    ConferenceHold,
}

/// What a call starts with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Start {
    /// A document to fetch.
    Url(Target),
    /// A document in the request itself.
    Twiml(String),
    /// A document that the called person hears before the connection with `dialer`.
    Screening {
        /// The call whose Dial rang the phone.
        dialer: CallSid,
        /// The document.
        target: Target,
    },
    /// The Dial of a conference, for a call that is added to it as a participant.
    Conference(Box<Dial>),
}

/// A call's stay in a queue. It is kept until the Enqueue is over, the conversation included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Enqueued {
    pub queue: QueueSid,
    pub since: Timestamp,
    /// The moment at which the call left the queue to be connected; `None` while it waits.
    pub left: Option<Timestamp>,
    /// The call it will be connected with after the announcement that it hears.
    pub announcer: Option<CallSid>,
    pub action: Option<Target>,
    pub wait: Option<Target>,
    /// Its Task, in the queue of a Workflow.
    pub task: Option<QueuedTask>,
}

/// A call's stay in a conference. It is kept until the Dial is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Conferring {
    pub conference: ConferenceSid,
    pub dial: Dial,
    pub since: Timestamp,
    /// The end of the Dial's time limit.
    pub until: Timestamp,
}

/// A call's status callback, with the number of requests that were sent to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusCallback {
    /// The URL and method of the requests.
    pub target: Target,
    /// The events that are reported.
    pub events: Vec<StatusEvent>,
    /// Number of requests sent so far.
    pub sent: u64,
}

impl StatusCallback {
    /// A status callback for `events`; for the end alone when `events` is empty, as the carrier
    /// does.
    pub fn new(url: String, method: Method, events: Vec<StatusEvent>) -> Self {
        let events = if events.is_empty() {
            vec![StatusEvent::Completed]
        } else {
            events
        };
        Self {
            target: Target { url, method },
            events,
            sent: 0,
        }
    }
}
