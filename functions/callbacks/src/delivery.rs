//! Webhooks of ours to other people's servers: signed, and delivered as the URL's fragment says (voice-webhooks.md
//! sections 1 and 2).

use std::time::Duration;

use http_client::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http_client::http::{HeaderValue, StatusCode};
use http_client::{Answer, Limits, WebClient, WebError, WebErrorKind, take_credentials};
use ids::time::Millis;
use shared::webhook::signature::{SIGNATURE_HEADER, sign};
use shared::webhook::{ConnectionOverride, DeliveryFailure};
use tokio::time::Instant;
use vocabulary::CallbackMethod;

use crate::destination::{Destinations, Forbidden};
use crate::{Callbacks, absolute};

/// The most an answer may hold, in bytes: an instruction with every parameter is a hundredth of it.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The same on every attempt to deliver one webhook, so that a receiver can tell a repetition.
const IDEMPOTENCY_HEADER: &str = "I-Twilio-Idempotency-Token";

/// The scheme in which we give user and password; we know no Digest.
const BASIC: &str = "Basic";

/// A webhook to be delivered.
pub(crate) struct Webhook<'a> {
    /// Where to, with its fragment; relative to our own address if it begins with a slash.
    pub url: &'a str,
    /// How.
    pub method: CallbackMethod,
    /// What it says.
    pub form: &'a [(String, String)],
    /// The same for the same webhook.
    pub token: &'a str,
    /// How long all attempts together may take.
    pub time_limit: Duration,
}

/// Where a webhook goes.
struct Target {
    /// The URL as it is asked and signed: without fragment, user and password, of a GET with the parameters.
    url: String,
    /// User and password of the URL, for a server that asks for them.
    authorization: Option<HeaderValue>,
}

/// Why a webhook was not delivered, as the last attempt saw it.
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
    /// What the retry policy makes of it; nothing if trying again cannot help.
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

/// Who delivers: everything a webhook needs beside itself.
pub(crate) struct Sender<'a> {
    pub web: &'a dyn WebClient,
    pub destinations: Destinations,
    pub auth_token: &'a str,
    /// Our own address.
    pub public_url: &'a str,
}

impl Callbacks {
    /// Who delivers webhooks, on this way.
    pub(crate) fn sender<'a>(&'a self, web: &'a dyn WebClient) -> Sender<'a> {
        let Self {
            destinations,
            auth_token,
            public_url,
            ..
        } = self;
        Sender {
            web,
            destinations: *destinations,
            auth_token,
            public_url,
        }
    }
}

impl Sender<'_> {
    /// Delivers a webhook and gives back the answer, a success. What fails is tried again as often as the URL says and time
    /// allows.
    pub(crate) async fn deliver(&self, webhook: &Webhook<'_>) -> Result<Answer, DeliveryError> {
        let url = absolute(self.public_url, webhook.url);
        let (sent, settings) = ConnectionOverride::split(&url);
        let target = self.target(sent, webhook)?;
        let begun = Instant::now();
        let limit = millis(webhook.time_limit);
        let mut attempts = 0;
        loop {
            let time = settings
                .time_left(millis(begun.elapsed()), limit)
                .unwrap_or(Millis::from_millis(1));
            let error = match self
                .attempt(&target, webhook, limits(&settings, time))
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
            tracing::info!(attempts, %error, "a webhook was not delivered; it is sent again");
        }
    }

    fn target(&self, url: &str, webhook: &Webhook<'_>) -> Result<Target, Forbidden> {
        // Our own address is ours to ask, wherever it is.
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

    /// One attempt: first without user and password, then, should the server ask for them, with.
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
        if let Some(authorization) = target
            .authorization
            .as_ref()
            .filter(|_| asks_for_password(&answer))
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

    /// The request of one attempt.
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
                sign(self.auth_token, &target.url, covered),
            )
            .header(IDEMPOTENCY_HEADER, webhook.token);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        http_client::request(request, body)
    }
}

fn limits(settings: &ConnectionOverride, time: Millis) -> Limits {
    let duration = |limit: Millis| Duration::from_millis(limit.as_millis());
    Limits {
        time: duration(time),
        // One byte more than is allowed tells that it is too much.
        body_bytes: ANSWER_BYTES_MAX + 1,
        connect: Some(duration(settings.connect_timeout)),
        answer: Some(duration(settings.read_timeout)),
    }
}

/// A server that takes user and password as HTTP Basic sends them says so with its 401.
fn asks_for_password(answer: &Answer) -> bool {
    let is_basic = |challenge: &HeaderValue| {
        let words = challenge.to_str().unwrap_or_default().split([',', ' ']);
        words
            .into_iter()
            .any(|word| word.eq_ignore_ascii_case(BASIC))
    };
    answer.status() == StatusCode::UNAUTHORIZED
        && answer
            .headers()
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .any(is_basic)
}

fn millis(duration: Duration) -> Millis {
    Millis::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::*;

    /// What a server does with a request: how long it takes, and the status and body it answers with; without a status it is
    /// connecting that takes so long and comes to nothing.
    pub(crate) type Behaviour = (Duration, Option<u16>, &'static str);

    /// Servers by URL. Time passes on tokio's clock, which a test stops: nothing waits.
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
                auth_token: "12345",
                public_url: "https://ours.example",
            }
        }

        /// URLs in the order they were asked.
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
        let (method, time_limit) = (CallbackMethod::Post, Duration::from_secs(15));
        let begun = Instant::now();
        let webhook = Webhook {
            url,
            method,
            form: &[],
            token: "the same",
            time_limit,
        };
        let delivered = servers.sender().deliver(&webhook).await.is_ok();
        let requests = servers.requests.lock().unwrap();
        assert!(
            requests.iter().all(|(_, token)| token == "the same"),
            "one webhook, one token: {requests:?}"
        );
        (requests.len(), delivered, begun.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_webhook_is_sent_as_often_as_the_fragment_of_its_url_says() {
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
            // Connecting has its own time, and a second attempt by default.
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
    async fn user_and_password_are_given_to_who_asks_for_them_and_to_nobody_else() {
        let (method, time_limit) = (CallbackMethod::Post, Duration::from_secs(15));
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
                    time_limit,
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
    async fn a_webhook_goes_nowhere_it_must_not_go() {
        let servers = Servers::new(&[]);
        let (method, time_limit) = (CallbackMethod::Get, Duration::from_secs(15));
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
                time_limit,
            };
            let refused = servers.sender().deliver(&webhook).await;
            assert!(matches!(refused, Err(DeliveryError::Forbidden(_))), "{url}");
        }
        assert!(servers.asked().is_empty());
    }
}
