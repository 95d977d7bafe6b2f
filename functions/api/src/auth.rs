//! Who may ask: HTTP Basic with account SID and auth token (taskrouter.md section 1, "auth").

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, header};
use subtle::ConstantTimeEq;

use crate::Api;
use crate::error::ApiError;

/// The scheme, whose case does not matter.
const SCHEME: &str = "Basic";

/// Lets a request pass that brings the account's credentials; the comparison takes the same time wherever they differ.
///
/// # Errors
/// [`ApiError::Unauthenticated`] for everything else, without saying what was wrong.
pub fn check(api: &Api, headers: &HeaderMap) -> Result<(), ApiError> {
    let (user, password) = credentials(headers).ok_or(ApiError::Unauthenticated)?;
    let right_user = user.as_bytes().ct_eq(api.account_sid.to_string().as_bytes());
    let right_password = password.as_bytes().ct_eq(api.auth_token.as_bytes());
    match bool::from(right_user & right_password) {
        true => Ok(()),
        false => Err(ApiError::Unauthenticated),
    }
}

/// User name and password, if the header is there and well-formed.
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}
