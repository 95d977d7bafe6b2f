//! People at their phones: dial, press keys, pick up, decline, hang up, and read what was heard. JSON, without
//! credentials: it is for one machine.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::model::ids::CallSid;

use super::form::Form;
use crate::Carrier;
use crate::network::{Call, CallStatus, Input, Output, Refusal};

/// The routes below `/simulator`.
pub(super) fn routes() -> Router<Arc<Carrier>> {
    Router::new()
        .route("/simulator/calls", post(dial).get(list))
        .route("/simulator/calls/{sid}", get(show))
        .route("/simulator/calls/{sid}/digits", post(digits))
        .route("/simulator/calls/{sid}/answer", post(answer))
        .route("/simulator/calls/{sid}/decline", post(decline))
        .route("/simulator/calls/{sid}/hangup", post(hang_up))
}

/// A refused request: a status and a sentence.
struct Problem(StatusCode, String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "message": self.1 }))).into_response()
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::UnknownCall(_) | Refusal::UnknownQueue(_) | Refusal::NotAMember(_) => StatusCode::NOT_FOUND,
            Refusal::WrongState { .. } | Refusal::QueueExists(_) | Refusal::QueueNotEmpty(_) => StatusCode::CONFLICT,
            Refusal::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Refusal::BadAddress { .. }
            | Refusal::NotACentreNumber { .. }
            | Refusal::CentreNumber
            | Refusal::BadDigits
            | Refusal::BadQueueName
            | Refusal::BadQueueSize
            | Refusal::BadUrl { .. } => StatusCode::BAD_REQUEST,
        };
        Self(status, refusal.to_string())
    }
}

type Body = Result<Bytes, BytesRejection>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DialRequest {
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DigitsRequest {
    digits: String,
}

async fn dial(State(carrier): State<Arc<Carrier>>, body: Body) -> Result<(StatusCode, Json<Value>), Problem> {
    let DialRequest { from, to } = read(body, r#"{"from": "+15550100001", "to": "+17075550183"}"#)?;
    let outputs = accept(&carrier, Input::Dial { from, to })?;
    let created = outputs.into_iter().find_map(|output| match output {
        Output::CallCreated(sid) => Some(sid),
        Output::Fetch(_) | Output::QueueCreated(_) | Output::Dequeued(_) | Output::Refused(_) => None,
    });
    let sid = created.ok_or_else(|| Problem(StatusCode::INTERNAL_SERVER_ERROR, "the call was not made".to_owned()))?;
    Ok((StatusCode::CREATED, Json(json!({ "call_sid": sid }))))
}

async fn list(State(carrier): State<Arc<Carrier>>, RawQuery(query): RawQuery) -> Result<Json<Value>, Problem> {
    let query = Form::read(query.unwrap_or_default().as_bytes());
    let status = query.text("status").map(|text| {
        let known = CallStatus::ALL.map(CallStatus::as_str).join(", ");
        CallStatus::read(text)
            .ok_or_else(|| Problem(StatusCode::BAD_REQUEST, format!("status: expected one of {known}")))
    });
    let status = status.transpose()?;
    let wanted = |call: &&Call| {
        query.text("to").is_none_or(|to| call.to == to) && status.is_none_or(|status| call.status == status)
    };
    let calls: Vec<Value> = carrier.read(|network| network.calls().into_iter().filter(wanted).map(render).collect());
    Ok(Json(json!({ "calls": calls })))
}

async fn show(State(carrier): State<Arc<Carrier>>, Path(sid): Path<String>) -> Result<Json<Value>, Problem> {
    look_up(&carrier, call_sid(&sid)?)
}

async fn digits(
    State(carrier): State<Arc<Carrier>>,
    Path(sid): Path<String>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let call = call_sid(&sid)?;
    let DigitsRequest { digits } = read(body, r#"{"digits": "2"}"#)?;
    act(&carrier, call, Input::Digits { call, digits })
}

async fn answer(State(carrier): State<Arc<Carrier>>, Path(sid): Path<String>) -> Result<Json<Value>, Problem> {
    let call = call_sid(&sid)?;
    act(&carrier, call, Input::Answer(call))
}

async fn decline(State(carrier): State<Arc<Carrier>>, Path(sid): Path<String>) -> Result<Json<Value>, Problem> {
    let call = call_sid(&sid)?;
    act(&carrier, call, Input::Decline(call))
}

async fn hang_up(State(carrier): State<Arc<Carrier>>, Path(sid): Path<String>) -> Result<Json<Value>, Problem> {
    let call = call_sid(&sid)?;
    act(&carrier, call, Input::HangUp(call))
}

fn act(carrier: &Carrier, call: CallSid, input: Input) -> Result<Json<Value>, Problem> {
    accept(carrier, input)?;
    look_up(carrier, call)
}

fn accept(carrier: &Carrier, input: Input) -> Result<Vec<Output>, Problem> {
    let outputs = carrier.handle(input);
    match outputs.first() {
        Some(Output::Refused(refusal)) => Err(refusal.clone().into()),
        Some(Output::Fetch(_) | Output::CallCreated(_) | Output::QueueCreated(_) | Output::Dequeued(_)) | None => {
            Ok(outputs)
        }
    }
}

fn look_up(carrier: &Carrier, sid: CallSid) -> Result<Json<Value>, Problem> {
    let call = carrier.read(|network| network.call(sid).map(render));
    call.map(Json).ok_or_else(|| Refusal::UnknownCall(sid).into())
}

fn render(call: &Call) -> Value {
    let transcript: Vec<Value> = call
        .transcript
        .entries()
        .iter()
        .map(|entry| json!({ "at": entry.at.to_iso8601_millis(), "event": entry.event, "text": entry.text }))
        .collect();
    json!({
        "call_sid": call.sid,
        "from": call.from,
        "to": call.to,
        "direction": call.direction,
        "status": call.status,
        "bridged_with": call.bridged_with(),
        "transcript": transcript,
    })
}

fn call_sid(text: &str) -> Result<CallSid, Problem> {
    text.parse().map_err(|error| Problem(StatusCode::NOT_FOUND, format!("there is no such call: {error}")))
}

fn read<T: DeserializeOwned>(body: Body, example: &str) -> Result<T, Problem> {
    let body = body.map_err(|rejection| Problem(rejection.status(), rejection.body_text()))?;
    serde_json::from_slice(&body)
        .map_err(|error| Problem(StatusCode::BAD_REQUEST, format!("expected JSON such as {example}: {error}")))
}
