//! The outbox: the queues to which the effects of a write are sent. Timers return to `routing`;
//! callbacks and Events are sent to other servers by `callbacks`, Events in order.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use aws_sdk_sqs::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use ids::time::{Millis, Timestamp};
use task_router::router::effects::{Callback, CallbackQueue};
use task_router::router::events::Notice;
use task_router::router::timers_queue::TimersMessage;

/// The longest delay of one message (SQS: 900 s). A later timer is delivered in several hops: its
/// receiver sends it again until its time has come.
pub const DELAY_MAX: Millis = Millis::from_secs(900);

/// Attempts at publishing an Event. The records behind it wait for them, so they are few and quick.
const PUBLISH_ATTEMPTS_MAX: u32 = 3;

/// Upper bound of the random backoff after the first attempt at publishing; it doubles.
const PUBLISH_BACKOFF_FIRST: Duration = Duration::from_millis(50);

/// Timeout of publishing with its retries: a batch of 100 records with two Events each would
/// otherwise exceed the 60 s of the routing function while the events queue is throttled.
const PUBLISH_TIME_LIMIT: Duration = Duration::from_millis(1_000);

/// The retry quota of the events queue's client is its own: throttled Events must not use up the
/// retries of timers and callbacks.
const PUBLISH_RETRY_PARTITION: &str = "events";

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

    /// Sends work to `callbacks`, to arrive after `delay`, at most [`DELAY_MAX`].
    fn callback_later(&self, callback: Callback, delay: Millis) -> Sending<'_>;

    /// Publishes an Event to `callbacks`, without delay, after the earlier ones about the same Task
    /// or Worker.
    fn publish(&self, notice: Notice) -> Sending<'_>;
}

/// How long a timer's message is held back: rounded up, so that it never comes early, and within [`DELAY_MAX`].
pub fn delay(message: &TimersMessage, now: Timestamp) -> Millis {
    message.at().since(now).min(DELAY_MAX)
}

/// A delay in SQS's unit, rounded up.
fn delay_secs(delay: Millis) -> i32 {
    i32::try_from(delay.as_secs_ceil()).unwrap_or(i32::MAX)
}

/// The outbox in SQS.
pub struct SqsOutbox {
    client: aws_sdk_sqs::Client,
    timers_url: Option<String>,
    callbacks_url: String,
    checks_url: Option<String>,
    events: Option<EventsQueue>,
}

/// The events queue, with a client of its own limits.
struct EventsQueue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl EventsQueue {
    fn new(client: &aws_sdk_sqs::Client, url: String) -> Self {
        let retries = RetryConfig::standard()
            .with_max_attempts(PUBLISH_ATTEMPTS_MAX)
            .with_initial_backoff(PUBLISH_BACKOFF_FIRST);
        let time_limit = TimeoutConfig::builder()
            .operation_timeout(PUBLISH_TIME_LIMIT)
            .build();
        let config = client.config().to_builder();
        let config = config
            .retry_config(retries)
            .retry_partition(RetryPartition::new(PUBLISH_RETRY_PARTITION))
            .timeout_config(time_limit);
        Self {
            client: aws_sdk_sqs::Client::from_conf(config.build()),
            url,
        }
    }
}

impl SqsOutbox {
    /// All queues, by their URLs. The events queue is FIFO.
    pub fn new(
        client: aws_sdk_sqs::Client,
        timers_url: String,
        callbacks_url: String,
        checks_url: String,
        events_url: String,
    ) -> Self {
        Self {
            events: Some(EventsQueue::new(&client, events_url)),
            client,
            timers_url: Some(timers_url),
            callbacks_url,
            checks_url: Some(checks_url),
        }
    }

    /// The callbacks queue only, for a function that schedules no timers and publishes no Events.
    pub fn of_callbacks(client: aws_sdk_sqs::Client, callbacks_url: String) -> Self {
        Self {
            client,
            timers_url: None,
            callbacks_url,
            checks_url: None,
            events: None,
        }
    }

    /// The queue of a callback. A function that does not reconcile knows the callbacks queue only,
    /// whose receiver is the same.
    fn url_for(&self, callback: &Callback) -> &str {
        match (callback.queue(), &self.checks_url) {
            (CallbackQueue::Checks, Some(checks_url)) => checks_url,
            (CallbackQueue::Checks, None) | (CallbackQueue::Callbacks, Some(_) | None) => {
                &self.callbacks_url
            }
        }
    }

    /// Publishes a notice in the order of its Task or Worker. When the events queue does not take
    /// it, because it is throttled or does not answer, the callbacks queue gets it: that queue has
    /// no limit of throughput, and the same function receives it. The stream record whose Event it
    /// is never fails for it, so routing does not wait. The price is the order of this one Event
    /// among those of its Task or Worker.
    async fn publish_notice(
        &self,
        queue: &EventsQueue,
        notice: &Notice,
    ) -> Result<(), OutboxError> {
        let delivery = Delivery::InOrder {
            group: notice.about.clone(),
            id: notice.event.to_string(),
        };
        let Err(error) = send(&queue.client, &queue.url, notice, delivery).await else {
            return Ok(());
        };
        tracing::warn!(event_sid = %notice.event, %error, "event not published in order, sent by the callbacks queue");
        let delivery = Delivery::Delayed(0);
        send(&self.client, &self.callbacks_url, notice, delivery).await
    }
}

async fn send<T: serde::Serialize>(
    client: &aws_sdk_sqs::Client,
    url: &str,
    message: &T,
    delivery: Delivery,
) -> Result<(), OutboxError> {
    let body = serde_json::to_string(message).map_err(|error| OutboxError(error.to_string()))?;
    let send = client.send_message().queue_url(url).message_body(body);
    let send = match delivery {
        Delivery::Delayed(secs) => send.delay_seconds(secs),
        Delivery::InOrder { group, id } => {
            send.message_group_id(group).message_deduplication_id(id)
        }
    };
    let sent = send.send().await;
    sent.map(|_| ())
        .map_err(|error| OutboxError(aws_sdk_sqs::error::DisplayErrorContext(error).to_string()))
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
        let delay_secs = delay_secs(delay(&message, now));
        Box::pin(async move {
            let no_timers = || OutboxError("this function knows no timers queue".to_owned());
            let url = self.timers_url.as_ref().ok_or_else(no_timers)?;
            send(&self.client, url, &message, Delivery::Delayed(delay_secs)).await
        })
    }

    fn callback(&self, callback: Callback) -> Sending<'_> {
        Box::pin(async move {
            let url = self.url_for(&callback);
            send(&self.client, url, &callback, Delivery::Delayed(0)).await
        })
    }

    fn callback_later(&self, callback: Callback, delay: Millis) -> Sending<'_> {
        let delivery = Delivery::Delayed(delay_secs(delay.min(DELAY_MAX)));
        Box::pin(async move {
            let url = self.url_for(&callback);
            send(&self.client, url, &callback, delivery).await
        })
    }

    fn publish(&self, notice: Notice) -> Sending<'_> {
        Box::pin(async move {
            let no_events = || OutboxError("this function knows no events queue".to_owned());
            let queue = self.events.as_ref().ok_or_else(no_events)?;
            self.publish_notice(queue, &notice).await
        })
    }
}
