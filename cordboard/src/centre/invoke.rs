//! Invokes functions as Lambda does: passes an event, and returns the items that failed.

use callbacks::Callbacks;
use routing::{Incoming, Routing};
use serde_json::{Value, json};
use task_router::router::effects::Callback;

use crate::queues::{Message, Queues, Undelivered};
use crate::task_router::TaskRouter;

/// A message for `callbacks`.
pub(super) enum Work {
    /// A message of the callbacks queue.
    Callback(Message<Callback>),
    /// A message of the checks queue.
    Check(Message<Callback>),
    /// A message of the events queue.
    Event(Message<Undelivered>),
}

/// Delivers one message to `callbacks`. A failed message returns to its queue, which retries it.
pub(super) async fn deliver(
    callbacks: &Callbacks,
    queues: &Queues,
    task_router: Option<&TaskRouter>,
    work: Work,
) {
    match work {
        Work::Callback(message) | Work::Check(message) => {
            let handled = match release_caller(task_router, &message.body).await {
                Some(handled) => handled,
                None => is_handled(callbacks, &message.body).await,
            };
            if !handled {
                queues.callback_failed(message);
            }
        }
        Work::Event(message) => {
            if is_handled(callbacks, &message.body.notice).await {
                queues.event_delivered(&message);
            } else {
                queues.event_failed(message);
            }
        }
    }
}

/// Releases a caller whose Task was created by the simulated carrier and has ended; returns whether
/// that succeeded. `None`: the callback is another one, and `callbacks` handles it.
async fn release_caller(task_router: Option<&TaskRouter>, callback: &Callback) -> Option<bool> {
    let (Some(task_router), Callback::SendCallerOn { call, task }) = (task_router, callback) else {
        return None;
    };
    match task_router.release_caller(*call, *task).await {
        Ok(true) => Some(true),
        Ok(false) => None,
        Err(error) => {
            tracing::error!(%error, task_sid = %task, "release of a caller failed, retrying");
            Some(false)
        }
    }
}

async fn is_handled<T: serde::Serialize>(callbacks: &Callbacks, body: &T) -> bool {
    match Box::pin(callbacks::handle(callbacks, sqs_event(body))).await {
        Ok(reply) => failures(&reply).is_empty(),
        Err(error) => {
            tracing::error!(%error, "callbacks failed");
            false
        }
    }
}

/// Invokes `routing` as Lambda does; returns the identifiers of the items that failed and have to
/// be retried.
pub(super) async fn invoke_routing(routing: &Routing, event: Value) -> Vec<String> {
    let incoming = match Incoming::try_from(event) {
        Ok(incoming) => incoming,
        Err(error) => {
            tracing::error!(%error, "routing rejected its event");
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
