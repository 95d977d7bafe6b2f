//! The timers and callbacks queues, as SQS is on a bad day: messages come late, twice and, timers at least, early or never.

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

/// Deliveries of a message before it is given up, as `maxReceiveCount` in `template.yaml`.
const RECEIVES_MAX: u32 = 5;

/// How long a message that was not handled stays away.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(5);

/// Both queues, and who gets their messages.
pub struct Queues {
    world: Arc<World>,
    receivers: OnceLock<Receivers>,
    me: Weak<Self>,
    sent: Mutex<Sent>,
    lanes: Mutex<BTreeMap<String, Lane>>,
}

/// Held while an event is delivered: those behind it, about the same thing, wait for their turn.
type Lane = Arc<tokio::sync::Mutex<()>>;

/// Who gets messages.
pub struct Receivers {
    /// Timers.
    pub routing: Arc<Routing>,
    /// Callbacks.
    pub callbacks: Arc<Callbacks>,
}

/// Every message that was ever sent.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// Timers.
    pub wakes: Vec<TimersMessage>,
    /// Callbacks.
    pub callbacks: Vec<Callback>,
    /// Events to be told.
    pub events: Vec<Notice>,
}

#[derive(Clone)]
enum Message {
    Timer(TimersMessage),
    Callback(Callback),
    Event(Notice),
}

impl Queues {
    /// Empty queues. Nothing is delivered before [`Queues::connect`].
    pub fn new(world: Arc<World>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            world,
            receivers: OnceLock::new(),
            me: me.clone(),
            sent: Mutex::default(),
            lanes: Mutex::default(),
        })
    }

    /// Says who gets the messages.
    pub fn connect(&self, receivers: Receivers) {
        let _connected_once = self.receivers.set(receivers);
    }

    /// Every message that was ever sent.
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
            return Err(OutboxError("the queue did not take it".to_owned()));
        }
        self.accept(message, now);
        if self.world.strikes(self.world.faults.killed) {
            invocation::die().await;
        }
        match fails {
            true => Err(OutboxError(
                "the queue took it and did not say so".to_owned(),
            )),
            false => Ok(()),
        }
    }

    fn accept(&self, message: Message, now: Timestamp) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let delay = match &message {
            Message::Timer(wake) => {
                sent.wakes.push(*wake);
                delay(wake, now)
            }
            Message::Callback(callback) => {
                sent.callbacks.push(callback.clone());
                Millis::ZERO
            }
            // FIFO: the same id is not taken twice within five minutes, which is longer than anything comes again here.
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

    /// One message's way.
    async fn deliver(self: Arc<Self>, message: Message, delay: Duration) {
        let (world, faults) = (&self.world, &self.world.faults);
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

    /// Hands a message over until it is handled or given up.
    async fn receive(&self, message: &Message) {
        for _ in 0..RECEIVES_MAX {
            if self.hand_over(message).await {
                return;
            }
            tokio::time::sleep(VISIBILITY_TIMEOUT).await;
        }
        self.world.note(format_args!("a message is given up"));
    }

    async fn hand_over(&self, message: &Message) -> bool {
        let Some(receivers) = self.receivers.get() else {
            return false;
        };
        match message {
            Message::Timer(wake) => receivers.timer(&self.world, wake).await,
            Message::Callback(callback) => receivers.call(&self.world, callback).await,
            Message::Event(notice) => receivers.call(&self.world, notice).await,
        }
    }
}

impl Receivers {
    /// Hands one timer over; was it handled?
    pub async fn timer(&self, world: &World, wake: &TimersMessage) -> bool {
        let Ok(incoming) = Incoming::try_from(sqs_event(wake)) else {
            world.violated(Invariant::Simulation, "routing refused a timer");
            return true;
        };
        let handled = invoke(world, "timer", routing::handle(&self.routing, incoming)).await;
        matches!(handled, Ok(Ok(reply)) if is_clean(&reply))
    }

    /// Hands one callback, or event, over; was it handled?
    pub async fn call<T: Serialize>(&self, world: &World, body: &T) -> bool {
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

    fn publish(&self, notice: Notice) -> Sending<'_> {
        Box::pin(self.send(Message::Event(notice), self.world.now()))
    }
}
