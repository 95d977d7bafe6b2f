//! The timers, callbacks and events queues: SQS with faults. Messages are late or duplicated;
//! timers are also early or lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use callbacks::Callbacks;
use ids::time::{Millis, Timestamp};
use routing::{Incoming, Routing};
use runtime::OutboxError;
use runtime::outbox::{Outbox, Sending, delay};
use serde::Serialize;
use serde_json::{Value, json};
use task_router::router::effects::Callback;
use task_router::router::events::Notice;
use task_router::router::timers_queue::TimersMessage;

use crate::invariants::Invariant;
use crate::invocation::{self, invoke};
use crate::world::World;

/// Most deliveries of a message before it becomes a dead letter, as `maxReceiveCount` in
/// `template.yaml`.
const RECEIVES_MAX: u32 = 5;

/// How long a message that was not handled stays invisible.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(5);

/// The queues, and the receivers of their messages.
pub struct Queues {
    world: Arc<World>,
    receivers: OnceLock<Receivers>,
    me: Weak<Self>,
    sent: Mutex<Sent>,
    lanes: Mutex<BTreeMap<String, Lane>>,
}

/// Locked while an event is delivered, so that later events about the same subject wait.
type Lane = Arc<tokio::sync::Mutex<()>>;

/// The receivers of the messages.
pub struct Receivers {
    /// Receives timers.
    pub routing: Arc<Routing>,
    /// Receives callbacks and events.
    pub callbacks: Arc<Callbacks>,
}

/// All messages sent so far.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// Timers, in the order in which they were sent.
    pub timers: Vec<TimersMessage>,
    /// Callbacks, in the order in which they were sent.
    pub callbacks: Vec<Callback>,
    /// Events for the event callback, without duplicates.
    pub events: Vec<Notice>,
}

#[derive(Clone)]
enum Message {
    Timer(TimersMessage),
    Callback(Callback),
    Delayed(Callback, Millis),
    Event(Notice),
}

impl Queues {
    /// Empty queues. No message is delivered before [`Queues::connect`].
    pub fn new(world: Arc<World>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            world,
            receivers: OnceLock::new(),
            me: me.clone(),
            sent: Mutex::default(),
            lanes: Mutex::default(),
        })
    }

    /// Connects the receivers.
    pub fn connect(&self, receivers: Receivers) {
        let _connected_once = self.receivers.set(receivers);
    }

    /// All messages sent so far.
    pub fn sent(&self) -> Sent {
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn send(&self, message: Message, now: Timestamp) -> Result<(), OutboxError> {
        self.world.pass(1, 8).await;
        let fails = self.world.strikes(self.world.faults.unsent);
        if fails && self.world.happens(0.5) {
            return Err(OutboxError(
                "the queue did not accept the message".to_owned(),
            ));
        }
        self.accept(message, now);
        if self.world.strikes(self.world.faults.killed) {
            invocation::kill().await;
        }
        if fails {
            Err(OutboxError(
                "the queue accepted the message, but the reply was lost".to_owned(),
            ))
        } else {
            Ok(())
        }
    }

    fn accept(&self, message: Message, now: Timestamp) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let delay = match &message {
            Message::Delayed(callback, delay) => {
                sent.callbacks.push(callback.clone());
                *delay
            }
            Message::Timer(timer) => {
                sent.timers.push(*timer);
                delay(timer, now)
            }
            Message::Callback(callback) => {
                sent.callbacks.push(callback.clone());
                Millis::ZERO
            }
            // FIFO deduplication: an id is not accepted twice within five minutes, which is longer
            // than any repetition here.
            Message::Event(notice) if sent.events.contains(notice) => return,
            Message::Event(notice) => {
                sent.events.push(notice.clone());
                Millis::ZERO
            }
        };
        drop(sent);
        let Some(me) = self.me.upgrade() else { return };
        tokio::spawn(me.deliver(message, delay.into()));
    }

    /// Delivers one message, with its faults.
    async fn deliver(self: Arc<Self>, message: Message, delay: Duration) {
        let world = &self.world;
        let faults = &self.world.faults;
        if let Message::Event(notice) = &message {
            let lane = self.lane(&notice.about);
            let _in_order = lane.lock().await;
            world.pass(1, 50).await;
            return self.receive(&message).await;
        }
        let is_timer = matches!(message, Message::Timer(_));
        if is_timer && world.strikes(faults.lost) {
            return world.note(format_args!("a timer is lost"));
        }
        let early = is_timer && world.strikes(faults.early);
        tokio::time::sleep(if early { delay / 2 } else { delay }).await;
        let late = world.strikes(faults.late);
        world.pass(1, if late { 20_000 } else { 50 }).await;
        self.receive(&message).await;
        if world.strikes(faults.twice) {
            world.pass(1, 30_000).await;
            self.receive(&message).await;
        }
    }

    fn lane(&self, about: &str) -> Lane {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(about.to_owned()).or_default())
    }

    /// Delivers a message until it is handled or becomes a dead letter.
    async fn receive(&self, message: &Message) {
        for _ in 0..RECEIVES_MAX {
            if self.deliver_once(message).await {
                return;
            }
            tokio::time::sleep(VISIBILITY_TIMEOUT).await;
        }
        self.world
            .note(format_args!("a message becomes a dead letter"));
    }

    async fn deliver_once(&self, message: &Message) -> bool {
        let Some(receivers) = self.receivers.get() else {
            return false;
        };
        match message {
            Message::Timer(timer) => receivers.timer(&self.world, timer).await,
            Message::Callback(callback) | Message::Delayed(callback, _) => {
                receivers.deliver(&self.world, callback).await
            }
            Message::Event(notice) => receivers.deliver(&self.world, notice).await,
        }
    }
}

impl Receivers {
    /// Delivers one timer. Returns whether it was handled.
    pub async fn timer(&self, world: &World, timer: &TimersMessage) -> bool {
        let Ok(incoming) = Incoming::try_from(sqs_event(timer)) else {
            world.violated(Invariant::Simulation, "routing refused a timer");
            return true;
        };
        let handled = invoke(world, "timer", routing::handle(&self.routing, incoming)).await;
        matches!(handled, Ok(Ok(reply)) if is_clean(&reply))
    }

    /// Delivers one callback or event. Returns whether it was handled.
    pub async fn deliver<T: Serialize>(&self, world: &World, body: &T) -> bool {
        let handled = invoke(
            world,
            "callback",
            callbacks::handle(&self.callbacks, sqs_event(body)),
        )
        .await;
        matches!(handled, Ok(Ok(reply)) if is_clean(&reply))
    }
}

fn is_clean(reply: &Value) -> bool {
    reply.pointer("/batchItemFailures/0").is_none()
}

fn sqs_event<T: Serialize>(body: &T) -> Value {
    let body = serde_json::to_string(body).unwrap_or_default();
    json!({ "Records": [{ "messageId": "simulation", "body": body, "eventSource": "aws:sqs" }] })
}

impl Outbox for Queues {
    fn schedule(&self, message: TimersMessage, now: Timestamp) -> Sending<'_> {
        Box::pin(self.send(Message::Timer(message), now))
    }

    fn callback(&self, callback: Callback) -> Sending<'_> {
        Box::pin(self.send(Message::Callback(callback), self.world.now()))
    }

    fn callback_later(&self, callback: Callback, delay: Millis) -> Sending<'_> {
        Box::pin(self.send(Message::Delayed(callback, delay), self.world.now()))
    }

    fn publish(&self, notice: Notice) -> Sending<'_> {
        Box::pin(self.send(Message::Event(notice), self.world.now()))
    }
}
