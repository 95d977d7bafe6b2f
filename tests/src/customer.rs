//! The server of a customer: scripted answers, and a note of every request. And a network in which an answer may take long
//! without anybody waiting: what would take longer than its time limit fails at once.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use callbacks::{Destinations, web_client};
use http_client::{Limits, Reqwest, Sending, WebClient, WebError, WebErrorKind};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A scripted answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scripted {
    /// The HTTP status.
    pub status: u16,
    /// The body: TwiML if it begins with `<`, JSON otherwise.
    pub body: String,
    /// How long it takes.
    pub after: Duration,
}

/// A request the server got, or would have got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The path, with its query.
    pub path: String,
    /// The headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The form or, of a GET, the query.
    pub form: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Book {
    scripted: BTreeMap<String, Scripted>,
    asked: Vec<Asked>,
}

/// The server, running until it is dropped.
pub struct Customer {
    /// `http://127.0.0.1:…`
    pub base: String,
    book: Arc<Mutex<Book>>,
    served: JoinHandle<()>,
}

impl Customer {
    /// A server that answers everything with `{}`.
    pub async fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let book: Arc<Mutex<Book>> = Arc::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&book));
        let served = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, book, served }
    }

    /// From now on `path` is answered so.
    pub fn script(&self, path: &str, answer: Scripted) {
        self.book
            .lock()
            .unwrap()
            .scripted
            .insert(path.to_owned(), answer);
    }

    /// The requests for `path`, first one first.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let book = self.book.lock().unwrap();
        book.asked
            .iter()
            .filter(|asked| asked.path.split('?').next() == Some(path))
            .cloned()
            .collect()
    }

    /// A way to this server, and to any other, on which nobody waits.
    pub fn network(&self) -> Arc<dyn WebClient> {
        let client = web_client(Destinations::Anywhere).unwrap();
        Arc::new(ImpatientNetwork {
            base: self.base.clone(),
            book: Arc::clone(&self.book),
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
    State(book): State<Arc<Mutex<Book>>>,
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
    let asked = Asked {
        path: uri.to_string(),
        headers: headers
            .iter()
            .map(|(key, value)| (name(key), String::from_utf8_lossy(value.as_bytes()).into()))
            .collect(),
        form: form_urlencoded::parse(&form).into_owned().collect(),
    };
    let mut book = book.lock().unwrap();
    book.asked.push(asked);
    let plain = || Scripted {
        status: 200,
        body: "{}".to_owned(),
        after: Duration::ZERO,
    };
    let scripted = book.scripted.get(uri.path()).cloned().unwrap_or_else(plain);
    let kind = if scripted.body.starts_with('<') {
        "text/xml"
    } else {
        "application/json"
    };
    let status = StatusCode::from_u16(scripted.status).unwrap();
    (status, [(header::CONTENT_TYPE, kind)], scripted.body).into_response()
}

/// Requests go out for real, except those whose answer would come too late.
pub struct ImpatientNetwork {
    base: String,
    book: Arc<Mutex<Book>>,
    client: Reqwest,
}

impl WebClient for ImpatientNetwork {
    fn send(&self, request: http_client::Request, limits: Limits) -> Sending<'_> {
        let own = request.uri().to_string().starts_with(&self.base);
        let path = request.uri().path().to_owned();
        let after = self
            .book
            .lock()
            .unwrap()
            .scripted
            .get(&path)
            .filter(|_| own)
            .map(|scripted| scripted.after);
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
