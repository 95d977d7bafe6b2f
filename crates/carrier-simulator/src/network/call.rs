//! One leg of a call: who, in which state, and what its document is doing at this moment.

use ids::time::{Millis, Timestamp};
use ids::{CallSid, ConferenceSid, QueueSid, TaskSid};
use serde::{Deserialize, Serialize};

use super::fetch::Target;
pub(super) use super::phase::{Gathering, KeyListener, Phase, Side, Transfer};
use super::record::CallRecording;
use super::task::QueuedTask;
use super::transcript::Transcript;
use crate::twiml::{Dial, Method, StatusEvent, Verb};

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
    /// How often it was enqueued with a Workflow.
    #[serde(default)]
    pub(super) enqueues: u32,
    #[serde(default)]
    pub(super) conferring: Option<Conferring>,
    /// The conference it was called into and is not yet in.
    #[serde(default)]
    pub(super) invited: Option<ConferenceSid>,
    /// Whether those who are in it hear this phone ring.
    #[serde(default)]
    pub(super) early_media: bool,
    /// What runs once the phone is picked up.
    pub(super) start: Option<Start>,
    pub(super) fallback: Option<Target>,
    pub(super) reporter: Option<Reporter>,
    pub(super) ring_for: Millis,
    pub(super) time_limit: Option<Millis>,
    pub(super) tones_on_answer: Option<String>,
    #[serde(default)]
    pub(super) recording: Option<CallRecording>,
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
        if let Phase::Bridged { with, .. } = &self.phase {
            Some(*with)
        } else {
            None
        }
    }

    /// The conference it is in at this moment.
    pub fn conference(&self) -> Option<ConferenceSid> {
        self.conferring
            .as_ref()
            .map(|conferring| conferring.conference)
    }

    /// The Task it waits as in the queue of a Workflow, once the TaskRouter has made it.
    pub fn waiting_task(&self) -> Option<TaskSid> {
        let enqueued = self
            .enqueued
            .as_ref()
            .filter(|enqueued| enqueued.left.is_none())?;
        enqueued
            .task
            .filter(|task| task.is_made)
            .map(|task| task.sid)
    }

    /// Whether somebody who dials its queue can have it: not before the Task it is to wait as is made.
    pub(super) fn can_be_fetched(&self) -> bool {
        self.enqueued
            .as_ref()
            .and_then(|enqueued| enqueued.task)
            .is_none_or(|task| task.is_made)
    }

    /// Whole seconds between picking up and the end; zero for a call nobody picked up.
    pub fn duration(&self) -> Option<Millis> {
        Some(self.ended?.since(self.answered?))
    }

    /// What takes the keys that are pressed at this moment.
    pub(super) fn key_listener(&self) -> Option<KeyListener> {
        match &self.conferring {
            Some(conferring) => conferring
                .dial
                .hangup_on_star
                .then_some(KeyListener::Conference),
            None => self.phase.key_listener(),
        }
    }

    /// The moment at which something happens to this call by itself.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        let limit = self
            .time_limit
            .and_then(|limit| Some(self.answered? + limit));
        let stay = self.conferring.as_ref().map(|conferring| conferring.until);
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
        [limit, stay, deadline].into_iter().flatten().min()
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
    /// It is heard in a conference that has not begun.
    ConferenceWait,
    /// It is heard while on hold in a conference.
    ConferenceHold,
}

/// What a call begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Start {
    /// A document to fetch.
    Url(Target),
    /// A document given with the request.
    Twiml(String),
    /// The Dial of a conference, for somebody who is called into it.
    Conference(Box<Dial>),
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
    /// The Task it waits as, in the queue of a Workflow.
    pub task: Option<QueuedTask>,
}

/// A call's stay in a conference, kept until the Dial is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Conferring {
    pub conference: ConferenceSid,
    pub dial: Dial,
    pub since: Timestamp,
    /// The Dial's time limit.
    pub until: Timestamp,
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
