//! The account's auth token and its API keys, from Parameter Store.
//!
//! Each is one signed request at cold start. It is made with `aws-sigv4`, a dependency of the SDK;
//! the SDK's own client for this service would add a minute to every build and a megabyte to every
//! function for this one operation.

use std::time::SystemTime;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde::Deserialize;

use crate::aws::{Access, web_builder};
use crate::{Env, EnvError};

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
    parameter: Parameter,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    value: String,
}

/// Characters of the shortest auth token: as many as a carrier's own have. It is the password of the
/// API, and the key of signatures and sessions.
pub const AUTH_TOKEN_CHARS_MIN: usize = 32;

/// `AUTH_TOKEN` itself, or the SecureString that `AUTH_TOKEN_PARAMETER` names, read once at start.
/// So in the cloud the token is in no template and in no function's configuration.
///
/// # Errors
/// The token cannot be read, or is shorter than [`AUTH_TOKEN_CHARS_MIN`].
pub async fn auth_token(env: &Env<'_>) -> Result<String, SecretError> {
    let token = match env.optional("AUTH_TOKEN", "the account's auth token")? {
        Some(token) => token,
        None => {
            let name: String = env.required(
                "AUTH_TOKEN_PARAMETER",
                "the name of a parameter that holds the auth token",
            )?;
            secret(env, name).await?
        }
    };
    match token.chars().count() {
        AUTH_TOKEN_CHARS_MIN.. => Ok(token),
        chars => Err(SecretError::TooShort(chars)),
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
    let access = Access::from_env(env)?;
    let endpoint: Option<String> = env.optional("AWS_ENDPOINT_URL_SSM", "a URL")?;
    let endpoint =
        endpoint.unwrap_or_else(|| format!("https://ssm.{}.amazonaws.com", access.region));
    let read = get_parameter(&access, &endpoint, &name).await;
    read.map_err(|error| SecretError::ParameterStore {
        name,
        reason: error.to_string(),
    })
}

async fn get_parameter(
    access: &Access,
    endpoint: &str,
    name: &str,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let body = serde_json::json!({ "Name": name, "WithDecryption": true }).to_string();
    let mut request = ::http::Request::builder()
        .method("POST")
        .uri(format!("{endpoint}/"))
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", "AmazonSSM.GetParameter")
        .body(body)?;
    let identity = access.credentials.clone().into();
    let signing = v4::SigningParams::builder()
        .identity(&identity)
        .region(access.region.as_ref())
        .name("ssm")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?;
    let headers: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    let uri = request.uri().to_string();
    let signable = SignableRequest::new(
        "POST",
        &uri,
        headers.into_iter(),
        SignableBody::Bytes(request.body().as_bytes()),
    )?;
    let (instructions, _signature) = sign(signable, &signing.into())?.into_parts();
    instructions.apply_to_request_http1x(&mut request);
    let answer = web_builder()
        .build()?
        .execute(reqwest::Request::try_from(request)?)
        .await?
        .error_for_status()?;
    Ok(answer.json::<GetParameterResult>().await?.parameter.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn short_auth_token_is_refused() {
        for (token, is_accepted) in [
            ("0123456789abcdef0123456789abcde", false),
            ("0123456789abcdef0123456789abcdef", true),
        ] {
            let find = |name: &str| (name == "AUTH_TOKEN").then(|| token.to_owned());
            let read = auth_token(&Env::new(find)).await;
            assert_eq!(read.is_ok(), is_accepted, "{token}");
        }
    }
}
