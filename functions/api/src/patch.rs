//! A JSON merge patch of attributes (RFC 7396), which two writers can send at once without losing each other's change.
//! TaskRouter has no such thing: it is an addition.

use http::{HeaderMap, header};
use serde_json::{Map, Value};

use crate::error::ApiError;

const MERGE_PATCH: &str = "application/merge-patch+json";

/// Does the request bring a patch?
pub fn is_patch(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    kind.split(';')
        .next()
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case(MERGE_PATCH))
}

/// The patch in a body. How deep it may be is the JSON parser's limit, 128.
///
/// # Errors
/// [`ApiError::Form`] for anything but a JSON object.
pub fn read(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        ApiError::Form(format!(
            "the body: expected a JSON object, the change of the attributes (RFC 7396): {error}"
        ))
    })
}
