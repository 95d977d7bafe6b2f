//! The whole telephone network as a pure, serialisable state machine.
//!
//! [`Network::handle`] takes an [`Input`] and `now`, changes the state and returns [`Output`]s; [`Network::next_wake`]
//! says when time alone will change something ([`Input::Tick`]). There is no IO, no clock and no randomness: ids derive
//! from a seed and a counter in the state, so two runs with the same inputs are equal. A call never blocks anything: what
//! it waits for is written in its phase, so the state can be stored at any moment and go on elsewhere.
//!
//! Reading order: [`call`] (what a call is), `turn` (one input), `interpreter` (running documents), then a file for
//! each thing verbs do: `sound`, `gather`, `queue`, `task`, `dial`, `bridge`, `reservation`, `conference`, `record`;
//! `reports` tells the outside.

mod address;
mod bridge;
mod call;
mod conference;
mod dial;
mod fetch;
mod gather;
mod interpreter;
mod people;
mod phase;
mod queue;
mod record;
mod refusal;
mod reports;
mod requests;
mod reservation;
mod rest;
mod rows;
mod sound;
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
pub use call::{Call, CallStatus, Direction, Reporter, Start};
pub(crate) use conference::participant_status;
pub use conference::{
    Conference, ConferenceEnd, ConferenceStatus, EndReason, NewParticipant, Participant,
    ParticipantUpdate,
};
pub use fetch::{Fetch, FetchId, Fetched, Purpose, Reply, Target, shown_url};
pub use queue::{MEMBERS_DEFAULT, MEMBERS_MAX, NAME_CHARS_MAX, Queue};
pub use record::{CallRecording, Recording};
pub use refusal::Refusal;
pub use rest::{CallUpdate, EndAs, NewCall};
pub use rows::{Change, Row, RowError};
pub use sound::{OTHER_AUDIO, SPEECH_MILLIS_PER_CHARACTER};
pub use task::TaskEnd;
pub use transcript::{Entry, Event, Transcript};

/// Calls that can be up at once; more than a laptop's contact centre has callers.
pub const LIVE_CALLS_MAX: usize = 5_000;
/// Ended calls that can still be looked at.
pub const ENDED_CALLS_MAX: usize = 1_000;
/// How long an ended call can be looked at.
pub const ENDED_CALL_KEPT: Millis = Millis::from_secs(24 * 3600);
/// Requests on their way at once; each live call has one at most, and a few notifications.
pub const FETCHES_MAX: usize = 20_000;
/// Queues at once. When there are more, the oldest empty one goes.
pub const QUEUES_MAX: usize = 10_000;
/// Conferences kept. When there are more, the one that was made first of those that are over goes.
pub const CONFERENCES_MAX: usize = 1_000;
/// Recordings kept; the oldest goes first.
pub const RECORDINGS_MAX: usize = 1_000;
/// Audio files whose length is remembered.
pub const MEDIA_MAX: usize = 1_000;

/// What the network is told once, and what may differ from start to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// The account all calls belong to.
    pub account_sid: AccountSid,
    /// Ids derive from it: another seed gives other ids.
    pub seed: String,
    /// The numbers that reach the centre.
    pub numbers: Vec<CentreNumber>,
    /// Where this carrier's own HTTP side is reached, `http://127.0.0.1:9000`; recordings have URLs below it.
    pub public_base_url: Option<String>,
    /// The TaskRouter this carrier is coupled with. Below it: `/enqueue` makes the Task of a call that is enqueued with a
    /// Workflow, `/left-queue` is told that such a call waits no longer, `/dial-queue` says where a reservation's caller
    /// waits.
    pub task_router_url: Option<String>,
}

/// A number of the centre and its voice configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CentreNumber {
    /// In E.164 form.
    pub number: String,
    /// Asked when somebody calls.
    pub voice_url: String,
    /// How.
    pub voice_method: crate::twiml::Method,
    /// Asked when that fails.
    pub voice_fallback_url: Option<String>,
    /// Told when a call is over.
    pub status_callback: Option<String>,
}

