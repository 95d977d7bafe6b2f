//! Basic authentication of the REST API: the account itself is the only user.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use subtle::ConstantTimeEq;

use super::RestError;
use crate::Carrier;

/// Whether a request has the user name (the account SID) and the password (the auth token). Both are
/// compared in constant time.
pub(in crate::http) fn is_authenticated(carrier: &Carrier, headers: &HeaderMap) -> bool {
    let header = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let given = header
        .and_then(|header| header.strip_prefix("Basic "))
        .unwrap_or_default();
    let pair = base64::engine::general_purpose::STANDARD
        .decode(given.trim())
        .unwrap_or_default();
    let expected = format!("{}:{}", carrier.account_sid(), carrier.auth_token());
    bool::from(pair.ct_eq(expected.as_bytes()))
}

/// Refuses a request without credentials. A path of another account is 404.
pub(super) async fn authenticate(
    State(carrier): State<Arc<Carrier>>,
    request: Request,
    next: Next,
) -> Response {
    if !is_authenticated(&carrier, request.headers()) {
        return RestError::unauthorized().into_response();
    }
    let account = carrier.account_sid().to_string();
    let path = request.uri().path();
    let named = path.split('/').nth(3).unwrap_or_default();
    if named.trim_end_matches(".json") != account {
        return RestError::not_found(path).into_response();
    }
    next.run(request).await
}
