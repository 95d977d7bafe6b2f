//! Task (taskrouter.md sections 2.8 and 5).

use serde::Serialize;
use serde_json::Value;
use shared::model::{
    AccountSid, AssignmentStatus, EndReason, Task, TaskChannel, TaskChannelSid, TaskQueueSid, TaskSid, WorkflowSid,
    Workspace, WorkspaceSid,
};
use shared::router::{Event, Outcome, Refusal};

use super::read_all;
use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::paging::{Listed, Paging, Place};
use crate::parameters::Parameters;
use crate::view::View;

/// Characters a `Reason` may have: some sentences, and far less than an item of the table holds.
pub const REASON_CHARS_MAX: usize = 1_024;

/// List parameters of TaskRouter that are not carried out.
const FILTERS_NOT_SERVED: &[&str] = &[
    "Priority",
    "WorkflowSid",
    "WorkflowName",
    "TaskQueueSid",
    "TaskQueueName",
    "EvaluateTaskAttributes",
    "RoutingTarget",
    "Ordering",
    "HasAddons",
];

/// Update parameters of TaskRouter that are not carried out.
const UPDATES_NOT_SERVED: &[&str] = &["Attributes", "Priority", "TaskChannel", "VirtualStartTime"];

/// Every status, in the order of a Task's life.
const STATUSES: [AssignmentStatus; 6] = [
    AssignmentStatus::Pending,
    AssignmentStatus::Reserved,
    AssignmentStatus::Assigned,
    AssignmentStatus::Wrapping,
    AssignmentStatus::Completed,
    AssignmentStatus::Canceled,
];

/// `GET …/Tasks`; filter `AssignmentStatus`, a comma list or repeated.
pub async fn list(call: &Call<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&call.query)?;
    let statuses = wanted_statuses(&call.query)?;
    let workspace = call.workspace().await?;
    let store = &call.api.store;
    let mut tasks = read_all(store.task_sids(workspace.sid).await?, |sid| store.task(sid)).await?;
    let is_wanted = |task: &Task| statuses.is_empty() || statuses.contains(&task.assignment_status);
    let kept = workspace.rules.ended_task_kept;
    tasks.retain(|task| task.is_readable(kept, call.now) && is_wanted(task));
    paging.answer("tasks", &url(&call.view, workspace.sid), tasks, |task| render(&call.view, &workspace, task))
}

/// `GET …/Tasks/{Sid}`
pub async fn fetch(call: &Call<'_>) -> Result<Answer, ApiError> {
    let (workspace, task) = (call.workspace().await?, find(call).await?);
    answer(call, &workspace, &task)
}

/// `POST …/Tasks/{Sid}` with `AssignmentStatus` and `Reason`; without an `AssignmentStatus` nothing changes.
pub async fn update(call: &Call<'_>) -> Result<Answer, ApiError> {
    let requested = Ending::read(&call.form)?;
    let (workspace, task) = (call.workspace().await?, find(call).await?);
    call.check_if_match(task.version)?;
    let Some(Ending { end, reason }) = requested else { return answer(call, &workspace, &task) };
    let applied = call.api.store.apply(&Event::StatusSet { task: task.sid, status: end, reason }, call.now).await?;
    match (applied.outcome, applied.task) {
        (Outcome::Refused(Refusal::WrongStatus { .. }), _) => Err(illegal_end(call.view.account_sid, &task, end)),
        (Outcome::Refused(refusal), _) => Err(ApiError::refused(&refusal, call.path)),
        (Outcome::Changed | Outcome::AlreadySo, Some(task)) => answer(call, &workspace, &task),
        (Outcome::Changed | Outcome::AlreadySo, None) => Err(call.not_found()),
    }
}

impl Listed for Task {
    fn place(&self) -> Place {
        Place::new(self.date_created, self.sid)
    }
}

/// How a Task is to end.
#[derive(Debug, PartialEq, Eq)]
struct Ending {
    end: AssignmentStatus,
    reason: EndReason,
}

impl Ending {
    /// Reads the form; `None` if it asks for no ending. A `Reason` is welcome, not required (taskrouter.md section 18).
    fn read(form: &Parameters) -> Result<Option<Self>, ApiError> {
        form.refuse(UPDATES_NOT_SERVED)?;
        let reason = form.text("Reason").map(reason).transpose()?;
        let Some(end) = form.text("AssignmentStatus").map(end).transpose()? else {
            let alone = ApiError::parameter("Reason", "expected an AssignmentStatus with it, completed or canceled");
            return if reason.is_some() { Err(alone) } else { Ok(None) };
        };
        Ok(Some(Self { end, reason: EndReason::Given(reason.unwrap_or_default()) }))
    }
}

