//! The configuration of a running contact centre as a file, for `cordboard export`, `plan` and
//! `check`: `GET /contact-centre.yaml`, and `POST /contact-centre.yaml/plan` with the files to
//! compare. Both require the credentials of the REST API.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use config::plan::{ConfigurationFiles, PlanFile, plan};
use config::{FILE_BYTES_MAX, choose_workspace, export_current, read_current};
use serde::{Deserialize, Serialize};

use crate::Centre;
use crate::start::Failure;

/// The path of the file.
pub(crate) const FILE: &str = "/contact-centre.yaml";

/// The path of plans.
pub(crate) const PLAN: &str = "/contact-centre.yaml/plan";

/// Largest body: a configuration file, the lists and calendars beside it, and JSON's escapes.
const BODY_BYTES_MAX: usize = 4 * FILE_BYTES_MAX;

/// The Workspace to export.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// Its name or SID; `None`: that of calls, or the only one.
    pub workspace: Option<String>,
}

/// The routes of a contact centre.
pub(crate) fn routes(centre: Arc<Centre>) -> Router {
    Router::new()
        .route(FILE, get(export))
        .route(PLAN, post(make_plan))
        .with_state(centre)
}

async fn export(
    State(centre): State<Arc<Centre>>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = api::authenticate(centre.api(), &headers).await {
        return (*refused).map(Body::from);
    }
    match yaml(&centre, &wanted).await {
        Ok(yaml) => {
            let content_type = HeaderValue::from_static("application/yaml");
            ([(header::CONTENT_TYPE, content_type)], yaml).into_response()
        }
        Err(error) => refusal(&*error),
    }
}

async fn yaml(centre: &Centre, wanted: &Wanted) -> Result<String, Failure> {
    let now = centre.now();
    let store = &centre.store;
    let sid = choose_workspace(store, wanted.workspace.as_deref(), now).await?;
    let current = read_current(store, sid, now).await?;
    let exported = export_current(&current).ok_or("there is no Workspace")?;
    Ok(exported.to_yaml()?)
}

async fn make_plan(
    State(centre): State<Arc<Centre>>,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    if let Err(refused) = api::authenticate(centre.api(), &headers).await {
        return (*refused).map(Body::from);
    }
    let made = match to_bytes(body, BODY_BYTES_MAX).await {
        Ok(body) => plan_of(&centre, &body).await,
        Err(error) => Err(error.into()),
    };
    match made {
        Ok(json) => {
            let content_type = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, content_type)], json).into_response()
        }
        Err(error) => refusal(&*error),
    }
}

async fn plan_of(centre: &Centre, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let files: ConfigurationFiles = serde_json::from_slice(body)?;
    let account_sid = centre.api().account_sid;
    let wanted = files.read(account_sid).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })?;
    let now = centre.now();
    let current = read_current(&centre.store, wanted.workspace.sid, now).await?;
    let plan = plan(&current, &wanted, now)?;
    let file = PlanFile::new(account_sid, plan, files, &current);
    Ok(serde_json::to_vec(&file)?)
}

fn refusal(error: &(dyn std::error::Error + Send + Sync)) -> Response<Body> {
    (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response()
}
