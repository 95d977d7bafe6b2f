//! The control API `/simulator/…`: simulated people dial, press keys, speak, pick up, decline and hang up,
//! and a test reads the transcript of each call. JSON, without credentials: it is for one machine.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use ids::CallSid;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::form::Form;
use super::{accept, created_call};
use crate::network::{
    CONFIDENCE, Call, CallStatus, Conference, Input, Network, Participant, Refusal,
    participant_status,
};
use crate::{Carrier, Throttle};

/// The routes below `/simulator`.
pub(super) fn routes() -> Router<Arc<Carrier>> {
    Router::new()
        .route("/simulator/calls", post(dial).get(list))
        .route("/simulator/calls/{sid}", get(show))
        .route("/simulator/conferences", get(conferences))
        .route("/simulator/calls/{sid}/digits", post(digits))
        .route("/simulator/calls/{sid}/speech", post(speech))
        .route("/simulator/calls/{sid}/listen", post(listen))
        .route("/simulator/calls/{sid}/answer", post(answer))
        .route("/simulator/calls/{sid}/decline", post(decline))
        .route("/simulator/calls/{sid}/hangup", post(hang_up))
        .route("/simulator/throttle", post(throttle))
}

/// A refused request: a status and a message.
struct Problem(StatusCode, String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "message": self.1 }))).into_response()
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::UnknownCall(_)
            | Refusal::UnknownQueue(_)
            | Refusal::UnknownRecording(_)
            | Refusal::NotAMember(_)
            | Refusal::NotItsTask(_)
            | Refusal::UnknownConference(_)
            | Refusal::NotAParticipant(_) => StatusCode::NOT_FOUND,
            Refusal::WrongState { .. } | Refusal::QueueExists(_) | Refusal::QueueNotEmpty(_) => {
                StatusCode::CONFLICT
            }
            Refusal::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Refusal::BadAddress { .. }
            | Refusal::NotACentreNumber { .. }
            | Refusal::CentreNumber
            | Refusal::BadDigits
            | Refusal::BadSpeech
            | Refusal::BadQueueName
            | Refusal::BadQueueSize
            | Refusal::Conference(_)
            | Refusal::NoCallToCoach
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpeechRequest {
    text: String,
    confidence: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThrottleRequest {
    requests: u32,
    retry_after_secs: Option<u64>,
}

async fn dial(
    State(carrier): State<Arc<Carrier>>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let DialRequest { from, to } = read(body, r#"{"from": "+15550100001", "to": "+17075550183"}"#)?;
    let outputs = accept(&carrier, Input::Dial { from, to })?;
    let sid = created_call(outputs).ok_or_else(|| {
        Problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the call was not created".to_owned(),
        )
    })?;
    Ok((StatusCode::CREATED, Json(json!({ "call_sid": sid }))))
}

/// Refuses the coming requests of the REST API with 429.
async fn throttle(State(carrier): State<Arc<Carrier>>, body: Body) -> Result<Json<Value>, Problem> {
    let ThrottleRequest {
        requests,
        retry_after_secs,
    } = read(body, r#"{"requests": 3, "retry_after_secs": 1}"#)?;
    carrier.throttle(Throttle {
        requests,
        retry_after_secs,
    });
    Ok(Json(json!({ "requests": requests })))
}

async fn list(
    State(carrier): State<Arc<Carrier>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let filter = CallFilter::read(&Form::read(query.unwrap_or_default().as_bytes()))?;
    let calls: Vec<Value> = carrier.read(|network| {
        network
            .calls()
            .into_iter()
            .filter(|call| filter.matches(call))
            .map(render)
            .collect()
    });
    Ok(Json(json!({ "calls": calls })))
}

/// Every conference that the network remembers, newest first, with its participants.
async fn conferences(State(carrier): State<Arc<Carrier>>) -> Json<Value> {
    let conferences: Vec<Value> = carrier.read(|network| {
        network
            .conferences()
            .into_iter()
            .map(|conference| render_conference(network, conference))
            .collect()
    });
    Json(json!({ "conferences": conferences }))
}

fn render_conference(network: &Network, conference: &Conference) -> Value {
    let render = |participant: &Participant| {
        let call = network.call(participant.call);
        json!({
            "call_sid": participant.call,
            "phone": call.map(Call::phone),
            "label": participant.label,
            "status": call.map(|call| participant_status(participant, call.status)),
            "muted": participant.muted,
            "hold": participant.hold,
            "coaching": participant.coaches,
            "start_conference_on_enter": participant.start_on_enter,
            "end_conference_on_exit": participant.end_on_exit,
        })
    };
    json!({
        "conference_sid": conference.sid,
        "friendly_name": conference.name,
        "status": conference.status,
        "participants": conference.participants.iter().map(render).collect::<Vec<_>>(),
    })
}

/// The filters of a list of calls.
struct CallFilter {
    from: Option<String>,
    to: Option<String>,
    status: Option<CallStatus>,
}

impl CallFilter {
    const NAMES: [&str; 3] = ["from", "to", "status"];

    fn read(query: &Form) -> Result<Self, Problem> {
        if let Some(unknown) = query.names().find(|name| !Self::NAMES.contains(name)) {
            return Err(bad_request(format!(
                "{unknown}: expected one of {}",
                Self::NAMES.join(", ")
            )));
        }
        let status = query.text("status").map(|text| {
            let known = CallStatus::ALL.map(CallStatus::as_str).join(", ");
            CallStatus::read(text)
                .ok_or_else(|| bad_request(format!("status: expected one of {known}")))
        });
        let [from, to] = ["from", "to"].map(|name| query.text(name).map(typed_address));
        Ok(Self {
            from,
            to,
            status: status.transpose()?,
        })
    }

    fn matches(&self, call: &Call) -> bool {
        self.from.as_ref().is_none_or(|from| *from == call.from)
            && self.to.as_ref().is_none_or(|to| *to == call.to)
            && self.status.is_none_or(|status| status == call.status)
    }
}

/// An address in a query as a person types it: in `to=+17075550101` the plus decodes to a blank.
fn typed_address(text: &str) -> String {
    text.strip_prefix(' ')
        .map_or_else(|| text.to_owned(), |digits| format!("+{digits}"))
}

fn bad_request(message: String) -> Problem {
    Problem(StatusCode::BAD_REQUEST, message)
}

async fn show(
    State(carrier): State<Arc<Carrier>>,
    Path(sid): Path<String>,
) -> Result<Json<Value>, Problem> {
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

async fn speech(
    State(carrier): State<Arc<Carrier>>,
    Path(sid): Path<String>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let call = call_sid(&sid)?;
    let SpeechRequest { text, confidence } =
        read(body, r#"{"text": "my bill", "confidence": 0.9}"#)?;
    let confidence = confidence.unwrap_or(CONFIDENCE);
    act(
        &carrier,
        call,
        Input::Say {
            call,
            text,
            confidence,
        },
    )
}

async fn listen(
    State(carrier): State<Arc<Carrier>>,
    Path(sid): Path<String>,
) -> Result<Json<Value>, Problem> {
    let call = call_sid(&sid)?;
    act(&carrier, call, Input::Listen(call))
}

async fn answer(
    State(carrier): State<Arc<Carrier>>,
    Path(sid): Path<String>,
) -> Result<Json<Value>, Problem> {
    let call = call_sid(&sid)?;
    act(&carrier, call, Input::Answer(call))
}

async fn decline(
    State(carrier): State<Arc<Carrier>>,
    Path(sid): Path<String>,
) -> Result<Json<Value>, Problem> {
    let call = call_sid(&sid)?;
    act(&carrier, call, Input::Decline(call))
}

async fn hang_up(
    State(carrier): State<Arc<Carrier>>,
    Path(sid): Path<String>,
) -> Result<Json<Value>, Problem> {
    let call = call_sid(&sid)?;
    act(&carrier, call, Input::HangUp(call))
}

fn act(carrier: &Carrier, call: CallSid, input: Input) -> Result<Json<Value>, Problem> {
    accept(carrier, input)?;
    look_up(carrier, call)
}

fn look_up(carrier: &Carrier, sid: CallSid) -> Result<Json<Value>, Problem> {
    let call = carrier.read(|network| network.call(sid).map(render));
    call.map(Json)
        .ok_or_else(|| Refusal::UnknownCall(sid).into())
}

fn render(call: &Call) -> Value {
    let transcript: Vec<Value> = call
        .transcript
        .entries()
        .iter()
        .map(|entry| {
            json!({
                "at": entry.at.to_iso8601_millis(),
                "event": entry.event,
                "text": entry.text,
                "sound": entry.sound,
            })
        })
        .collect();
    let listening = call.listening().map(|listening| {
        json!({
            "number": listening.number,
            "verb": listening.verb,
            "keys": listening.keys,
            "speech": listening.speech,
            "hints": listening.hints,
        })
    });
    json!({
        "call_sid": call.sid,
        "parent_call_sid": call.parent,
        "from": call.from,
        "to": call.to,
        "direction": call.direction,
        "status": call.status,
        "bridged_with": call.bridged_with(),
        "conference_sid": call.conference(),
        "listening": listening,
        "transcript": transcript,
    })
}

fn call_sid(text: &str) -> Result<CallSid, Problem> {
    text.parse()
        .map_err(|error| Problem(StatusCode::NOT_FOUND, format!("not a call SID: {error}")))
}

fn read<T: DeserializeOwned>(body: Body, example: &str) -> Result<T, Problem> {
    let body = body.map_err(|rejection| Problem(rejection.status(), rejection.body_text()))?;
    serde_json::from_slice(&body)
        .map_err(|error| bad_request(format!("expected JSON such as {example}: {error}")))
}
