//! What operators ask a running contact centre: `/healthz`, `/readyz` and `/metrics`.
//!
//! The first two say a word and are asked by load balancers and service managers under any name of
//! the machine. Metrics show how many calls there are, so in a centre that others reach they require
//! the credentials of the REST API; on a machine of one's own, a request of this machine.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use crate::Centre;
use crate::http::{Access, Hosts, refusal, response};
use crate::prometheus::{self, CONTENT_TYPE};

/// The process lives.
pub const HEALTH: &str = "/healthz";
/// The contact centre can take calls.
pub const READINESS: &str = "/readyz";
/// What it has measured.
pub const METRICS: &str = "/metrics";

/// Whether the path is one of these, whose requests may come from anywhere.
pub(crate) fn has_own_rules(path: &str) -> bool {
    matches!(path, HEALTH | READINESS | METRICS)
}

/// The routes of a contact centre.
pub(crate) fn routes(centre: Arc<Centre>, hosts: Hosts) -> Router {
    Router::new()
        .route(HEALTH, get(async || "ok\n"))
        .route(READINESS, get(readiness))
        .route(METRICS, get(metrics))
        .with_state((centre, hosts))
}

async fn readiness(State((centre, _)): State<(Arc<Centre>, Hosts)>) -> Response<Body> {
    let Err(error) = centre.check_ready().await else {
        return "ready\n".into_response();
    };
    let cause = error.source().map(|cause| format!(": {cause}"));
    let text = format!("{error}{}\n", cause.unwrap_or_default());
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

async fn metrics(
    State((centre, hosts)): State<(Arc<Centre>, Hosts)>,
    headers: HeaderMap,
) -> Response<Body> {
    let refused = match centre.access() {
        Access::Others => api::authenticate(centre.api(), &headers)
            .await
            .err()
            .map(|refused| (*refused).map(Body::from)),
        Access::ThisMachine => refusal(&headers, &hosts).map(response),
    };
    if let Some(refused) = refused {
        return refused;
    }
    let text = prometheus::process().render(&centre.levels());
    let content_type = HeaderValue::from_static(CONTENT_TYPE);
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}
