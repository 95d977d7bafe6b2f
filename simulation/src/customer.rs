//! A customer's own assignment callback: it does all that the reference allows, and much that it does not.

use serde_json::json;
use web::http::header::CONTENT_TYPE;
use web::http::{HeaderValue, StatusCode};
use web::{Answer, Request, WebError, WebErrorKind};

use crate::scenario::NUMBER;
use crate::web::{broken, status};
use crate::world::World;

/// What the server does with one request.
#[derive(Debug, Clone, Copy)]
enum Mood {
    Dequeue,
    Accept,
    Reject,
    LeaveItToTheApi,
    Garbage,
    ServerError,
    Redirect,
    TooLong,
    HangUp,
    Hang,
}

/// The server's answer.
pub async fn answer(world: &World, request: &Request) -> Result<Answer, WebError> {
    world.pass(10, 300).await;
    let errs = world.strikes(world.faults.erring);
    let moods: &[Mood] = match errs {
        true => &[Mood::Garbage, Mood::ServerError, Mood::Redirect, Mood::TooLong, Mood::HangUp, Mood::Hang],
        false => &[Mood::Dequeue, Mood::Dequeue, Mood::Dequeue, Mood::Accept, Mood::Reject, Mood::LeaveItToTheApi],
    };
    let mood = world.choose(moods).copied().unwrap_or(Mood::Dequeue);
    world.note(format_args!("customer at {}: {mood:?}", request.uri().path()));
    match mood {
        Mood::Dequeue => Ok(json(&json!({ "instruction": "dequeue", "from": NUMBER, "timeout": 15 }))),
        Mood::Accept => Ok(json(&json!({ "instruction": "accept" }))),
        Mood::Reject => Ok(json(&json!({ "instruction": "reject" }))),
        Mood::LeaveItToTheApi => Ok(status(StatusCode::NO_CONTENT)),
        Mood::Garbage => Ok(json(&json!({ "instruction": ["dequeue", null] }))),
        Mood::ServerError => Ok(status(StatusCode::INTERNAL_SERVER_ERROR)),
        Mood::Redirect => Ok(status(StatusCode::FOUND)),
        Mood::TooLong => Ok(Answer::new(vec![b' '; 70_000])),
        Mood::HangUp => Err(broken(WebErrorKind::Exchange)),
        Mood::Hang => std::future::pending().await,
    }
}

fn json(instruction: &serde_json::Value) -> Answer {
    let mut answer = Answer::new(instruction.to_string().into_bytes());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
