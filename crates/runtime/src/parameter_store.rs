//! The account's auth tokens and its API keys, from Parameter Store.
//!
//! Each is one signed request ([`signed`]) at cold start, and the auth tokens are read again when they
//! are rotated. The SDK's own client for this service would add a minute to every build and a megabyte
//! to every function for this one operation.
//!
//! Parameter Store allows 40 requests a second by default, and many functions may start at once. So
//! a throttled or failed request is retried with a random backoff, within the time that Lambda
//! gives a function to start.

use std::sync::Arc;
use std::time::Duration;

use carrier::{AuthTokens, Reading, TokenReader, Tokens, TokensError};
use http_client::{Limits, NetworkClient, WebClient};
use serde::Deserialize;

use crate::aws::{Access, dns_suffix};
use crate::signed_request::{Service, signed};
use crate::{Env, EnvError};

/// Timeout of one attempt: twenty times what Parameter Store needs.
const ATTEMPT_TIME_LIMIT: Duration = Duration::from_millis(1_000);

/// Bytes of an answer: a parameter has 8 kB at most.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Attempts at a parameter in all. With the longest backoffs and answers they take 8 s; Lambda ends
/// the start of a function after 10 s.
const ATTEMPTS_MAX: u32 = 5;

/// Upper bound of the backoff after the first attempt. It doubles with each further one: 0.2, 0.4,
/// 0.8, 1.6 s.
const BACKOFF_FIRST: Duration = Duration::from_millis(200);

