//! A customer's own server: its assignment callback returns every instruction that the reference
//! allows, and many invalid answers.

use http_client::http::header::CONTENT_TYPE;
use http_client::http::{HeaderValue, StatusCode};
use http_client::{Answer, Request, WebError, WebErrorKind};
use ids::EventSid;
use serde_json::json;

use crate::scenario::NUMBER;
use crate::web::{CUSTOMER, broken, status};
use crate::world::World;

/// The answer of the server to one request.
#[derive(Debug, Clone, Copy)]
enum Behaviour {
    Dequeue,
    Call,
    Conference,
    Redirect,
    Accept,
    Reject,
    LeaveToTheApi,
    Garbage,
    ServerError,
    RedirectResponse,
    TooLong,
    HangUp,
    Hang,
}

/// Answers a request.
pub async fn answer(world: &World, request: &Request) -> Result<Answer, WebError> {
    world.pass(10, 300).await;
    match request.uri().path() {
        "/events" => return Ok(status(status_of_event(world))),
        "/worker" => return Ok(worker(request)),
        "/moved" => return Ok(document("<Say>You have been moved.</Say><Hangup/>")),
        _ => {}
    }
    let errs = world.strikes(world.faults.erring);
    let behaviours: &[Behaviour] = if errs {
        &[
            Behaviour::Garbage,
            Behaviour::ServerError,
            Behaviour::RedirectResponse,
            Behaviour::TooLong,
            Behaviour::HangUp,
            Behaviour::Hang,
        ]
    } else {
        &[
            Behaviour::Dequeue,
            Behaviour::Dequeue,
            Behaviour::Dequeue,
            Behaviour::Call,
            Behaviour::Conference,
            Behaviour::Conference,
            Behaviour::Redirect,
            Behaviour::Accept,
            Behaviour::Reject,
            Behaviour::LeaveToTheApi,
        ]
    };
    // A Task without a caller needs the telephone only if its customer can be dialed.
    let attributes = parameter(request, "TaskAttributes");
    let behaviours = if errs || attributes.contains("call_sid") {
        behaviours
    } else if attributes.contains("outbound_to") {
        &[
            Behaviour::Conference,
            Behaviour::Conference,
            Behaviour::Accept,
        ]
    } else {
        &[
            Behaviour::Accept,
            Behaviour::LeaveToTheApi,
            Behaviour::Dequeue,
        ]
    };
    let behaviour = world
        .choose(behaviours)
        .copied()
        .unwrap_or(Behaviour::Dequeue);
    world.note(format_args!(
        "customer at {}: {behaviour:?}",
        request.uri().path()
    ));
    match behaviour {
        Behaviour::Dequeue => Ok(json(
            &json!({ "instruction": "dequeue", "from": NUMBER, "timeout": 15 }),
        )),
        Behaviour::Call => {
            let url = format!(
                "{CUSTOMER}/worker?Reservation={}",
                parameter(request, "ReservationSid")
            );
            let accept = world.happens(0.3);
            Ok(json(
                &json!({ "instruction": "call", "from": NUMBER, "url": url, "timeout": 15, "accept": accept }),
            ))
        }
        Behaviour::Conference => Ok(json(
            &json!({ "instruction": "conference", "from": NUMBER, "timeout": 15 }),
        )),
        Behaviour::Redirect => {
            let attributes = parameter(request, "TaskAttributes");
            let attributes: serde_json::Value =
                serde_json::from_str(&attributes).unwrap_or_default();
            let url = format!("{CUSTOMER}/moved");
            let call = &attributes["call_sid"];
            let accept = world.happens(0.3);
            Ok(json(
                &json!({ "instruction": "redirect", "call_sid": call, "url": url, "accept": accept }),
            ))
        }
        Behaviour::Accept => Ok(json(&json!({ "instruction": "accept" }))),
        Behaviour::Reject => Ok(json(&json!({ "instruction": "reject" }))),
        Behaviour::LeaveToTheApi => Ok(status(StatusCode::NO_CONTENT)),
        Behaviour::Garbage => Ok(json(&json!({ "instruction": ["dequeue", null] }))),
        Behaviour::ServerError => Ok(status(StatusCode::INTERNAL_SERVER_ERROR)),
        Behaviour::RedirectResponse => Ok(status(StatusCode::FOUND)),
        Behaviour::TooLong => Ok(Answer::new(vec![b' '; 70_000])),
        Behaviour::HangUp => Err(broken(WebErrorKind::Exchange)),
        Behaviour::Hang => std::future::pending().await,
    }
}

/// The document for a Worker who was rung by the customer's `call` instruction: connects the caller
/// of the Reservation.
fn worker(request: &Request) -> Answer {
    let query = request.uri().query().unwrap_or_default();
    let reservation =
        form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "Reservation");
    let reservation = reservation
        .map(|(_, sid)| sid.into_owned())
        .unwrap_or_default();
    document(&format!(
        "<Dial><Queue reservationSid=\"{reservation}\"/></Dial>"
    ))
}

/// The customer's status for an event.
fn status_of_event(world: &World) -> StatusCode {
    if world.strikes(world.faults.erring) {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::NO_CONTENT
    }
}

/// The subject of an event, and the SID of the event; `None` for a request that is not an event.
pub fn event(request: &Request) -> Option<(String, EventSid)> {
    if request.uri().path() != "/events" {
        return None;
    }
    let sid = parameter(request, "Sid").parse().ok()?;
    let about = ["TaskSid", "ResourceSid"].map(|name| parameter(request, name));
    about
        .into_iter()
        .find(|about| !about.is_empty())
        .map(|about| (about, sid))
}

fn document(verbs: &str) -> Answer {
    let mut answer = Answer::new(format!("<Response>{verbs}</Response>").into_bytes());
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    answer
}

fn parameter(request: &Request, wanted: &str) -> String {
    let mut form = form_urlencoded::parse(request.body());
    form.find(|(name, _)| name == wanted)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn json(instruction: &serde_json::Value) -> Answer {
    let mut answer = Answer::new(instruction.to_string().into_bytes());
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
