//! `api`: TaskRouter's REST API, so that a program written against TaskRouter needs another host and nothing else
//! (taskrouter.md section 1).
//!
//! Reading order: `routes` (every operation served, as a table), `resources` (one resource a file: what it
//! looks like, how it is read and changed), `paging` (lists, page by page), `parameters` (what a request says),
//! `error` (every way to say no), `auth`, `openapi` (the description of all this).
//!
//! Nothing here decides anything about Tasks or Workers: an update becomes an [`Command`](task_router::router::Command), and the
//! routing core says what comes of it.

mod answer;
mod auth;
mod concurrency_limit;
mod error;
mod new_ids;
mod openapi;
mod ordering;
mod paging;
mod parameters;
mod patch;
mod request_context;
mod resources;
mod routes;
mod time_range;
mod view;

use std::sync::Arc;

use http::{Method, Request, Response};
use ids::AccountSid;
use ids::time::Clock;
use runtime::Outbox;
use serde_json::{Map, Value};
use store::Store;
use task_router::model::CONFIGURATION_BYTES_MAX;

use answer::Answer;
use error::ApiError;
use parameters::Parameters;
use request_context::RequestContext;
use routes::Route;
use view::View;

pub use auth::{ApiKeys, ApiKeysError};
pub use concurrency_limit::{InFlight, REQUESTS_AT_ONCE_MAX};
pub use new_ids::Ids;

/// Largest body taken: attributes of 4,096 characters, four bytes each, every byte as `%xx`, and room for the rest
/// (taskrouter.md section 14).
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Largest body of a Workflow: a configuration (taskrouter.md section 14), every byte as `%xx`, and room for the rest.
pub const WORKFLOW_BODY_BYTES_MAX: usize = 3 * CONFIGURATION_BYTES_MAX + BODY_BYTES_MAX;

/// The function's world.
pub struct Api {
    /// The table.
    pub store: Store,
    /// The account everything belongs to, and a user name.
    pub account_sid: AccountSid,
    /// That user's password.
    pub auth_token: String,
    /// Other users, with passwords of their own.
    pub api_keys: ApiKeys,
    /// What `url` and `links` begin with, `https://…` without a slash at the end; `None`: scheme and host of the request.
    pub base_url: Option<String>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Names for what is created.
    pub ids: Ids,
    /// Where instructions go that are carried out at the carrier.
    pub outbox: Arc<dyn Outbox>,
    /// The requests that are being answered.
    pub in_flight: InFlight,
}

/// Answers one request. Never fails: what goes wrong is an answer too, `{"code","message","more_info","status"}`.
pub async fn handle(api: Arc<Api>, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    let answered = match request.uri().path() {
        openapi::PATH => openapi::answer(&request),
        _ => answer(&api, &request).await.map(Answer::into_response),
    };
    let response = answered.unwrap_or_else(|error| refuse(&error).into_response());
    let (method, path, status) = (
        request.method(),
        request.uri().path(),
        response.status().as_u16(),
    );
    tracing::info!(%method, path, status, "answered");
    response
}

/// Credentials come first: without them, nothing can be learnt about what is here.
async fn answer(api: &Api, request: &Request<Vec<u8>>) -> Result<Answer, ApiError> {
    auth::check(api, request.headers())?;
    let _admitted = api.in_flight.admit()?;
    let path = request.uri().path();
    let (route, sids) = routes::find(request.method(), path)?;
    let query = Parameters::of_query(request.uri().query().unwrap_or_default())?;
    let (form, patch) = body_of(route, request)?;
    let now = api.clock.now();
    let view = View::new(api, request.uri(), now);
    let context = RequestContext {
        api,
        now,
        view,
        path,
        sids,
        query,
        form,
        patch,
        body: request.body(),
        headers: request.headers(),
    };
    (route.run)(&context).await
}

/// What the body says: a form, or a patch of attributes where the operation takes one.
fn body_of(
    route: &Route,
    request: &Request<Vec<u8>>,
) -> Result<(Parameters, Option<Map<String, Value>>), ApiError> {
    let bytes_max = route.body_bytes_max();
    match *request.method() {
        Method::POST if request.body().len() > bytes_max => Err(ApiError::BodyTooLarge {
            bytes: request.body().len(),
            bytes_max,
        }),
        Method::POST if route.takes_patch() && patch::is_patch(request.headers()) => {
            Ok((Parameters::default(), Some(patch::read(request.body())?)))
        }
        Method::POST if route.takes_json() => Ok((Parameters::default(), None)),
        Method::POST => Ok((
            Parameters::of_form(request.headers(), request.body())?,
            None,
        )),
        _ => Ok((Parameters::default(), None)),
    }
}

/// The answer to a request that failed; what was our fault is logged with its cause.
fn refuse(error: &ApiError) -> Answer {
    if error.status().is_server_error() {
        tracing::error!(%error, cause = error.cause(), "a request could not be answered");
    }
    error.to_answer()
}

#[cfg(test)]
mod tests;
