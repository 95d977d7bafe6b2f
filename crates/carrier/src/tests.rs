//! The client at a carrier that throttles.

use std::sync::Mutex;

use http_client::http::Response;
use http_client::{Request, Sending};
use tokio::time::Instant;

use super::*;
use crate::retry::{ATTEMPTS_MAX, RETRY_TIME_LIMIT};

/// A carrier that throttles its first requests.
struct Throttling {
    left: Mutex<u32>,
    retry_after: Option<&'static str>,
    paths: Mutex<Vec<String>>,
}

impl WebClient for Throttling {
    fn send(&self, request: Request, _limits: Limits) -> Sending<'_> {
        self.paths
            .lock()
            .unwrap()
            .push(request.uri().path().to_owned());
        let mut left = self.left.lock().unwrap();
        let answer = if *left == 0 {
            let call = CallSid::derive(&["call"]);
            let body = format!(r#"{{"sid": "{call}", "status": "queued"}}"#);
            Response::builder().status(201).body(body.into_bytes())
        } else {
            *left -= 1;
            let body = br#"{"code": 20429, "message": "Too many requests"}"#;
            let mut throttled = Response::builder().status(429);
            if let Some(pause) = self.retry_after {
                throttled = throttled.header(RETRY_AFTER, pause);
            }
            throttled.body(body.to_vec())
        };
        Box::pin(std::future::ready(Ok(answer.unwrap())))
    }
}

/// Places a call at a carrier that throttles `throttled` requests: the result, the number of
/// requests, and the time they took.
async fn place(
    throttled: u32,
    retry_after: Option<&'static str>,
) -> (Result<CallSid, Error>, u32, Duration) {
    let web = Arc::new(Throttling {
        left: Mutex::new(throttled),
        retry_after,
        paths: Mutex::default(),
    });
    let carrier = Carrier::new(
        Arc::clone(&web) as _,
        TWILIO_API,
        AccountSid::derive(&["account"]),
        AuthTokens::fixed(Tokens::one("token")),
    )
    .unwrap();
    let begun = Instant::now();
    let call = NewCall::new("+17075550101", "+17075550183", String::new(), 20);
    let placed = carrier.create_call(&call).await;
    let requests = web.paths.lock().unwrap().len().try_into().unwrap();
    (placed, requests, begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn throttled_call_is_placed_by_a_retry() {
    let (placed, requests, took) = place(3, None).await;
    assert!(placed.is_ok(), "{placed:?}");
    assert_eq!(requests, 4);
    assert!(
        took <= Duration::from_millis(500 + 1_000 + 2_000),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn retry_waits_as_long_as_the_carrier_asks() {
    let (placed, requests, took) = place(2, Some("3")).await;
    assert!(placed.is_ok(), "{placed:?}");
    assert_eq!(requests, 3);
    assert!(took >= Duration::from_secs(6), "{took:?}");
    assert!(
        took <= Duration::from_secs(9) + Duration::from_millis(10),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn retries_end_within_the_offers_time() {
    for (retry_after, requests_max) in [
        (None, ATTEMPTS_MAX),
        (Some("0"), ATTEMPTS_MAX),
        (Some("5"), 3),
        (Some("60"), 1),
        (Some("Wed, 21 Oct 2026 07:28:00 GMT"), ATTEMPTS_MAX),
    ] {
        let (placed, requests, took) = place(u32::MAX, retry_after).await;
        let error = placed.unwrap_err();
        assert_eq!(error.execution(), Execution::NotExecuted);
        assert_eq!(error.code(), Some(20_429));
        assert!(requests <= requests_max, "{retry_after:?}: {requests}");
        assert!(took <= RETRY_TIME_LIMIT, "{retry_after:?}: {took:?}");
    }
}
