//! What a call is doing at one moment, and what it waits for.

use ids::CallSid;
use ids::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::call::Role;
use super::fetch::{FetchId, Target};
use crate::twiml::{Dial, Gather, Record};

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
    Measuring {
        fetch: FetchId,
        url: String,
        loops: u32,
    },
    /// The person hears something until then.
    Sounding { until: Timestamp },
    /// A Gather.
    Gathering(Gathering),
    /// A Record.
    Recording {
        record: Record,
        since: Timestamp,
        until: Timestamp,
    },
    /// Between two verbs; never seen outside of a turn.
    Running,
    /// Held back because its documents take no time.
    Resting { until: Timestamp, next: Transfer },
    /// In a queue, with nothing but the carrier's own music or silence.
    Holding,
    /// A Dial of a reservation, while the TaskRouter is asked where its caller waits.
    AskingTaskRouter { fetch: FetchId, dial: Dial },
    /// In a conference: among the others, or with nothing but the carrier's own music or silence.
    Conferring,
    /// A Dial while phones ring.
    DialingPhones { dial: Dial, legs: Vec<CallSid> },
    /// A Dial while it waits for a caller of a queue, or while that caller (`connecting`) hears the announcement.
    DialingQueue {
        dial: Dial,
        since: Timestamp,
        until: Timestamp,
        connecting: Option<CallSid>,
    },
    /// Talking. `until` is the Dial's time limit, kept on the dialing side.
    Bridged {
        with: CallSid,
        since: Timestamp,
        until: Option<Timestamp>,
        side: Side,
    },
    /// Over.
    Ended,
}

impl Phase {
    /// The request whose answer lets the document go on.
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

    /// What takes the keys that are pressed at this moment.
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

/// Who takes a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyListener {
    /// A Gather that wants keys.
    Gather,
    /// A Record, which some keys stop.
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
