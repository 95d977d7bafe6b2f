//! `/assignment`: the assignment callback. Answers the Reservation of a call with `dequeue`: call the
//! Worker, connect the caller (taskrouter.md section 11.3). Other work, such as a voicemail, gets no
//! instruction: its Worker accepts it on the desktop.
//!
//! The function serves our own router and hosted TaskRouter alike.

use std::sync::Arc;

use ids::ActivitySid;
use runtime::voice::{Failure, Voice, Webhook};
use serde_json::{Map, Value, json};
use shared::voice_settings::VoiceSettings;
use shared::webhook::{Assignment, Reply, Request, redact};

/// Answers an assignment callback. On failure the router requests the Workflow's fallback URL.
pub async fn handle(voice: Arc<Voice>, request: Request) -> Reply {
    voice.notification(&request, answer).await
}

async fn answer(voice: &Voice, webhook: &Webhook) -> Result<Reply, Failure> {
    let assignment = Assignment::parse(&webhook.parameters)?;
    let attributes = attributes_of(webhook);
    if let Some(to) = attributes.as_ref().and_then(callback_to) {
        let settings = voice.settings().await?;
        tracing::info!(task_sid = %assignment.task_sid, reservation_sid = %assignment.reservation_sid, to = %redact(to), "assignment answered with conference");
        return Ok(Reply::json(&conference(
            &settings,
            &assignment,
            voice.post_work_activity_sid,
        )));
    }
    if attributes.is_some_and(|attributes| !attributes.contains_key("call_sid")) {
        tracing::info!(task_sid = %assignment.task_sid, reservation_sid = %assignment.reservation_sid, "no instruction: the Task is no call");
        return Ok(Reply::empty());
    }
    let settings = voice.settings().await?;
    tracing::info!(
        task_sid = %assignment.task_sid,
        reservation_sid = %assignment.reservation_sid,
        worker_sid = %assignment.worker_sid,
        "assignment answered with dequeue"
    );
    Ok(Reply::json(&dequeue(
        &settings,
        &assignment,
        voice.post_work_activity_sid,
    )))
}

/// The attributes of the Task; `None` if the router did not send them.
fn attributes_of(webhook: &Webhook) -> Option<Map<String, Value>> {
    let attributes = webhook.parameters.get("TaskAttributes");
    attributes.and_then(|json| serde_json::from_str(json).ok())
}

/// The number that a callback's Worker is connected to.
fn callback_to(attributes: &Map<String, Value>) -> Option<&str> {
    let is_callback = attributes.get("type").and_then(Value::as_str) == Some("callback");
    let to = attributes.get("outbound_to").and_then(Value::as_str);
    to.filter(|_| is_callback && !attributes.contains_key("call_sid"))
}

/// The `conference` instruction of a callback: call the Worker, and then the customer,
/// `outbound_to`, into the same conference.
fn conference(
    settings: &VoiceSettings,
    assignment: &Assignment,
    post_work_activity_sid: Option<ActivitySid>,
) -> Value {
    let mut instruction = dequeue(settings, assignment, post_work_activity_sid);
    instruction["instruction"] = json!("conference");
    instruction
}

/// The `dequeue` instruction. `post_work_activity_sid` takes precedence over the Activity of the
/// settings. The latter exists only in the Workspace of the settings; in another Workspace it would
/// make the instruction fail (error 40130).
fn dequeue(
    settings: &VoiceSettings,
    assignment: &Assignment,
    post_work_activity_sid: Option<ActivitySid>,
) -> Value {
    let own_activity = if assignment.workspace_sid == settings.workspace_sid {
        settings.post_work_activity_sid
    } else {
        None
    };
    let mut instruction = json!({
        "instruction": "dequeue",
        "from": settings.phone_number,
        "timeout": settings.worker_ring_timeout_secs,
    });
    if let Some(activity) = post_work_activity_sid.or(own_activity) {
        instruction["post_work_activity_sid"] = json!(activity);
    }
    instruction
}
