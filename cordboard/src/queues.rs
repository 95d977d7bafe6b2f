//! The queues of one process, in memory: the messages that SQS carries in the cloud, in the same
//! order and with the same delays, except that a timer is held for [`HELD_MAX`] at most.
//!
//! A failed message is retried with a backoff; after [`RECEIVES_MAX`] deliveries it is a dead
//! letter, which is logged and dropped. Timers and callbacks are lost with the process, as messages
//! may be: the sweep at the next start sends them again. No sweep sends an Event again, so the
//! Events that wait are written to the data folder ([`Queues::take_event_changes`]).

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ids::time::{Clock, Millis, Timestamp};
use runtime::OutboxError;
use runtime::outbox::{Outbox, Sending, delay};
use runtime::redelivery::pause;
use task_router::router::effects::{Callback, CallbackQueue};
use task_router::router::events::Notice;
use task_router::router::timers_queue::TimersMessage;
use tokio::sync::Notify;

use crate::ordered_queue::OrderedQueue;

pub use crate::message::{MESSAGES_MAX, Message, RECEIVES_MAX};
pub use crate::ordered_queue::{QueueChanges, Undelivered};

/// Maximum time for which a timer is held. It is then delivered early, and `routing` schedules it
/// again unless its Task has ended. The queue therefore holds timers of waiting Tasks, and of Tasks
/// that ended at most this long ago. In the cloud, where a delivery costs more than a long delay,
/// the limit is [`DELAY_MAX`](runtime::outbox::DELAY_MAX).
pub const HELD_MAX: Millis = Millis::from_secs(120);

/// All queues.
pub struct Queues {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    nudge: Arc<Notify>,
}

#[derive(Default)]
struct State {
    sent: u64,
    timers: Delayed<TimersMessage>,
    callbacks: Callbacks,
    checks: Callbacks,
    events: OrderedQueue,
}

/// The number of messages in each queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Timers that wait for their moment.
    pub timers: u64,
    /// Callbacks and checks that wait for their delivery.
    pub callbacks: u64,
    /// Events that are not delivered yet.
    pub events: u64,
}

/// A queue of callbacks.
#[derive(Default)]
struct Callbacks {
    fresh: VecDeque<Message<Callback>>,
    /// Failed ones until their retry, and those that were sent with a delay.
    delayed: Delayed<Callback>,
}

impl Callbacks {
    /// Takes what is due.
    fn due(&mut self, now: Timestamp) -> Vec<Message<Callback>> {
        let due = take_due(&mut self.delayed, now);
        let fresh = std::mem::take(&mut self.fresh);
        fresh
            .into_iter()
            .chain(due)
            .map(Message::received)
            .collect()
    }

    fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        if self.fresh.is_empty() {
            self.delayed.keys().next().map(|(at, _)| *at)
        } else {
            Some(now)
        }
    }

    fn len(&self) -> usize {
        self.fresh.len() + self.delayed.len()
    }

    fn is_full(&self) -> bool {
        self.fresh.len() >= MESSAGES_MAX || self.delayed.len() >= MESSAGES_MAX
    }
}

/// Messages by the moment of their delivery, and by number.
type Delayed<T> = BTreeMap<(Timestamp, u64), Message<T>>;

impl Queues {
    /// Creates empty queues; `nudge` is notified of every message.
    pub fn new(clock: Arc<dyn Clock>, nudge: Arc<Notify>) -> Self {
        Self::restored(clock, nudge, Vec::new())
    }

    /// The same, with the Events that an earlier process did not deliver.
    pub fn restored(
        clock: Arc<dyn Clock>,
        nudge: Arc<Notify>,
        undelivered: Vec<Undelivered>,
    ) -> Self {
        let state = State {
            events: OrderedQueue::restored(undelivered),
            ..State::default()
        };
        Self {
            clock,
            state: Mutex::new(state),
            nudge,
        }
    }

    /// The number of messages in each queue.
    pub fn lengths(&self) -> Lengths {
        let state = self.state();
        let number = |length| u64::try_from(length).unwrap_or(u64::MAX);
        Lengths {
            timers: number(state.timers.len()),
            callbacks: number(state.callbacks.len() + state.checks.len()),
            events: number(state.events.len()),
        }
    }

    /// Takes the timers that are due.
    pub fn due_timers(&self) -> Vec<Message<TimersMessage>> {
        let now = self.clock.now();
        let mut state = self.state();
        take_due(&mut state.timers, now)
            .map(Message::received)
            .collect()
    }

    /// Takes the callbacks that are due: new, delayed and failed ones.
    pub fn due_callbacks(&self) -> Vec<Message<Callback>> {
        let now = self.clock.now();
        self.state().callbacks.due(now)
    }

    /// Takes the checks that are due.
    pub fn due_checks(&self) -> Vec<Message<Callback>> {
        let now = self.clock.now();
        self.state().checks.due(now)
    }

