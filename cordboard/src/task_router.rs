//! The TaskRouter of the simulated carrier: `<Enqueue workflowSid>` creates a Task in this contact
//! centre (taskrouter.md section 16).
//!
//! The carrier sends its requests over signed HTTP ([`handle`]). In the other direction,
//! [`TaskRouter`] reports to the carrier that the Task of a waiting call has ended. No rule is
//! implemented here: `router::create_task` creates the Task, and a caller who leaves is handled
//! like a caller of `/enqueue-call`.

use std::collections::BTreeMap;
use std::sync::Arc;

use carrier_simulator::Carrier as SimulatedCarrier;
use carrier_simulator::network::{Input, Network, Output, TaskEnd};
use ids::time::Millis;
use ids::{CallSid, TaskSid, WorkflowSid};
use runtime::voice::{Failure, Voice, Webhook, no_such_path};
use serde_json::{Map, Value, json};
use shared::webhook::{
    EnqueuedTask, Parameters, QueueExit, Reply, Request, attributes_of_call, places_of_call,
};
use store::{Created, Store};
use task_router::model::{
    AssignmentStatus, Attributes, AttributesError, EndReason, Task, TaskChannelName, Workflow,
    Workspace,
};
use task_router::router::{NewTask, TASK_TIMEOUT_DEFAULT, create_task};

/// The path below which the carrier sends requests to its TaskRouter. `/dial-queue` below it is a
/// function of `worker-call`.
pub const PATH: &str = shared::webhook::path::WORKER_CALL;
/// Creates the Task of a call.
pub const ENQUEUE: &str = "/worker-call/enqueue";
/// Reports that a call no longer waits.
pub const LEFT_QUEUE: &str = "/worker-call/left-queue";

/// The error codes of `<Enqueue>` (voice-webhooks.md section 10).
const NO_SUCH_WORKFLOW: u32 = 14220;
const BAD_ATTRIBUTES: u32 = 14221;
const NO_TARGET: u32 = 14222;

/// Answers a request of the simulated carrier.
pub async fn handle(voice: Arc<Voice>, request: Request) -> Reply {
    match request.path() {
        ENQUEUE => voice.notification(&request, enqueue).await,
        LEFT_QUEUE => voice.notification(&request, left_queue).await,
        _ => no_such_path(&request),
    }
}

/// Creates the Task, unless it exists. 204: the call waits as this Task; 410: the Task has ended;
/// 400 with a code: no Task can be created.
async fn enqueue(voice: &Voice, webhook: &Webhook) -> Result<Reply, Failure> {
    let enqueued = EnqueuedTask::parse(&webhook.parameters)?;
    if webhook.is_preview() {
        return Ok(Reply::empty());
    }
    if let Some(existing) = voice.store.task(enqueued.task_sid).await? {
        return Ok(waits_as(&existing));
    }
    let Some(workspace) = workspace_of(voice, enqueued.workflow_sid).await? else {
        let text = format!(
            "workflowSid of <Enqueue>: no Workspace has a Workflow {}",
            enqueued.workflow_sid
        );
        return Ok(refused(NO_SUCH_WORKFLOW, &text));
    };
    let Some(workflow) = workspace.workflows.get(&enqueued.workflow_sid) else {
        return Err(Failure::NotSetUp("Workflow"));
    };
    let new = match new_task(&enqueued, &webhook.parameters) {
        Ok(new) => new,
        Err(error) => {
            return Ok(refused(
                BAD_ATTRIBUTES,
                &format!("<Task> of <Enqueue>: {error}"),
            ));
        }
    };
    create(voice, &workspace, workflow, new).await
}

async fn create(
    voice: &Voice,
    workspace: &Workspace,
    workflow: &Workflow,
    new: NewTask,
) -> Result<Reply, Failure> {
    let task = match create_task(workspace, workflow, new, voice.now()) {
        Ok(task) => task,
        Err(error) => return Ok(refused(NO_TARGET, &format!("<Enqueue>: {error}"))),
    };
    let created = voice.store.create_task(&task, workspace).await?;
    let call_sid = task.call_sid().map(|call| call.to_string());
    tracing::info!(task_sid = %task.sid, call_sid, is_new = matches!(created, Created::New), "Task created for <Enqueue>");
    Ok(match created {
        Created::New => Reply::empty(),
        Created::AlreadyThere(existing) => waits_as(&existing),
    })
}

/// The Task of an `<Enqueue>`. Attributes of the call replace those of the same name in the
/// document.
fn new_task(enqueued: &EnqueuedTask, parameters: &Parameters) -> Result<NewTask, AttributesError> {
    let given: Attributes = enqueued.attributes.as_deref().unwrap_or("{}").parse()?;
    let mut attributes: Map<String, Value> = given.as_object().clone();
    attributes.extend(places_of_call(parameters));
    attributes.extend(attributes_of_call(&enqueued.call, parameters));
    let timeout = enqueued
        .timeout_secs
        .map(|secs| Millis::from_secs(secs.into()));
    Ok(NewTask {
        priority: enqueued.priority.unwrap_or_default(),
        timeout: timeout.unwrap_or(TASK_TIMEOUT_DEFAULT),
        ..NewTask::new(
            enqueued.task_sid,
            Attributes::new(attributes)?,
            TaskChannelName::VOICE,
        )
    })
}

