//! When a message that could not be handled comes again.
//!
//! SQS hides a message for six times its function's time limit, minutes, and that is when it would come back by itself: too late
//! for a phone that is to stop ringing. So whoever failed says how long the message stays hidden from then on.

use ids::time::Millis;
use serde_json::Value;

/// How long a message stays away after its first failure; twice as long after each further one.
const PAUSE_FIRST: Millis = Millis::from_secs(2);

/// The longest pause: a table or a server that is away for minutes is not asked more often.
const PAUSE_MAX: Millis = Millis::from_secs(30);

/// How long a message stays away that was received `receives` times and failed each time.
pub fn pause(receives: u32) -> Millis {
    let doubled = PAUSE_FIRST.as_millis().saturating_mul(
        1_u64
            .checked_shl(receives.saturating_sub(1))
            .unwrap_or(u64::MAX),
    );
    Millis::from_millis(doubled).min(PAUSE_MAX)
}

/// A message of SQS as an invocation got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    message_id: String,
    receipt_handle: String,
    queue_url: String,
    receives: u32,
}

impl Received {
    /// The messages of an event; none if it has another source.
    pub fn all(event: &Value) -> Vec<Self> {
        let records = event.get("Records").and_then(Value::as_array);
        records.into_iter().flatten().filter_map(Self::of).collect()
    }

    fn of(record: &Value) -> Option<Self> {
        let text = |name: &str| record.get(name)?.as_str().map(str::to_owned);
        let receives = record
            .pointer("/attributes/ApproximateReceiveCount")?
            .as_str()?
            .parse()
            .ok()?;
        Some(Self {
            message_id: text("messageId")?,
            receipt_handle: text("receiptHandle")?,
            queue_url: queue_url(&text("eventSourceARN")?)?,
            receives,
        })
    }
}

/// `arn:aws:sqs:<region>:<account>:<name>` as the URL of that queue.
fn queue_url(arn: &str) -> Option<String> {
    let mut parts = arn.splitn(6, ':').skip(1);
    let (partition, _service) = (parts.next()?, parts.next()?);
    let (region, account, name) = (parts.next()?, parts.next()?, parts.next()?);
    let domain = if partition == "aws-cn" {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    Some(format!("https://sqs.{region}.{domain}/{account}/{name}"))
}

/// Brings failed messages back sooner than their queue would.
pub struct Redelivery(aws_sdk_sqs::Client);

impl Redelivery {
    /// With a client that may do `sqs:ChangeMessageVisibility`.
    pub fn new(client: aws_sdk_sqs::Client) -> Self {
        Self(client)
    }

    /// Those of the messages that `reply` reports (`ReportBatchItemFailures`) come again after their [`pause`]. One for which that
    /// cannot be said comes when its queue shows it again.
    pub async fn hasten(&self, received: &[Received], reply: &Value) {
        for message in failed(received, reply) {
            let secs = i32::try_from(pause(message.receives).as_secs_ceil()).unwrap_or(i32::MAX);
            let request = self
                .0
                .change_message_visibility()
                .queue_url(&message.queue_url);
            let sent = request
                .receipt_handle(&message.receipt_handle)
                .visibility_timeout(secs)
                .send()
                .await;
            if let Err(error) = sent {
                let error = aws_sdk_sqs::error::DisplayErrorContext(error);
                tracing::warn!(message_id = %message.message_id, %error, "a failed message comes again later than it should");
            }
        }
    }
}

fn failed<'a>(received: &'a [Received], reply: &'a Value) -> impl Iterator<Item = &'a Received> {
    let failures = reply
        .get("batchItemFailures")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let ids = failures.filter_map(|failure| failure.get("itemIdentifier")?.as_str());
    ids.filter_map(|id| received.iter().find(|message| message.message_id == id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pauses_grow_up_to_half_a_minute() {
        let secs: Vec<u64> = [1, 2, 3, 4, 5, 6, 100, u32::MAX]
            .map(|receives| pause(receives).as_secs_ceil())
            .into();
        assert_eq!(secs, [2, 4, 8, 16, 30, 30, 30, 30]);
    }

    #[test]
    fn the_url_of_a_queue_follows_from_its_arn() {
        for (arn, url) in [
            (
                "arn:aws:sqs:eu-central-1:123456789012:Timers",
                "https://sqs.eu-central-1.amazonaws.com/123456789012/Timers",
            ),
            (
                "arn:aws-cn:sqs:cn-north-1:123456789012:T.fifo",
                "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/T.fifo",
            ),
        ] {
            assert_eq!(queue_url(arn).as_deref(), Some(url));
        }
        assert_eq!(queue_url("arn:aws:sqs"), None);
    }

    #[test]
    fn the_messages_that_failed_are_found_among_those_received() {
        let record = |id: &str| {
            json!({
                "messageId": id, "receiptHandle": format!("{id}-handle"), "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:Q",
                "attributes": { "ApproximateReceiveCount": "3" },
            })
        };
        let received =
            Received::all(&json!({ "Records": [record("a"), record("b"), { "dynamodb": {} }] }));
        assert_eq!(received.len(), 2);
        let reply = json!({ "batchItemFailures": [{ "itemIdentifier": "b" }, { "itemIdentifier": "unknown" }] });
        let found: Vec<&str> = failed(&received, &reply)
            .map(|message| &*message.receipt_handle)
            .collect();
        assert_eq!(found, ["b-handle"]);
        assert_eq!(Received::all(&json!({ "sweep": "overdue" })), []);
    }
}
