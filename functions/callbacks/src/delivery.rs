//! Webhooks of ours to other people's servers: signed, and delivered as the URL's fragment says (voice-webhooks.md
//! sections 1 and 2).

use std::time::Duration;

use shared::model::Millis;
use shared::model::instruction::CallbackMethod;
use shared::webhook::signature::{SIGNATURE_HEADER, sign};
use shared::webhook::{ConnectionOverride, DeliveryFailure};
use tokio::time::Instant;
use web::http::header::CONTENT_TYPE;
use web::{Answer, Limits, WebError, WebErrorKind};

use crate::Callbacks;
use crate::destination::{Destinations, Forbidden};

/// The most an answer may hold, in bytes: an instruction with every parameter is a hundredth of it.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The same on every attempt to deliver one webhook, so that a receiver can tell a repetition.
const IDEMPOTENCY_HEADER: &str = "I-Twilio-Idempotency-Token";

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

/// Why a webhook was not delivered, as the last attempt saw it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliveryError {
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
                WebErrorKind::HostName | WebErrorKind::Tls | WebErrorKind::Connection => Some(DeliveryFailure::Connect),
                WebErrorKind::Exchange => Some(DeliveryFailure::Read),
                WebErrorKind::Request => None,
            },
            Self::Forbidden(_) | Self::TooLong => None,
        }
    }
}

impl Callbacks {
    /// Delivers a webhook and gives back the answer, a success. What fails is tried again as often as the URL says and time
    /// allows.
    pub(crate) async fn deliver(&self, webhook: &Webhook<'_>) -> Result<Answer, DeliveryError> {
        let url = self.absolute(webhook.url);
        let (sent, settings) = ConnectionOverride::split(&url);
        let target = self.target(sent, webhook)?;
        let begun = Instant::now();
        let limit = millis(webhook.time_limit);
        let mut attempts = 0;
        loop {
            let time = settings.time_left(millis(begun.elapsed()), limit).unwrap_or(Millis::from_millis(1));
            let error = match self.attempt(&target, webhook, Duration::from_millis(time.as_millis())).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            attempts += 1;
            let tries_again = error.failure().is_some_and(|failure| settings.tries_again(attempts, failure));
            if !tries_again || settings.time_left(millis(begun.elapsed()), limit).is_none() {
                return Err(error);
            }
            tracing::info!(attempts, %error, "a webhook was not delivered; it is sent again");
        }
    }

    /// The URL as it is asked and signed.
    fn target(&self, url: &str, webhook: &Webhook<'_>) -> Result<String, Forbidden> {
        // Our own address is ours to ask, wherever it is.
        let ours = url.strip_prefix(&self.public_url).is_some_and(|rest| rest.starts_with('/'));
        let mut target = if ours { Destinations::Anywhere } else { self.destinations }.check(url)?;
        match webhook.method {
            CallbackMethod::Post => {}
            CallbackMethod::Get => {
                target.query_pairs_mut().extend_pairs(webhook.form);
            }
        }
        Ok(target.into())
    }

    async fn attempt(&self, target: &str, webhook: &Webhook<'_>, time: Duration) -> Result<Answer, DeliveryError> {
        let request = match webhook.method {
            CallbackMethod::Post => {
                let request = web::http::Request::post(target)
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8")
                    .header(SIGNATURE_HEADER, sign(&self.auth_token, target, webhook.form))
                    .header(IDEMPOTENCY_HEADER, webhook.token);
                web::request(request, serde_urlencoded::to_string(webhook.form).unwrap_or_default().into_bytes())?
            }
            CallbackMethod::Get => {
                let request = web::http::Request::get(target)
                    .header(SIGNATURE_HEADER, sign(&self.auth_token, target, &[]))
                    .header(IDEMPOTENCY_HEADER, webhook.token);
                web::request(request, Vec::new())?
            }
        };
        // One byte more than is allowed tells that it is too much.
        let limits = Limits { time, body_bytes: ANSWER_BYTES_MAX + 1 };
        let answer = self.web.send(request, limits).await?;
        if !answer.status().is_success() {
            return Err(DeliveryError::Status(answer.status().as_u16()));
        }
        if answer.body().len() > ANSWER_BYTES_MAX {
            return Err(DeliveryError::TooLong);
        }
        Ok(answer)
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
