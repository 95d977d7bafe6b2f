//! Messages of the callbacks queue and of the events queue.

use serde::Deserialize;
use serde_json::{Value, json};
use task_router::router::effects::Callback;
use task_router::router::events::Notice;

use crate::Callbacks;

#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    message_id: String,
    body: String,
}

/// The body of a message. The two queues have one form each.
#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Callback(Callback),
    Notice(Notice),
}

/// Handles a batch of messages and reports those that failed (`ReportBatchItemFailures`), which the
/// queue delivers again.
///
/// # Errors
/// The event is not a batch of SQS messages.
pub async fn handle(callbacks: &Callbacks, event: Value) -> Result<Value, serde_json::Error> {
    let batch = Batch::deserialize(event)?;
    // Nothing tells a sender that its signatures have become invalid.
    callbacks.tokens.fresh().await;
    let mut failed = Vec::new();
    for message in batch.records {
        if let Err(error) = on_message(callbacks, &message).await {
            tracing::error!(message_id = %message.message_id, error = &*error as &dyn std::error::Error, "callback message failed, will be redelivered");
            failed.push(json!({ "itemIdentifier": message.message_id }));
        }
    }
    Ok(json!({ "batchItemFailures": failed }))
}

async fn on_message(
    callbacks: &Callbacks,
    message: &Message,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match serde_json::from_str(&message.body)? {
        Body::Callback(callback) => Ok(callbacks.on_callback(&callback).await?),
        Body::Notice(notice) => Ok(callbacks.deliver_event(&notice).await?),
    }
}
