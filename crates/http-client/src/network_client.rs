//! The port [`WebClient`], implemented with `hyper`'s client.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::ACCEPT;
use http::{HeaderValue, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::Notify;
use tower::Service;

use crate::steps::{Steps, Watched};
use crate::{
    Answer, Limits, Request, Sending, WebClient, WebError, WebErrorKind, system_roots, unusable,
};

/// Informational answers (1xx) that may precede an answer, as in Go's client. More would keep the
/// processor busy until the timeout.
const INFORMATIONAL_MAX: usize = 5;

/// Bytes of an answer's head, and of what is read of a connection at once.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// How long an unused connection is kept for the next request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// Pause of a connection after which the system asks whether the other side is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The content type that is accepted unless the request names others.
const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");

type Connector = Watched<HttpsConnector<HttpConnector<Resolver>>>;

/// A client for real networks: TLS by ring with the system's root certificates, HTTP/1.1, no
/// redirects, no proxy.
#[derive(Debug, Clone)]
pub struct NetworkClient(Client<Connector, Full<Bytes>>);

/// The client cannot be built, because the provider of TLS lacks a version of it.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be used")]
pub struct ClientError(#[from] rustls::Error);

impl NetworkClient {
    /// A client that connects to any address.
    ///
    /// # Errors
    /// [`ClientError`]
    pub fn new() -> Result<Self, ClientError> {
        Self::reaching(|_| true)
    }

    /// A client that resolves host names only to addresses that `is_allowed`. An address in a URL is
    /// not resolved; its caller checks it.
    ///
    /// # Errors
    /// [`ClientError`]
    pub fn reaching(is_allowed: fn(IpAddr) -> bool) -> Result<Self, ClientError> {
        let mut connector = HttpConnector::new_with_resolver(Resolver { is_allowed });
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_keepalive(Some(KEEP_ALIVE));
        // The one provider of TLS in a process. An error means that it is installed already.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(system_roots::tls_config()?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .http1_max_buf_size(HEAD_BYTES_MAX)
            .build(Watched(connector));
        Ok(Self(client))
    }

    async fn exchange(
        &self,
        request: http::Request<Full<Bytes>>,
        body_bytes: usize,
    ) -> Result<Answer, WebError> {
        let response = self
            .0
            .request(request)
            .await
            .map_err(|error| failure(&error, kind_of(&error)))?;
        read(response, body_bytes).await
    }
}

impl WebClient for NetworkClient {
    fn send(&self, request: Request, limits: Limits) -> Sending<'_> {
        Box::pin(async move {
            let mut request = sendable(request)?;
            let informational = Informational::watch(&mut request);
            let steps = Steps::new(limits.connect);
            tokio::select! {
                biased;
                ended = steps.watch(self.exchange(request, limits.body_bytes)) => ended,
                () = informational.are_too_many() => Err(WebError {
                    kind: WebErrorKind::Exchange,
                    reason: format!("more than {INFORMATIONAL_MAX} informational answers (1xx)"),
                }),
                () = steps.answer_overdue(limits.answer) => Err(late(WebErrorKind::Exchange)),
                is_connecting = steps.after(limits.time) => Err(late(if is_connecting {
                    WebErrorKind::Connection
                } else {
                    WebErrorKind::Exchange
                })),
            }
        })
    }
}

/// The request as it is sent. Its URL must be absolute.
fn sendable(request: Request) -> Result<http::Request<Full<Bytes>>, WebError> {
    if !is_absolute(request.uri()) {
        return Err(unusable("the URL is not an absolute http or https URL"));
    }
    let mut request = request.map(|body| Full::new(Bytes::from(body)));
    request.headers_mut().entry(ACCEPT).or_insert(ANYTHING);
    Ok(request)
}

fn is_absolute(uri: &Uri) -> bool {
    matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
}

/// Counts the informational answers to one request.
struct Informational(Arc<Notify>);

impl Informational {
    fn watch(request: &mut http::Request<Full<Bytes>>) -> Self {
        let too_many = Arc::new(Notify::new());
        let notified = Arc::clone(&too_many);
        let count = AtomicUsize::new(0);
        hyper::ext::on_informational(request, move |_| {
            if count.fetch_add(1, Ordering::Relaxed) == INFORMATIONAL_MAX {
                notified.notify_one();
            }
        });
        Self(too_many)
    }

    /// Completes when there were more than [`INFORMATIONAL_MAX`]. The connection is closed when the
    /// exchange is dropped.
    async fn are_too_many(&self) {
        self.0.notified().await;
    }
}

/// Resolves host names to allowed addresses.
#[derive(Debug, Clone)]
struct Resolver {
    is_allowed: fn(IpAddr) -> bool,
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let is_allowed = self.is_allowed;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> =
                found.filter(|address| is_allowed(address.ip())).collect();
            if allowed.is_empty() {
                return Err(io::Error::other("the host has no allowed address"));
            }
            Ok(allowed.into_iter())
        })
    }
}

