//! The telephone network as a pure, serialisable state machine.
//!
//! [`Network::handle`] takes an [`Input`] and `now`, changes the state and returns [`Output`]s;
//! [`Network::next_wake`] is the moment of the next timer ([`Input::Tick`]). There is no IO, no
//! clock and no randomness: ids are derived from a seed and a counter in the state, so two runs
//! with the same inputs are equal. A call never blocks: what it waits for is stored in its phase,
//! so the state can be stored at any moment and continued by another process.
//!
//! Reading order: `call` (the state of a call), `turn` (one input), `interpreter` (runs
//! documents), then one file for each group of verbs: `sound`, `gather`, `speech`, `queue`, `task`, `dial`, `legs`,
//! `bridge`, `reservation`, `conference`, `record`, `recording`; `reports` sends the status callbacks.

mod address;
mod bridge;
mod call;
mod conference;
mod dial;
mod fetch;
mod gather;
mod interpreter;
mod legs;
mod people;
mod queue;
mod record;
mod recording;
mod refusal;
mod reports;
mod requests;
mod reservation;
mod rest;
mod rows;
mod sound;
mod speech;
mod table;
mod task;
#[cfg(test)]
mod tests;
mod transcript;
mod turn;

use std::collections::BTreeSet;

use ids::time::{Millis, Timestamp};
use ids::{AccountSid, CallSid, ConferenceSid, QueueSid, RecordingSid, TaskSid};
use serde::{Deserialize, Serialize};

use table::Table;
use turn::Turn;

pub use address::{EXPECTED as ADDRESS_EXPECTED, is_address};
pub use call::{Call, CallStatus, Direction, Start, StatusCallback};
pub(crate) use conference::participant_status;
pub use conference::{
    Conference, ConferenceEnd, ConferenceStatus, EndReason, NewParticipant, Participant,
    ParticipantUpdate,
};
pub use fetch::{Fetch, FetchId, Fetched, Purpose, Reply, Target, shown_url};
pub use queue::{MEMBERS_DEFAULT, MEMBERS_MAX, NAME_CHARS_MAX, Queue};
pub use record::UNSPOKEN_TEXT;
pub use recording::{CallRecording, Recording, RecordingSource};
pub use refusal::Refusal;
pub use rest::{CallUpdate, EndAs, NewCall};
pub use rows::{Change, Row, RowError};
pub use sound::{OTHER_AUDIO, SPEECH_MILLIS_PER_CHARACTER};
pub use speech::{CONFIDENCE, Listening, ListeningVerb, SPEECH_CHARS_MAX};
pub use task::{ENDED_TASK_GRACE, TaskEnd};
pub use transcript::{Entry, EntrySound, Event, Transcript};

/// Live calls at the same time; more than a contact centre on a laptop has callers.
pub const LIVE_CALLS_MAX: usize = 5_000;
/// Ended calls that are kept for look-ups.
pub const ENDED_CALLS_MAX: usize = 1_000;
/// How long an ended call is kept for look-ups.
pub const ENDED_CALL_KEPT: Millis = Millis::from_secs(24 * 3600);
/// Outstanding requests at the same time; a live call has at most one, and a few notifications.
pub const FETCHES_MAX: usize = 20_000;
/// Queues at the same time. Beyond it, the oldest empty queue is removed.
pub const QUEUES_MAX: usize = 10_000;
/// Conferences that are kept. Beyond it, the oldest conference that is over is removed.
pub const CONFERENCES_MAX: usize = 1_000;
/// Recordings that are kept. Beyond it, the oldest is removed.
pub const RECORDINGS_MAX: usize = 1_000;
/// Audio files whose length is cached.
pub const MEDIA_MAX: usize = 1_000;

/// The settings of a network, which may differ from start to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// The account of all calls.
    pub account_sid: AccountSid,
    /// Ids are derived from it: another seed leads to other ids.
    pub seed: String,
    /// The numbers that reach the contact centre.
    pub numbers: Vec<CentreNumber>,
    /// The address of this carrier's own HTTP interface, such as `http://127.0.0.1:9000`; the URLs
    /// of recordings are below it.
    pub public_base_url: Option<String>,
    /// The TaskRouter that this carrier works with. Below this URL, `/enqueue` creates the Task of
    /// a call that is enqueued with a Workflow, `/left-queue` is notified that such a call no
    /// longer waits, and `/dial-queue` returns the queue in which a reservation's caller waits.
    pub task_router_url: Option<String>,
}

