//! What invokes the function: the stream, the timers queue, the schedule. One function, three shapes of event.

use aws_lambda_events::event::dynamodb::EventRecord;
use ids::time::Millis;
use serde::Deserialize;
use serde_json::{Value, json};
use task_router::router::effects::Timer;

use crate::{Error, Routing, Sweep};

/// A parsed event.
#[derive(Debug)]
pub enum Incoming {
    /// Records of the table's stream, oldest first.
    Stream(Vec<EventRecord>),
    /// Messages of the timers queue.
    Timers(Vec<Message>),
    /// The schedule's turn.
    Sweep(Sweep),
}

/// A message of the timers queue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    message_id: String,
    body: String,
}

/// An event of a shape nobody sends.
#[derive(Debug, thiserror::Error)]
#[error(
    "expected records of a DynamoDB stream, messages of SQS, or {{\"sweep\":\"overdue\"}}: {0}"
)]
pub struct UnknownEvent(String);

impl TryFrom<Value> for Incoming {
    type Error = UnknownEvent;

    fn try_from(mut event: Value) -> Result<Self, UnknownEvent> {
        let unknown = |error: serde_json::Error| UnknownEvent(error.to_string());
        if let Some(sweep) = event.get("sweep") {
            return Sweep::deserialize(sweep).map(Self::Sweep).map_err(unknown);
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
            Some(_) | None => Err(UnknownEvent("it has no Records of either".to_owned())),
        }
    }
}

/// Handles an event and reports the items that have to come again (`ReportBatchItemFailures`).
pub async fn handle(routing: &Routing, event: Incoming) -> Result<Value, Error> {
    match event {
        Incoming::Stream(records) => Ok(failures(on_stream(routing, records).await)),
        Incoming::Timers(messages) => Ok(failures(on_timers(routing, messages).await)),
        Incoming::Sweep(sweep) => {
            let swept = routing.sweep(sweep).await;
            if let Err(error) = routing.roll_up().await {
                tracing::error!(%error, "statistics are not rolled up; the next sweep does it");
            }
            swept.map(|()| failures(Vec::new()))
        }
    }
}

/// How old a record may be when it is handled before that is worth a line in the log.
const BEHIND_MAX: Millis = Millis::from_secs(10);

/// Goes through the records in order and stops at the first that fails: the platform repeats from there on.
async fn on_stream(routing: &Routing, records: Vec<EventRecord>) -> Vec<String> {
    if let Some(behind) = records
        .first()
        .map(|record| routing.age(record))
        .filter(|age| *age > BEHIND_MAX)
    {
        tracing::warn!(
            behind_secs = behind.as_secs(),
            records = records.len(),
            "routing is behind what is written"
        );
    }
    for record in records {
        if let Err(error) = routing.on_record(&record).await {
            let sequence_number = record.change.sequence_number.unwrap_or_default();
            tracing::error!(%sequence_number, %error, "stream record failed and will come again");
            return vec![sequence_number];
        }
    }
    Vec::new()
}

/// Goes through all messages: timers do not depend on one another.
async fn on_timers(routing: &Routing, messages: Vec<Message>) -> Vec<String> {
    let mut failed = Vec::new();
    for message in messages {
        let wake: Timer = match serde_json::from_str(&message.body) {
            Ok(wake) => wake,
            Err(error) => {
                tracing::error!(message_id = %message.message_id, %error, "timer is not one of ours");
                failed.push(message.message_id);
                continue;
            }
        };
        if let Err(error) = routing.on_timer(wake).await {
            tracing::error!(message_id = %message.message_id, subject = ?wake.subject, %error, "timer failed and will come again");
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
