//! The event source mapping of an SQS queue: several pollers receive messages, invoke the function,
//! and delete what it has handled. What failed becomes visible again after the queue's visibility
//! timeout, or sooner if the function asks for it, and is a dead letter after `maxReceiveCount`.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::functions::Function;
use super::moto::{ACCOUNT, Client, REGION};
use super::stream_source::reported;
use crate::lambda::Outcome;

/// Pollers of one queue, at most: the functions have few environments here.
const POLLERS_MAX: u64 = 4;
/// Long poll, seconds.
const WAIT_SECS: u64 = 1;

/// A mapping of one queue.
#[derive(Clone)]
pub struct QueuePump {
    /// The queue's name.
    pub queue: String,
    /// Most messages of an event.
    pub batch_size: u64,
    /// Events handled at the same time.
    pub concurrency: u64,
    /// The function that handles them.
    pub function: Arc<Function>,
    /// A client of SQS.
    pub client: Client,
}

impl QueuePump {
    /// Works until it is aborted.
    pub async fn run(self) {
        let mut pollers = JoinSet::new();
        for _ in 0..self.concurrency.clamp(1, POLLERS_MAX) {
            pollers.spawn(self.clone().poll());
        }
        while let Some(ended) = pollers.join_next().await {
            ended.unwrap();
        }
    }

    async fn poll(self) {
        let url = self.client.queue_url(&self.queue);
        let receive = json!({
            "QueueUrl": url,
            "MaxNumberOfMessages": self.batch_size,
            "WaitTimeSeconds": WAIT_SECS,
            "AttributeNames": ["All"],
        });
        loop {
            let mut received = self.client.sqs("ReceiveMessage", &receive).await;
            let Value::Array(messages) = received["Messages"].take() else {
                continue;
            };
            let records: Vec<Value> = messages.iter().map(|one| self.record(one)).collect();
            let outcome = self.function.invoke(&json!({ "Records": records })).await;
            let Outcome::Response(answer) = outcome else {
                continue;
            };
            let failed = reported(&answer);
            for message in messages {
                let id = message["MessageId"].as_str().unwrap();
                if failed.iter().any(|failed| failed == id) {
                    continue;
                }
                let delete = json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]});
                self.client.sqs("DeleteMessage", &delete).await;
            }
        }
    }

    /// A message as the function gets it.
    fn record(&self, message: &Value) -> Value {
        json!({
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", self.queue),
            "awsRegion": REGION,
        })
    }
}