/// The Workspace that contains this Workflow.
async fn workspace_of(
    voice: &Voice,
    workflow: WorkflowSid,
) -> Result<Option<Arc<Workspace>>, Failure> {
    for sid in voice.store.workspace_sids().await? {
        let workspace = voice.store.workspace(sid, voice.now()).await?;
        if let Some(workspace) =
            workspace.filter(|workspace| workspace.workflows.contains_key(&workflow))
        {
            return Ok(Some(workspace));
        }
    }
    Ok(None)
}

/// Whether a call waits as this Task: 204 or 410.
fn waits_as(task: &Task) -> Reply {
    if can_wait(task) {
        Reply::empty()
    } else {
        Reply::error(410, "the Task has ended")
    }
}

/// Whether a call may still be connected as this Task. The Worker of an assigned Task may have
/// accepted it by an instruction and not have fetched the caller yet.
fn can_wait(task: &Task) -> bool {
    match task.assignment_status {
        AssignmentStatus::Pending | AssignmentStatus::Reserved | AssignmentStatus::Assigned => {
            task.removal.is_none()
        }
        AssignmentStatus::Wrapping | AssignmentStatus::Completed | AssignmentStatus::Canceled => {
            false
        }
    }
}

/// The end of a Task, for the carrier. A deleted Task ended long ago.
fn end_of(task: Option<&Task>) -> TaskEnd {
    match task.and_then(|task| task.reason.as_ref()) {
        Some(EndReason::QueueFull) => TaskEnd::QueueFull,
        Some(
            EndReason::Hangup
            | EndReason::LeftQueue
            | EndReason::TaskTtlExceeded
            | EndReason::WorkflowTimeout
            | EndReason::WorkflowSkipped
            | EndReason::NoFilterMatches
            | EndReason::MaxAssignmentsExceeded
            | EndReason::ConversationEnded
            | EndReason::CustomerNotReached
            | EndReason::WrapUpLimit
            | EndReason::Deleted
            | EndReason::Given(_),
        )
        | None => TaskEnd::Ended,
    }
}

/// An error in the format of the REST API (taskrouter.md section 1).
fn refused(code: u32, message: &str) -> Reply {
    tracing::warn!(
        code,
        message,
        "<Enqueue> refused: the call cannot wait as a Task"
    );
    Reply {
        status: 400,
        ..Reply::json(&json!({ "code": code, "message": message, "status": 400 }))
    }
}

/// A caller no longer waits. The carrier does not name the queue: it is the Workflow's, and
/// remains.
async fn left_queue(voice: &Voice, webhook: &Webhook) -> Result<Reply, Failure> {
    let exit = QueueExit::parse(&webhook.parameters)?;
    if !webhook.is_preview() {
        queue_exit::update_task(voice, &exit).await?;
    }
    Ok(Reply::empty())
}

/// Reports the end of Tasks to the simulated carrier.
pub struct TaskRouter {
    store: Store,
    carrier: Arc<SimulatedCarrier>,
}

impl TaskRouter {
    /// Creates the TaskRouter of this carrier.
    pub fn new(store: Store, carrier: Arc<SimulatedCarrier>) -> Self {
        Self { store, carrier }
    }

    /// Releases a caller whose Task has ended: the `<Enqueue>` is over, and the caller's own
    /// application continues. False if the simulated carrier did not create the Task; `callbacks`
    /// is then responsible for the caller.
    pub async fn release_caller(&self, call: CallSid, task: TaskSid) -> Result<bool, store::Error> {
        let ended = self.store.task(task).await?;
        Ok(self.report_end(call, task, end_of(ended.as_ref())))
    }

    /// Reconciles the waiting callers with their Tasks: releases each caller whose Task has ended,
    /// in case the report was lost.
    pub async fn release_callers(&self) -> Result<(), store::Error> {
        let waiting = self.carrier.read(Network::waiting_tasks);
        let sids: Vec<TaskSid> = waiting.iter().map(|(_, task)| *task).collect();
        let tasks = self.store.tasks(&sids).await?;
        let tasks: BTreeMap<TaskSid, &Task> = tasks.iter().map(|task| (task.sid, task)).collect();
        for (call, task) in waiting {
            let found = tasks.get(&task).copied();
            if !found.is_some_and(can_wait) {
                tracing::warn!(task_sid = %task, call_sid = %call, "caller waited for an ended Task, released");
                self.report_end(call, task, end_of(found));
            }
        }
        Ok(())
    }

    fn report_end(&self, call: CallSid, task: TaskSid, end: TaskEnd) -> bool {
        let replies = self.carrier.handle(Input::TaskEnded { call, task, end });
        !replies
            .iter()
            .any(|reply| matches!(reply, Output::Refused(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_below_the_carriers_path() {
        for path in [ENQUEUE, LEFT_QUEUE, shared::webhook::path::DIAL_QUEUE] {
            assert!(
                path.strip_prefix(PATH)
                    .is_some_and(|below| below.starts_with('/')),
                "{path}"
            );
        }
    }
}
