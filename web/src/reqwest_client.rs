//! The port over `reqwest`.

use crate::{Answer, Limits, Request, Sending, WebClient, WebError, WebErrorKind, unusable};

/// A real client. TLS, proxies, how names are resolved and how long connecting may take are up to whoever builds the client
/// inside, who must also switch redirects off.
#[derive(Debug, Clone)]
pub struct Reqwest(pub reqwest::Client);

impl WebClient for Reqwest {
    fn send(&self, request: Request, limits: Limits) -> Sending<'_> {
        Box::pin(async move {
            let mut request = reqwest::Request::try_from(request).map_err(unusable)?;
            *request.timeout_mut() = Some(limits.time);
            let response = self.0.execute(request).await.map_err(|error| failure(&error))?;
            read(response, limits.body_bytes).await
        })
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
        () if error.is_connect() && (all.contains("certificate") || all.contains("tls")) => WebErrorKind::Tls,
        () if error.is_connect() => WebErrorKind::Connection,
        () => WebErrorKind::Exchange,
    };
    // What the error itself says names the whole URL.
    let reason = reasons.last().cloned().unwrap_or_else(|| "the exchange broke off".to_owned());
    WebError { kind, reason }
}

/// Why, step by step, the innermost last.
fn reasons(error: &reqwest::Error) -> Vec<String> {
    let first = std::error::Error::source(error);
    std::iter::successors(first, |reason| reason.source()).map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LIMITS: Limits = Limits { time: Duration::from_secs(5), body_bytes: 4 };

    fn client() -> Reqwest {
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let _ = rustls::crypto::ring::default_provider().install_default();
        Reqwest(builder.build().unwrap())
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
        let site = axum::Router::new()
            .fallback(|| async { (http::StatusCode::SEE_OTHER, [("location", "/there")], "123456") });
        let answer = client().send(get(&served(site).await), LIMITS).await.unwrap();
        assert_eq!(answer.status(), 303);
        assert_eq!(
            (&answer.headers()["location"], &answer.headers()["content-length"]),
            (&"/there".parse().unwrap(), &6.into())
        );
        assert_eq!(answer.body(), b"1234");
    }

    #[tokio::test]
    async fn what_is_not_there_is_known_not_to_have_been_reached() {
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let error = client().send(get(&format!("http://{gone}/")), LIMITS).await.unwrap_err();
        assert_eq!(error.kind, WebErrorKind::Connection);
        assert!(error.kind.is_unsent() && !error.reason.contains("http://"), "{error}");
        let nameless = client().send(get("/relative"), LIMITS).await.unwrap_err();
        assert_eq!(nameless.kind, WebErrorKind::Request);
    }

    #[tokio::test]
    async fn whoever_takes_too_long_may_have_got_the_request() {
        let site = axum::Router::new().fallback(std::future::pending::<&str>);
        let limits = Limits { time: Duration::from_millis(20), ..LIMITS };
        let error = client().send(get(&served(site).await), limits).await.unwrap_err();
        assert_eq!((error.kind, error.kind.is_unsent()), (WebErrorKind::Exchange, false));
    }
}
