//! The part of the carrier's REST API that moves calls (voice-webhooks.md section 8): Calls,
//! Queues, Members, Conferences, Participants. Set-up scripts also read the account and its numbers.

mod account;
mod authentication;
mod call_filter;
mod calls;
mod conferences;
mod fields;
mod participants;
mod queues;
mod throttling;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::routing::{any, get};
use axum::{Json, Router, middleware};
use serde_json::Value;

use super::form::Form;
use super::recordings;
use super::rest_error::RestError;
use crate::Carrier;

pub(super) use authentication::is_authenticated;
pub(super) use fields::refuse_unknown;

type Body = Result<Bytes, BytesRejection>;
/// Parameters that every list takes.
pub(super) const PAGING: [&str; 3] = ["Page", "PageSize", "PageToken"];

type Reply = Result<(StatusCode, Json<Value>), RestError>;

/// The routes below `/2010-04-01/Accounts/{AccountSid}`, behind Basic authentication.
pub(super) fn routes(carrier: &Arc<Carrier>) -> Router<Arc<Carrier>> {
    let account = "/2010-04-01/Accounts/{account}";
    let path = |rest: &str| format!("{account}{rest}");
    Router::new()
        .route(account, get(account::fetch_account))
        .route(
            &path("/IncomingPhoneNumbers.json"),
            get(account::list_numbers),
        )
        .route(
            &path("/IncomingPhoneNumbers/{number}"),
            get(account::fetch_number).post(account::update_number),
        )
        .route(
            &path("/Calls.json"),
            get(calls::list_calls).post(calls::create_call),
        )
        .route(
            &path("/Calls/{call}"),
            get(calls::fetch_call).post(calls::update_call),
        )
        .route(
            &path("/Calls/{call}/Recordings.json"),
            get(recordings::list_of_call),
        )
        .route(&path("/Recordings.json"), get(recordings::list))
        .route(
            &path("/Queues.json"),
            get(queues::list_queues).post(queues::create_queue),
        )
        .route(
            &path("/Queues/{queue}"),
            get(queues::fetch_queue)
                .post(queues::update_queue)
                .delete(queues::delete_queue),
        )
        .route(
            &path("/Queues/{queue}/Members.json"),
            get(queues::list_members),
        )
        .route(
            &path("/Queues/{queue}/Members/{member}"),
            get(queues::fetch_member).post(queues::dequeue_member),
        )
        .route(
            &path("/Conferences.json"),
            get(conferences::list_conferences),
        )
        .route(
            &path("/Conferences/{conference}"),
            get(conferences::fetch_conference).post(conferences::update_conference),
        )
        .route(
            &path("/Conferences/{conference}/Participants.json"),
            get(participants::list_participants).post(participants::create_participant),
        )
        .route(
            &path("/Conferences/{conference}/Participants/{participant}"),
            get(participants::fetch_participant)
                .post(participants::update_participant)
                .delete(participants::delete_participant),
        )
        .route("/2010-04-01/{*path}", any(account::not_served))
        .method_not_allowed_fallback(async || RestError::method_not_allowed())
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(carrier),
            throttling::throttle,
        ))
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(carrier),
            authentication::authenticate,
        ))
}

/// Parses the id in the last part of a path, such as `CA….json`.
fn sid<T: std::str::FromStr>(text: &str) -> Result<T, RestError> {
    text.trim_end_matches(".json")
        .parse()
        .map_err(|_| RestError::not_found(text))
}

fn read_form(body: Body) -> Result<Form, RestError> {
    let body =
        body.map_err(|rejection| RestError::unreadable(rejection.status(), rejection.body_text()))?;
    Ok(Form::read(&body))
}

fn read_query(query: Option<String>) -> Form {
    Form::read(query.unwrap_or_default().as_bytes())
}
