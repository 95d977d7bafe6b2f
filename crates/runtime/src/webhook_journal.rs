//! The webhook journal: the webhooks about a Task with their answers, stored for the Task's
//! timeline if the journal is on.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `KEEP_WEBHOOKS` | whether webhooks are stored | `false` |
//!
//! All webhooks are recorded here: voice functions pass the carrier's requests and their replies
//! ([`WebhookJournal::received`]), and every request that is sent about a Task uses a client of
//! [`WebhookJournal::about`]. A webhook never fails because of the journal: a storage error is
//! logged.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http_client::{Answer, Limits, Sending, WebClient, WebError};
use ids::time::{Clock, Timestamp};
use ids::{CallSid, ReservationSid, TaskSid, WebhookSid};
use shared::webhook::{
    Exchange, Method, Parameters, Reply, Request, Way, path, shown_answer, shown_error, shown_url,
};
use store::Store;

use crate::{Env, EnvError};

/// The header that has the same value in every attempt to deliver one webhook.
const IDEMPOTENCY_HEADER: &str = "I-Twilio-Idempotency-Token";

/// Records webhooks, or does nothing.
#[derive(Clone)]
pub struct WebhookJournal(Option<Arc<Journal>>);

/// The time at which a request was received, and its order among those of the same millisecond.
#[derive(Debug, Clone, Copy)]
pub struct Begun {
    at: Timestamp,
    order: u32,
}

struct Journal {
    store: Store,
    clock: Arc<dyn Clock>,
    begun: AtomicU32,
}

impl WebhookJournal {
    /// A journal that records nothing.
    pub fn off() -> Self {
        Self(None)
    }

    /// A journal in this table; off unless `keeps`.
    pub fn new(keeps: bool, store: &Store, clock: Arc<dyn Clock>) -> Self {
        Self(keeps.then(|| {
            Arc::new(Journal {
                store: store.clone(),
                clock,
                begun: AtomicU32::new(0),
            })
        }))
    }

    /// A journal as `KEEP_WEBHOOKS` says.
    ///
    /// # Errors
    /// [`EnvError`] when it is neither `true` nor `false`.
    pub fn from_env(env: &Env<'_>, store: &Store, clock: Arc<dyn Clock>) -> Result<Self, EnvError> {
        Ok(Self::new(env.switch("KEEP_WEBHOOKS", false)?, store, clock))
    }

    /// Records when a request was received; `None` if the journal is off.
    pub fn begin(&self) -> Option<Begun> {
        self.0.as_ref().map(|journal| journal.begin())
    }

    /// Records a webhook of the carrier that was admitted and answered. The assignment callback is
    /// recorded where it is sent.
    pub async fn received(
        &self,
        begun: Option<Begun>,
        request: &Request,
        parameters: &Parameters,
        reply: &Reply,
    ) {
        let (Some(journal), Some(begun)) = (&self.0, begun) else {
            return;
        };
        let Some(task) = journal.task_of(request.path(), parameters).await else {
            return;
        };
        let task_text = task.to_string();
        // The carrier repeats the wait music request for as long as the caller waits.
        let is_waiting = request.path() == path::WAIT_MUSIC;
        let body = String::from_utf8_lossy(&request.body);
        let delivery = WebhookSid::derive(&[&request.url, &body]);
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
        };
        let exchange = Exchange {
            sid: if is_waiting {
                WebhookSid::derive(&[path::WAIT_MUSIC, &task_text])
            } else {
                delivery
            },
            way: Way::Received,
            method: method.to_owned(),
            url: shown_url(path_and_query(&request.url, request.path())),
            at: begun.at,
            order: begun.order,
            took: journal.clock.now().since(begun.at),
            status: Some(reply.status),
            answer: shown_answer(&reply.body),
            error: None,
            times: 1,
            counted: delivery,
        };
        let repetition = if is_waiting {
            Repetition::Counted
        } else {
            Repetition::Replaced
        };
        journal.record(task, &exchange, repetition).await;
    }

    /// A client whose requests are recorded as webhooks about `task`. Use one client for one
    /// message: attempts to deliver the same webhook are distinguished by their number, so a
    /// redelivered message is recorded once.
    pub fn about(&self, task: TaskSid, web: Arc<dyn WebClient>) -> Arc<dyn WebClient> {
        match &self.0 {
            Some(journal) => Arc::new(RecordingClient {
                web,
                journal: Arc::clone(journal),
                task,
                attempts: Mutex::default(),
            }),
            None => web,
        }
    }
}

