//! Delivery of our webhooks to other servers: signed, with the retry policy of the URL's fragment
//! (voice-webhooks.md sections 1 and 2).

use std::sync::Arc;
use std::time::Duration;

use carrier::Tokens;
use http_client::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http_client::http::{HeaderValue, StatusCode};
use http_client::{
    Answer, Destinations, Forbidden, Limits, WebClient, WebError, WebErrorKind, take_credentials,
};
use ids::time::Millis;
use metrics::Metric;
use shared::webhook::signature::{SIGNATURE_HEADER, sign};
use shared::webhook::{ConnectionOverride, DeliveryFailure};
use tokio::time::Instant;
use vocabulary::CallbackMethod;

use crate::{Callbacks, absolute};

/// The most bytes of an answer. An instruction with all parameters has a hundredth of them.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The header that has the same value in every attempt to deliver one webhook, so that the receiver
/// can deduplicate.
const IDEMPOTENCY_HEADER: &str = "I-Twilio-Idempotency-Token";

/// The scheme in which user and password are sent. Digest is not supported.
const BASIC: &str = "Basic";

/// A webhook to deliver.
pub(crate) struct Webhook<'a> {
    /// The URL with its fragment; relative to our base URL if it begins with a slash.
    pub url: &'a str,
    /// The HTTP method.
    pub method: CallbackMethod,
    /// The parameters.
    pub form: &'a [(String, String)],
    /// The idempotency token: the same for every attempt.
    pub token: &'a str,
    /// Timeout of all attempts together.
    pub timeout: Duration,
}

/// The destination of a webhook.
struct Target {
    /// The requested and signed URL: without fragment, user and password; for GET, with the
    /// parameters.
    url: String,
    /// User and password of the URL, for a server that requires them.
    authorization: Option<HeaderValue>,
}

/// The reason why a webhook was not delivered, from the last attempt.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error("no answer")]
    NoAnswer(#[from] WebError),
    #[error("answered with HTTP {0}")]
    Status(u16),
    #[error("the answer has more than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
}

impl DeliveryError {
    /// The failure as the retry policy classifies it; `None` if a retry cannot help.
    fn failure(&self) -> Option<DeliveryFailure> {
        match self {
            Self::Status(status) => Some(DeliveryFailure::Status(*status)),
            Self::NoAnswer(error) => match error.kind {
                WebErrorKind::HostName | WebErrorKind::Tls | WebErrorKind::Connection => {
                    Some(DeliveryFailure::Connect)
                }
                WebErrorKind::Exchange => Some(DeliveryFailure::Read),
                WebErrorKind::Request => None,
            },
            Self::Forbidden(_) | Self::TooLong => None,
        }
    }
}

/// The dependencies of a delivery.
pub(crate) struct Sender<'a> {
    pub web: &'a dyn WebClient,
    pub destinations: Destinations,
    pub tokens: Arc<Tokens>,
    /// Our base URL.
    pub public_url: &'a str,
}

impl Callbacks {
    /// A sender of webhooks that uses the client `web`.
    pub(crate) fn sender<'a>(&'a self, web: &'a dyn WebClient) -> Sender<'a> {
        let Self {
            destinations,
            tokens,
            public_url,
            ..
        } = self;
        Sender {
            web,
            destinations: *destinations,
            tokens: tokens.current(),
            public_url,
        }
    }
}

