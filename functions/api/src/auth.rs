//! Authentication: HTTP Basic with account SID and auth token, or with an API key's SID and its
//! secret (taskrouter.md section 1, "auth").

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use carrier::Tokens;
use http::{HeaderMap, header};
use ids::{AccountSid, ApiKeySid};
use subtle::{Choice, ConstantTimeEq};

use crate::Api;
use crate::error::ApiError;

/// The authentication scheme, compared without regard to case.
const SCHEME: &str = "Basic";

/// The number of API keys is limited, because every request is compared with each.
const API_KEYS_MAX: usize = 100;

/// Characters of the shortest secret that cannot be guessed.
const SECRET_CHARS_MIN: usize = 16;

/// API keys that authenticate besides the account's own token. Parsed from
/// `SK…:secret,SK…:secret`; never logged and never printed.
#[derive(Clone, Default)]
pub struct ApiKeys(Vec<(ApiKeySid, String)>);

/// The text is no list of API keys. The message contains nothing of the text, which is secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "API keys: expected at most {API_KEYS_MAX} keys, separated by commas, each SK and 32 hexadecimal digits, a colon and a secret of at least {SECRET_CHARS_MIN} characters"
)]
pub struct ApiKeysError;

impl FromStr for ApiKeys {
    type Err = ApiKeysError;

    fn from_str(text: &str) -> Result<Self, ApiKeysError> {
        let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
        let keys: Vec<_> = pairs
            .map(api_key)
            .collect::<Option<_>>()
            .ok_or(ApiKeysError)?;
        if keys.len() > API_KEYS_MAX {
            return Err(ApiKeysError);
        }
        Ok(Self(keys))
    }
}

impl ApiKeys {
    /// The secret of a key; `None` if there is no such key.
    pub fn secret(&self, sid: ApiKeySid) -> Option<&str> {
        let Self(keys) = self;
        keys.iter()
            .find(|(key, _)| *key == sid)
            .map(|(_, secret)| secret.as_str())
    }
}

/// Parses `SK…:secret`. The secret may contain colons.
fn api_key(pair: &str) -> Option<(ApiKeySid, String)> {
    let (sid, secret) = pair.trim().split_once(':')?;
    if secret.chars().count() < SECRET_CHARS_MIN {
        return None;
    }
    Some((sid.parse().ok()?, secret.to_owned()))
}

/// Checks that a request has the account's credentials or those of an API key. The comparison takes
/// constant time and always includes every key. The auth token may have been rotated, so a wrong
/// password of the account may lead to a new reading of the tokens.
///
/// # Errors
/// [`ApiError::Unauthenticated`], without a hint at what was wrong.
pub async fn check(api: &Api, headers: &HeaderMap) -> Result<(), ApiError> {
    let credentials = credentials(headers).ok_or(ApiError::Unauthenticated)?;
    let tokens = api.tokens.current();
    if are_known(api, &tokens, &credentials) {
        return Ok(());
    }
    let (user, _) = &credentials;
    if *user == api.account_sid.to_string()
        && let Some(newer) = api.tokens.newer_than(&tokens).await
        && are_known(api, &newer, &credentials)
    {
        return Ok(());
    }
    // Anything but a SID may be a password in the wrong place, and is not logged.
    let is_sid = user.parse::<AccountSid>().is_ok() || user.parse::<ApiKeySid>().is_ok();
    let user = if is_sid { user.as_str() } else { "no SID" };
    tracing::warn!(user, "wrong credentials");
    Err(ApiError::Unauthenticated)
}

fn are_known(api: &Api, tokens: &Tokens, (user, password): &(String, String)) -> bool {
    let is = |sid: &str, secret: &str| {
        user.as_bytes().ct_eq(sid.as_bytes()) & password.as_bytes().ct_eq(secret.as_bytes())
    };
    let account_sid = api.account_sid.to_string();
    let account = tokens.all().fold(Choice::from(0), |found, token| {
        found | is(&account_sid, token)
    });
    let ApiKeys(keys) = &api.api_keys;
    let key = keys.iter().fold(Choice::from(0), |found, (sid, secret)| {
        found | is(sid.text().as_str(), secret)
    });
    bool::from(account | key)
}

/// The user of a request whose credentials were checked: an account SID or the SID of an API key.
pub fn user(headers: &HeaderMap) -> String {
    credentials(headers).map_or_else(String::new, |(user, _)| user)
}

/// User name and password; `None` if the header is missing or malformed.
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
    fn api_keys_need_a_sid_and_a_long_secret() {
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