/// A number of the contact centre and its voice configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CentreNumber {
    /// In E.164 form.
    pub number: String,
    /// The URL of the first document of each call.
    pub voice_url: String,
    /// The method of that request.
    pub voice_method: crate::twiml::Method,
    /// The URL that is used when the first one fails.
    pub voice_fallback_url: Option<String>,
    /// The URL that is notified when a call is over.
    pub status_callback: Option<String>,
}

/// An input of the network.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A timer may be due.
    Tick,
    /// A person dials a number of the contact centre.
    Dial {
        /// The person's number.
        from: String,
        /// The contact centre's number.
        to: String,
    },
    /// A person presses keys.
    Digits {
        /// The call whose phone it is.
        call: CallSid,
        /// The keys: `0-9 * #`.
        digits: String,
    },
    /// A person speaks.
    Say {
        /// The call whose phone it is.
        call: CallSid,
        /// The words, as a speech recognition would write them.
        text: String,
        /// How sure the speech recognition is, from 0 to 1.
        confidence: f64,
    },
    /// A person listens to a call from now on: texts are read as slowly as in reality.
    Listen(CallSid),
    /// A person picks up a ringing phone.
    Answer(CallSid),
    /// A person declines a ringing phone.
    Decline(CallSid),
    /// A person hangs up.
    HangUp(CallSid),
    /// A request has a result.
    Fetched(FetchId, Fetched),
    /// REST: create a Call.
    CreateCall(Box<NewCall>),
    /// REST: change a Call.
    UpdateCall(CallSid, CallUpdate),
    /// REST: create a Queue.
    CreateQueue {
        /// The name; unique.
        name: String,
        /// Largest number of waiting calls.
        max_size: u32,
    },
    /// REST: change a Queue.
    UpdateQueue {
        /// The queue to change.
        queue: QueueSid,
        /// The new name.
        name: Option<String>,
        /// The new largest number of waiting calls.
        max_size: Option<u32>,
    },
    /// REST: delete a Queue.
    DeleteQueue(QueueSid),
    /// REST: move a waiting call to another document.
    Dequeue {
        /// The queue that the call leaves.
        queue: QueueSid,
        /// The call; `None` for the one at the head.
        call: Option<CallSid>,
        /// The document it continues with.
        target: Target,
    },
    /// REST: add a participant to a conference by calling a phone.
    AddParticipant(Box<NewParticipant>),
    /// REST: change a participant.
    UpdateParticipant {
        /// The conference of the participant.
        conference: ConferenceSid,
        /// The participant's call.
        call: CallSid,
        /// The fields to change.
        update: ParticipantUpdate,
    },
    /// REST: remove a participant from a conference.
    RemoveParticipant {
        /// The conference of the participant.
        conference: ConferenceSid,
        /// The participant's call.
        call: CallSid,
    },
    /// REST: end a conference.
    EndConference(ConferenceSid),
    /// REST: delete a recording.
    DeleteRecording(RecordingSid),
    /// REST: change the voice configuration of a number, until the network is opened again.
    UpdateNumber {
        /// The number, in E.164 form.
        number: String,
        /// The new URL of the first document.
        voice_url: Option<String>,
        /// The new method of that request.
        voice_method: Option<crate::twiml::Method>,
    },
    /// The TaskRouter: the Task of a call that was enqueued with a Workflow has ended.
    TaskEnded {
        /// The call whose Task it was.
        call: CallSid,
        /// The Task; a call may have had several.
        task: TaskSid,
        /// How the Task ended.
        end: TaskEnd,
    },
}

