//! One leg of a call: who, in which state, and what its document is doing at this moment.

use serde::{Deserialize, Serialize};
use shared::model::ids::{CallSid, QueueSid};
use shared::model::time::{Millis, Timestamp};

use super::fetch::{FetchId, Target};
use super::transcript::Transcript;
use crate::twiml::{Dial, Gather, Method, Record, StatusEvent, Verb};

/// The state of a call as the REST API and the webhooks name it (voice-webhooks.md section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallStatus {
    /// Accepted, not yet dialled.
    Queued,
    /// A phone rings, or the centre has not picked up.
    Ringing,
    /// Two ends are connected.
    InProgress,
    /// Was connected and is over.
    Completed,
    /// The phone was in use, or the call was declined.
    Busy,
    /// Could not be connected.
    Failed,
    /// Nobody picked up.
    NoAnswer,
    /// Ended before anybody picked up.
    Canceled,
}

impl CallStatus {
    /// Every status, in the order of a call's life.
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

    /// The carrier's spelling.
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

    /// Reads the carrier's spelling.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether nothing more can happen to the call.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Queued | Self::Ringing | Self::InProgress => false,
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled => true,
        }
    }
}

/// Who began a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// A person dialled a number of the centre.
    Inbound,
    /// The REST API.
    OutboundApi,
    /// A `<Dial>` of another call.
    OutboundDial,
}

impl Direction {
    /// The carrier's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
            Self::OutboundDial => "outbound-dial",
        }
    }
}

/// A call leg.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Its id.
    pub sid: CallSid,
    /// Its place in the order in which calls began; unique.
    pub serial: u64,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// Who began it.
    pub direction: Direction,
    /// Where it stands.
    pub status: CallStatus,
    /// The call whose `<Dial>` made this one.
    pub parent: Option<CallSid>,
    /// When it began.
    pub created: Timestamp,
    /// When its status last changed.
    pub updated: Timestamp,
    /// When it was picked up.
    pub answered: Option<Timestamp>,
    /// When it was over.
    pub ended: Option<Timestamp>,
    /// All the time it spent in queues.
    pub queue_time: Millis,
    /// What the person at this phone heard and did.
    pub transcript: Transcript,
    /// Frames of documents: the main one, and above it one of a queue while waiting.
    pub(super) stack: Vec<Frame>,
    pub(super) phase: Phase,
    pub(super) enqueued: Option<Enqueued>,
    /// What runs once the phone is picked up.
    pub(super) start: Option<Start>,
    pub(super) fallback: Option<Target>,
    pub(super) reporter: Option<Reporter>,
    pub(super) ring_for: Millis,
    pub(super) time_limit: Option<Millis>,
    pub(super) tones_on_answer: Option<String>,
    /// Documents in a row that each took less time than a round must.
    pub(super) hurried_rounds: u32,
}

impl Call {
    /// The address of the person at this leg's telephone.
    pub fn phone(&self) -> &str {
        match self.direction {
            Direction::Inbound => &self.from,
            Direction::OutboundApi | Direction::OutboundDial => &self.to,
        }
    }

    /// The call it is connected to at this moment.
    pub fn bridged_with(&self) -> Option<CallSid> {
        if let Phase::Bridged { with, .. } = &self.phase { Some(*with) } else { None }
    }

    /// Whole seconds between picking up and the end; zero for a call nobody picked up.
    pub fn duration(&self) -> Option<Millis> {
        Some(self.ended?.since(self.answered?))
    }

    /// The moment at which something happens to this call by itself.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        let limit = self.time_limit.and_then(|limit| Some(self.answered? + limit));
        let deadline = match &self.phase {
            Phase::Queued => Some(self.created),
            Phase::Ringing { until }
            | Phase::Sounding { until }
            | Phase::Recording { until, .. }
            | Phase::Resting { until, .. }
            | Phase::Bridged { until: Some(until), .. }
            | Phase::DialingQueue { until, connecting: None, .. } => Some(*until),
            Phase::Gathering(gathering) => gathering.until,
            Phase::Ended => return None,
            Phase::Fetching { .. }
            | Phase::Measuring { .. }
            | Phase::Holding
            | Phase::Running
            | Phase::DialingPhones { .. }
            | Phase::DialingQueue { connecting: Some(_), .. }
            | Phase::Bridged { until: None, .. } => None,
        };
        [limit, deadline].into_iter().flatten().min()
    }
}

/// A document that is running.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Frame {
    pub role: Role,
    /// The document's own URL, against which its links are resolved; none for TwiML given inline.
    pub base: Option<Target>,
    pub verbs: Vec<Verb>,
    /// Index of the verb that comes next.
    pub next: usize,
    pub began: Timestamp,
}

/// What a document is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Role {
    /// It is the call's own.
    Main,
    /// It is heard while waiting in a queue.
    Wait,
    /// It is heard by a caller who left the queue, before being connected to `dialer`.
    Announcement { dialer: CallSid },
}

/// What a call begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Start {
    /// A document to fetch.
    Url(Target),
    /// A document given with the request.
    Twiml(String),
}

