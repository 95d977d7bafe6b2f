//! Creation of a Task.

use ids::time::Millis;
use ids::{TaskQueueSid, TaskSid, WorkerSid, WorkflowSid};
use task_router::model::{RoutingTarget, Task, TaskChannelName, Workflow, Workspace};
use task_router::router::{NewTask, TASK_TIMEOUT_DEFAULT, create_task};
use vocabulary::{PRIORITY_MAX, TASK_TIMEOUT_MAX_SECS};

use super::{channel, render, virtual_start_time};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::parameters::Parameters;
use crate::request_context::RequestContext;
use crate::resources::configuration;

/// `POST …/Tasks` with `WorkflowSid`, `Attributes`, `Priority`, `Timeout`, `TaskChannel`,
/// `VirtualStartTime`, `RoutingTarget`, `IgnoreCapacity` and `TaskQueueSid`. `WorkflowSid` is
/// optional if the Workspace has exactly one Workflow (taskrouter.md section 18).
pub async fn create(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    match create_in(context, &*context.workspace().await?).await {
        // The cached Workspace may lack a resource that another process created a moment ago: retry
        // with the Workspace as it is in the table.
        Err(ApiError::Parameter { .. }) => {
            create_in(context, &*configuration::read(context).await?).await
        }
        answer => answer,
    }
}

async fn create_in(
    context: &RequestContext<'_>,
    workspace: &Workspace,
) -> Result<Answer, ApiError> {
    let target = routing_target(context, workspace).await?;
    let new = new_task(context, workspace, target)?;
    let workflow = workflow(&context.form, workspace, target)?;
    let task = create_task(workspace, workflow, new, context.now)
        .map_err(|error| ApiError::State(error.to_string()))?;
    context.api.store.create_task(&task, workspace).await?;
    show(context, workspace, &task)
}

fn show(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    task: &Task,
) -> Result<Answer, ApiError> {
    Ok(Answer::created(render(&context.view, workspace, task)?)
        .with_version(task.visible_version()))
}

fn new_task(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    target: Option<RoutingTarget>,
) -> Result<NewTask, ApiError> {
    let form = &context.form;
    let [seed, count] = context.api.ids.next_cause();
    let sid = TaskSid::derive(&[&seed, &count]);
    let attributes = form.attributes("Attributes")?.unwrap_or_default();
    let channel = channel(form, workspace)?.unwrap_or(TaskChannelName::DEFAULT);
    let timeout = form.whole_number("Timeout", 1..=TASK_TIMEOUT_MAX_SECS)?;
    Ok(NewTask {
        priority: form
            .whole_number("Priority", 0..=PRIORITY_MAX)?
            .unwrap_or_default(),
        timeout: timeout.map_or(TASK_TIMEOUT_DEFAULT, |secs| {
            Millis::from_secs(u64::from(secs))
        }),
        virtual_start_time: virtual_start_time(form, context.now)?,
        routing_target: target,
        task_queue: task_queue(form, workspace)?,
        ignore_capacity: ignore_capacity(form, target)?,
        ..NewTask::new(sid, attributes, channel)
    })
}

/// Parses `RoutingTarget`. A SID that is not in the Workspace is an error.
async fn routing_target(
    context: &RequestContext<'_>,
    workspace: &Workspace,
) -> Result<Option<RoutingTarget>, ApiError> {
    let Some(target) = context.form.parsed("RoutingTarget", target)? else {
        return Ok(None);
    };
    let exists = match target {
        RoutingTarget::TaskQueue(sid) => workspace.task_queues.contains_key(&sid),
        RoutingTarget::Workflow(sid) => workspace.workflows.contains_key(&sid),
        RoutingTarget::Worker(sid) => context
            .api
            .store
            .worker(sid)
            .await?
            .is_some_and(|worker| worker.workspace_sid == workspace.sid),
    };
    if !exists {
        return Err(ApiError::parameter(
            "RoutingTarget",
            "expected the SID of a Worker, a TaskQueue or a Workflow of the Workspace",
        ));
    }
    Ok(Some(target))
}

fn target(text: &str) -> Result<RoutingTarget, String> {
    if let Ok(sid) = text.parse::<WorkerSid>() {
        return Ok(RoutingTarget::Worker(sid));
    }
    if let Ok(sid) = text.parse::<TaskQueueSid>() {
        return Ok(RoutingTarget::TaskQueue(sid));
    }
    if let Ok(sid) = text.parse::<WorkflowSid>() {
        return Ok(RoutingTarget::Workflow(sid));
    }
    Err("expected the SID of a Worker, a TaskQueue or a Workflow".to_owned())
}

/// The Workflow of the Task: the routing target, or `WorkflowSid`, or the only Workflow.
fn workflow<'w>(
    form: &Parameters,
    workspace: &'w Workspace,
    target: Option<RoutingTarget>,
) -> Result<&'w Workflow, ApiError> {
    let named = match target {
        Some(RoutingTarget::Workflow(sid)) => Some(sid),
        Some(RoutingTarget::Worker(_) | RoutingTarget::TaskQueue(_)) | None => {
            form.sid("WorkflowSid")?
        }
    };
    let mut all = workspace.workflows.values();
    match (named, all.next(), all.next()) {
        (Some(sid), _, _) => workspace.workflows.get(&sid).ok_or_else(|| {
            ApiError::parameter(
                "WorkflowSid",
                format!("the Workspace has no Workflow {sid}"),
            )
        }),
        (None, Some(only), None) => Ok(only),
        (None, _, _) => Err(ApiError::missing("WorkflowSid")),
    }
}

fn task_queue(form: &Parameters, workspace: &Workspace) -> Result<Option<TaskQueueSid>, ApiError> {
    let sid: Option<TaskQueueSid> = form.sid("TaskQueueSid")?;
    match sid {
        Some(sid) if !workspace.task_queues.contains_key(&sid) => Err(ApiError::parameter(
            "TaskQueueSid",
            format!("the Workspace has no TaskQueue {sid}"),
        )),
        Some(_) | None => Ok(sid),
    }
}

/// Parses `IgnoreCapacity`: true by default if the routing target is a Worker. Without such a
/// target true is an error.
fn ignore_capacity(form: &Parameters, target: Option<RoutingTarget>) -> Result<bool, ApiError> {
    let requested = form.switch("IgnoreCapacity");
    match target {
        Some(RoutingTarget::Worker(_)) => Ok(requested.unwrap_or(true)),
        Some(RoutingTarget::TaskQueue(_) | RoutingTarget::Workflow(_)) | None
            if requested == Some(true) =>
        {
            Err(ApiError::parameter(
                "IgnoreCapacity",
                "expected a Worker as RoutingTarget with it",
            ))
        }
        Some(RoutingTarget::TaskQueue(_) | RoutingTarget::Workflow(_)) | None => Ok(false),
    }
}