impl Journal {
    fn begin(&self) -> Begun {
        Begun {
            at: self.clock.now(),
            order: self.begun.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The Task of a webhook: the one its URL names, otherwise the one of the caller's call.
    async fn task_of(&self, path: &str, parameters: &Parameters) -> Option<TaskSid> {
        if path == path::ASSIGNMENT {
            return None;
        }
        if let Some(task) = parameters.optional("TaskSid").ok()? {
            return Some(task);
        }
        match path {
            path::INCOMING_CALL | path::ENQUEUE_CALL => parameters
                .optional::<CallSid>("CallSid")
                .ok()?
                .map(TaskSid::of_call),
            path::DIAL_QUEUE => {
                let reservation = parameters
                    .optional::<ReservationSid>("ReservationSid")
                    .ok()??;
                self.store.task_of_reservation(reservation).await.ok()?
            }
            _ => None,
        }
    }

    async fn record(&self, task: TaskSid, exchange: &Exchange, repetition: Repetition) {
        let now = self.clock.now();
        let kept = match repetition {
            Repetition::Counted => self.store.count_webhook(task, exchange, now).await,
            Repetition::Replaced => self.store.keep_webhook(task, exchange, now).await,
        };
        if let Err(error) = kept {
            tracing::warn!(task_sid = %task, url = exchange.url, %error, "webhook not recorded");
        }
    }
}

/// What happens when a webhook with the same id is recorded again.
enum Repetition {
    /// It is counted.
    Counted,
    /// It replaces the recorded one.
    Replaced,
}

/// A client that records the requests it sends.
struct RecordingClient {
    web: Arc<dyn WebClient>,
    journal: Arc<Journal>,
    task: TaskSid,
    /// The number of attempts of each request.
    attempts: Mutex<BTreeMap<WebhookSid, u32>>,
}

/// A request that is being sent.
struct Sent {
    sid: WebhookSid,
    method: String,
    url: String,
    begun: Begun,
}

impl WebClient for RecordingClient {
    fn send(&self, request: http_client::Request, limits: Limits) -> Sending<'_> {
        Box::pin(async move {
            let sent = self.begin(&request);
            let answer = self.web.send(request, limits).await;
            let exchange = sent.with(&answer, self.journal.clock.now());
            let journal = &self.journal;
            journal
                .record(self.task, &exchange, Repetition::Replaced)
                .await;
            answer
        })
    }
}

impl RecordingClient {
    fn begin(&self, request: &http_client::Request) -> Sent {
        let url = request.uri().to_string();
        let token = request
            .headers()
            .get(IDEMPOTENCY_HEADER)
            .map(|token| token.as_bytes());
        // Attempts of one webhook have the same token. Without a token the body is the same in each
        // attempt; with one, the body may contain the time.
        let identity = String::from_utf8_lossy(token.unwrap_or(request.body()));
        let cause = WebhookSid::derive(&[request.method().as_str(), &url, &identity]);
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let attempt = attempts.entry(cause).or_default();
        *attempt += 1;
        let sid = WebhookSid::derive(&[cause.text().as_str(), &attempt.to_string()]);
        Sent {
            sid,
            method: request.method().to_string(),
            url: shown_url(&url),
            begun: self.journal.begin(),
        }
    }
}

impl Sent {
    fn with(self, answer: &Result<Answer, WebError>, now: Timestamp) -> Exchange {
        let answered = answer.as_ref().ok();
        Exchange {
            sid: self.sid,
            way: Way::Sent,
            method: self.method,
            url: self.url,
            at: self.begun.at,
            order: self.begun.order,
            took: now.since(self.begun.at),
            status: answered.map(|answer| answer.status().as_u16()),
            answer: answered
                .map(|answer| shown_answer(answer.body()))
                .unwrap_or_default(),
            error: answer
                .as_ref()
                .err()
                .map(|error| shown_error(&error.to_string())),
            times: 1,
            counted: self.sid,
        }
    }
}

/// The part of the URL that begins with its path.
fn path_and_query<'u>(url: &'u str, path: &str) -> &'u str {
    let authority = url.find("://").map_or(0, |at| at + "://".len());
    let at = url
        .get(authority..)
        .and_then(|rest| rest.find(path))
        .map_or(0, |at| authority + at);
    url.get(at..).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_address_is_left_out_of_urls() {
        for (url, path, expected) in [
            (
                "https://centre.example/wait-music?a=/b",
                "/wait-music",
                "/wait-music?a=/b",
            ),
            ("https://centre.example/", "/", "/"),
            ("/incoming-call", "/incoming-call", "/incoming-call"),
            ("https://centre.example", "/", "https://centre.example"),
        ] {
            assert_eq!(path_and_query(url, path), expected);
        }
    }
}
