//! The health of the embedded DynamoDB: whether its file can be read and written.
//!
//! A full disk, or one with errors, fails every request that needs the disk, and every function
//! reports and retries its own. This layer says once that the database fails and why, and once that
//! it works again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use dynamodb_in_process::{Layer, is_write, operation};
use serde_json::Value;
use tokio::time::Instant;

/// How long no request may have failed before the database counts as working again. On a full disk
/// small writes may succeed between large ones that fail.
const RECOVERED_AFTER: Duration = Duration::from_secs(10);

/// The statuses of the engine's own failures, and of its successes.
const FAILED_MIN: u16 = 500;
const OK: u16 = 200;

/// The health of the database, as its answers show it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Health(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Whether failures are logged. Those of the start prevent it, and the command says why.
    has_started: AtomicBool,
    failures: AtomicU64,
    reads: Mutex<Access>,
    writes: Mutex<Access>,
}

/// Reads or writes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Access {
    #[default]
    Works,
    Fails {
        last: Instant,
    },
}

/// What an answer changed.
#[derive(Debug, PartialEq, Eq)]
enum Change {
    None,
    Failed,
    Recovered,
}

impl Health {
    /// Requests that failed in the engine so far.
    pub(crate) fn failures(&self) -> u64 {
        self.0.failures.load(Ordering::Acquire)
    }

    /// From now on failures are logged.
    pub(crate) fn start(&self) {
        self.0.has_started.store(true, Ordering::Relaxed);
    }

    fn note(&self, operation: &str, answer: &HttpResponse) {
        let status = answer.status().as_u16();
        if status >= FAILED_MIN {
            self.0.failures.fetch_add(1, Ordering::AcqRel);
        }
        if !self.0.has_started.load(Ordering::Relaxed) {
            return;
        }
        let (access, verb) = if is_write(operation) {
            (&self.0.writes, "write")
        } else {
            (&self.0.reads, "read")
        };
        let mut access = access.lock().unwrap_or_else(PoisonError::into_inner);
        match access.note(status, Instant::now()) {
            Change::None => {}
            Change::Failed => tracing::error!(
                verb,
                reason = reason(answer),
                "embedded DynamoDB fails; is the disk of the data folder full? Requests fail until it works, without a restart"
            ),
            Change::Recovered => tracing::warn!(verb, "embedded DynamoDB works again"),
        }
    }
}

impl Access {
    /// Notes the status of an answer that arrived `now`.
    fn note(&mut self, status: u16, now: Instant) -> Change {
        match *self {
            _ if status >= FAILED_MIN => {
                let was = std::mem::replace(self, Self::Fails { last: now });
                if was == Self::Works {
                    Change::Failed
                } else {
                    Change::None
                }
            }
            Self::Fails { last } if status == OK && now >= last + RECOVERED_AFTER => {
                *self = Self::Works;
                Change::Recovered
            }
            Self::Fails { .. } | Self::Works => Change::None,
        }
    }
}

/// The engine's message.
fn reason(answer: &HttpResponse) -> String {
    let body = answer.body().bytes().unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = body.get("message").or_else(|| body.get("Message"));
    let message = message.and_then(Value::as_str);
    message.unwrap_or("unknown").to_owned()
}

impl Layer for Health {
    fn pass(&self, request: HttpRequest, next: SharedHttpConnector) -> HttpConnectorFuture {
        let health = self.clone();
        let operation = operation(&request).to_owned();
        let answer = next.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            health.note(&operation, &answer);
            Ok(answer)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_of_the_disk_is_logged_once() {
        let start = Instant::now();
        let mut access = Access::default();
        let mut note = |status, after| access.note(status, start + Duration::from_secs(after));
        assert_eq!(note(200, 0), Change::None);
        assert_eq!(note(400, 0), Change::None, "a failed condition");
        assert_eq!(note(500, 1), Change::Failed);
        assert_eq!(note(200, 2), Change::None, "a small write fits");
        assert_eq!(note(500, 3), Change::None);
        assert_eq!(note(400, 20), Change::None, "it may have read from memory");
        assert_eq!(note(200, 13), Change::Recovered);
        assert_eq!(note(200, 14), Change::None);
        assert_eq!(note(500, 15), Change::Failed);
    }
}
