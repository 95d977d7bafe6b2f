//! What invokes the function: the stream, the timers queue and the schedule. Each has an event of
//! its own form.

use ids::time::Millis;
use serde::Deserialize;
use serde_json::{Value, json};
use store::stream::EventRecord;
use task_router::router::timers_queue::TimersMessage;

use crate::{Error, Routing, Sweep};

/// An invocation, parsed.
#[derive(Debug)]
pub enum Incoming {
    /// Records of the table's stream, oldest first.
    Stream(Vec<EventRecord>),
    /// Messages of the timers queue.
    Timers(Vec<Message>),
    /// The sweep's schedule.
    Sweep(Sweep),
    /// The schedule of the statistics.
    Statistics(Statistics),
}

/// What the schedule of the statistics asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistics {
    /// The roll-up of the Events since the last one.
    RollUp,
}

/// A message of the timers queue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    message_id: String,
    body: String,
}

/// An event of an unknown form.
#[derive(Debug, thiserror::Error)]
#[error(
    "expected records of a DynamoDB stream, messages of SQS, {{\"sweep\":\"overdue\"}} or \
     {{\"statistics\":\"roll_up\"}}: {0}"
)]
pub struct UnknownEvent(String);

impl TryFrom<Value> for Incoming {
    type Error = UnknownEvent;

    fn try_from(mut event: Value) -> Result<Self, UnknownEvent> {
        let unknown = |error: serde_json::Error| UnknownEvent(error.to_string());
        if let Some(sweep) = event.get("sweep") {
            return Sweep::deserialize(sweep).map(Self::Sweep).map_err(unknown);
        }
        if let Some(statistics) = event.get("statistics") {
            return Statistics::deserialize(statistics)
                .map(Self::Statistics)
                .map_err(unknown);
        }
        let source = event
            .pointer("/Records/0/eventSource")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let records = event
            .get_mut("Records")
            .map(Value::take)
            .unwrap_or_default();
        match source.as_deref() {
            Some("aws:dynamodb") => serde_json::from_value(records)
                .map(Self::Stream)
                .map_err(unknown),
            Some("aws:sqs") => serde_json::from_value(records)
                .map(Self::Timers)
                .map_err(unknown),
            Some(_) | None => Err(UnknownEvent("it contains no Records of either".to_owned())),
        }
    }
}

/// Handles an event and reports the items to retry (`ReportBatchItemFailures`).
pub async fn handle(routing: &Routing, event: Incoming) -> Result<Value, Error> {
    match event {
        Incoming::Stream(records) => Ok(failures(on_stream(routing, records).await)),
        Incoming::Timers(messages) => Ok(failures(on_timers(routing, messages).await)),
        Incoming::Sweep(sweep) => {
            routing.sweep(sweep).await?;
            Ok(failures(Vec::new()))
        }
        Incoming::Statistics(Statistics::RollUp) => {
            routing.roll_up().await?;
            Ok(failures(Vec::new()))
        }
    }
}

/// The age of a record at which its handling is logged as late.
const LATE_AGE: Millis = Millis::from_secs(10);

/// Handles the records in order and stops at the first that fails: Lambda retries from there on.
async fn on_stream(routing: &Routing, records: Vec<EventRecord>) -> Vec<String> {
    let age = records.first().map(|record| routing.age(record));
    if let Some(age) = age.filter(|age| *age > LATE_AGE) {
        tracing::warn!(
            age_secs = age.as_secs(),
            records = records.len(),
            "stream records are handled late"
        );
    }
    for record in records {
        if let Err(error) = routing.on_record(&record).await {
            let sequence_number = record.change.sequence_number.unwrap_or_default();
            tracing::error!(%sequence_number, %error, "stream record failed, will be retried");
            return vec![sequence_number];
        }
    }
    Vec::new()
}

/// Handles all messages, because they do not depend on one another.
async fn on_timers(routing: &Routing, messages: Vec<Message>) -> Vec<String> {
    let mut failed = Vec::new();
    for message in messages {
        let body: TimersMessage = match serde_json::from_str(&message.body) {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(
                    message_id = %message.message_id,
                    %error,
                    "invalid message in the timers queue"
                );
                failed.push(message.message_id);
                continue;
            }
        };
        if let Err(error) = routing.on_timers_message(body).await {
            tracing::error!(
                message_id = %message.message_id,
                body = ?body,
                %error,
                "message of the timers queue failed, will be retried"
            );
            failed.push(message.message_id);
        }
    }
    failed
}

fn failures(identifiers: Vec<String>) -> Value {
    let failures: Vec<Value> = identifiers
        .into_iter()
        .map(|id| json!({ "itemIdentifier": id }))
        .collect();
    json!({ "batchItemFailures": failures })
}
