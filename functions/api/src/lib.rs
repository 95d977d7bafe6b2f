//! `api`: TaskRouter's REST API, so that a program written against TaskRouter needs another host and nothing else
//! (taskrouter.md section 1).
//!
//! Reading order: `routes` (every operation served, as a table), `resources` (one resource a file: what it
//! looks like, how it is read and changed), `paging` (lists, page by page), `parameters` (what a request says),
//! `error` (every way to say no), `auth`.
//!
//! Nothing here decides anything about Tasks or Workers: an update becomes an [`Event`](shared::router::Event), and the
//! routing core says what comes of it.

mod answer;
mod auth;
mod call;
mod error;
mod ids;
mod paging;
mod parameters;
mod resources;
mod routes;
mod span;
mod view;

use std::sync::Arc;

use http::{Method, Request, Response};
use shared::model::{AccountSid, Clock};
use store::Store;

use answer::Answer;
use call::Call;
use error::ApiError;
use parameters::Parameters;
use view::View;

pub use ids::Ids;

/// Largest body taken: attributes of 4,096 characters, four bytes each, every byte as `%xx`, and room for the rest
/// (taskrouter.md section 14).
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The function's world.
pub struct Api {
    /// The table.
    pub store: Store,
    /// The account everything belongs to, and the user name of every request.
    pub account_sid: AccountSid,
    /// The password of every request.
    pub auth_token: String,
    /// What `url` and `links` begin with, `https://…` without a slash at the end; `None`: scheme and host of the request.
    pub base_url: Option<String>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Names for what is created.
    pub ids: Ids,
}

/// Answers one request. Never fails: what goes wrong is an answer too, `{"code","message","more_info","status"}`.
pub async fn handle(api: Arc<Api>, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    let answer = match answer(&api, &request).await {
        Ok(answer) => answer,
        Err(error) => refuse(&error),
    };
    let (method, path, status) = (request.method(), request.uri().path(), answer.status.as_u16());
    tracing::info!(%method, path, status, "answered");
    answer.into_response()
}

/// Credentials come first: without them, nothing can be learnt about what is here.
async fn answer(api: &Api, request: &Request<Vec<u8>>) -> Result<Answer, ApiError> {
    auth::check(api, request.headers())?;
    let path = request.uri().path();
    let (route, sids) = routes::find(request.method(), path)?;
    let (query, form) = parameters_of(request, route.path == routes::TAKES_JSON)?;
    let now = api.clock.now();
    let view = View::new(api, request.uri(), now);
    let call = Call { api, now, view, path, sids, query, form, body: request.body(), headers: request.headers() };
    (route.run)(&call).await
}

/// The parameters of the URL, and those of the form where there is one.
fn parameters_of(request: &Request<Vec<u8>>, is_json: bool) -> Result<(Parameters, Parameters), ApiError> {
    let query = Parameters::of_query(request.uri().query().unwrap_or_default())?;
    let form = match *request.method() {
        Method::POST if !is_json => Parameters::of_form(request.headers(), request.body())?,
        _ => Parameters::default(),
    };
    Ok((query, form))
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
