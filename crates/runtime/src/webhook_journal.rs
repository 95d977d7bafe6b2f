//! The journal of webhooks: what was asked and answered about a Task, kept for the Task's story where somebody wants that.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `KEEP_WEBHOOKS` | whether webhooks are kept | `false` |
//!
//! It is the one place they are kept from: voice functions hand it what the carrier asked and what they answered
//! ([`WebhookJournal::received`]), and whoever sends anything about a Task sends it through [`WebhookJournal::about`]. A call
//! never fails because of it: what cannot be kept is logged.

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

/// The header that is the same on every attempt to deliver one webhook.
const IDEMPOTENCY_HEADER: &str = "I-Twilio-Idempotency-Token";

/// Keeps webhooks, or does nothing.
#[derive(Clone)]
pub struct WebhookJournal(Option<Arc<Book>>);

/// When something was asked.
#[derive(Debug, Clone, Copy)]
pub struct Begun {
    at: Timestamp,
    order: u32,
}

struct Book {
    store: Store,
    clock: Arc<dyn Clock>,
    begun: AtomicU32,
}

impl WebhookJournal {
    /// Keeps nothing.
    pub fn off() -> Self {
        Self(None)
    }

    /// Keeps everything in this table, if `keeps`.
    pub fn new(keeps: bool, store: &Store, clock: Arc<dyn Clock>) -> Self {
        Self(keeps.then(|| {
            Arc::new(Book {
                store: store.clone(),
                clock,
                begun: AtomicU32::new(0),
            })
        }))
    }

    /// As `KEEP_WEBHOOKS` says.
    ///
    /// # Errors
    /// [`EnvError`] when it says something else than `true` or `false`.
    pub fn from_env(env: &Env<'_>, store: &Store, clock: Arc<dyn Clock>) -> Result<Self, EnvError> {
        Ok(Self::new(env.switch("KEEP_WEBHOOKS", false)?, store, clock))
    }

    /// Notes when a request came in; nothing where nothing is kept.
    pub fn begin(&self) -> Option<Begun> {
        self.0.as_ref().map(|book| book.begin())
    }

    /// Keeps a webhook of the carrier's that was let in and answered. The assignment callback is kept where it is sent.
    pub async fn received(
        &self,
        begun: Option<Begun>,
        request: &Request,
        parameters: &Parameters,
        reply: &Reply,
    ) {
        let (Some(book), Some(begun)) = (&self.0, begun) else {
            return;
        };
        let Some(task) = book.task_of(request.path(), parameters).await else {
            return;
        };
        let task_text = task.to_string();
        // The carrier asks again for as long as somebody waits.
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
            took: book.clock.now().since(begun.at),
            status: Some(reply.status),
            answer: shown_answer(&reply.body),
            error: None,
            times: 1,
            counted: delivery,
        };
        book.keep(task, &exchange, is_waiting).await;
    }

    /// The way to other people's servers, each request kept as one about `task`. A client is for one message: attempts to
    /// deliver the same webhook are told apart by their number, so that a message that comes again is kept once.
    pub fn about(&self, task: TaskSid, web: Arc<dyn WebClient>) -> Arc<dyn WebClient> {
        match &self.0 {
            Some(book) => Arc::new(Noting {
                web,
                book: Arc::clone(book),
                task,
                attempts: Mutex::default(),
            }),
            None => web,
        }
    }
}

impl Book {
    fn begin(&self) -> Begun {
        Begun {
            at: self.clock.now(),
            order: self.begun.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The Task a webhook is about: the one its URL names, or else the one of the caller's call.
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

    async fn keep(&self, task: TaskSid, exchange: &Exchange, counted: bool) {
        let now = self.clock.now();
        let kept = match counted {
            true => self.store.count_webhook(task, exchange, now).await,
            false => self.store.keep_webhook(task, exchange, now).await,
        };
        if let Err(error) = kept {
            tracing::warn!(task_sid = %task, url = exchange.url, %error, "a webhook is left out of its Task's story");
        }
    }
}

/// A client that keeps what it sends.
struct Noting {
    web: Arc<dyn WebClient>,
    book: Arc<Book>,
    task: TaskSid,
    /// How often each request was sent.
    attempts: Mutex<BTreeMap<WebhookSid, u32>>,
}

/// A request that is being sent.
struct Sent {
    sid: WebhookSid,
    method: String,
    url: String,
    begun: Begun,
}

impl WebClient for Noting {
    fn send(&self, request: http_client::Request, limits: Limits) -> Sending<'_> {
        Box::pin(async move {
            let sent = self.begin(&request);
            let answer = self.web.send(request, limits).await;
            let exchange = sent.with(&answer, self.book.clock.now());
            self.book.keep(self.task, &exchange, false).await;
            answer
        })
    }
}

impl Noting {
    fn begin(&self, request: &http_client::Request) -> Sent {
        let url = request.uri().to_string();
        let token = request
            .headers()
            .get(IDEMPOTENCY_HEADER)
            .map(|token| token.as_bytes());
        // Where there is no token the body says the same each time; where there is one the body may say what time it is.
        let about = String::from_utf8_lossy(token.unwrap_or(request.body()));
        let cause = WebhookSid::derive(&[request.method().as_str(), &url, &about]);
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let attempt = attempts.entry(cause).or_default();
        *attempt += 1;
        let sid = WebhookSid::derive(&[cause.text().as_str(), &attempt.to_string()]);
        Sent {
            sid,
            method: request.method().to_string(),
            url: shown_url(&url),
            begun: self.book.begin(),
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

/// The URL from its path on.
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
    fn our_own_address_is_left_out_of_a_url() {
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
