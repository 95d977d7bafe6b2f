//! The two queues a decision's effects go to: timers, which come back to `routing`, and callbacks, which leave the house.

use std::future::Future;
use std::pin::Pin;

use shared::model::{Millis, Timestamp};
use shared::router::effects::{Callback, Wake};

/// The longest delay of one message (SQS: 900 s). A later moment is reached in several hops: whoever receives a timer
/// before its time sends it on.
pub const DELAY_MAX: Millis = Millis::from_secs(900);

/// A message that could not be sent.
#[derive(Debug, thiserror::Error)]
#[error("a message could not be sent: {0}")]
pub struct OutboxError(pub String);

/// A boxed future; the port is used behind `dyn`.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), OutboxError>> + Send + 'a>>;

/// Where effects are sent. SQS in the cloud; in one process, a queue in memory that gives the very same messages.
pub trait Outbox: Send + Sync {
    /// Sends a timer, to arrive at its moment or after [`DELAY_MAX`], whichever comes first.
    fn wake(&self, wake: Wake, now: Timestamp) -> Sending<'_>;

    /// Sends work to `callbacks`, to arrive at once.
    fn call(&self, callback: Callback) -> Sending<'_>;
}

/// How long a timer's message is held back: rounded up, so that it never comes early, and within [`DELAY_MAX`].
pub fn delay(wake: &Wake, now: Timestamp) -> Millis {
    wake.at.since(now).min(DELAY_MAX)
}

/// The queues in SQS.
pub struct SqsOutbox {
    client: aws_sdk_sqs::Client,
    timers_url: Option<String>,
    callbacks_url: String,
}

impl SqsOutbox {
    /// The two queues, by their URLs.
    pub fn new(client: aws_sdk_sqs::Client, timers_url: String, callbacks_url: String) -> Self {
        Self { client, timers_url: Some(timers_url), callbacks_url }
    }

    /// The callbacks queue alone, by its URL: for who sets no timers.
    pub fn of_callbacks(client: aws_sdk_sqs::Client, callbacks_url: String) -> Self {
        Self { client, timers_url: None, callbacks_url }
    }

    async fn send<T: serde::Serialize>(&self, url: &str, message: &T, delay_secs: i32) -> Result<(), OutboxError> {
        let body = serde_json::to_string(message).map_err(|error| OutboxError(error.to_string()))?;
        let send = self.client.send_message().queue_url(url).message_body(body).delay_seconds(delay_secs);
        let sent = send.send().await;
        sent.map(|_| ()).map_err(|error| OutboxError(aws_sdk_sqs::error::DisplayErrorContext(error).to_string()))
    }
}

impl Outbox for SqsOutbox {
    fn wake(&self, wake: Wake, now: Timestamp) -> Sending<'_> {
        let delay_secs = i32::try_from(delay(&wake, now).as_secs_ceil()).unwrap_or(i32::MAX);
        Box::pin(async move {
            let no_timers = || OutboxError("this function knows no timers queue".to_owned());
            self.send(self.timers_url.as_ref().ok_or_else(no_timers)?, &wake, delay_secs).await
        })
    }

    fn call(&self, callback: Callback) -> Sending<'_> {
        Box::pin(async move { self.send(&self.callbacks_url, &callback, 0).await })
    }
}