/// Something that happens to the network.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Time passes.
    Tick,
    /// A person dials a number of the centre.
    Dial {
        /// Their own number.
        from: String,
        /// The centre's.
        to: String,
    },
    /// A person presses keys.
    Digits {
        /// At the phone of this call.
        call: CallSid,
        /// `0-9 * #`.
        digits: String,
    },
    /// A person picks up a ringing phone.
    Answer(CallSid),
    /// A person refuses a ringing phone.
    Decline(CallSid),
    /// A person hangs up.
    HangUp(CallSid),
    /// A request ended.
    Fetched(FetchId, Fetched),
    /// REST: create a Call.
    CreateCall(Box<NewCall>),
    /// REST: change a Call.
    UpdateCall(CallSid, CallUpdate),
    /// REST: create a Queue.
    CreateQueue {
        /// Its name, unique.
        name: String,
        /// Calls it holds at most.
        max_size: u32,
    },
    /// REST: change a Queue.
    UpdateQueue {
        /// Which.
        queue: QueueSid,
        /// Its new name.
        name: Option<String>,
        /// Calls it holds at most from now on.
        max_size: Option<u32>,
    },
    /// REST: delete a Queue.
    DeleteQueue(QueueSid),
    /// REST: move a waiting call to another document.
    Dequeue {
        /// From this queue.
        queue: QueueSid,
        /// This call; the one at the head when none is named.
        call: Option<CallSid>,
        /// To this document.
        target: Target,
    },
    /// REST: call somebody into a conference.
    AddParticipant(Box<NewParticipant>),
    /// REST: change how somebody is in a conference.
    UpdateParticipant {
        /// Which conference.
        conference: ConferenceSid,
        /// Who.
        call: CallSid,
        /// How.
        update: ParticipantUpdate,
    },
    /// REST: take somebody out of a conference.
    RemoveParticipant {
        /// Which conference.
        conference: ConferenceSid,
        /// Who.
        call: CallSid,
    },
    /// REST: end a conference.
    EndConference(ConferenceSid),
    /// The TaskRouter: the Task of a call that was enqueued with a Workflow has ended.
    TaskEnded {
        /// Which call.
        call: CallSid,
        /// Which of its Tasks.
        task: TaskSid,
        /// How.
        end: TaskEnd,
    },
}

/// Something to be done outside, or the reply to an input.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Carry out this request and report back with [`Input::Fetched`].
    Fetch(Fetch),
    /// The input made this call.
    CallCreated(CallSid),
    /// The input made this queue.
    QueueCreated(QueueSid),
    /// The input moved this call out of its queue.
    Dequeued(CallSid),
    /// The input was refused and changed nothing.
    Refused(Refusal),
}

/// Keys of one `digits` request.
pub const DIGITS_MAX: usize = 64;

/// The telephone network.
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
    /// Calls that are not over: those time and people act on.
    live: BTreeSet<CallSid>,
    /// Calls that are over, oldest first.
    ended: BTreeSet<(u64, CallSid)>,
}

impl Network {
    /// A network in which nobody has called yet.
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

    /// Lets `input` happen at `now`, after everything that was due by then. A refused input changes nothing.
    pub fn handle(&mut self, input: Input, now: Timestamp) -> Vec<Output> {
        let mut turn = Turn::new(self, now);
        turn.let_time_pass();
        turn.take(input);
        turn.finish()
    }

    /// When something happens by itself, or `None` while everything waits for people or replies.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.live
            .iter()
            .filter_map(|sid| self.calls.get(sid)?.wake_at())
            .min()
    }

    /// The requests that are outstanding: after a restart, they are to be sent again.
    pub fn outstanding(&self) -> impl Iterator<Item = &Fetch> {
        self.fetches.values()
    }

    /// Whether somebody still waits for this request.
    pub fn is_outstanding(&self, id: FetchId) -> bool {
        self.fetches.get(&id).is_some()
    }

    /// What it was told at the start.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// One call, live or not long over.
    pub fn call(&self, sid: CallSid) -> Option<&Call> {
        self.calls.get(&sid)
    }

    /// All calls that can still be looked at, newest first.
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

    /// One queue.
    pub fn queue(&self, sid: QueueSid) -> Option<&Queue> {
        self.queues.get(&sid)
    }

    /// All queues, oldest first.
    pub fn queues(&self) -> Vec<&Queue> {
        let mut queues: Vec<&Queue> = self.queues.values().collect();
        queues.sort_by_key(|queue| queue.serial);
        queues
    }

    /// One conference, going on or over.
    pub fn conference(&self, sid: ConferenceSid) -> Option<&Conference> {
        self.conferences.get(&sid)
    }

    /// All conferences, newest first.
    pub fn conferences(&self) -> Vec<&Conference> {
        let mut conferences: Vec<&Conference> = self.conferences.values().collect();
        conferences.sort_by_key(|conference| std::cmp::Reverse(conference.serial));
        conferences
    }

    /// One recording.
    pub fn recording(&self, sid: RecordingSid) -> Option<&Recording> {
        self.recordings.get(&sid)
    }

    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }
}
