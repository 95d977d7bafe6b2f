//! Invoking functions as Lambda does: an event in, the items that have to come again out.

use callbacks::Callbacks;
use routing::{Incoming, Routing};
use serde_json::{Value, json};
use task_router::router::effects::Callback;
use task_router::router::events::Notice;

use crate::queues::{Message, Queues};
use crate::task_router::TaskRouter;

/// A message for `callbacks`.
pub(super) enum Work {
    /// Of the callbacks queue.
    Callback(Message<Callback>),
    /// Of the events queue.
    Event(Message<Notice>),
}

/// Hands one message to `callbacks`; one that failed goes back to its queue.
pub(super) async fn deliver(
    callbacks: &Callbacks,
    queues: &Queues,
    task_router: Option<&TaskRouter>,
    work: Work,
) {
    match work {
        Work::Callback(message) => {
            let handled = match let_go(task_router, &message.body).await {
                Some(handled) => handled,
                None => is_handled(callbacks, &message.body).await,
            };
            if !handled {
                queues.callback_failed(message);
            }
        }
        Work::Event(message) => {
            let failed = !is_handled(callbacks, &message.body).await;
            queues.event_done(message, failed);
        }
    }
}

/// Of a caller whose Task the simulated carrier made, the carrier is told that it has ended; whether that is done. `None`: it
/// is no such callback, and a matter of `callbacks`.
async fn let_go(task_router: Option<&TaskRouter>, callback: &Callback) -> Option<bool> {
    let (Some(task_router), Callback::SendCallerOn { call, task }) = (task_router, callback) else {
        return None;
    };
    match task_router.let_go(*call, *task).await {
        Ok(true) => Some(true),
        Ok(false) => None,
        Err(error) => {
            tracing::error!(%error, task_sid = %task, "how a caller's Task ended is not known");
            Some(false)
        }
    }
}

async fn is_handled<T: serde::Serialize>(callbacks: &Callbacks, body: &T) -> bool {
    match Box::pin(callbacks::handle(callbacks, sqs_event(body))).await {
        Ok(reply) => failures(&reply).is_empty(),
        Err(error) => {
            tracing::error!(%error, "callbacks refused its event");
            false
        }
    }
}

/// Invokes `routing` as Lambda would; the identifiers of the items that have to come again.
pub(super) async fn invoke_routing(routing: &Routing, event: Value) -> Vec<String> {
    let incoming = match Incoming::try_from(event) {
        Ok(incoming) => incoming,
        Err(error) => {
            tracing::error!(%error, "routing refused its event");
            return Vec::new();
        }
    };
    match Box::pin(routing::handle(routing, incoming)).await {
        Ok(reply) => failures(&reply),
        Err(error) => {
            tracing::error!(%error, "routing failed");
            Vec::new()
        }
    }
}

fn failures(reply: &Value) -> Vec<String> {
    let failures = reply.get("batchItemFailures").and_then(Value::as_array);
    let identifier = |failure: &Value| failure.get("itemIdentifier")?.as_str().map(str::to_owned);
    failures
        .into_iter()
        .flatten()
        .filter_map(identifier)
        .collect()
}

/// A batch of one message, as SQS sends it.
pub(super) fn sqs_event<T: serde::Serialize>(body: &T) -> Value {
    let body = serde_json::to_string(body).unwrap_or_default();
    json!({ "Records": [{ "messageId": "local", "body": body, "eventSource": "aws:sqs" }] })
}
