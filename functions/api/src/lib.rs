//! `api`: TaskRouter's REST API. A program written against TaskRouter needs another host name and
//! no other change (taskrouter.md section 1).
//!
//! Reading order: `routes` (the table of every operation served), `resources` (one file a resource:
//! its JSON, its reads and its changes), `paging` (lists with cursors), `parameters` (parsing of
//! queries and forms), `error` (every error and its status), `auth`, `concurrency_limit`, `openapi`
//! (the description of the API).
//!
//! This crate decides nothing about Tasks or Workers. An update becomes a
//! [`Command`](task_router::router::Command), and the engine decides its outcome.

mod answer;
mod auth;
mod concurrency_limit;
mod error;
mod limits;
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

use carrier::AuthTokens;
use http::{HeaderMap, Method, Request, Response, Uri};
use ids::AccountSid;
use ids::time::Clock;
use runtime::Outbox;
use serde_json::{Map, Value};
use store::Store;

use answer::Answer;
use concurrency_limit::Place;
use error::ApiError;
use parameters::Parameters;
use request_context::RequestContext;
use routes::{Body, Route};
use view::View;

pub use auth::{ApiKeys, ApiKeysError};
pub use concurrency_limit::InFlight;
pub use limits::{BODY_BYTES_MAX, CONCURRENT_REQUESTS_MAX, WORKFLOW_BODY_BYTES_MAX};
pub use new_ids::Ids;

/// What the API works with: its table, its credentials and its ports.
pub struct Api {
    /// The table.
    pub store: Store,
    /// The account that owns every resource. Its SID is a user name of HTTP Basic.
    pub account_sid: AccountSid,
    /// The passwords of the user [`account_sid`](Self::account_sid).
    pub tokens: Arc<AuthTokens>,
    /// API keys: further users with secrets of their own.
    pub api_keys: ApiKeys,
    /// The prefix of `url` and `links`, `https://…`; a slash at its end is dropped. `None`: scheme
    /// and host of the request.
    pub base_url: Option<String>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids for new resources.
    pub ids: Ids,
    /// Where instructions for the carrier are sent.
    pub outbox: Arc<dyn Outbox>,
    /// The requests that are being answered, for the concurrency limit.
    pub in_flight: InFlight,
}

/// Answers one request. Never fails: an error is an answer, too,
/// `{"code","message","more_info","status"}`.
pub async fn handle(api: Arc<Api>, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    match admit(&api, request.method(), request.uri(), request.headers()).await {
        Ok(admitted) => admitted.answer(request).await,
        Err(refused) => *refused,
    }
}

/// A request that has its place among those in flight. A server reads its body only now.
pub struct Admitted {
    api: Arc<Api>,
    operation: Operation,
    _place: Option<Place>,
}

/// What a request asks for.
enum Operation {
    /// The description of the API.
    Description,
    /// An operation of the table of routes.
    Route(&'static Route),
}

/// Checks the credentials of a request for something beside the API, such as a page for operators.
///
/// # Errors
/// The answer 401.
pub async fn authenticate(api: &Api, headers: &HeaderMap) -> Result<(), Box<Response<Vec<u8>>>> {
    auth::check(api, headers)
        .await
        .map_err(|error| Box::new(error_answer(&error).into_response()))
}

/// Checks what a request needs before its body is read: credentials first, because without them a
/// client learns nothing, not even which paths exist; then the concurrency limit and the path.
///
/// # Errors
/// The answer that refuses the request.
pub async fn admit(
    api: &Arc<Api>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Admitted, Box<Response<Vec<u8>>>> {
    let admitted = |operation, place| Admitted {
        api: Arc::clone(api),
        operation,
        _place: place,
    };
    if uri.path() == openapi::PATH {
        return Ok(admitted(Operation::Description, None));
    }
    auth::check(api, headers)
        .await
        .and_then(|()| api.in_flight.admit())
        .and_then(|place| {
            let (route, _) = routes::find(method, uri.path())?;
            Ok(admitted(Operation::Route(route), Some(place)))
        })
        .map_err(|error| {
            let refused = error_answer(&error).into_response();
            Box::new(logged(method, uri, refused))
        })
}

impl Admitted {
    /// Bytes of the largest body that the operation takes.
    pub fn body_bytes_max(&self) -> usize {
        match self.operation {
            Operation::Description => 0,
            Operation::Route(route) => route.body.bytes_max(),
        }
    }

    /// The answer to a request whose body is larger.
    pub fn body_too_large(&self) -> Response<Vec<u8>> {
        let bytes_max = self.body_bytes_max();
        error_answer(&ApiError::BodyTooLarge { bytes_max }).into_response()
    }

    /// Answers the request, whose body was read.
    pub async fn answer(self, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        let answered = match self.operation {
            Operation::Description => openapi::answer(&request),
            Operation::Route(_) => answer(&self.api, &request).await.map(Answer::into_response),
        };
        let response = answered.unwrap_or_else(|error| error_answer(&error).into_response());
        logged(request.method(), request.uri(), response)
    }
}

fn logged(method: &Method, uri: &Uri, response: Response<Vec<u8>>) -> Response<Vec<u8>> {
    let path = uri.path();
    let status = response.status().as_u16();
    tracing::info!(%method, path, status, "request answered");
    response
}

async fn answer(api: &Api, request: &Request<Vec<u8>>) -> Result<Answer, ApiError> {
    let path = request.uri().path();
    let (route, sids) = routes::find(request.method(), path)?;
    let query = Parameters::of_query(request.uri().query().unwrap_or_default())?;
    let (form, patch) = parse_body(route, request).await?;
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

/// Parses the body into a form or a patch of attributes, as the route accepts them. A body that is
/// JSON, and the body of a route that takes none, gives an empty form.
async fn parse_body(
    route: &Route,
    request: &Request<Vec<u8>>,
) -> Result<(Parameters, Option<Map<String, Value>>), ApiError> {
    if route.body == Body::None {
        return Ok((Parameters::default(), None));
    }
    let bytes_max = route.body.bytes_max();
    if request.body().len() > bytes_max {
        return Err(ApiError::BodyTooLarge { bytes_max });
    }
    match route.body {
        Body::FormOrPatch if patch::is_patch(request.headers()) => {
            Ok((Parameters::default(), Some(patch::read(request.body())?)))
        }
        Body::Form | Body::WorkflowForm | Body::FormOrPatch => {
            let form = Parameters::of_form(request.headers(), request.body()).await?;
            Ok((form, None))
        }
        Body::None | Body::Json => Ok((Parameters::default(), None)),
    }
}

/// The answer to a failed request. A server error is logged with its cause.
fn error_answer(error: &ApiError) -> Answer {
    if error.status().is_server_error() {
        tracing::error!(%error, cause = error.cause(), "request failed");
    }
    error.to_answer()
}

#[cfg(test)]
mod tests;
