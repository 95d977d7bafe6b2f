//! Throttling of the REST API: 429/20429 for requests beyond what the account may send
//! (voice-webhooks.md section 10).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::RestError;
use crate::Carrier;

/// Refuses the requests that [`Carrier::throttle`] has announced, before anything is done for them.
pub(super) async fn throttle(
    State(carrier): State<Arc<Carrier>>,
    request: Request,
    next: Next,
) -> Response {
    match carrier.take_throttled() {
        Some(throttled) => RestError::throttled(throttled.retry_after_secs).into_response(),
        None => next.run(request).await,
    }
}
