//! The queue of events, in the order of time.

use std::collections::BTreeMap;

use ids::time::Timestamp;
use ids::{ReservationSid, TaskSid, WorkerSid};

/// Something that happens at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The input of the day with this index.
    Input(usize),
    /// A Task's deadline, the end of its conversation or wrap-up, or its caller's patience.
    Task { task: TaskSid, ticket: u64 },
    /// A Worker answers an offer, or does not.
    Answer(Answer),
    /// A Worker's wrap-up ends, by its limit or by the Worker.
    Worker { worker: WorkerSid, ticket: u64 },
}

/// What a Worker does with an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub task: TaskSid,
    pub reservation: ReservationSid,
    pub action: Action,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Accept,
    Reject(Option<ids::ActivitySid>),
    /// The call to the Worker ends without an answer.
    Miss,
}

#[derive(Default)]
pub(super) struct Events {
    queue: BTreeMap<(Timestamp, u64), Event>,
    count: u64,
}

impl Events {
    pub fn add(&mut self, at: Timestamp, event: Event) {
        self.count += 1;
        self.queue.insert((at, self.count), event);
    }

    pub fn next(&mut self) -> Option<(Timestamp, Event)> {
        let ((at, _), event) = self.queue.pop_first()?;
        Some((at, event))
    }
}
