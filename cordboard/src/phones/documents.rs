//! A recorder of webhook answers, for the console's page of telephones. It keeps the newest answers
//! in memory.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use console::phones::Document;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http_client::{Answer, Limits, Request, Sending, WebClient, WebError};
use ids::CallSid;
use ids::time::{Clock, Timestamp};

/// Maximum number of recorded answers: some dozen calls.
const KEPT_MAX: usize = 400;

/// Maximum number of answers shown for one call: a waiting caller gets a new document with each
/// piece of music.
const OF_ONE_CALL_MAX: usize = 20;

/// Maximum number of characters of an answer.
const CHARS_MAX: usize = 4_000;

/// An HTTP client that forwards requests and records the answers by call.
pub struct Documents {
    web: Arc<dyn WebClient>,
    clock: Arc<dyn Clock>,
    kept: Mutex<VecDeque<(CallSid, Document)>>,
    count: AtomicU64,
}

impl Documents {
    /// Creates a recorder that sends with `web`.
    pub fn new(web: Arc<dyn WebClient>, clock: Arc<dyn Clock>) -> Self {
        Self {
            web,
            clock,
            kept: Mutex::default(),
            count: AtomicU64::new(0),
        }
    }

    /// The recorded answers about a call, oldest first.
    pub fn of(&self, call: CallSid) -> Vec<Document> {
        let kept = self.kept();
        let newest = kept
            .iter()
            .rev()
            .filter(|(of, _)| *of == call)
            .take(OF_ONE_CALL_MAX);
        let mut documents: Vec<Document> = newest.map(|(_, document)| document.clone()).collect();
        documents.reverse();
        documents
    }

    /// The number of answers recorded so far.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    fn record(&self, call: CallSid, document: Document) {
        let mut kept = self.kept();
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((call, document));
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// A panic of another thread does not make the record unusable.
    fn kept(&self) -> MutexGuard<'_, VecDeque<(CallSid, Document)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WebClient for Documents {
    fn send(&self, request: Request, limits: Limits) -> Sending<'_> {
        let call = if limits.body_bytes > 0 {
            call_of(&request)
        } else {
            None
        };
        let address = request
            .uri()
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default();
        Box::pin(async move {
            let answer = self.web.send(request, limits).await;
            let document = document(self.clock.now(), address, &answer);
            if let (Some(call), Some(document)) = (call, document) {
                self.record(call, document);
            }
            answer
        })
    }
}

/// The call that a webhook is about.
fn call_of(request: &Request) -> Option<CallSid> {
    let form = std::str::from_utf8(request.body()).ok();
    let mut pairs = [form, request.uri().query()]
        .into_iter()
        .flatten()
        .flat_map(|query| query.split('&'))
        .filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(name, _)| *name == "CallSid")
        .and_then(|(_, sid)| sid.parse().ok())
}

/// The answer to record; `None` for sounds and for empty answers.
fn document(at: Timestamp, address: String, answer: &Result<Answer, WebError>) -> Option<Document> {
    let (status, text) = match answer {
        Ok(answer) => {
            let kind = answer
                .headers()
                .get(CONTENT_TYPE)
                .and_then(|kind| kind.to_str().ok())
                .unwrap_or_default();
            let is_text = kind.contains("xml") || kind.starts_with("text/");
            if !is_text || answer.status() == StatusCode::NO_CONTENT {
                return None;
            }
            (
                Some(answer.status().as_u16()),
                String::from_utf8_lossy(answer.body())
                    .chars()
                    .take(CHARS_MAX)
                    .collect(),
            )
        }
        Err(error) => (None, error.to_string()),
    };
    Some(Document {
        at,
        address,
        status,
        text,
    })
}

#[cfg(test)]
mod tests {
    use ids::CallSid;

    use super::*;

    #[test]
    fn call_is_read_from_form_or_query() {
        let call = CallSid::from_bytes([7; 16]);
        let request = |uri: String, body: String| {
            let mut request = Request::new(body.into_bytes());
            *request.uri_mut() = uri.parse().unwrap();
            request
        };
        let form = request(
            "http://127.0.0.1/incoming-call".to_owned(),
            format!("From=%2B1&CallSid={call}"),
        );
        let query = request(
            format!("http://127.0.0.1/incoming-call?CallSid={call}"),
            String::new(),
        );
        let none = request(
            "http://127.0.0.1/wait-music/music.wav".to_owned(),
            String::new(),
        );
        assert_eq!(
            [form, query, none].map(|request| call_of(&request)),
            [Some(call), Some(call), None]
        );
    }
}