    /// Takes the Events that are due: the first one of each group in which no earlier one is being
    /// delivered.
    pub fn due_events(&self) -> Vec<Message<Undelivered>> {
        let now = self.clock.now();
        self.state().events.due(now)
    }

    /// Allows the delivery of the next Event of the group.
    pub fn event_delivered(&self, message: &Message<Undelivered>) {
        self.state().events.delivered(message);
    }

    /// Retries an Event after a backoff, before the next one of its group; drops a dead letter.
    pub fn event_failed(&self, message: Message<Undelivered>) {
        let retry_at = self.clock.now() + pause(message.receives);
        self.state().events.failed(message, retry_at);
    }

    /// The changes of the Events' queue that must be written so that a restart loses none.
    pub fn take_event_changes(&self) -> QueueChanges {
        self.state().events.take_changes()
    }

    /// Returns changes that could not be written.
    pub fn put_back_event_changes(&self, changes: QueueChanges) {
        self.state().events.put_back(changes);
    }

    /// The moment at which the next message is due; `None` if there is none.
    pub fn next_due(&self) -> Option<Timestamp> {
        let now = self.clock.now();
        let state = self.state();
        let timer = state.timers.keys().next().map(|(at, _)| *at);
        let callback = state.callbacks.next_due(now);
        let check = state.checks.next_due(now);
        let event = state.events.next_due(now);
        [timer, callback, check, event].into_iter().flatten().min()
    }

    /// Retries a timer after a backoff; drops a dead letter.
    pub fn timer_failed(&self, message: Message<TimersMessage>) {
        if message.is_dead_letter() {
            tracing::error!(body = ?message.body, receives = message.receives, "dead letter: timer dropped");
            return;
        }
        self.retry(message, |state| &mut state.timers);
    }

    /// Retries a callback after a backoff; drops a dead letter.
    pub fn callback_failed(&self, message: Message<Callback>) {
        if message.is_dead_letter() {
            let callback = message.body.name();
            let task = message.body.task();
            tracing::error!(callback, task_sid = ?task, receives = message.receives, "dead letter: callback dropped");
            return;
        }
        let queue = message.body.queue();
        self.retry(message, |state| &mut state.queue_of(queue).delayed);
    }

    /// Delays a failed message by the backoff of [`pause`], as in the cloud.
    fn retry<T>(&self, message: Message<T>, delayed: impl FnOnce(&mut State) -> &mut Delayed<T>) {
        let at = self.clock.now() + pause(message.receives);
        let mut state = self.state();
        let key = (at, state.next());
        delayed(&mut state).insert(key, message);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next(&mut self) -> u64 {
        self.sent += 1;
        self.sent
    }

    fn queue_of(&mut self, queue: CallbackQueue) -> &mut Callbacks {
        match queue {
            CallbackQueue::Callbacks => &mut self.callbacks,
            CallbackQueue::Checks => &mut self.checks,
        }
    }
}

impl Outbox for Queues {
    fn schedule(&self, message: TimersMessage, now: Timestamp) -> Sending<'_> {
        let mut state = self.state();
        if state.timers.len() >= MESSAGES_MAX {
            return full("timers");
        }
        let key = (now + delay(&message, now).min(HELD_MAX), state.next());
        state.timers.insert(key, Message::new(message));
        self.nudge.notify_one();
        Box::pin(std::future::ready(Ok(())))
    }

    fn callback(&self, callback: Callback) -> Sending<'_> {
        let mut state = self.state();
        let queue = state.queue_of(callback.queue());
        if queue.is_full() {
            return full("callbacks");
        }
        queue.fresh.push_back(Message::new(callback));
        self.nudge.notify_one();
        Box::pin(std::future::ready(Ok(())))
    }

    fn callback_later(&self, callback: Callback, delay: Millis) -> Sending<'_> {
        let at = self.clock.now() + delay;
        let mut state = self.state();
        let key = (at, state.next());
        let queue = state.queue_of(callback.queue());
        if queue.is_full() {
            return full("callbacks");
        }
        queue.delayed.insert(key, Message::new(callback));
        self.nudge.notify_one();
        Box::pin(std::future::ready(Ok(())))
    }

    fn publish(&self, notice: Notice) -> Sending<'_> {
        if !self.state().events.put(notice) {
            return full("events");
        }
        self.nudge.notify_one();
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Takes the messages that are due.
fn take_due<T>(
    delayed: &mut Delayed<T>,
    now: Timestamp,
) -> impl Iterator<Item = Message<T>> + use<T> {
    let later = delayed.split_off(&(now + Millis::from_millis(1), 0));
    std::mem::replace(delayed, later).into_values()
}

fn full(queue: &str) -> Sending<'static> {
    let error = OutboxError(format!("the {queue} queue holds {MESSAGES_MAX} messages"));
    Box::pin(std::future::ready(Err(error)))
}
