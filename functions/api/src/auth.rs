//! Who may ask: HTTP Basic with account SID and auth token, or with an API key and its secret (taskrouter.md section 1,
//! "auth").

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, header};
use ids::ApiKeySid;
use subtle::{Choice, ConstantTimeEq};

use crate::Api;
use crate::error::ApiError;

/// The scheme, whose case does not matter.
const SCHEME: &str = "Basic";

/// Most API keys: each is compared with every request.
const API_KEYS_MAX: usize = 100;

/// Fewest characters of a secret: what is shorter can be guessed.
const SECRET_CHARS_MIN: usize = 16;

/// The API keys that open the API beside the account's own token: `SK…:secret,SK…:secret`. Never shown.
#[derive(Clone, Default)]
pub struct ApiKeys(Vec<(ApiKeySid, String)>);

/// A text that is no list of API keys. It shows nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "API keys: expected SK and 32 hexadecimal digits, a colon and a secret of at least {SECRET_CHARS_MIN} characters, at most {API_KEYS_MAX} of them with commas between"
)]
pub struct ApiKeysError;

impl FromStr for ApiKeys {
    type Err = ApiKeysError;

    fn from_str(text: &str) -> Result<Self, ApiKeysError> {
        let key = |pair: &str| {
            let (sid, secret) = pair.trim().split_once(':')?;
            (secret.chars().count() >= SECRET_CHARS_MIN)
                .then_some((sid.parse().ok()?, secret.to_owned()))
        };
        let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
        let keys: Vec<_> = pairs.map(key).collect::<Option<_>>().ok_or(ApiKeysError)?;
        (keys.len() <= API_KEYS_MAX)
            .then_some(Self(keys))
            .ok_or(ApiKeysError)
    }
}

/// Lets a request pass that brings the account's credentials or an API key; the comparison takes the same time wherever
/// they differ, and looks at all that there are.
///
/// # Errors
/// [`ApiError::Unauthenticated`] for everything else, without saying what was wrong.
pub fn check(api: &Api, headers: &HeaderMap) -> Result<(), ApiError> {
    let (user, password) = credentials(headers).ok_or(ApiError::Unauthenticated)?;
    let is = |sid: &str, secret: &str| {
        user.as_bytes().ct_eq(sid.as_bytes()) & password.as_bytes().ct_eq(secret.as_bytes())
    };
    let account = is(&api.account_sid.to_string(), &api.auth_token);
    let ApiKeys(keys) = &api.api_keys;
    let key = keys.iter().fold(Choice::from(0), |found, (sid, secret)| {
        found | is(sid.text().as_str(), secret)
    });
    match bool::from(account | key) {
        true => Ok(()),
        false => Err(ApiError::Unauthenticated),
    }
}

/// User name and password, if the header is there and well-formed.
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "SK00000000000000000000000000000001";

    #[test]
    fn api_keys_are_pairs_with_secrets_that_nobody_guesses() {
        let secret = "s".repeat(SECRET_CHARS_MIN);
        for (text, keys) in [
            (String::new(), Some(0)),
            (format!("{KEY}:{secret}"), Some(1)),
            (
                format!(" {KEY}:{secret}:with:colons ,\n{KEY}:{secret},"),
                Some(2),
            ),
            (KEY.to_owned(), None),
            (format!("{KEY}:short"), None),
            (format!("AC00000000000000000000000000000001:{secret}"), None),
            (format!("{KEY}:{secret},").repeat(API_KEYS_MAX + 1), None),
        ] {
            assert_eq!(
                text.parse::<ApiKeys>().ok().map(|ApiKeys(keys)| keys.len()),
                keys,
                "{text}"
            );
        }
    }
}
