//! Task (taskrouter.md sections 2.8 and 5): fetch, delete and its JSON. `create`, `list` and
//! `update` are submodules.

mod create;
mod list;
mod update;

use ids::time::Timestamp;
use ids::{AccountSid, TaskChannelSid, TaskQueueSid, TaskSid, WorkflowSid, WorkspaceSid};
use serde::Serialize;
use serde_json::Value;
use task_router::model::{
    AssignmentStatus, EndReason, RoutingTarget, Task, TaskChannel, TaskChannelName, Workspace,
};
use task_router::router::Command;

use crate::answer::Answer;
use crate::error::ApiError;
use crate::parameters::Parameters;
use crate::request_context::RequestContext;
use crate::view::View;

pub use create::create;
pub use list::list;
pub use update::update;

/// The results of hosted TaskRouter's add-ons. This program has no add-ons.
const NO_ADDONS: &str = "{}";

/// 1900-01-01T00:00:00Z
const YEAR_1900: Timestamp = Timestamp::from_millis(-2_208_988_800_000);

/// `GET …/Tasks/{Sid}`
pub async fn fetch(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?;
    let task = find(context, "Sid").await?;
    answer(context, &workspace, &task)
}

/// `DELETE …/Tasks/{Sid}` in any status. Open Reservations are canceled (taskrouter.md section 5).
pub async fn delete(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let task = find(context, "Sid").await?;
    context
        .apply(&Command::TaskDeleted { task: task.sid })
        .await?;
    Ok(Answer::no_content())
}

/// Parses `TaskChannel`: a SID or a unique name.
fn channel(form: &Parameters, workspace: &Workspace) -> Result<Option<TaskChannelName>, ApiError> {
    form.parsed("TaskChannel", |text| {
        let mut channels = workspace.task_channels.values();
        let found = channels.find(|channel| {
            channel.unique_name.as_str() == text || channel.sid.to_string() == text
        });
        found.map(|channel| channel.unique_name).ok_or_else(|| {
            let known: Vec<&str> = workspace
                .task_channels
                .keys()
                .map(TaskChannelName::as_str)
                .collect();
            format!(
                "expected the SID or the unique name of a TaskChannel: {}",
                known.join(", ")
            )
        })
    })
}

/// Parses `VirtualStartTime`: a moment from 1900 until now (taskrouter.md section 2.8).
fn virtual_start_time(form: &Parameters, now: Timestamp) -> Result<Option<Timestamp>, ApiError> {
    form.parsed("VirtualStartTime", |text| {
        let moment = text
            .parse()
            .ok()
            .filter(|moment| (YEAR_1900..=now).contains(moment));
        moment.ok_or_else(|| {
            "expected an ISO 8601 date such as 2015-07-31T01:09:51Z, from 1900 until now".to_owned()
        })
    })
}

fn status_named(name: &str) -> Option<AssignmentStatus> {
    AssignmentStatus::ALL
        .into_iter()
        .find(|status| status.as_str() == name)
}

/// The Task with the SID that the path has under `name`, in the Workspace in the path. An ended
/// Task is found for as long as the Workspace keeps ended Tasks readable.
pub(super) async fn find(context: &RequestContext<'_>, name: &str) -> Result<Task, ApiError> {
    let workspace = context.workspace().await?;
    let task = context.api.store.task(context.sid(name)?).await?;
    let kept = workspace.rules.ended_task_kept;
    task.filter(|task| task.workspace_sid == workspace.sid)
        .filter(|task| task.is_readable(kept, context.now))
        .ok_or_else(|| context.not_found())
}

fn answer(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    task: &Task,
) -> Result<Answer, ApiError> {
    let body = render(&context.view, workspace, task)?;
    Ok(Answer::ok(body).with_version(task.visible_version()))
}

/// The URL of a Workspace's Tasks.
pub(super) fn url(view: &View, workspace: WorkspaceSid) -> String {
    format!("{}/Tasks", view.workspace(workspace))
}

#[derive(Serialize)]
struct TaskResource<'a> {
    account_sid: AccountSid,
    /// Seconds since the Task's creation.
    age: u64,
    assignment_status: &'static str,
    attributes: String,
    addons: &'static str,
    date_created: String,
    date_updated: String,
    task_queue_entered_date: String,
    priority: u32,
    reason: Option<&'a str>,
    sid: TaskSid,
    task_queue_sid: TaskQueueSid,
    task_queue_friendly_name: Option<&'a str>,
    task_channel_sid: TaskChannelSid,
    task_channel_unique_name: String,
    /// Seconds.
    timeout: u64,
    workflow_sid: WorkflowSid,
    workflow_friendly_name: Option<&'a str>,
    workspace_sid: WorkspaceSid,
    url: String,
    links: TaskLinks,
    virtual_start_time: String,
    ignore_capacity: bool,
    routing_target: Option<String>,
}

#[derive(Serialize)]
struct TaskLinks {
    task_queue: String,
    workflow: String,
    workspace: String,
    reservations: String,
}

fn render(view: &View, workspace: &Workspace, task: &Task) -> serde_json::Result<Value> {
    let home = view.workspace(task.workspace_sid);
    let url = format!("{}/{}", url(view, task.workspace_sid), task.sid);
    let queue = workspace.task_queues.get(&task.task_queue_sid);
    let workflow = workspace.workflows.get(&task.workflow_sid);
    let channel = workspace.task_channels.get(&task.channel);
    serde_json::to_value(TaskResource {
        account_sid: view.account_sid,
        age: view.now.since(task.date_created).as_secs(),
        assignment_status: task.assignment_status.as_str(),
        attributes: task.attributes.to_json(),
        addons: NO_ADDONS,
        date_created: task.date_created.to_iso8601(),
        date_updated: task.date_updated.to_iso8601(),
        task_queue_entered_date: task.task_queue_entered_date.to_iso8601(),
        priority: task.priority,
        reason: task
            .reason
            .as_ref()
            .map(EndReason::as_str)
            .filter(|reason| !reason.is_empty()),
        sid: task.sid,
        task_queue_sid: task.task_queue_sid,
        task_queue_friendly_name: queue.map(|queue| queue.friendly_name.as_str()),
        task_channel_sid: channel.map_or_else(
            || TaskChannel::of(task.workspace_sid, task.channel).sid,
            |known| known.sid,
        ),
        task_channel_unique_name: task.channel.to_string(),
        timeout: task.timeout.as_secs(),
        workflow_sid: task.workflow_sid,
        workflow_friendly_name: workflow.map(|workflow| workflow.friendly_name.as_str()),
        workspace_sid: task.workspace_sid,
        links: TaskLinks {
            task_queue: format!("{home}/TaskQueues/{}", task.task_queue_sid),
            workflow: format!("{home}/Workflows/{}", task.workflow_sid),
            workspace: home,
            reservations: format!("{url}/Reservations"),
        },
        url,
        virtual_start_time: task.virtual_start_time.to_iso8601(),
        ignore_capacity: task.ignore_capacity,
        routing_target: task.routing_target.map(target_sid),
    })
}

/// The SID of a routing target of any kind.
fn target_sid(target: RoutingTarget) -> String {
    match target {
        RoutingTarget::Worker(sid) => sid.to_string(),
        RoutingTarget::TaskQueue(sid) => sid.to_string(),
        RoutingTarget::Workflow(sid) => sid.to_string(),
    }
}

#[cfg(test)]
mod tests;
