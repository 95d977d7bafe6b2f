//! The queues of one process: the messages SQS would carry, in the same order and, but for timers that are held for longer
//! than [`HELD_MAX`], with the same delays, held in memory.
//!
//! They are lost when the process dies, as messages may be; the sweep at the next start sends them anew.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ids::time::{Clock, Millis, Timestamp};
use runtime::OutboxError;
use runtime::outbox::{Outbox, Sending, delay};
use runtime::redelivery::pause;
use task_router::router::effects::Callback;
use task_router::router::events::Notice;
use task_router::router::timers_queue::TimersMessage;
use tokio::sync::Notify;

use crate::ordered_queue::OrderedQueue;

/// Messages one queue holds: a hundred thousand waiting calls on a laptop are a mistake, not a load.
pub const MESSAGES_MAX: usize = 100_000;

/// Times a message is delivered before it is given up, as `maxReceiveCount` in `template.yaml`.
pub const RECEIVES_MAX: u32 = 7;

/// The longest a timer is held. Then it comes, before its time, and `routing` sends it on unless its Task has ended: what is
/// held is of Tasks that wait, and of those that ended this long ago at most. In the cloud, where a hop costs more than
/// keeping, it is [`DELAY_MAX`](runtime::outbox::DELAY_MAX).
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
    callbacks: VecDeque<Message<Callback>>,
    failed_callbacks: Delayed<Callback>,
    events: OrderedQueue,
}

/// Messages by the moment at which they come, and by number.
type Delayed<T> = BTreeMap<(Timestamp, u64), Message<T>>;

/// A message and how often it was delivered.
#[derive(Debug, Clone)]
pub struct Message<T> {
    /// What it says.
    pub body: T,
    /// Deliveries so far, this one included.
    pub receives: u32,
}

impl Queues {
    /// Empty queues; `nudge` is notified with every message.
    pub fn new(clock: Arc<dyn Clock>, nudge: Arc<Notify>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
            nudge,
        }
    }

    /// Takes the timers that are due.
    pub fn due_timers(&self) -> Vec<Message<TimersMessage>> {
        let now = self.clock.now();
        let mut state = self.state();
        take_due(&mut state.timers, now).map(received).collect()
    }

    /// Takes the callbacks that are there.
    pub fn due_callbacks(&self) -> Vec<Message<Callback>> {
        let now = self.clock.now();
        let mut state = self.state();
        let due = take_due(&mut state.failed_callbacks, now);
        let fresh = std::mem::take(&mut state.callbacks);
        fresh.into_iter().chain(due).map(received).collect()
    }

    /// Takes the events that are there, of each group the first one, unless an earlier one of it is being delivered.
    pub fn due_events(&self) -> Vec<Message<Notice>> {
        let now = self.clock.now();
        self.state().events.due(now)
    }

    /// Lets the next event of the group follow; one whose delivery failed comes again first, until it is given up.
    pub fn event_done(&self, message: Message<Notice>, failed: bool) {
        let at = self.clock.now() + pause(message.receives);
        self.state().events.done(message, failed.then_some(at));
    }

    /// When the next message is due, if any waits for its time.
    pub fn next_due(&self) -> Option<Timestamp> {
        let state = self.state();
        if !state.callbacks.is_empty() {
            return Some(self.clock.now());
        }
        let timer = state.timers.keys().next().map(|(at, _)| *at);
        let callback = state.failed_callbacks.keys().next().map(|(at, _)| *at);
        let event = state.events.next_due(self.clock.now());
        [timer, callback, event].into_iter().flatten().min()
    }

    /// Puts back a timer whose handling failed; gives it up, loudly, after [`RECEIVES_MAX`] deliveries.
    pub fn timer_failed(&self, message: Message<TimersMessage>) {
        if message.receives >= RECEIVES_MAX {
            tracing::error!(body = ?message.body, receives = message.receives, "timer given up");
            return;
        }
        self.put_back(message, |state| &mut state.timers);
    }

    /// Puts back a callback whose handling failed; gives it up, loudly, after [`RECEIVES_MAX`] deliveries.
    pub fn callback_failed(&self, message: Message<Callback>) {
        if message.receives >= RECEIVES_MAX {
            let (callback, task) = (message.body.name(), message.body.task());
            tracing::error!(callback, task_sid = ?task, receives = message.receives, "callback given up");
            return;
        }
        self.put_back(message, |state| &mut state.failed_callbacks);
    }

    /// Lets a message come again after its [`pause`], as in the cloud.
    fn put_back<T>(
        &self,
        message: Message<T>,
        delayed: impl FnOnce(&mut State) -> &mut Delayed<T>,
    ) {
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
}

impl Outbox for Queues {
    fn schedule(&self, message: TimersMessage, now: Timestamp) -> Sending<'_> {
        let mut state = self.state();
        if state.timers.len() >= MESSAGES_MAX {
            return full("timers");
        }
        let key = (now + delay(&message, now).min(HELD_MAX), state.next());
        state.timers.insert(
            key,
            Message {
                body: message,
                receives: 0,
            },
        );
        self.nudge.notify_one();
        Box::pin(std::future::ready(Ok(())))
    }

    fn callback(&self, callback: Callback) -> Sending<'_> {
        let mut state = self.state();
        if state.callbacks.len() >= MESSAGES_MAX {
            return full("callbacks");
        }
        state.callbacks.push_back(Message {
            body: callback,
            receives: 0,
        });
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

/// Takes the messages whose moment has come.
fn take_due<T>(
    delayed: &mut Delayed<T>,
    now: Timestamp,
) -> impl Iterator<Item = Message<T>> + use<T> {
    let later = delayed.split_off(&(now + Millis::from_millis(1), 0));
    std::mem::replace(delayed, later).into_values()
}

fn received<T>(message: Message<T>) -> Message<T> {
    Message {
        receives: message.receives + 1,
        ..message
    }
}

fn full(queue: &str) -> Sending<'static> {
    let error = OutboxError(format!("the {queue} queue holds {MESSAGES_MAX} messages"));
    Box::pin(std::future::ready(Err(error)))
}
