//! Redelivery of failed messages with a backoff.
//!
//! SQS hides a message for six times its function's time limit, which is minutes, before it
//! delivers the message again. That is too late to stop a ringing phone. So a function whose
//! message failed sets a shorter visibility timeout for it. After too many deliveries SQS moves the
//! message to the dead letter queue.

use ids::time::Millis;
use serde_json::Value;

use crate::aws::dns_suffix;

/// The backoff after the first failure. It doubles with each further failure.
const PAUSE_FIRST: Millis = Millis::from_secs(2);

/// The longest backoff: a table or a server that is down for minutes is not retried more often than
/// this.
const PAUSE_MAX: Millis = Millis::from_secs(30);

/// The backoff of a message that was received `receives` times and failed each time.
pub fn pause(receives: u32) -> Millis {
    let doubled = PAUSE_FIRST.as_millis().saturating_mul(
        1_u64
            .checked_shl(receives.saturating_sub(1))
            .unwrap_or(u64::MAX),
    );
    Millis::from_millis(doubled).min(PAUSE_MAX)
}

/// A received SQS message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    message_id: String,
    receipt_handle: String,
    queue_url: String,
    receives: u32,
}

impl Received {
    /// The messages of a Lambda event; none if the event has another source.
    pub fn all(event: &Value) -> Vec<Self> {
        let records = event.get("Records").and_then(Value::as_array);
        records.into_iter().flatten().filter_map(Self::of).collect()
    }

    fn of(record: &Value) -> Option<Self> {
        let receives = record
            .pointer("/attributes/ApproximateReceiveCount")?
            .as_str()?
            .parse()
            .ok()?;
        Some(Self {
            message_id: text(record, "messageId")?,
            receipt_handle: text(record, "receiptHandle")?,
            queue_url: queue_url(&text(record, "eventSourceARN")?)?,
            receives,
        })
    }
}

fn text(record: &Value, name: &str) -> Option<String> {
    record.get(name)?.as_str().map(str::to_owned)
}

/// The URL of the queue with the ARN `arn:aws:sqs:<region>:<account>:<name>`.
fn queue_url(arn: &str) -> Option<String> {
    let mut parts = arn.splitn(6, ':').skip(3);
    let region = parts.next()?;
    let account = parts.next()?;
    let name = parts.next()?;
    let domain = dns_suffix(region);
    Some(format!("https://sqs.{region}.{domain}/{account}/{name}"))
}

/// Sets the backoff of failed messages.
pub struct Redelivery(aws_sdk_sqs::Client);

impl Redelivery {
    /// With a client that is allowed `sqs:ChangeMessageVisibility`.
    pub fn new(client: aws_sdk_sqs::Client) -> Self {
        Self(client)
    }

    /// Sets the [`pause`] of the messages that `reply` reports as failed
    /// (`ReportBatchItemFailures`). A message whose timeout cannot be changed is delivered again
    /// when its queue's own timeout ends.
    pub async fn back_off(&self, received: &[Received], reply: &Value) {
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
                tracing::warn!(message_id = %message.message_id, %error, "backoff not set, message redelivered after the queue's timeout");
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
    fn backoff_doubles_up_to_30_s() {
        let secs: Vec<u64> = [1, 2, 3, 4, 5, 6, 100, u32::MAX]
            .map(|receives| pause(receives).as_secs_ceil())
            .into();
        assert_eq!(secs, [2, 4, 8, 16, 30, 30, 30, 30]);
    }

    #[test]
    fn queue_url_follows_from_arn() {
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
    fn failed_messages_are_found() {
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
