//! A look-up: a signed POST to a server of the contact centre's owner, whose answer is a JSON
//! object.

use std::time::Duration;

use http_client::http::Request;
use http_client::http::header::CONTENT_TYPE;
use http_client::{Limits, WebError};
use ids::time::Millis;
use runtime::voice::{LookUps, Voice, Webhook};
use serde_json::Value;
use shared::webhook::signature::{SIGNATURE_HEADER, sign};

/// The most bytes of an answer: far more than the values of a call.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// Why a look-up has no usable answer.
#[derive(Debug, thiserror::Error)]
enum LookUpError {
    #[error("this function sends no look-ups")]
    NoClient,
    #[error(transparent)]
    Forbidden(#[from] http_client::Forbidden),
    #[error("no answer")]
    NoAnswer(#[from] WebError),
    #[error("the request cannot be built")]
    Request(#[from] http_client::http::Error),
    #[error("answered with HTTP {0}")]
    Status(u16),
    #[error("the answer is no JSON object of at most {ANSWER_BYTES_MAX} bytes")]
    NoObject,
}

/// Sends a look-up. `None`, after a line in the log, when there is no usable answer: the step then
/// fails, and the flow says what follows. A browser's preview sends nothing.
pub(crate) async fn send(
    voice: &Voice,
    webhook: &Webhook,
    url: &str,
    form: &[(String, String)],
    timeout: Millis,
) -> Option<Value> {
    if webhook.is_preview() {
        return None;
    }
    match try_send(voice, url, form, timeout).await {
        Ok(answer) => Some(answer),
        Err(error) => {
            tracing::warn!(url = %shared::webhook::shown_url(url), %error, "look-up failed");
            None
        }
    }
}

async fn try_send(
    voice: &Voice,
    url: &str,
    form: &[(String, String)],
    timeout: Millis,
) -> Result<Value, LookUpError> {
    let LookUps { web, destinations } = voice.look_ups.as_ref().ok_or(LookUpError::NoClient)?;
    let url = destinations.check(url)?;
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let signature = sign(&voice.tokens.current().primary, url.as_str(), form);
    let request = Request::post(url.as_str())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(SIGNATURE_HEADER, signature)
        .body(body.into_bytes())?;
    let limits = Limits::new(Duration::from(timeout), ANSWER_BYTES_MAX + 1);
    let answer = web.send(request, limits).await?;
    if !answer.status().is_success() {
        return Err(LookUpError::Status(answer.status().as_u16()));
    }
    let body = Some(answer.body()).filter(|body| body.len() <= ANSWER_BYTES_MAX);
    let value = body.and_then(|body| serde_json::from_slice::<Value>(body).ok());
    value.filter(Value::is_object).ok_or(LookUpError::NoObject)
}
