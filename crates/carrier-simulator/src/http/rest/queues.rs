//! Queues and their members (voice-webhooks.md section 8).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use ids::{CallSid, QueueSid};
use serde_json::Value;

use super::fields::target;
use super::{Body, Reply, RestError, read_form, read_query, sid};
use crate::Carrier;
use crate::http::form::Form;
use crate::http::page::page;
use crate::http::{accept, resources};
use crate::network::{Input, MEMBERS_DEFAULT, Output, Queue, Refusal};

pub(super) async fn list_queues(
    State(carrier): State<Arc<Carrier>>,
    RawQuery(query): RawQuery,
) -> Reply {
    let account = carrier.account_sid();
    let now = carrier.now();
    let items = carrier.read(|network| {
        let queues = network.queues().into_iter();
        queues
            .map(|queue| (queue.sid.to_string(), resources::queue(account, queue, now)))
            .collect()
    });
    let path = format!("{}/Queues.json", resources::account_path(account));
    Ok((
        StatusCode::OK,
        Json(page(&path, "queues", &read_query(query), items)?),
    ))
}

pub(super) async fn create_queue(State(carrier): State<Arc<Carrier>>, body: Body) -> Reply {
    let form = read_form(body)?;
    let name = form
        .text("FriendlyName")
        .ok_or(Refusal::BadQueueName)?
        .to_owned();
    let max_size = queue_size(&form)?.unwrap_or(MEMBERS_DEFAULT);
    let outputs = accept(&carrier, Input::CreateQueue { name, max_size })?;
    let created = outputs.into_iter().find_map(|output| match output {
        Output::QueueCreated(sid) => Some(sid),
        Output::Fetch(_) | Output::CallCreated(_) | Output::Dequeued(_) | Output::Refused(_) => {
            None
        }
    });
    show_queue(&carrier, created, StatusCode::CREATED)
}

pub(super) async fn fetch_queue(
    State(carrier): State<Arc<Carrier>>,
    Path((_, queue)): Path<(String, String)>,
) -> Reply {
    show_queue(&carrier, Some(sid(&queue)?), StatusCode::OK)
}

pub(super) async fn update_queue(
    State(carrier): State<Arc<Carrier>>,
    Path((_, queue)): Path<(String, String)>,
    body: Body,
) -> Reply {
    let queue = sid(&queue)?;
    let form = read_form(body)?;
    let name = form.text("FriendlyName").map(str::to_owned);
    let max_size = queue_size(&form)?;
    accept(
        &carrier,
        Input::UpdateQueue {
            queue,
            name,
            max_size,
        },
    )?;
    show_queue(&carrier, Some(queue), StatusCode::OK)
}

pub(super) async fn delete_queue(
    State(carrier): State<Arc<Carrier>>,
    Path((_, queue)): Path<(String, String)>,
) -> Result<StatusCode, RestError> {
    accept(&carrier, Input::DeleteQueue(sid(&queue)?))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn list_members(
    State(carrier): State<Arc<Carrier>>,
    Path((_, queue)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Reply {
    let account = carrier.account_sid();
    let now = carrier.now();
    let queue = sid::<QueueSid>(&queue)?;
    let items = carrier.read(|network| {
        let row = network.queue(queue)?;
        let members = row.members.iter().enumerate();
        let items = members.filter_map(|(index, member)| {
            Some((
                member.call.to_string(),
                resources::member(account, row, index, now)?,
            ))
        });
        Some(items.collect::<Vec<_>>())
    });
    let items = items.ok_or(Refusal::UnknownQueue(queue))?;
    let path = format!(
        "{}/Queues/{queue}/Members.json",
        resources::account_path(account)
    );
    Ok((
        StatusCode::OK,
        Json(page(&path, "queue_members", &read_query(query), items)?),
    ))
}

pub(super) async fn fetch_member(
    State(carrier): State<Arc<Carrier>>,
    Path((_, queue, member)): Path<(String, String, String)>,
) -> Reply {
    let member = find_member(&carrier, sid(&queue)?, member_sid(&member)?)?;
    Ok((StatusCode::OK, Json(member)))
}

/// Moves a member out of the queue, and returns it as it was before the move.
pub(super) async fn dequeue_member(
    State(carrier): State<Arc<Carrier>>,
    Path((_, queue, member)): Path<(String, String, String)>,
    body: Body,
) -> Reply {
    let queue = sid(&queue)?;
    let call = member_sid(&member)?;
    let form = read_form(body)?;
    let target = target(&form, "Url", "Method")?;
    let target = target.ok_or_else(|| {
        RestError::bad_request(
            21205,
            "Url: expected the document that the call continues with",
        )
    })?;
    let shown = find_member(&carrier, queue, call)?;
    let call = shown
        .get("call_sid")
        .and_then(Value::as_str)
        .map(sid)
        .transpose()?;
    accept(
        &carrier,
        Input::Dequeue {
            queue,
            call,
            target,
        },
    )?;
    Ok((StatusCode::OK, Json(shown)))
}

fn find_member(
    carrier: &Carrier,
    queue: QueueSid,
    call: Option<CallSid>,
) -> Result<Value, Refusal> {
    let account = carrier.account_sid();
    let now = carrier.now();
    carrier.read(|network| {
        let row = network.queue(queue).ok_or(Refusal::UnknownQueue(queue))?;
        let index = row
            .members
            .iter()
            .position(|member| call.is_none_or(|call| call == member.call));
        index
            .and_then(|index| resources::member(account, row, index, now))
            .ok_or(Refusal::NotAMember(queue))
    })
}

fn show_queue(carrier: &Carrier, queue: Option<QueueSid>, status: StatusCode) -> Reply {
    let account = carrier.account_sid();
    let now = carrier.now();
    let render = |queue: &Queue| resources::queue(account, queue, now);
    let shown = carrier.read(|network| queue.and_then(|queue| network.queue(queue)).map(render));
    let path = queue
        .map(|queue| format!("/Queues/{queue}.json"))
        .unwrap_or_default();
    shown
        .map(|shown| (status, Json(shown)))
        .ok_or_else(|| RestError::not_found(&path))
}

/// `Front.json` is the call at the head of the queue (`None`); otherwise the text is a call's SID.
fn member_sid(text: &str) -> Result<Option<CallSid>, RestError> {
    if text == "Front.json" {
        return Ok(None);
    }
    sid(text).map(Some)
}

fn queue_size(form: &Form) -> Result<Option<u32>, RestError> {
    let size = form
        .text("MaxSize")
        .map(|text| text.parse().map_err(|_| Refusal::BadQueueSize.into()));
    size.transpose()
}
