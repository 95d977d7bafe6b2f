//! Calls: create, fetch, update, list (voice-webhooks.md section 8).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use ids::CallSid;

use super::call_filter::CallFilter;
use super::fields::{
    CALL_FIELDS, recording, refuse_unknown, ring_time, status_callback, target, time_limit,
    to_and_from,
};
use super::{Body, Reply, RestError, read_form, read_query, sid};
use crate::Carrier;
use crate::http::form::Form;
use crate::http::page::page;
use crate::http::{accept, created_call, resources};
use crate::network::{CallUpdate, EndAs, Input, NewCall, Start};

/// Characters of TwiML in a request (voice-webhooks.md section 8).
const TWIML_CHARS_MAX: usize = 4_000;
/// Tones that are sent after the answer (voice-webhooks.md section 8).
const SEND_DIGITS_CHARS_MAX: usize = 32;
/// Fields of a new call in addition to [`CALL_FIELDS`].
const CREATE_FIELDS: [&str; 10] = [
    "Url",
    "Method",
    "Twiml",
    "ApplicationSid",
    "FallbackUrl",
    "FallbackMethod",
    "SendDigits",
    "AsyncAmd",
    "AsyncAmdStatusCallback",
    "AsyncAmdStatusCallbackMethod",
];
/// Fields that an update may change. The carrier's API description omits the events; its
/// documentation has them.
const UPDATE_FIELDS: [&str; 10] = [
    "Url",
    "Method",
    "Twiml",
    "Status",
    "FallbackUrl",
    "FallbackMethod",
    "StatusCallback",
    "StatusCallbackMethod",
    "StatusCallbackEvent",
    "TimeLimit",
];

pub(super) async fn list_calls(
    State(carrier): State<Arc<Carrier>>,
    RawQuery(query): RawQuery,
) -> Reply {
    let query = read_query(query);
    let filter = CallFilter::read(&query)?;
    let account = carrier.account_sid();
    let items = carrier.read(|network| {
        let calls = network
            .calls()
            .into_iter()
            .filter(|call| filter.matches(call));
        calls
            .map(|call| (call.sid.to_string(), resources::call(account, call)))
            .collect()
    });
    let path = format!("{}/Calls.json", resources::account_path(account));
    Ok((StatusCode::OK, Json(page(&path, "calls", &query, items)?)))
}

pub(super) async fn create_call(State(carrier): State<Arc<Carrier>>, body: Body) -> Reply {
    let new = read_new_call(&read_form(body)?)?;
    let outputs = accept(&carrier, Input::CreateCall(Box::new(new)))?;
    show_call(&carrier, created_call(outputs), StatusCode::CREATED)
}

pub(super) async fn fetch_call(
    State(carrier): State<Arc<Carrier>>,
    Path((_, call)): Path<(String, String)>,
) -> Reply {
    show_call(&carrier, Some(sid(&call)?), StatusCode::OK)
}

pub(super) async fn update_call(
    State(carrier): State<Arc<Carrier>>,
    Path((_, call)): Path<(String, String)>,
    body: Body,
) -> Reply {
    let call = sid(&call)?;
    let update = read_call_update(&read_form(body)?)?;
    accept(&carrier, Input::UpdateCall(call, update))?;
    show_call(&carrier, Some(call), StatusCode::OK)
}

fn show_call(carrier: &Carrier, call: Option<CallSid>, status: StatusCode) -> Reply {
    let account = carrier.account_sid();
    let shown = carrier.read(|network| {
        call.and_then(|call| network.call(call))
            .map(|call| resources::call(account, call))
    });
    let path = call
        .map(|call| format!("/Calls/{call}.json"))
        .unwrap_or_default();
    shown
        .map(|shown| (status, Json(shown)))
        .ok_or_else(|| RestError::not_found(&path))
}

fn read_new_call(form: &Form) -> Result<NewCall, RestError> {
    refuse_unknown(form, &[&CALL_FIELDS, &CREATE_FIELDS])?;
    let (to, from) = to_and_from(form)?;
    let start = start(form)?;
    let start = start
        .ok_or_else(|| RestError::bad_request(21205, "Url parameter is required, or Twiml"))?;
    Ok(NewCall {
        to,
        from,
        start,
        fallback: target(form, "FallbackUrl", "FallbackMethod")?,
        status_callback: status_callback(form)?,
        ring_for: ring_time(form)?,
        time_limit: time_limit(form)?,
        send_digits: send_digits(form)?,
        recording: recording(form)?,
    })
}

fn read_call_update(form: &Form) -> Result<CallUpdate, RestError> {
    refuse_unknown(form, &[&UPDATE_FIELDS])?;
    if form.text("Url").is_some() && form.text("Twiml").is_some() {
        return Err(RestError::bad_request(
            20001,
            "Url and Twiml exclude each other",
        ));
    }
    let end = match form.text("Status") {
        None => None,
        Some("canceled") => Some(EndAs::Canceled),
        Some("completed") => Some(EndAs::Completed),
        Some(_) => {
            return Err(RestError::bad_request(
                20001,
                "Status: expected canceled or completed",
            ));
        }
    };
    Ok(CallUpdate {
        start: start(form)?,
        end,
        fallback: target(form, "FallbackUrl", "FallbackMethod")?,
        status_callback: status_callback(form)?,
        time_limit: time_limit(form)?,
    })
}

/// `Url` has precedence over `Twiml` (voice-webhooks.md section 8).
fn start(form: &Form) -> Result<Option<Start>, RestError> {
    if let Some(target) = target(form, "Url", "Method")? {
        return Ok(Some(Start::Url(target)));
    }
    if form.text("ApplicationSid").is_some() {
        return Err(RestError::bad_request(
            20001,
            "ApplicationSid is not simulated; give Url or Twiml",
        ));
    }
    match form.text("Twiml") {
        Some(twiml) if twiml.chars().count() > TWIML_CHARS_MAX => Err(RestError::bad_request(
            20001,
            format!("Twiml: expected at most {TWIML_CHARS_MAX} characters"),
        )),
        twiml => Ok(twiml.map(|twiml| Start::Twiml(twiml.to_owned()))),
    }
}

fn send_digits(form: &Form) -> Result<Option<String>, RestError> {
    let Some(digits) = form.text("SendDigits") else {
        return Ok(None);
    };
    let usable = digits
        .chars()
        .all(|key| key.is_ascii_digit() || "*#wW".contains(key));
    if !usable || digits.chars().count() > SEND_DIGITS_CHARS_MAX {
        let message =
            format!("SendDigits: expected at most {SEND_DIGITS_CHARS_MAX} of 0-9 * # w W");
        return Err(RestError::bad_request(20001, message));
    }
    Ok(Some(digits.to_owned()))
}