fn end(text: &str) -> Result<AssignmentStatus, ApiError> {
    let status = status_named(text).filter(|status| status.is_end());
    status.ok_or_else(|| ApiError::parameter("AssignmentStatus", "expected completed or canceled"))
}

fn reason(text: &str) -> Result<String, ApiError> {
    match text.chars().count() {
        0..=REASON_CHARS_MAX => Ok(text.to_owned()),
        chars => {
            let problem = format!("expected at most {REASON_CHARS_MAX} characters, got {chars}");
            Err(ApiError::parameter("Reason", problem))
        }
    }
}

/// The statuses a list is to show; none: all of them.
fn wanted_statuses(query: &Parameters) -> Result<Vec<AssignmentStatus>, ApiError> {
    query.refuse(FILTERS_NOT_SERVED)?;
    let names = query.all("AssignmentStatus").flat_map(|list| list.split(','));
    names
        .map(|name| {
            let known: Vec<&str> = STATUSES.iter().map(|status| status.as_str()).collect();
            let problem = || format!("expected a comma list of {}", known.join(", "));
            status_named(name.trim()).ok_or_else(|| ApiError::parameter("AssignmentStatus", problem()))
        })
        .collect()
}

fn status_named(name: &str) -> Option<AssignmentStatus> {
    STATUSES.into_iter().find(|status| status.as_str() == name)
}

/// The Task the path names, in the Workspace the path names.
async fn find(call: &Call<'_>) -> Result<Task, ApiError> {
    let workspace = call.workspace().await?;
    let task = call.api.store.task(call.sid("Sid")?).await?;
    let is_readable = |task: &Task| task.is_readable(workspace.rules.ended_task_kept, call.now);
    let is_here = |task: &Task| task.workspace_sid == workspace.sid && is_readable(task);
    task.filter(is_here).ok_or_else(|| call.not_found())
}

/// The sentences of taskrouter.md section 5, "Illegal changes".
fn illegal_end(account: AccountSid, task: &Task, end: AssignmentStatus) -> ApiError {
    let (verb, cause) = match end {
        AssignmentStatus::Canceled => ("cancel", "it is not pending or reserved"),
        AssignmentStatus::Completed
        | AssignmentStatus::Pending
        | AssignmentStatus::Reserved
        | AssignmentStatus::Assigned
        | AssignmentStatus::Wrapping => ("complete", "it is not currently assigned"),
    };
    let (sid, workspace) = (task.sid, task.workspace_sid);
    let sentence = format!("Cannot {verb} task {sid} in workspace {workspace} for account {account} because {cause}.");
    ApiError::State(sentence)
}

fn answer(call: &Call<'_>, workspace: &Workspace, task: &Task) -> Result<Answer, ApiError> {
    let body = render(&call.view, workspace, task)?;
    Ok(Answer::ok(body).with_version(task.version))
}

fn url(view: &View, workspace: WorkspaceSid) -> String {
    format!("{}/Tasks", view.workspace(workspace))
}

#[derive(Serialize)]
struct TaskResource<'a> {
    account_sid: AccountSid,
    /// Seconds since it was made.
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
    routing_target: Option<&'a str>,
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
    serde_json::to_value(TaskResource {
        account_sid: view.account_sid,
        age: view.now.since(task.date_created).as_secs(),
        assignment_status: task.assignment_status.as_str(),
        attributes: task.attributes.to_json(),
        addons: "{}",
        date_created: task.date_created.to_iso8601(),
        date_updated: task.date_updated.to_iso8601(),
        task_queue_entered_date: task.task_queue_entered_date.to_iso8601(),
        priority: task.priority,
        reason: task.reason.as_ref().map(EndReason::as_str).filter(|reason| !reason.is_empty()),
        sid: task.sid,
        task_queue_sid: task.task_queue_sid,
        task_queue_friendly_name: queue.map(|queue| queue.friendly_name.as_str()),
        task_channel_sid: TaskChannel::of(task.workspace_sid, task.channel).sid,
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
        ignore_capacity: false,
        routing_target: None,
    })
}

#[cfg(test)]
mod tests;