fn late(kind: WebErrorKind) -> WebError {
    WebError {
        kind,
        reason: "no answer in time".to_owned(),
    }
}

async fn read(response: http::Response<Incoming>, bytes_max: usize) -> Result<Answer, WebError> {
    let (parts, mut incoming) = response.into_parts();
    let mut body = Vec::new();
    while body.len() < bytes_max
        && let Some(frame) = incoming.frame().await
    {
        let frame = frame.map_err(|error| failure(&error, WebErrorKind::Exchange))?;
        if let Some(data) = frame.data_ref() {
            body.extend_from_slice(data);
        }
    }
    body.truncate(bytes_max);
    let mut answer = Answer::new(body);
    *answer.status_mut() = parts.status;
    *answer.headers_mut() = parts.headers;
    Ok(answer)
}

fn kind_of(error: &Error) -> WebErrorKind {
    let text = reasons(error).join(" ").to_ascii_lowercase();
    if !error.is_connect() {
        WebErrorKind::Exchange
    } else if text.contains("dns") {
        WebErrorKind::HostName
    } else if text.contains("certificate") || text.contains("tls") {
        WebErrorKind::Tls
    } else {
        WebErrorKind::Connection
    }
}

/// The failure with its innermost cause, which does not contain the URL.
fn failure(error: &(dyn std::error::Error + 'static), kind: WebErrorKind) -> WebError {
    let reason = reasons(error).pop().unwrap_or_else(|| error.to_string());
    WebError { kind, reason }
}

/// The texts of the error's sources, the innermost last.
fn reasons(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    std::iter::successors(error.source(), |reason| reason.source())
        .map(ToString::to_string)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const LIMITS: Limits = Limits::new(Duration::from_secs(5), 4);
    const SHORT: Duration = Duration::from_millis(20);

    fn client() -> NetworkClient {
        NetworkClient::new().unwrap()
    }

    fn get(url: &str) -> Request {
        crate::request(http::Request::get(url), Vec::new()).unwrap()
    }

    async fn served(site: axum::Router) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, site).await.unwrap() });
        format!("http://{address}/")
    }

    #[tokio::test]
    async fn answer_is_cut_to_the_wanted_size() {
        let site = axum::Router::new().fallback(|| async {
            (
                http::StatusCode::SEE_OTHER,
                [("location", "/there")],
                "123456",
            )
        });
        let answer = client()
            .send(get(&served(site).await), LIMITS)
            .await
            .unwrap();
        assert_eq!(answer.status(), 303);
        assert_eq!(
            (
                &answer.headers()["location"],
                &answer.headers()["content-length"]
            ),
            (&"/there".parse().unwrap(), &6.into())
        );
        assert_eq!(answer.body(), b"1234");
    }

    /// A host without a listener, or a URL that is not absolute: the request was certainly not
    /// sent.
    #[tokio::test]
    async fn failed_connection_is_unsent() {
        let unused_address = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let error = client()
            .send(get(&format!("http://{unused_address}/")), LIMITS)
            .await
            .unwrap_err();
        assert_eq!(error.kind, WebErrorKind::Connection);
        assert!(
            error.kind.is_unsent() && !error.reason.contains("http://"),
            "{error}"
        );
        let relative = client().send(get("/relative"), LIMITS).await.unwrap_err();
        assert_eq!(relative.kind, WebErrorKind::Request);
    }

    /// After a timeout of the answer, the server may have received the request.
    #[tokio::test]
    async fn answer_timeout_is_not_unsent() {
        let site = axum::Router::new().fallback(std::future::pending::<&str>);
        let url = served(site).await;
        for limits in [
            Limits {
                time: SHORT,
                ..LIMITS
            },
            Limits {
                answer: Some(SHORT),
                ..LIMITS
            },
        ] {
            let error = client().send(get(&url), limits).await.unwrap_err();
            assert_eq!(
                (error.kind, error.kind.is_unsent()),
                (WebErrorKind::Exchange, false),
                "{limits:?}"
            );
        }
    }

    /// A timeout while connecting is unsent, even if the timeout of the answer is shorter.
    #[tokio::test]
    async fn connect_timeout_is_unsent() {
        // The listener accepts the connection and never answers the TLS handshake.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let connect = Some(SHORT);
        let answer = Some(std::time::Duration::from_millis(1));
        for limits in [
            Limits {
                connect,
                answer,
                ..LIMITS
            },
            Limits {
                time: SHORT,
                answer,
                ..LIMITS
            },
        ] {
            let error = client().send(get(&url), limits).await.unwrap_err();
            assert_eq!(
                (error.kind, error.kind.is_unsent()),
                (WebErrorKind::Connection, true),
                "{limits:?} {error}"
            );
        }
    }

    /// On a reused connection there is no connecting: the timeout of the answer runs from the
    /// start.
    #[tokio::test]
    async fn reused_connection_counts_as_answer_time() {
        let requests = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let answer = || async move {
            match requests.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 => "at once",
                _ => std::future::pending().await,
            }
        };
        let client = client();
        let url = served(axum::Router::new().fallback(answer)).await;
        client.send(get(&url), LIMITS).await.unwrap();
        let error = client
            .send(
                get(&url),
                Limits {
                    answer: Some(SHORT),
                    ..LIMITS
                },
            )
            .await
            .unwrap_err();
        assert_eq!(error.kind, WebErrorKind::Exchange);
    }

    /// A server that answers each connection with these bytes, `times` over, and then an answer.
    async fn answering(prefix: &'static [u8], times: usize) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 1_000];
                let _read = stream.read(&mut request).await;
                for _ in 0..times {
                    if stream.write_all(prefix).await.is_err() {
                        break;
                    }
                }
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                let _written = stream.write_all(answer).await;
            }
        });
        format!("http://{address}/")
    }

    /// They would be read until the timeout, as fast as the processor can.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn endless_informational_answers_are_refused() {
        const INFORMATIONAL: &[u8] = b"HTTP/1.1 103 Early Hints\r\n\r\n";
        let few = answering(INFORMATIONAL, INFORMATIONAL_MAX).await;
        let answer = client().send(get(&few), LIMITS).await.unwrap();
        assert_eq!(answer.body(), b"ok");
        let endless = answering(INFORMATIONAL, usize::MAX).await;
        let begun = tokio::time::Instant::now();
        let error = client().send(get(&endless), LIMITS).await.unwrap_err();
        assert_eq!(error.kind, WebErrorKind::Exchange);
        assert!(error.reason.contains("1xx"), "{error}");
        assert!(begun.elapsed() < LIMITS.time / 2, "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn forbidden_address_is_not_connected() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = NetworkClient::reaching(|address| !address.is_loopback()).unwrap();
        let url = format!("http://localhost:{port}/");
        let error = client.send(get(&url), LIMITS).await.unwrap_err();
        assert_eq!(error.kind, WebErrorKind::HostName, "{error}");
        assert!(error.reason.contains("allowed address"), "{error}");
    }
}
