//! Recordings: `…/Recordings/RE…` and `RE….wav` are the sound, without credentials as at the carrier by
//! default, because the id is the secret; `RE….json` is the resource.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use ids::{AccountSid, CallSid, RecordingSid};
use serde_json::Value;

use super::form::Form;
use super::page::page;
use super::rest::is_authenticated;
use super::rest_error::RestError;
use super::{accept, resources, wav};
use crate::Carrier;
use crate::network::{Input, Recording};

/// Filters of the list, beside those of pages.
const FILTERS: [&str; 1] = ["CallSid"];

pub(super) fn routes() -> Router<Arc<Carrier>> {
    Router::new().route(
        "/2010-04-01/Accounts/{account}/Recordings/{recording}",
        get(fetch).delete(delete),
    )
}

async fn fetch(
    State(carrier): State<Arc<Carrier>>,
    Path((account, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, RestError> {
    let (sid, extension) = named(&carrier, &account, &name)?;
    let is_resource = match extension {
        "" | "wav" => false,
        "json" => true,
        // The carrier has MP3, too, which is not simulated.
        _ => return Err(not_found(&name)),
    };
    if is_resource && !is_authenticated(&carrier, &headers) {
        return Err(RestError::unauthorized());
    }
    let recording = carrier.read(|network| network.recording(sid).cloned());
    let recording = recording.ok_or_else(|| not_found(&name))?;
    if is_resource {
        let shown = resources::recording(carrier.account_sid(), &recording);
        return Ok(Json(shown).into_response());
    }
    let Recording {
        length,
        spoken,
        channels,
        ..
    } = recording;
    let sound = wav::recorded(length, spoken, channels);
    Ok(([(CONTENT_TYPE, "audio/x-wav")], sound).into_response())
}

async fn delete(
    State(carrier): State<Arc<Carrier>>,
    Path((account, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, RestError> {
    if !is_authenticated(&carrier, &headers) {
        return Err(RestError::unauthorized());
    }
    let (sid, _extension) = named(&carrier, &account, &name)?;
    accept(&carrier, Input::DeleteRecording(sid))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The SID and the extension in the last part of the path.
fn named<'n>(
    carrier: &Carrier,
    account: &str,
    name: &'n str,
) -> Result<(RecordingSid, &'n str), RestError> {
    let account: AccountSid = account.parse().map_err(|_| not_found(name))?;
    if account != carrier.account_sid() {
        return Err(not_found(name));
    }
    let (sid, extension) = name.split_once('.').unwrap_or((name, ""));
    let sid = sid.parse().map_err(|_| not_found(name))?;
    Ok((sid, extension))
}

fn not_found(name: &str) -> RestError {
    RestError::not_found(&format!("/Recordings/{name}"))
}

/// The recordings of the account, newest first.
pub(super) async fn list(
    State(carrier): State<Arc<Carrier>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, RestError> {
    let query = Form::read(query.unwrap_or_default().as_bytes());
    let call = match query.text("CallSid") {
        Some(text) => Some(text.parse().map_err(|error: ids::SidError| {
            RestError::bad_request(20001, format!("CallSid: {error}"))
        })?),
        None => None,
    };
    let path = format!(
        "{}/Recordings.json",
        resources::account_path(carrier.account_sid())
    );
    list_of(&carrier, &path, &query, call)
}

/// The recordings of a call.
pub(super) async fn list_of_call(
    State(carrier): State<Arc<Carrier>>,
    Path((_, call)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, RestError> {
    let query = Form::read(query.unwrap_or_default().as_bytes());
    let account = resources::account_path(carrier.account_sid());
    let path = format!("{account}/Calls/{call}/Recordings.json");
    let call: CallSid = call.parse().map_err(|_| RestError::not_found(&path))?;
    list_of(&carrier, &path, &query, Some(call))
}

fn list_of(
    carrier: &Carrier,
    path: &str,
    query: &Form,
    call: Option<CallSid>,
) -> Result<Json<Value>, RestError> {
    super::rest::refuse_unknown(query, &[&FILTERS, &super::rest::PAGING])?;
    let account = carrier.account_sid();
    let items = carrier.read(|network| {
        let recordings = network.recordings().into_iter();
        recordings
            .filter(|recording| call.is_none_or(|call| recording.call == call))
            .map(|recording| {
                let shown = resources::recording(account, recording);
                (recording.sid.to_string(), shown)
            })
            .collect()
    });
    Ok(Json(page(path, "recordings", query, items)?))
}
