//! JSON merge patches of attributes (RFC 7396). Two clients that patch different attributes at the
//! same time do not overwrite each other's change. This is an addition: TaskRouter has no patches.

use http::{HeaderMap, header};
use serde_json::{Map, Value};

use crate::error::ApiError;

const MERGE_PATCH: &str = "application/merge-patch+json";

/// Is the body a merge patch, by its `Content-Type`?
pub fn is_patch(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    kind.split(';')
        .next()
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case(MERGE_PATCH))
}

/// Parses the patch in a body. The JSON parser limits its depth to 128.
///
/// # Errors
/// [`ApiError::Form`] for anything but a JSON object.
pub fn read(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        ApiError::Form(format!(
            "the body: expected a JSON object, a merge patch of the attributes (RFC 7396): {error}"
        ))
    })
}