/// What a call is doing at this moment. It waits for exactly one thing: a reply, a deadline, a person or another call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// To be dialled at once.
    Queued,
    /// The phone rings until then.
    Ringing { until: Timestamp },
    /// Its next document is being fetched.
    Fetching { fetch: FetchId },
    /// The length of an audio file is being asked for.
    Measuring { fetch: FetchId, url: String, loops: u32 },
    /// The person hears something until then.
    Sounding { until: Timestamp },
    /// A Gather.
    Gathering(Gathering),
    /// A Record.
    Recording { record: Record, since: Timestamp, until: Timestamp },
    /// Between two verbs; never seen outside of a turn.
    Running,
    /// Held back because its documents take no time.
    Resting { until: Timestamp, next: Transfer },
    /// In a queue, with nothing but the carrier's own music or silence.
    Holding,
    /// A Dial while phones ring.
    DialingPhones { dial: Dial, legs: Vec<CallSid> },
    /// A Dial while it waits for a caller of a queue, or while that caller (`connecting`) hears the announcement.
    DialingQueue { dial: Dial, since: Timestamp, until: Timestamp, connecting: Option<CallSid> },
    /// Talking. `until` is the Dial's time limit, kept on the dialing side.
    Bridged { with: CallSid, since: Timestamp, until: Option<Timestamp>, side: Side },
    /// Over.
    Ended,
}

impl Phase {
    /// The request whose answer lets the document go on.
    pub fn awaited_fetch(&self) -> Option<FetchId> {
        match self {
            Self::Fetching { fetch } | Self::Measuring { fetch, .. } => Some(*fetch),
            Self::Gathering(gathering) => gathering.measuring.as_ref().map(|(fetch, _, _)| *fetch),
            Self::Queued
            | Self::Ringing { .. }
            | Self::Sounding { .. }
            | Self::Recording { .. }
            | Self::Running
            | Self::Resting { .. }
            | Self::Holding
            | Self::DialingPhones { .. }
            | Self::DialingQueue { .. }
            | Self::Bridged { .. }
            | Self::Ended => None,
        }
    }

    /// What takes the keys that are pressed at this moment.
    pub fn key_listener(&self) -> Option<KeyListener> {
        match self {
            Self::Gathering(gathering) => gathering.gather.listens_to_keys.then_some(KeyListener::Gather),
            Self::Recording { .. } => Some(KeyListener::Record),
            Self::Bridged { side: Side::Dialer(dial), .. } => dial.hangup_on_star.then_some(KeyListener::Conversation),
            Self::Bridged { side: Side::FromQueue | Side::Leg, .. }
            | Self::Queued
            | Self::Ringing { .. }
            | Self::Fetching { .. }
            | Self::Measuring { .. }
            | Self::Sounding { .. }
            | Self::Running
            | Self::Resting { .. }
            | Self::Holding
            | Self::DialingPhones { .. }
            | Self::DialingQueue { .. }
            | Self::Ended => None,
        }
    }
}

/// Who takes a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyListener {
    /// A Gather that wants keys.
    Gather,
    /// A Record, which some keys stop.
    Record,
    /// A conversation that the `*` key ends.
    Conversation,
}

/// The state of a Gather.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Gathering {
    pub gather: Gather,
    /// Index of the prompt that comes next; past the end once it listens in silence.
    pub next_prompt: usize,
    pub digits: String,
    /// The end of a prompt or of the patience; none while a prompt's length is being asked for.
    pub until: Option<Timestamp>,
    /// The request, the audio's URL, and how often it plays.
    pub measuring: Option<(FetchId, String, u32)>,
}

/// How this end came into a conversation, which decides what follows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Side {
    /// Its document has the Dial.
    Dialer(Dial),
    /// It waited in a queue.
    FromQueue,
    /// It was rung by the Dial.
    Leg,
}

/// A change to another document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Transfer {
    pub role: Role,
    pub target: Target,
    /// Parameters beside those every request has.
    pub extra: Vec<(String, String)>,
}

/// A call's stay in a queue, kept until the Enqueue is over, the conversation included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Enqueued {
    pub queue: QueueSid,
    pub since: Timestamp,
    /// When it left the queue towards somebody; none while it waits.
    pub left: Option<Timestamp>,
    /// Who it will be connected to after the announcement that it hears.
    pub announcer: Option<CallSid>,
    pub action: Option<Target>,
    pub wait: Option<Target>,
}

/// Who is told about a call's status, and what they were told so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reporter {
    /// Where the callbacks go.
    pub target: Target,
    /// Which moments.
    pub events: Vec<StatusEvent>,
    /// How many were sent.
    pub sent: u64,
}

impl Reporter {
    /// A reporter of `events`; of the end alone when none is given, as the carrier does.
    pub fn new(url: String, method: Method, events: Vec<StatusEvent>) -> Self {
        let events = if events.is_empty() { vec![StatusEvent::Completed] } else { events };
        Self { target: Target { url, method }, events, sent: 0 }
    }
}