impl Sender<'_> {
    /// Delivers a webhook and returns the answer, which is a success. A failed attempt is retried
    /// as often as the URL's fragment says and the timeout allows.
    pub(crate) async fn deliver(&self, webhook: &Webhook<'_>) -> Result<Answer, DeliveryError> {
        let url = absolute(self.public_url, webhook.url);
        let (sent, settings) = ConnectionOverride::split(&url);
        let target = self.target(sent, webhook)?;
        let begun = Instant::now();
        let limit = millis(webhook.timeout);
        let mut attempts = 0;
        loop {
            let time = settings
                .time_left(millis(begun.elapsed()), limit)
                .unwrap_or(Millis::from_millis(1));
            let error = match self
                .measured_attempt(&target, webhook, limits(&settings, time))
                .await
            {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            attempts += 1;
            let tries_again = error
                .failure()
                .is_some_and(|failure| settings.tries_again(attempts, failure));
            if !tries_again || settings.time_left(millis(begun.elapsed()), limit).is_none() {
                return Err(error);
            }
            tracing::info!(attempts, %error, "webhook not delivered, retrying");
        }
    }

    fn target(&self, url: &str, webhook: &Webhook<'_>) -> Result<Target, Forbidden> {
        // Our own address is always allowed, even a private one.
        let ours = url
            .strip_prefix(self.public_url)
            .is_some_and(|rest| rest.starts_with('/'));
        let mut url = if ours {
            Destinations::Anywhere
        } else {
            self.destinations
        }
        .check(url)?;
        let authorization = take_credentials(&mut url);
        match webhook.method {
            CallbackMethod::Post => {}
            CallbackMethod::Get => {
                url.query_pairs_mut().extend_pairs(webhook.form);
            }
        }
        Ok(Target {
            url: url.into(),
            authorization,
        })
    }

    async fn measured_attempt(
        &self,
        target: &Target,
        webhook: &Webhook<'_>,
        limits: Limits,
    ) -> Result<Answer, DeliveryError> {
        let begun = Instant::now();
        let answered = self.attempt(target, webhook, limits).await;
        metrics::observe(Metric::WebhookLatency, millis(begun.elapsed()));
        if answered.is_err() {
            metrics::count(Metric::WebhookFailures);
        }
        answered
    }

    /// One attempt: first without user and password and, if the server requires them, once more
    /// with them.
    async fn attempt(
        &self,
        target: &Target,
        webhook: &Webhook<'_>,
        limits: Limits,
    ) -> Result<Answer, DeliveryError> {
        let begun = Instant::now();
        let mut answer = self
            .web
            .send(self.signed(target, webhook, None)?, limits)
            .await?;
        if let Some(authorization) = &target.authorization
            && requires_password(&answer)
        {
            let limits = Limits {
                time: limits.time.saturating_sub(begun.elapsed()),
                ..limits
            };
            answer = self
                .web
                .send(self.signed(target, webhook, Some(authorization))?, limits)
                .await?;
        }
        if !answer.status().is_success() {
            return Err(DeliveryError::Status(answer.status().as_u16()));
        }
        if answer.body().len() > ANSWER_BYTES_MAX {
            return Err(DeliveryError::TooLong);
        }
        Ok(answer)
    }

    /// The signed request of one attempt.
    fn signed(
        &self,
        target: &Target,
        webhook: &Webhook<'_>,
        authorization: Option<&HeaderValue>,
    ) -> Result<http_client::Request, WebError> {
        let (request, covered, body) = match webhook.method {
            CallbackMethod::Post => {
                let request = http_client::http::Request::post(&target.url).header(
                    CONTENT_TYPE,
                    "application/x-www-form-urlencoded; charset=UTF-8",
                );
                let body = serde_urlencoded::to_string(webhook.form).unwrap_or_default();
                (request, webhook.form, body.into_bytes())
            }
            CallbackMethod::Get => (
                http_client::http::Request::get(&target.url),
                &[][..],
                Vec::new(),
            ),
        };
        let mut request = request
            .header(
                SIGNATURE_HEADER,
                sign(&self.tokens.primary, &target.url, covered),
            )
            .header(IDEMPOTENCY_HEADER, webhook.token);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        http_client::request(request, body)
    }
}

fn limits(settings: &ConnectionOverride, time: Millis) -> Limits {
    Limits {
        time: duration(time),
        // One byte more than allowed, to detect an answer that is too long.
        body_bytes: ANSWER_BYTES_MAX + 1,
        connect: Some(duration(settings.connect_timeout)),
        answer: Some(duration(settings.read_timeout)),
    }
}

