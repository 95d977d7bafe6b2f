//! `/assignment`: the assignment callback. Answers every Reservation with `dequeue`: call the
//! Worker, connect the caller (taskrouter.md section 11.3).
//!
//! The function serves our own router and hosted TaskRouter alike.

use std::sync::Arc;

use ids::ActivitySid;
use runtime::voice::{Failure, Voice, Webhook};
use serde_json::{Value, json};
use shared::voice_settings::VoiceSettings;
use shared::webhook::{Assignment, Reply, Request};

/// Answers an assignment callback. On failure the router requests the Workflow's fallback URL.
pub async fn handle(voice: Arc<Voice>, request: Request) -> Reply {
    voice.notification(&request, answer).await
}

async fn answer(voice: &Voice, webhook: &Webhook) -> Result<Reply, Failure> {
    let assignment = Assignment::parse(&webhook.parameters)?;
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
