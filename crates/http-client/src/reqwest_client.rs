//! The port [`WebClient`], implemented with `reqwest`.

use tower::layer::layer_fn;

use crate::steps::{Steps, Watched};
use crate::{Answer, Limits, Request, Sending, WebClient, WebError, WebErrorKind, unusable};

/// A client for real networks.
#[derive(Debug, Clone)]
pub struct Reqwest(reqwest::Client);

impl Reqwest {
    /// Builds a client that follows no redirects. TLS, proxies and name resolution are settings of
    /// `builder`.
    ///
    /// # Errors
    /// When TLS is missing, or a setting of the builder is invalid.
    pub fn new(builder: reqwest::ClientBuilder) -> Result<Self, reqwest::Error> {
        let builder = builder
            .redirect(reqwest::redirect::Policy::none())
            .connector_layer(layer_fn(Watched));
        builder.build().map(Self)
    }

    async fn exchange(
        &self,
        request: reqwest::Request,
        body_bytes: usize,
    ) -> Result<Answer, WebError> {
        let response = self
            .0
            .execute(request)
            .await
            .map_err(|error| failure(&error))?;
        read(response, body_bytes).await
    }
}

impl WebClient for Reqwest {
    fn send(&self, request: Request, limits: Limits) -> Sending<'_> {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(unusable)?;
            let steps = Steps::new(limits.connect);
            tokio::select! {
                biased;
                ended = steps.watch(self.exchange(request, limits.body_bytes)) => ended,
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

fn late(kind: WebErrorKind) -> WebError {
    WebError {
        kind,
        reason: "no answer in time".to_owned(),
    }
}

async fn read(mut response: reqwest::Response, bytes_max: usize) -> Result<Answer, WebError> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    while body.len() < bytes_max
        && let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))?
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(bytes_max);
    let mut answer = Answer::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

fn failure(error: &reqwest::Error) -> WebError {
    let reasons = reasons(error);
    let text = reasons.join(" ").to_ascii_lowercase();
    let kind = if error.is_builder() {
        WebErrorKind::Request
    } else if !error.is_connect() {
        WebErrorKind::Exchange
    } else if text.contains("dns") {
        WebErrorKind::HostName
    } else if text.contains("certificate") || text.contains("tls") {
        WebErrorKind::Tls
    } else {
        WebErrorKind::Connection
    };
    // The error's own text contains the whole URL; only its sources are shown.
    let reason = reasons
        .last()
        .cloned()
        .unwrap_or_else(|| "the exchange failed".to_owned());
    WebError { kind, reason }
}

/// The texts of the error's sources, the innermost last.
fn reasons(error: &reqwest::Error) -> Vec<String> {
    let first = std::error::Error::source(error);
    std::iter::successors(first, |reason| reason.source())
        .map(ToString::to_string)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LIMITS: Limits = Limits::new(Duration::from_secs(5), 4);
    const SHORT: Duration = Duration::from_millis(20);

    fn client() -> Reqwest {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Reqwest::new(reqwest::Client::builder().no_proxy()).unwrap()
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
}