/// Whether the server answered 401 and accepts user and password by HTTP Basic.
fn requires_password(answer: &Answer) -> bool {
    answer.status() == StatusCode::UNAUTHORIZED
        && answer
            .headers()
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .any(is_basic)
}

fn is_basic(challenge: &HeaderValue) -> bool {
    let mut words = challenge.to_str().unwrap_or_default().split([',', ' ']);
    words.any(|word| word.eq_ignore_ascii_case(BASIC))
}

fn duration(millis: Millis) -> Duration {
    Duration::from_millis(millis.as_millis())
}

fn millis(duration: Duration) -> Millis {
    Millis::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::*;

    /// The behaviour of a server: the time it takes, and the status and body of its answer. Without
    /// a status, connecting takes this time and fails.
    pub(crate) type Behaviour = (Duration, Option<u16>, &'static str);

    /// Servers by URL. Time passes on tokio's paused clock, so no test waits.
    pub(crate) struct Servers {
        behaviours: BTreeMap<&'static str, Behaviour>,
        pub requests: Mutex<Vec<(String, String)>>,
    }

    impl Servers {
        pub fn new(behaviours: &[(&'static str, Behaviour)]) -> Self {
            Self {
                behaviours: behaviours.iter().copied().collect(),
                requests: Mutex::default(),
            }
        }

        pub fn sender(&self) -> Sender<'_> {
            let destinations = Destinations::PublicHttps;
            Sender {
                web: self,
                destinations,
                tokens: Arc::new(Tokens::one("12345")),
                public_url: "https://ours.example",
            }
        }

        /// The requested URLs in order.
        pub fn asked(&self) -> Vec<String> {
            self.requests
                .lock()
                .unwrap()
                .iter()
                .map(|(url, _)| url.clone())
                .collect()
        }
    }

    impl WebClient for Servers {
        fn send(&self, request: http_client::Request, limits: Limits) -> http_client::Sending<'_> {
            let url = request.uri().to_string();
            let token = request.headers()[IDEMPOTENCY_HEADER]
                .to_str()
                .unwrap()
                .to_owned();
            let authorization = request.headers().get(AUTHORIZATION).cloned();
            let (takes, status, body) = self.behaviours[url.as_str()];
            self.requests.lock().unwrap().push((url, token));
            Box::pin(async move {
                let failed = |kind| WebError {
                    kind,
                    reason: "as planned".to_owned(),
                };
                let step = if status.is_some() {
                    limits.answer
                } else {
                    limits.connect
                };
                let limit = step.unwrap_or(limits.time).min(limits.time);
                tokio::time::sleep(takes.min(limit)).await;
                match (status, authorization) {
                    (None, _) => Err(failed(WebErrorKind::Connection)),
                    (Some(_), _) if takes > limit => Err(failed(WebErrorKind::Exchange)),
                    (Some(401), None) => {
                        let answer = http_client::http::Response::builder()
                            .status(401)
                            .header(WWW_AUTHENTICATE, body);
                        Ok(answer.body(Vec::new()).unwrap())
                    }
                    (Some(401), Some(given)) => {
                        let status = if given == "Basic YW5uOnMzY3JldA==" {
                            204
                        } else {
                            403
                        };
                        Ok(http_client::http::Response::builder()
                            .status(status)
                            .body(Vec::new())
                            .unwrap())
                    }
                    (Some(status), _) => {
                        let answer = http_client::http::Response::builder().status(status);
                        Ok(answer
                            .header(CONTENT_TYPE, "application/json")
                            .body(body.into())
                            .unwrap())
                    }
                }
            })
        }
    }

    const AT_ONCE: Duration = Duration::ZERO;
    pub(crate) const A_MINUTE: Duration = Duration::from_secs(60);

    async fn attempts(url: &str, behaviour: Behaviour) -> (usize, bool, u64) {
        let servers = Servers::new(&[("https://app.example/hook", behaviour)]);
        let method = CallbackMethod::Post;
        let timeout = Duration::from_secs(15);
        let begun = Instant::now();
        let webhook = Webhook {
            url,
            method,
            form: &[],
            token: "the same",
            timeout,
        };
        let delivered = servers.sender().deliver(&webhook).await.is_ok();
        let requests = servers.requests.lock().unwrap();
        assert!(
            requests.iter().all(|(_, token)| token == "the same"),
            "every attempt has the same token: {requests:?}"
        );
        (requests.len(), delivered, begun.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_follow_the_url_fragment() {
        for (fragment, behaviour, expected) in [
            ("", (AT_ONCE, Some(204), ""), (1, true, 0)),
            ("", (AT_ONCE, Some(503), ""), (1, false, 0)),
            ("", (AT_ONCE, None, ""), (2, false, 0)),
            ("#rp=5xx&rc=2", (AT_ONCE, Some(503), ""), (3, false, 0)),
            ("#rp=4xx&rc=2", (AT_ONCE, Some(503), ""), (1, false, 0)),
            (
                "#rp=rt&rc=5&ct=1000&rt=3000",
                (A_MINUTE, Some(204), ""),
                (5, false, 15),
            ),
            ("#rt=1000", (A_MINUTE, Some(204), ""), (1, false, 1)),
            // Connecting has a timeout of its own, and a second attempt by default.
            ("", (A_MINUTE, None, ""), (2, false, 10)),
            ("#ct=1000", (A_MINUTE, None, ""), (2, false, 2)),
            ("#ct=10000", (A_MINUTE, None, ""), (2, false, 15)),
            ("#ct=1000&rp=rt", (A_MINUTE, None, ""), (1, false, 1)),
            (
                "#rp=all&rc=5&tt=4000",
                (A_MINUTE, Some(204), ""),
                (1, false, 4),
            ),
        ] {
            let url = format!("https://app.example/hook{fragment}");
            assert_eq!(
                attempts(&url, behaviour).await,
                expected,
                "{url} {behaviour:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn password_is_sent_only_on_basic_challenge() {
        let method = CallbackMethod::Post;
        let timeout = Duration::from_secs(15);
        for (user, challenge, requests, delivered) in [
            ("ann:s3cret@", r#"Basic realm="hook""#, 2, true),
            (
                "ann:s3cret@",
                r#"Digest realm="hook", BASIC realm="hook""#,
                2,
                true,
            ),
            ("ann:s3cret@", r#"Digest realm="hook""#, 1, false),
            ("ann:wrong@", "basic", 2, false),
            ("", "basic", 1, false),
        ] {
            let servers =
                Servers::new(&[("https://app.example/hook", (AT_ONCE, Some(401), challenge))]);
            let url = &format!("https://{user}app.example/hook#rp=5xx");
            let result = servers
                .sender()
                .deliver(&Webhook {
                    url,
                    method,
                    form: &[],
                    token: "t",
                    timeout,
                })
                .await;
            assert_eq!(
                (servers.asked().len(), result.is_ok()),
                (requests, delivered),
                "{user} {challenge}"
            );
        }
    }

    #[tokio::test]
    async fn forbidden_url_is_not_requested() {
        let servers = Servers::new(&[]);
        let method = CallbackMethod::Get;
        let timeout = Duration::from_secs(15);
        for url in [
            "http://app.example/hook",
            "https://169.254.169.254/#rc=5&rp=all",
            "no url",
        ] {
            let webhook = Webhook {
                url,
                method,
                form: &[],
                token: "t",
                timeout,
            };
            let refused = servers.sender().deliver(&webhook).await;
            assert!(matches!(refused, Err(DeliveryError::Forbidden(_))), "{url}");
        }
        assert!(servers.asked().is_empty());
    }
}
