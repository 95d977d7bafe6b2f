//! Calls: made, looked at, changed, listed (voice-webhooks.md section 8).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use shared::model::ids::CallSid;
use shared::model::time::Millis;

use super::call_filter::CallFilter;
use super::{Body, Reply, RestError, read_form, read_query, sid, target};
use crate::Carrier;
use crate::http::form::Form;
use crate::http::page::page;
use crate::http::{accept, created_call, resources};
use crate::network::{CallUpdate, EndAs, Input, NewCall, Reporter, Start};
use crate::twiml::StatusEvent;

/// Characters of TwiML given with a request (voice-webhooks.md section 8).
const TWIML_CHARS_MAX: usize = 4_000;
/// Tones sent after an answer (voice-webhooks.md section 8).
const SEND_DIGITS_CHARS_MAX: usize = 32;
/// Seconds a phone may ring (voice-webhooks.md section 8).
const RING_SECS: std::ops::RangeInclusive<u64> = 1..=600;
/// Seconds a phone rings when the request does not say.
const RING_SECS_DEFAULT: u64 = 60;
/// Seconds a call may last: a day.
const TIME_LIMIT_SECS: std::ops::RangeInclusive<u64> = 1..=86_400;

pub(super) async fn list_calls(State(carrier): State<Arc<Carrier>>, RawQuery(query): RawQuery) -> Reply {
    let query = read_query(query);
    let filter = CallFilter::read(&query)?;
    let account = carrier.account_sid();
    let items = carrier.read(|network| {
        let calls = network.calls().into_iter().filter(|call| filter.takes(call));
        calls.map(|call| (call.sid.to_string(), resources::call(account, call))).collect()
    });
    let path = format!("{}/Calls.json", resources::account_path(account));
    Ok((StatusCode::OK, Json(page(&path, "calls", &query, items)?)))
}

pub(super) async fn create_call(State(carrier): State<Arc<Carrier>>, body: Body) -> Reply {
    let new = read_new_call(&read_form(body)?)?;
    let outputs = accept(&carrier, Input::CreateCall(Box::new(new)))?;
    show_call(&carrier, created_call(outputs), StatusCode::CREATED)
}

pub(super) async fn fetch_call(State(carrier): State<Arc<Carrier>>, Path((_, call)): Path<(String, String)>) -> Reply {
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
    let shown =
        carrier.read(|network| call.and_then(|call| network.call(call)).map(|call| resources::call(account, call)));
    let path = call.map(|call| format!("/Calls/{call}.json")).unwrap_or_default();
    shown.map(|shown| (status, Json(shown))).ok_or_else(|| RestError::not_found(&path))
}

fn read_new_call(form: &Form) -> Result<NewCall, RestError> {
    let to = form.text("To").ok_or_else(|| RestError::bad_request(21201, "No 'To' number is specified"))?;
    let from = form.text("From").ok_or_else(|| RestError::bad_request(21213, "'From' phone number is required"))?;
    let start = start(form)?;
    let start = start.ok_or_else(|| RestError::bad_request(21205, "Url parameter is required, or Twiml"))?;
    Ok(NewCall {
        to: to.to_owned(),
        from: form.text("CallerId").unwrap_or(from).to_owned(),
        start,
        fallback: target(form, "FallbackUrl", "FallbackMethod")?,
        reporter: reporter(form)?,
        ring_for: Millis::from_secs(seconds(form, "Timeout", RING_SECS)?.unwrap_or(RING_SECS_DEFAULT)),
        time_limit: seconds(form, "TimeLimit", TIME_LIMIT_SECS)?.map(Millis::from_secs),
        send_digits: send_digits(form)?,
    })
}

fn read_call_update(form: &Form) -> Result<CallUpdate, RestError> {
    if form.text("Url").is_some() && form.text("Twiml").is_some() {
        return Err(RestError::bad_request(20001, "Url and Twiml exclude each other"));
    }
    let end = match form.text("Status") {
        None => None,
        Some("canceled") => Some(EndAs::Canceled),
        Some("completed") => Some(EndAs::Completed),
        Some(_) => return Err(RestError::bad_request(20001, "Status: expected canceled or completed")),
    };
    Ok(CallUpdate {
        start: start(form)?,
        end,
        fallback: target(form, "FallbackUrl", "FallbackMethod")?,
        reporter: reporter(form)?,
        time_limit: seconds(form, "TimeLimit", TIME_LIMIT_SECS)?.map(Millis::from_secs),
    })
}

/// `Url` goes before `Twiml` (voice-webhooks.md section 8).
fn start(form: &Form) -> Result<Option<Start>, RestError> {
    if let Some(target) = target(form, "Url", "Method")? {
        return Ok(Some(Start::Url(target)));
    }
    if form.text("ApplicationSid").is_some() {
        return Err(RestError::bad_request(20001, "ApplicationSid is not simulated; give Url or Twiml"));
    }
    match form.text("Twiml") {
        Some(twiml) if twiml.chars().count() > TWIML_CHARS_MAX => {
            Err(RestError::bad_request(20001, format!("Twiml: expected at most {TWIML_CHARS_MAX} characters")))
        }
        twiml => Ok(twiml.map(|twiml| Start::Twiml(twiml.to_owned()))),
    }
}

fn reporter(form: &Form) -> Result<Option<Reporter>, RestError> {
    let Some(target) = target(form, "StatusCallback", "StatusCallbackMethod")? else { return Ok(None) };
    let (events, unknown) = StatusEvent::read_list(form.all("StatusCallbackEvent"));
    if !unknown.is_empty() {
        let message = "StatusCallbackEvent: expected initiated, ringing, answered, completed";
        return Err(RestError::bad_request(20001, message));
    }
    Ok(Some(Reporter::new(target.url, target.method, events)))
}

fn send_digits(form: &Form) -> Result<Option<String>, RestError> {
    let Some(digits) = form.text("SendDigits") else { return Ok(None) };
    let usable = digits.chars().all(|key| key.is_ascii_digit() || "*#wW".contains(key));
    if !usable || digits.chars().count() > SEND_DIGITS_CHARS_MAX {
        let message = format!("SendDigits: expected at most {SEND_DIGITS_CHARS_MAX} of 0-9 * # w W");
        return Err(RestError::bad_request(20001, message));
    }
    Ok(Some(digits.to_owned()))
}

fn seconds(form: &Form, name: &str, range: std::ops::RangeInclusive<u64>) -> Result<Option<u64>, RestError> {
    let Some(text) = form.text(name) else { return Ok(None) };
    let number = text.parse().ok().filter(|number| range.contains(number));
    let expected = || {
        let message = format!("{name}: expected seconds from {} to {}", range.start(), range.end());
        RestError::bad_request(20001, message)
    };
    number.map(Some).ok_or_else(expected)
}
