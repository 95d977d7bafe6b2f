//! The port over `reqwest`.

use tower::layer::layer_fn;

use crate::steps::{Steps, Watched};
use crate::{Answer, Limits, Request, Sending, WebClient, WebError, WebErrorKind, unusable};

/// A real client.
#[derive(Debug, Clone)]
pub struct Reqwest(reqwest::Client);

impl Reqwest {
    /// The client of this builder, whose business TLS, proxies, and how names are resolved are. It follows no redirects.
    ///
    /// # Errors
    /// Without TLS, or when a setting of the builder cannot be.
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
                is_connecting = steps.after(limits.time) => Err(late(match is_connecting {
                    true => WebErrorKind::Connection,
                    false => WebErrorKind::Exchange,
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
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
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
    let all = reasons.join(" ").to_ascii_lowercase();
    let kind = match () {
        () if error.is_builder() => WebErrorKind::Request,
        () if error.is_connect() && all.contains("dns") => WebErrorKind::HostName,
        () if error.is_connect() && (all.contains("certificate") || all.contains("tls")) => {
            WebErrorKind::Tls
        }
        () if error.is_connect() => WebErrorKind::Connection,
        () => WebErrorKind::Exchange,
    };
    // What the error itself says names the whole URL.
    let reason = reasons
        .last()
        .cloned()
        .unwrap_or_else(|| "the exchange broke off".to_owned());
    WebError { kind, reason }
}

/// Why, step by step, the innermost last.
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
    async fn an_answer_has_its_status_its_headers_and_the_wanted_part_of_its_body() {
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

    #[tokio::test]
    async fn what_is_not_there_is_known_not_to_have_been_reached() {
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let error = client()
            .send(get(&format!("http://{gone}/")), LIMITS)
            .await
            .unwrap_err();
        assert_eq!(error.kind, WebErrorKind::Connection);
        assert!(
            error.kind.is_unsent() && !error.reason.contains("http://"),
            "{error}"
        );
        let nameless = client().send(get("/relative"), LIMITS).await.unwrap_err();
        assert_eq!(nameless.kind, WebErrorKind::Request);
    }

    #[tokio::test]
    async fn whoever_takes_too_long_may_have_got_the_request() {
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

    #[tokio::test]
    async fn who_connects_too_slowly_has_not_got_the_request_however_little_time_the_answer_has() {
        // It takes the connection and never says a word of TLS.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let (connect, answer) = (Some(SHORT), Some(std::time::Duration::from_millis(1)));
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

    #[tokio::test]
    async fn a_connection_that_is_there_counts_for_nothing_but_the_answer() {
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let answer = || async move {
            match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 => "at once",
                _ => std::future::pending().await,
            }
        };
        let (client, url) = (client(), served(axum::Router::new().fallback(answer)).await);
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