/// A request to send, or the reply to an input.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Send this request and report its result with [`Input::Fetched`].
    Fetch(Fetch),
    /// The input created this call.
    CallCreated(CallSid),
    /// The input created this queue.
    QueueCreated(QueueSid),
    /// The input moved this call out of its queue.
    Dequeued(CallSid),
    /// The input was refused and changed nothing.
    Refused(Refusal),
}

/// Largest number of keys in one `digits` request.
pub const DIGITS_MAX: usize = 64;

/// The state of the telephone network.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Network {
    setup: Setup,
    serial: u64,
    calls: Table<CallSid, Call>,
    queues: Table<QueueSid, Queue>,
    conferences: Table<ConferenceSid, Conference>,
    fetches: Table<FetchId, Fetch>,
    recordings: Table<RecordingSid, Recording>,
    media: Table<String, Millis>,
    /// Calls that are not over.
    live: BTreeSet<CallSid>,
    /// Calls that are over, oldest first.
    ended: BTreeSet<(u64, CallSid)>,
}

impl Network {
    /// A network without calls.
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            serial: 0,
            calls: Table::default(),
            queues: Table::default(),
            conferences: Table::default(),
            fetches: Table::default(),
            recordings: Table::default(),
            media: Table::default(),
            live: BTreeSet::new(),
            ended: BTreeSet::new(),
        }
    }

    /// Applies `input` at `now`, after all timers that were due by then. A refused input changes
    /// nothing.
    pub fn handle(&mut self, input: Input, now: Timestamp) -> Vec<Output> {
        let mut turn = Turn::new(self, now);
        turn.run_due_timers();
        turn.apply(input);
        turn.finish()
    }

    /// The moment of the next timer; `None` while every call waits for a person or a reply.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.live
            .iter()
            .filter_map(|sid| self.calls.get(sid)?.wake_at())
            .min()
    }

    /// The outstanding requests: after a restart, they are sent again.
    pub fn outstanding(&self) -> impl Iterator<Item = &Fetch> {
        self.fetches.values()
    }

    /// Whether the network still waits for the answer of this request.
    pub fn is_outstanding(&self, id: FetchId) -> bool {
        self.fetches.get(&id).is_some()
    }

    /// The settings it was created with.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// A call, live or ended and still kept.
    pub fn call(&self, sid: CallSid) -> Option<&Call> {
        self.calls.get(&sid)
    }

    /// All calls that are kept, newest first.
    pub fn calls(&self) -> Vec<&Call> {
        let mut calls: Vec<&Call> = self.calls.values().collect();
        calls.sort_by_key(|call| std::cmp::Reverse(call.serial));
        calls
    }

    /// The calls that wait in the queues of Workflows, each with its Task.
    pub fn waiting_tasks(&self) -> Vec<(CallSid, TaskSid)> {
        let live = self.live.iter().filter_map(|sid| self.calls.get(sid));
        live.filter_map(|call| Some((call.sid, call.waiting_task()?)))
            .collect()
    }

    /// The queue with this id.
    pub fn queue(&self, sid: QueueSid) -> Option<&Queue> {
        self.queues.get(&sid)
    }

    /// All queues, oldest first.
    pub fn queues(&self) -> Vec<&Queue> {
        let mut queues: Vec<&Queue> = self.queues.values().collect();
        queues.sort_by_key(|queue| queue.serial);
        queues
    }

    /// The conference with this id, running or over.
    pub fn conference(&self, sid: ConferenceSid) -> Option<&Conference> {
        self.conferences.get(&sid)
    }

    /// All conferences that are kept, newest first.
    pub fn conferences(&self) -> Vec<&Conference> {
        let mut conferences: Vec<&Conference> = self.conferences.values().collect();
        conferences.sort_by_key(|conference| std::cmp::Reverse(conference.serial));
        conferences
    }

    /// All recordings that are kept, newest first.
    pub fn recordings(&self) -> Vec<&Recording> {
        let mut recordings: Vec<&Recording> = self.recordings.values().collect();
        recordings.sort_by_key(|recording| std::cmp::Reverse(recording.serial));
        recordings
    }

    /// The recording with this id.
    pub fn recording(&self, sid: RecordingSid) -> Option<&Recording> {
        self.recordings.get(&sid)
    }

    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }
}
