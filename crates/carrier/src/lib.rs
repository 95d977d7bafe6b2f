//! The carrier's REST API, as far as Cordboard uses it to place and move calls (voice-webhooks.md
//! section 8).
//!
//! There is one implementation, [`Carrier`]. The carrier behind it is a base URL: Twilio, any
//! carrier with the same API, or the simulated carrier, which serves that API over HTTP. So the
//! code above this crate does not depend on the carrier.

mod auth_tokens;
mod error;
mod new_call;
mod new_participant;
mod retry;

use std::sync::Arc;
use std::time::Duration;

use http_client::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http_client::http::request::Builder;
use http_client::http::{Method, Request};
use http_client::{Answer, Limits, WebClient, basic_authorization};
use ids::{AccountSid, CallSid, ConferenceSid, QueueSid};
use planted_bugs::Bug;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use shared::webhook::{CallStatus, FromParameter, redact};
use url::Url;

use auth_tokens::Password;
pub use auth_tokens::{
    AuthTokens, REREAD_PAUSE, Reading, TOKENS_KEPT, TokenReader, Tokens, TokensError,
};
pub use error::{Error, Execution};
pub use new_call::{NewCall, Recording, SipUser};
pub use new_participant::NewParticipant;
use retry::Retries;

/// Twilio's own API.
pub const TWILIO_API: &str = "https://api.twilio.com";

/// Timeout of one request, connecting included. The carrier's own timeout for webhooks is the same
/// 15 s.
pub const REQUEST_TIME_LIMIT: Duration = Duration::from_secs(15);

/// Largest part of an answer that is read, in bytes: a call's resource has a few thousand.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Error code of a change that the status of a call does not allow (voice-webhooks.md section 10).
const CALL_NOT_IN_PROGRESS: u32 = 21_220;

/// Client of the carrier's REST API for one account.
#[derive(Clone)]
pub struct Carrier {
    web: Arc<dyn WebClient>,
    account: Url,
    account_sid: AccountSid,
    tokens: Arc<AuthTokens>,
}

/// The result of a change of a call or queue, which may be over by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// The change was carried out.
    Yes,
    /// The call or queue no longer existed, or the call had ended.
    AlreadyOver,
}

#[derive(Deserialize)]
struct CallResource {
    sid: CallSid,
    #[serde(deserialize_with = "call_status")]
    status: CallStatus,
}

#[derive(Deserialize)]
struct ParticipantResource {
    call_sid: CallSid,
}

fn call_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CallStatus, D::Error> {
    let word = String::deserialize(deserializer)?;
    CallStatus::parse(&word)
        .ok_or_else(|| serde::de::Error::custom(format!("{word:?} is no call status")))
}

#[derive(Deserialize, Default)]
struct ErrorResource {
    code: Option<u32>,
    message: Option<String>,
}

impl Carrier {
    /// A client for the API at `base_url` and this account.
    pub fn new(
        web: Arc<dyn WebClient>,
        base_url: &str,
        account_sid: AccountSid,
        tokens: Arc<AuthTokens>,
    ) -> Result<Self, Error> {
        let account = Url::parse(base_url)
            .and_then(|base| base.join(&format!("/2010-04-01/Accounts/{account_sid}/")))
            .map_err(|_| Error::BaseUrl(base_url.to_owned()))?;
        Ok(Self {
            web,
            account,
            account_sid,
            tokens,
        })
    }

    /// The same API with another client, which `wrap` makes of the present one.
    pub fn through(&self, wrap: impl FnOnce(Arc<dyn WebClient>) -> Arc<dyn WebClient>) -> Self {
        Self {
            web: wrap(Arc::clone(&self.web)),
            ..self.clone()
        }
    }

    /// Places a call and returns its SID. Not idempotent: a retry places a second call.
    pub async fn create_call(&self, call: &NewCall) -> Result<CallSid, Error> {
        let created = self.post("Calls.json", &call.form()).await?;
        let resource: CallResource = read(&created)?;
        tracing::info!(call_sid = %resource.sid, to = %redact(&call.to), "call placed");
        Ok(resource.sid)
    }

    /// Adds a participant to a conference by a new call, and returns the call's SID. Not
    /// idempotent, like [`Carrier::create_call`].
    pub async fn add_participant(
        &self,
        to: ConferenceSid,
        new: &NewParticipant,
    ) -> Result<CallSid, Error> {
        let created = self
            .post(&format!("Conferences/{to}/Participants.json"), &new.form())
            .await?;
        let resource: ParticipantResource = read(&created)?;
        tracing::info!(call_sid = %resource.call_sid, conference_sid = %to, to = %redact(&new.to), "conference participant called");
        Ok(resource.call_sid)
    }

