//! The outbox: the queues to which the effects of a write are sent. Timers return to `routing`;
//! callbacks and Events are sent to other servers by `callbacks`, Events in order.

use std::future::Future;
use std::pin::Pin;

use ids::time::{Millis, Timestamp};
use task_router::router::effects::Callback;
use task_router::router::events::Notice;
use task_router::router::timers_queue::TimersMessage;

/// The longest delay of one message (SQS: 900 s). A later timer is delivered in several hops: its
/// receiver sends it again until its time has come.
pub const DELAY_MAX: Millis = Millis::from_secs(900);

/// A message that could not be sent.
#[derive(Debug, thiserror::Error)]
#[error("a message could not be sent: {0}")]
pub struct OutboxError(pub String);

/// A boxed future, because the port is used as `dyn Outbox`.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), OutboxError>> + Send + 'a>>;

/// The port through which effects are sent: SQS in the cloud, and in one process a queue in memory
/// with the same messages.
pub trait Outbox: Send + Sync {
    /// Sends a message to the timers queue, to arrive at its moment or after [`DELAY_MAX`], whichever comes first.
    fn schedule(&self, message: TimersMessage, now: Timestamp) -> Sending<'_>;

    /// Sends work to `callbacks`, without delay.
    fn callback(&self, callback: Callback) -> Sending<'_>;

    /// Publishes an Event to `callbacks`, without delay, after the earlier ones about the same Task
    /// or Worker.
    fn publish(&self, notice: Notice) -> Sending<'_>;
}

/// How long a timer's message is held back: rounded up, so that it never comes early, and within [`DELAY_MAX`].
pub fn delay(message: &TimersMessage, now: Timestamp) -> Millis {
    message.at().since(now).min(DELAY_MAX)
}

/// The outbox in SQS.
pub struct SqsOutbox {
    client: aws_sdk_sqs::Client,
    timers_url: Option<String>,
    callbacks_url: String,
    events_url: Option<String>,
}

impl SqsOutbox {
    /// All queues, by their URLs. The events queue is FIFO.
    pub fn new(
        client: aws_sdk_sqs::Client,
        timers_url: String,
        callbacks_url: String,
        events_url: String,
    ) -> Self {
        Self {
            client,
            timers_url: Some(timers_url),
            callbacks_url,
            events_url: Some(events_url),
        }
    }

    /// The callbacks queue only, for a function that schedules no timers and publishes no Events.
    pub fn of_callbacks(client: aws_sdk_sqs::Client, callbacks_url: String) -> Self {
        Self {
            client,
            timers_url: None,
            callbacks_url,
            events_url: None,
        }
    }

    async fn send<T: serde::Serialize>(
        &self,
        url: &str,
        message: &T,
        delivery: Delivery,
    ) -> Result<(), OutboxError> {
        let body =
            serde_json::to_string(message).map_err(|error| OutboxError(error.to_string()))?;
        let send = self.client.send_message().queue_url(url).message_body(body);
        let send = match delivery {
            Delivery::Delayed(secs) => send.delay_seconds(secs),
            Delivery::InOrder { group, id } => {
                send.message_group_id(group).message_deduplication_id(id)
            }
        };
        let sent = send.send().await;
        sent.map(|_| ()).map_err(|error| {
            OutboxError(aws_sdk_sqs::error::DisplayErrorContext(error).to_string())
        })
    }
}

/// The delivery options of a message.
enum Delivery {
    /// Delayed by so many seconds.
    Delayed(i32),
    /// After the earlier messages of its group. SQS deduplicates messages with the same id.
    InOrder { group: String, id: String },
}

impl Outbox for SqsOutbox {
    fn schedule(&self, message: TimersMessage, now: Timestamp) -> Sending<'_> {
        let delay_secs = i32::try_from(delay(&message, now).as_secs_ceil()).unwrap_or(i32::MAX);
        Box::pin(async move {
            let no_timers = || OutboxError("this function knows no timers queue".to_owned());
            self.send(
                self.timers_url.as_ref().ok_or_else(no_timers)?,
                &message,
                Delivery::Delayed(delay_secs),
            )
            .await
        })
    }

    fn callback(&self, callback: Callback) -> Sending<'_> {
        Box::pin(async move {
            self.send(&self.callbacks_url, &callback, Delivery::Delayed(0))
                .await
        })
    }

    fn publish(&self, notice: Notice) -> Sending<'_> {
        let delivery = Delivery::InOrder {
            group: notice.about.clone(),
            id: notice.event.to_string(),
        };
        Box::pin(async move {
            let no_events = || OutboxError("this function knows no events queue".to_owned());
            self.send(
                self.events_url.as_ref().ok_or_else(no_events)?,
                &notice,
                delivery,
            )
            .await
        })
    }
}
