//! The server of a customer: it gives scripted answers and records every request. And a network
//! that simulates slow answers without waiting: a request whose scripted delay exceeds its timeout
//! fails at once.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use http_client::{Destinations, web_client};
use http_client::{Limits, NetworkClient, Sending, WebClient, WebError, WebErrorKind};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A scripted answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scripted {
    /// The HTTP status.
    pub status: u16,
    /// The body: TwiML if it begins with `<`, JSON otherwise.
    pub body: String,
    /// The delay of the answer.
    pub after: Duration,
}

/// A recorded request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The path, with its query.
    pub path: String,
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

/// The server, running until it is dropped.
pub struct Customer {
    /// `http://127.0.0.1:…`
    pub base: String,
    log: Arc<Mutex<Log>>,
    served: JoinHandle<()>,
}

impl Customer {
    /// A server that answers everything with `{}`.
    pub async fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let log: Arc<Mutex<Log>> = Arc::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&log));
        let served = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, log, served }
    }

    /// Sets the answer of `path`.
    pub fn script(&self, path: &str, answer: Scripted) {
        self.log
            .lock()
            .unwrap()
            .scripted
            .insert(path.to_owned(), answer);
    }

    /// The requests for `path`, in order.
    pub fn requests(&self, path: &str) -> Vec<RecordedRequest> {
        let log = self.log.lock().unwrap();
        log.requests
            .iter()
            .filter(|recorded| recorded.path.split('?').next() == Some(path))
            .cloned()
            .collect()
    }

    /// An HTTP client for this server, and any other, that never waits for a slow answer.
    pub fn network(&self) -> Arc<dyn WebClient> {
        let client = web_client(Destinations::Anywhere).unwrap();
        Arc::new(ImpatientNetwork {
            base: self.base.clone(),
            log: Arc::clone(&self.log),
            client,
        })
    }
}

impl Drop for Customer {
    fn drop(&mut self) {
        self.served.abort();
    }
}

async fn answer(
    State(log): State<Arc<Mutex<Log>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = if body.is_empty() {
        uri.query().unwrap_or_default().as_bytes().to_vec()
    } else {
        body.to_vec()
    };
    let name = |name: &header::HeaderName| name.as_str().to_owned();
    let recorded = RecordedRequest {
        path: uri.to_string(),
        headers: headers
            .iter()
            .map(|(key, value)| (name(key), String::from_utf8_lossy(value.as_bytes()).into()))
            .collect(),
        form: form_urlencoded::parse(&form).into_owned().collect(),
    };
    let mut log = log.lock().unwrap();
    log.requests.push(recorded);
    let plain = || Scripted {
        status: 200,
        body: "{}".to_owned(),
        after: Duration::ZERO,
    };
    let scripted = log.scripted.get(uri.path()).cloned().unwrap_or_else(plain);
    let kind = if scripted.body.starts_with('<') {
        "text/xml"
    } else {
        "application/json"
    };
    let status = StatusCode::from_u16(scripted.status).unwrap();
    (status, [(header::CONTENT_TYPE, kind)], scripted.body).into_response()
}

/// Requests are really sent; those whose scripted delay exceeds the timeout then fail.
pub struct ImpatientNetwork {
    base: String,
    log: Arc<Mutex<Log>>,
    client: NetworkClient,
}

impl WebClient for ImpatientNetwork {
    fn send(&self, request: http_client::Request, limits: Limits) -> Sending<'_> {
        let after = if request.uri().to_string().starts_with(&self.base) {
            let log = self.log.lock().unwrap();
            let scripted = log.scripted.get(request.uri().path());
            scripted.map(|scripted| scripted.after)
        } else {
            None
        };
        Box::pin(async move {
            let answer = self.client.send(request, limits).await?;
            match after {
                Some(after) if after > limits.time => Err(WebError {
                    kind: WebErrorKind::Exchange,
                    reason: format!("no answer within {:?}", limits.time),
                }),
                Some(_) | None => Ok(answer),
            }
        })
    }
}
