//! The other servers of a story: they give scripted answers and record every request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_client::http::{HeaderValue, StatusCode, header};
use http_client::{Answer, Limits, Request, Sending, WebClient, WebError, WebErrorKind};

/// An answer of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scripted {
    /// The HTTP status.
    pub status: u16,
    /// The body: TwiML if it begins with `<`, JSON otherwise.
    pub body: String,
    /// The delay of the answer.
    pub after: Duration,
}

impl Default for Scripted {
    fn default() -> Self {
        Self {
            status: 200,
            body: "{}".to_owned(),
            after: Duration::ZERO,
        }
    }
}

/// A recorded request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The URL without its query.
    pub url: String,
    /// The whole URL, as it was signed.
    pub whole_url: String,
    /// The headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The form or, of a GET, the query.
    pub form: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Log {
    scripted: BTreeMap<String, Scripted>,
    requests: Vec<RecordedRequest>,
}

/// The servers. Clones are the same servers.
#[derive(Debug, Clone)]
pub struct Customer {
    base: Arc<str>,
    log: Arc<Mutex<Log>>,
}

impl Customer {
    /// Servers that answer everything with `{}`. Paths belong to the one at `base`.
    pub fn new(base: impl Into<Arc<str>>) -> Self {
        Self {
            base: base.into(),
            log: Arc::default(),
        }
    }

    /// The URL of the server that paths belong to.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The text, `{customer}` at the beginning of a path replaced by the address of the server that
    /// paths belong to. A flow may have a value of that name.
    pub fn with_address(&self, text: &str) -> String {
        text.replace("{customer}/", &format!("{}/", self.base))
    }

    /// Sets the answer at a URL or path.
    pub fn script(&self, url: &str, answer: Scripted) {
        let url = self.absolute(url);
        self.log().scripted.insert(url, answer);
    }

    /// The answer at a URL or path now.
    pub fn answer_at(&self, url: &str) -> Scripted {
        let url = self.absolute(url);
        self.log().scripted.get(&url).cloned().unwrap_or_default()
    }

    /// The requests for a URL or path, in order.
    pub fn requests(&self, url: &str) -> Vec<RecordedRequest> {
        let url = self.absolute(url);
        let log = self.log();
        let requests = log.requests.iter().filter(|request| request.url == url);
        requests.cloned().collect()
    }

    /// Records a request and answers it at once.
    pub fn answer(&self, request: &Request) -> Answer {
        let recorded = recorded(request);
        let mut log = self.log();
        let scripted = log.scripted.get(&recorded.url).cloned().unwrap_or_default();
        log.requests.push(recorded);
        drop(log);
        let kind = if scripted.body.starts_with('<') {
            "text/xml"
        } else {
            "application/json"
        };
        let mut answer = Answer::new(scripted.body.into_bytes());
        *answer.status_mut() = StatusCode::from_u16(scripted.status).unwrap_or_default();
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        answer
    }

    /// The error of a request whose answer takes longer than it may: without waiting.
    ///
    /// # Errors
    /// The answer would be late.
    pub fn in_time(&self, url: &str, limits: Limits) -> Result<(), WebError> {
        let after = self.answer_at(url).after;
        let limit = limits.answer.unwrap_or(limits.time).min(limits.time);
        if after > limit {
            return Err(WebError {
                kind: WebErrorKind::Exchange,
                reason: format!("no answer within {limit:?}"),
            });
        }
        Ok(())
    }

    fn absolute(&self, url: &str) -> String {
        if url.starts_with('/') {
            format!("{}{url}", self.base)
        } else {
            url.to_owned()
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The servers as the network: no request leaves the process.
impl WebClient for Customer {
    fn send(&self, request: Request, limits: Limits) -> Sending<'_> {
        let url = without_query(&request);
        let answer = self.answer(&request);
        let sent = self.in_time(&url, limits).map(|()| answer);
        Box::pin(std::future::ready(sent.map(|answer| {
            let (parts, mut body) = answer.into_parts();
            body.truncate(limits.body_bytes);
            Answer::from_parts(parts, body)
        })))
    }
}

/// The URL of a request without its query.
pub fn without_query(request: &Request) -> String {
    let url = request.uri().to_string();
    url.split('?').next().unwrap_or_default().to_owned()
}

fn recorded(request: &Request) -> RecordedRequest {
    let form = if request.body().is_empty() {
        request.uri().query().unwrap_or_default().as_bytes()
    } else {
        request.body().as_slice()
    };
    let headers = request.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    RecordedRequest {
        url: without_query(request),
        whole_url: request.uri().to_string(),
        headers: headers.collect(),
        form: form_urlencoded::parse(form).into_owned().collect(),
    }
}
