//! A customer's own assignment callback: it does all that the reference allows, and much that it does not.

use http_client::http::header::CONTENT_TYPE;
use http_client::http::{HeaderValue, StatusCode};
use http_client::{Answer, Request, WebError, WebErrorKind};
use ids::EventSid;
use serde_json::json;

use crate::scenario::NUMBER;
use crate::web::{CUSTOMER, broken, status};
use crate::world::World;

/// What the server does with one request.
#[derive(Debug, Clone, Copy)]
enum Mood {
    Dequeue,
    Call,
    Conference,
    Redirect,
    Accept,
    Reject,
    LeaveItToTheApi,
    Garbage,
    ServerError,
    Elsewhere,
    TooLong,
    HangUp,
    Hang,
}

/// The server's answer.
pub async fn answer(world: &World, request: &Request) -> Result<Answer, WebError> {
    world.pass(10, 300).await;
    match request.uri().path() {
        "/events" => return Ok(status(told(world))),
        "/worker" => return Ok(worker(request)),
        "/elsewhere" => return Ok(document("<Say>You are somewhere else now.</Say><Hangup/>")),
        _ => {}
    }
    let errs = world.strikes(world.faults.erring);
    let moods: &[Mood] = match errs {
        true => &[
            Mood::Garbage,
            Mood::ServerError,
            Mood::Elsewhere,
            Mood::TooLong,
            Mood::HangUp,
            Mood::Hang,
        ],
        false => &[
            Mood::Dequeue,
            Mood::Dequeue,
            Mood::Dequeue,
            Mood::Call,
            Mood::Conference,
            Mood::Conference,
            Mood::Redirect,
            Mood::Accept,
            Mood::Reject,
            Mood::LeaveItToTheApi,
        ],
    };
    // A Task without a caller is for the telephone only if its customer can be dialed.
    let attributes = parameter(request, "TaskAttributes");
    let moods = match () {
        () if errs || attributes.contains("call_sid") => moods,
        () if attributes.contains("outbound_to") => {
            &[Mood::Conference, Mood::Conference, Mood::Accept]
        }
        () => &[Mood::Accept, Mood::LeaveItToTheApi, Mood::Dequeue],
    };
    let mood = world.choose(moods).copied().unwrap_or(Mood::Dequeue);
    world.note(format_args!(
        "customer at {}: {mood:?}",
        request.uri().path()
    ));
    match mood {
        Mood::Dequeue => Ok(json(
            &json!({ "instruction": "dequeue", "from": NUMBER, "timeout": 15 }),
        )),
        Mood::Call => {
            let url = format!(
                "{CUSTOMER}/worker?Reservation={}",
                parameter(request, "ReservationSid")
            );
            let accept = world.happens(0.3);
            Ok(json(
                &json!({ "instruction": "call", "from": NUMBER, "url": url, "timeout": 15, "accept": accept }),
            ))
        }
        Mood::Conference => Ok(json(
            &json!({ "instruction": "conference", "from": NUMBER, "timeout": 15 }),
        )),
        Mood::Redirect => {
            let attributes = parameter(request, "TaskAttributes");
            let attributes: serde_json::Value =
                serde_json::from_str(&attributes).unwrap_or_default();
            let url = format!("{CUSTOMER}/elsewhere");
            let (call, accept) = (&attributes["call_sid"], world.happens(0.3));
            Ok(json(
                &json!({ "instruction": "redirect", "call_sid": call, "url": url, "accept": accept }),
            ))
        }
        Mood::Accept => Ok(json(&json!({ "instruction": "accept" }))),
        Mood::Reject => Ok(json(&json!({ "instruction": "reject" }))),
        Mood::LeaveItToTheApi => Ok(status(StatusCode::NO_CONTENT)),
        Mood::Garbage => Ok(json(&json!({ "instruction": ["dequeue", null] }))),
        Mood::ServerError => Ok(status(StatusCode::INTERNAL_SERVER_ERROR)),
        Mood::Elsewhere => Ok(status(StatusCode::FOUND)),
        Mood::TooLong => Ok(Answer::new(vec![b' '; 70_000])),
        Mood::HangUp => Err(broken(WebErrorKind::Exchange)),
        Mood::Hang => std::future::pending().await,
    }
}

/// What a Worker hears whom the customer's `call` has rung: the caller of the Reservation.
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

/// What the customer says to an event.
fn told(world: &World) -> StatusCode {
    if world.strikes(world.faults.erring) {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::NO_CONTENT
    }
}

/// What an event is about, and its id.
pub fn event(request: &Request) -> Option<(String, EventSid)> {
    let sid = Some(parameter(request, "Sid"))
        .filter(|_| request.uri().path() == "/events")?
        .parse()
        .ok()?;
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
