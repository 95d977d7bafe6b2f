//! Webhook, an addition to TaskRouter: what was asked and answered about a Task, where it is kept (`KEEP_WEBHOOKS`).

use ids::{AccountSid, TaskSid, WebhookSid, WorkspaceSid};
use serde::Serialize;
use serde_json::Value;
use shared::webhook::Exchange;

use super::task;
use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::{Paging, Place};
use crate::request_context::RequestContext;
use crate::view::View;

/// `GET …/Tasks/{TaskSid}/Webhooks`, in the order they were asked in; for as long as they are kept, so longer than the Task
/// itself can be read. A Task of which nothing was kept has none.
pub async fn list(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let workspace = context.workspace().await?.sid;
    let sid: TaskSid = context.sid("TaskSid")?;
    let task = context.api.store.task(sid).await?;
    if task
        .as_ref()
        .is_some_and(|task| task.workspace_sid != workspace)
    {
        return Err(context.not_found());
    }
    let kept = context.api.store.webhooks(sid).await?;
    if task.is_none() && kept.is_empty() {
        return Err(context.not_found());
    }
    let place =
        |kept: &Exchange| Place::by(vec![kept.at.as_millis(), i64::from(kept.order)], kept.sid);
    let url = format!("{}/{sid}/Webhooks", task::url(&context.view, workspace));
    paging.show("webhooks", &url, &paging.cut(kept, place), |kept| {
        render(&context.view, workspace, sid, kept)
    })
}

#[derive(Serialize)]
struct WebhookResource<'a> {
    account_sid: AccountSid,
    /// What was answered, secrets and phone numbers masked, cut after `ANSWER_CHARS_MAX` characters.
    answer: &'a str,
    date_created: String,
    /// Milliseconds since 1970.
    date_created_ms: i64,
    direction: &'static str,
    duration_ms: u64,
    error: Option<&'a str>,
    method: &'a str,
    sid: WebhookSid,
    /// The HTTP status; none without an answer.
    status: Option<u16>,
    task_sid: TaskSid,
    /// How often it came; of more than one the first is shown.
    times: u32,
    url: &'a str,
    workspace_sid: WorkspaceSid,
}

fn render(
    view: &View,
    workspace_sid: WorkspaceSid,
    task_sid: TaskSid,
    kept: &Exchange,
) -> serde_json::Result<Value> {
    serde_json::to_value(WebhookResource {
        account_sid: view.account_sid,
        answer: &kept.answer,
        date_created: kept.at.to_iso8601(),
        date_created_ms: kept.at.as_millis(),
        direction: kept.way.as_str(),
        duration_ms: kept.took.as_millis(),
        error: kept.error.as_deref(),
        method: &kept.method,
        sid: kept.sid,
        status: kept.status,
        task_sid,
        times: kept.times,
        url: &kept.url,
        workspace_sid,
    })
}