    /// Ends a call, ringing or in progress.
    pub async fn end_call(&self, call: CallSid) -> Result<Moved, Error> {
        self.update_call(call, &[("Status", "completed")]).await
    }

    /// Makes a call run the document at `url`, whatever it does; a waiting call leaves its queue.
    pub async fn redirect_call(&self, call: CallSid, url: &str) -> Result<Moved, Error> {
        self.update_call(call, &[("Url", url), ("Method", "POST")])
            .await
    }

    /// Whether a call is queued, ringing or in progress. False for a call that the carrier does not
    /// know.
    pub async fn is_live(&self, call: CallSid) -> Result<bool, Error> {
        match self
            .send(
                self.request(Method::GET, &format!("Calls/{call}.json"))?,
                Vec::new(),
            )
            .await
        {
            Ok(found) => Ok(!read::<CallResource>(&found)?.status.is_final()),
            Err(Error::Refused { status: 404, .. }) => {
                Ok(Bug::UnknownCallTakenForLive.is_planted())
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes an empty queue. Idempotent: a queue that no longer exists is no error.
    pub async fn delete_queue(&self, queue: QueueSid) -> Result<Moved, Error> {
        let request = self.request(Method::DELETE, &format!("Queues/{queue}.json"))?;
        absent_is_over(self.send(request, Vec::new()).await.map(|_| Moved::Yes))
    }

    async fn update_call(&self, call: CallSid, form: &[(&str, &str)]) -> Result<Moved, Error> {
        absent_is_over(
            self.post(&format!("Calls/{call}.json"), form)
                .await
                .map(|_| Moved::Yes),
        )
    }

    async fn post(
        &self,
        path: &str,
        form: &[(&str, impl serde::Serialize)],
    ) -> Result<Answer, Error> {
        let request = self
            .request(Method::POST, path)?
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(
            request,
            serde_urlencoded::to_string(form)
                .unwrap_or_default()
                .into_bytes(),
        )
        .await
    }

    /// Sends a request, and again while the carrier throttles it ([`retry`]), and once again with
    /// another auth token when the primary one is no longer accepted ([`Password`]).
    async fn send(&self, request: Builder, body: Vec<u8>) -> Result<Answer, Error> {
        let request = http_client::request(request, body)?;
        let mut password = Password::primary(self.tokens.current());
        let mut retries = Retries::begin();
        loop {
            let error = match self.send_once(request.clone(), &password).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if is_unauthorized(&error)
                && let Some(other) = password.other(&self.tokens).await
            {
                password = other;
                continue;
            }
            let Some(pause) = retries.pause_after(&error) else {
                return Err(error);
            };
            let path = request.uri().path();
            tracing::warn!(path, pause_ms = %pause.as_millis(), "request throttled by the carrier, retrying");
            tokio::time::sleep(pause).await;
        }
    }

    async fn send_once(
        &self,
        mut request: http_client::Request,
        password: &Password,
    ) -> Result<Answer, Error> {
        let account_sid = self.account_sid.to_string();
        let authorization = basic_authorization(&account_sid, password.text())?;
        request.headers_mut().insert(AUTHORIZATION, authorization);
        let limits = Limits::new(REQUEST_TIME_LIMIT, ANSWER_BYTES_MAX);
        let answer = self.web.send(request, limits).await?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let error: ErrorResource = read(&answer).unwrap_or_default();
        Err(Error::Refused {
            status: answer.status().as_u16(),
            code: error.code,
            message: error.message.unwrap_or_default(),
            retry_after: retry_after(&answer),
        })
    }

    fn request(&self, method: Method, path: &str) -> Result<Builder, Error> {
        let url = self
            .account
            .join(path)
            .map_err(|_| Error::BaseUrl(self.account.to_string()))?;
        Ok(Request::builder().method(method).uri(url.as_str()))
    }
}

/// Whether the carrier did not accept the auth token.
fn is_unauthorized(error: &Error) -> bool {
    matches!(error, Error::Refused { status: 401, .. })
}

/// The pause of `Retry-After` in seconds. Its other form, a date, counts as absent.
fn retry_after(answer: &Answer) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().map(Duration::from_secs).ok()
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, Error> {
    serde_json::from_slice(answer.body()).map_err(Error::Unreadable)
}

/// Turns the errors "not found" and "not in progress" into [`Moved::AlreadyOver`]: the call or
/// queue needs no change any more.
fn absent_is_over(result: Result<Moved, Error>) -> Result<Moved, Error> {
    match result {
        Err(
            Error::Refused { status: 404, .. }
            | Error::Refused {
                code: Some(CALL_NOT_IN_PROGRESS),
                ..
            },
        ) => Ok(Moved::AlreadyOver),
        other => other,
    }
}

#[cfg(test)]
mod tests;
