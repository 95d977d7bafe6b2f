//! Webhook, an addition to TaskRouter: the webhook journal of a Task, if it is kept
//! (`KEEP_WEBHOOKS`).

use ids::{AccountSid, TaskSid, WebhookSid, WorkspaceSid};
use serde::Serialize;
use serde_json::Value;
use shared::webhook::Exchange;

use super::task;
use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::{Paging, SortKey};
use crate::request_context::RequestContext;
use crate::view::View;

/// `GET …/Tasks/{TaskSid}/Webhooks`, in the order of the requests. The journal is readable until
/// its entries expire, which is longer than the Task itself. A Task without entries has an empty
/// list.
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
    let journal = context.api.store.webhooks(sid).await?;
    if task.is_none() && journal.is_empty() {
        return Err(context.not_found());
    }
    let sort_key = |exchange: &Exchange| {
        let fields = vec![exchange.at.as_millis(), i64::from(exchange.order)];
        SortKey::by(fields, exchange.sid)
    };
    let url = format!("{}/{sid}/Webhooks", task::url(&context.view, workspace));
    paging.show(
        "webhooks",
        &url,
        &paging.cut(journal, sort_key),
        |exchange| render(&context.view, workspace, sid, exchange),
    )
}

#[derive(Serialize)]
struct WebhookResource<'a> {
    account_sid: AccountSid,
    /// The answer, with secrets and phone numbers masked, cut after `ANSWER_CHARS_MAX` characters.
    answer: &'a str,
    date_created: String,
    /// Milliseconds since 1970.
    date_created_ms: i64,
    direction: &'static str,
    duration_ms: u64,
    error: Option<&'a str>,
    method: &'a str,
    sid: WebhookSid,
    /// The HTTP status; null without an answer.
    status: Option<u16>,
    task_sid: TaskSid,
    /// The number of requests. Of requests that repeat while a caller waits, the first is shown.
    times: u32,
    url: &'a str,
    workspace_sid: WorkspaceSid,
}

fn render(
    view: &View,
    workspace_sid: WorkspaceSid,
    task_sid: TaskSid,
    exchange: &Exchange,
) -> serde_json::Result<Value> {
    serde_json::to_value(WebhookResource {
        account_sid: view.account_sid,
        answer: &exchange.answer,
        date_created: exchange.at.to_iso8601(),
        date_created_ms: exchange.at.as_millis(),
        direction: exchange.way.as_str(),
        duration_ms: exchange.took.as_millis(),
        error: exchange.error.as_deref(),
        method: &exchange.method,
        sid: exchange.sid,
        status: exchange.status,
        task_sid,
        times: exchange.times,
        url: &exchange.url,
        workspace_sid,
    })
}