/// A secret that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// An environment variable is missing or malformed.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The auth token can be guessed.
    #[error(
        "the auth token has {0} characters; expected at least {AUTH_TOKEN_CHARS_MIN}, for example the output of `openssl rand -hex 16`"
    )]
    TooShort(usize),
    /// The text is not one token or two.
    #[error(transparent)]
    Tokens(#[from] TokensError),
    /// Parameter Store did not return the parameter.
    #[error("parameter {name} could not be read: {reason}")]
    ParameterStore {
        /// The parameter's name.
        name: String,
        /// The reason.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetParameterResult {
    parameter: ParameterValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ParameterValue {
    value: String,
}

/// Characters of the shortest auth token: as many as a carrier's own have. It is the password of the
/// API, and the key of signatures and sessions.
pub const AUTH_TOKEN_CHARS_MIN: usize = 32;

/// `AUTH_TOKEN` itself, or the SecureString that `AUTH_TOKEN_PARAMETER` names: the auth token, or the
/// primary and the secondary one separated by a comma. So in the cloud the tokens are in no template
/// and in no function's configuration. Those of a parameter are read again when they are rotated.
///
/// # Errors
/// The tokens cannot be read, or one is shorter than [`AUTH_TOKEN_CHARS_MIN`].
pub async fn auth_tokens(env: &Env<'_>) -> Result<Arc<AuthTokens>, SecretError> {
    if let Some(text) = env.optional::<String>("AUTH_TOKEN", "the account's auth token")? {
        return Ok(AuthTokens::fixed(checked_tokens(&text)?));
    }
    let name: String = env.required(
        "AUTH_TOKEN_PARAMETER",
        "the name of a parameter that holds the auth token",
    )?;
    let parameter = Parameter::of(env, name)?;
    let tokens = checked_tokens(&parameter.read().await?)?;
    Ok(AuthTokens::from_reader(tokens, parameter))
}

fn checked_tokens(text: &str) -> Result<Tokens, SecretError> {
    let tokens = Tokens::parse(text)?;
    let lengths = tokens.all().map(|token| token.chars().count());
    match lengths.min() {
        Some(AUTH_TOKEN_CHARS_MIN..) => Ok(tokens),
        chars => Err(SecretError::TooShort(chars.unwrap_or_default())),
    }
}

/// `API_KEYS` itself, or the SecureString that `API_KEYS_PARAMETER` names; `None` if neither is
/// set.
pub async fn api_keys(env: &Env<'_>) -> Result<Option<String>, SecretError> {
    if let Some(keys) = env.optional("API_KEYS", "a comma list of SK…:secret")? {
        return Ok(Some(keys));
    }
    match env.optional(
        "API_KEYS_PARAMETER",
        "the name of a parameter that holds the API keys",
    )? {
        Some(name) => secret(env, name).await.map(Some),
        None => Ok(None),
    }
}

/// Reads the parameter with this name, decrypted.
async fn secret(env: &Env<'_>, name: String) -> Result<String, SecretError> {
    Parameter::of(env, name)?.read().await
}

/// A parameter, and what is needed to read it.
struct Parameter {
    access: Access,
    endpoint: String,
    name: String,
}

impl Parameter {
    fn of(env: &Env<'_>, name: String) -> Result<Self, EnvError> {
        let access = Access::from_env(env)?;
        let endpoint: Option<String> = env.optional("AWS_ENDPOINT_URL_SSM", "a URL")?;
        let endpoint = endpoint.unwrap_or_else(|| default_endpoint(access.region.as_ref()));
        Ok(Self {
            access,
            endpoint,
            name,
        })
    }

    async fn read(&self) -> Result<String, SecretError> {
        let Self {
            access,
            endpoint,
            name,
        } = self;
        let read = retried(async || get_parameter(access, endpoint, name).await).await;
        read.map_err(|error| SecretError::ParameterStore {
            name: name.clone(),
            reason: error.to_string(),
        })
    }
}

impl TokenReader for Parameter {
    /// One attempt without retries: callers wait for it, and a later check tries again.
    fn read(&self) -> Reading<'_> {
        Box::pin(async move {
            let text = get_parameter(&self.access, &self.endpoint, &self.name)
                .await
                .map_err(|error| error.to_string())?;
            checked_tokens(&text).map_err(|error| error.to_string())
        })
    }
}

/// The endpoint of Parameter Store in a region.
fn default_endpoint(region: &str) -> String {
    format!("https://ssm.{region}.{}", dns_suffix(region))
}

/// Why an attempt failed.
#[derive(Debug, thiserror::Error)]
enum AttemptError {
    /// A further attempt may succeed: throttling, an error of the service, no answer.
    #[error("{0}")]
    Temporary(String),
    /// No attempt will succeed.
    #[error("{0}")]
    Permanent(String),
}

impl AttemptError {
    fn permanent(error: impl std::fmt::Display) -> Self {
        Self::Permanent(error.to_string())
    }
}

/// Repeats `attempt` while its failure is temporary, up to [`ATTEMPTS_MAX`] times. Every backoff is
/// a random part of its bound (full jitter), because functions that start at the same moment would
/// otherwise be throttled together again.
async fn retried<T>(attempt: impl AsyncFn() -> Result<T, AttemptError>) -> Result<T, AttemptError> {
    let mut bound = BACKOFF_FIRST;
    for number in 1..ATTEMPTS_MAX {
        match attempt().await {
            Err(AttemptError::Temporary(error)) => {
                tracing::warn!(number, error, "parameter not read, retrying");
            }
            done @ (Ok(_) | Err(AttemptError::Permanent(_))) => return done,
        }
        tokio::time::sleep(bound.mul_f64(fastrand::f64())).await;
        bound *= 2;
    }
    attempt().await
}

async fn get_parameter(
    access: &Access,
    endpoint: &str,
    name: &str,
) -> Result<String, AttemptError> {
    let request = signed_request(access, endpoint, name).map_err(AttemptError::permanent)?;
    let client = NetworkClient::new().map_err(AttemptError::permanent)?;
    let answer = client
        .send(request, Limits::new(ATTEMPT_TIME_LIMIT, ANSWER_BYTES_MAX))
        .await
        .map_err(|error| AttemptError::Temporary(error.to_string()))?;
    let status = answer.status().as_u16();
    let body = answer.into_body();
    if status != 200 {
        return Err(refusal(status, &body));
    }
    let result: GetParameterResult =
        serde_json::from_slice(&body).map_err(AttemptError::permanent)?;
    Ok(result.parameter.value)
}

/// The error of a response. Its type is in the body: `{"__type": "ThrottlingException"}`.
fn refusal(status: u16, body: &[u8]) -> AttemptError {
    let parsed: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let kind = parsed["__type"].as_str().unwrap_or_default();
    let kind = kind.rsplit('#').next().unwrap_or_default();
    let sentence = format!("Parameter Store answered {status} {kind}");
    match (status, kind) {
        (429 | 500.., _) | (_, "ThrottlingException" | "InternalServerError") => {
            AttemptError::Temporary(sentence)
        }
        (_, _) => AttemptError::Permanent(sentence),
    }
}

fn signed_request(
    access: &Access,
    endpoint: &str,
    name: &str,
) -> Result<http_client::Request, Box<dyn std::error::Error + Send + Sync>> {
    let body = serde_json::json!({ "Name": name, "WithDecryption": true }).to_string();
    let request = ::http::Request::builder()
        .method("POST")
        .uri(format!("{endpoint}/"))
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", "AmazonSSM.GetParameter")
        .body(body.into_bytes())?;
    signed(access, Service::Ssm, request)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    #[test]
    fn endpoint_follows_the_partition() {
        for (region, endpoint) in [
            ("eu-central-1", "https://ssm.eu-central-1.amazonaws.com"),
            ("us-gov-west-1", "https://ssm.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "https://ssm.cn-north-1.amazonaws.com.cn"),
        ] {
            assert_eq!(default_endpoint(region), endpoint);
        }
    }

    #[test]
    fn throttling_is_temporary() {
        for (status, kind, temporary) in [
            (400, "ThrottlingException", true),
            (400, "com.amazonaws.ssm#ThrottlingException", true),
            (500, "InternalServerError", true),
            (503, "", true),
            (429, "", true),
            (400, "ParameterNotFound", false),
            (400, "AccessDeniedException", false),
        ] {
            let body = format!(r#"{{"__type":"{kind}"}}"#);
            let error = refusal(status, body.as_bytes());
            assert_eq!(
                matches!(error, AttemptError::Temporary(_)),
                temporary,
                "{status} {kind}"
            );
        }
    }

    /// Runs `retried` on an attempt that fails `failures` times: whether it succeeded, the number of
    /// attempts, and the backoffs together.
    async fn after_failures(
        failures: u32,
        failure: fn(String) -> AttemptError,
    ) -> (bool, u32, Duration) {
        let attempts = Cell::new(0);
        let begun = Instant::now();
        let result = retried(async || {
            attempts.set(attempts.get() + 1);
            if attempts.get() > failures {
                Ok(())
            } else {
                Err(failure("Rate exceeded".to_owned()))
            }
        })
        .await;
        (result.is_ok(), attempts.get(), begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn throttled_parameter_is_retried() {
        let (read, attempts, waited) = after_failures(3, AttemptError::Temporary).await;
        assert_eq!((read, attempts), (true, 4));
        assert!(waited <= BACKOFF_FIRST * 7, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn retries_end_before_lambda_ends_the_start() {
        let (read, attempts, waited) = after_failures(u32::MAX, AttemptError::Temporary).await;
        assert_eq!((read, attempts), (false, ATTEMPTS_MAX));
        let longest = BACKOFF_FIRST * 15 + ATTEMPT_TIME_LIMIT * ATTEMPTS_MAX;
        assert!(waited <= BACKOFF_FIRST * 15, "{waited:?}");
        assert!(longest < Duration::from_secs(10), "{longest:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn missing_parameter_is_not_retried() {
        let (read, attempts, waited) = after_failures(u32::MAX, AttemptError::Permanent).await;
        assert_eq!((read, attempts, waited), (false, 1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn backoffs_are_random() {
        let mut waits = std::collections::BTreeSet::new();
        for _ in 0..20 {
            waits.insert(after_failures(4, AttemptError::Temporary).await.2);
        }
        assert!(waits.len() > 1, "{waits:?}");
    }

    #[tokio::test]
    async fn short_auth_token_is_refused() {
        for (token, is_accepted) in [
            ("0123456789abcdef0123456789abcde", false),
            ("0123456789abcdef0123456789abcdef", true),
            (
                "0123456789abcdef0123456789abcdef,fedcba9876543210fedcba9876543210",
                true,
            ),
            ("0123456789abcdef0123456789abcdef,short", false),
        ] {
            let find = |name: &str| (name == "AUTH_TOKEN").then(|| token.to_owned());
            let read = auth_tokens(&Env::new(find)).await;
            assert_eq!(read.is_ok(), is_accepted, "{token}");
        }
    }
}
