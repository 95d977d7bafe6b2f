//! The TaskRouter behind the simulated carrier is this centre: `<Enqueue workflowSid>` makes a Task here (taskrouter.md
//! section 16).
//!
//! The carrier asks and tells over signed HTTP, as it does everything ([`handle`]); what we tell it is that a Task has
//! ended while its call waits ([`TaskRouter`]). No rule is made here: a Task is made by `router::create_task`, and what
//! becomes of it when its caller leaves is decided as for callers of our own `/enqueue-call`.

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

/// Below which path the carrier finds its TaskRouter; `/dial-queue` below it is `worker-call`'s.
pub const PATH: &str = shared::webhook::path::WORKER_CALL;
/// A call is to wait as a Task.
pub const ENQUEUE: &str = "/worker-call/enqueue";
/// A call waits as a Task no longer.
pub const LEFT_QUEUE: &str = "/worker-call/left-queue";

/// Error codes of `<Enqueue>` (voice-webhooks.md section 10).
const NO_SUCH_WORKFLOW: u32 = 14220;
const BAD_ATTRIBUTES: u32 = 14221;
const NO_TARGET: u32 = 14222;

/// Answers the simulated carrier.
pub async fn handle(voice: Arc<Voice>, request: Request) -> Reply {
    match request.path() {
        ENQUEUE => voice.notification(&request, enqueue).await,
        LEFT_QUEUE => voice.notification(&request, left_queue).await,
        _ => no_such_path(&request),
    }
}

/// Makes the Task, unless it is there. 204: the call waits as it; 410: it has ended; 400 with a code: there is none.
async fn enqueue(voice: &Voice, webhook: &Webhook) -> Result<Reply, Failure> {
    let asked = EnqueuedTask::parse(&webhook.parameters)?;
    if webhook.is_preview() {
        return Ok(Reply::empty());
    }
    if let Some(there) = voice.store.task(asked.task_sid).await? {
        return Ok(waits_as(&there));
    }
    let Some(workspace) = workspace_of(voice, asked.workflow_sid).await? else {
        let text = format!(
            "workflowSid of <Enqueue>: no Workspace has a Workflow {}",
            asked.workflow_sid
        );
        return Ok(refused(NO_SUCH_WORKFLOW, &text));
    };
    let Some(workflow) = workspace.workflows.get(&asked.workflow_sid) else {
        return Err(Failure::NotSetUp("Workflow"));
    };
    let new = match new_task(&asked, &webhook.parameters) {
        Ok(new) => new,
        Err(error) => {
            return Ok(refused(
                BAD_ATTRIBUTES,
                &format!("<Task> of <Enqueue>: {error}"),
            ));
        }
    };
    make(voice, &workspace, workflow, new).await
}

async fn make(
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
    tracing::info!(task_sid = %task.sid, call_sid, is_new = matches!(created, Created::New), "Task of an <Enqueue>");
    Ok(match created {
        Created::New => Reply::empty(),
        Created::AlreadyThere(there) => waits_as(&there),
    })
}

/// What the carrier's Task is made from; what the telephone knows wins over what the document says.
fn new_task(asked: &EnqueuedTask, parameters: &Parameters) -> Result<NewTask, AttributesError> {
    let given: Attributes = asked.attributes.as_deref().unwrap_or("{}").parse()?;
    let mut attributes: Map<String, Value> = given.as_object().clone();
    attributes.extend(places_of_call(parameters));
    attributes.extend(attributes_of_call(&asked.call, parameters));
    let timeout = asked
        .timeout_secs
        .map(|secs| Millis::from_secs(secs.into()));
    Ok(NewTask {
        priority: asked.priority.unwrap_or_default(),
        timeout: timeout.unwrap_or(TASK_TIMEOUT_DEFAULT),
        ..NewTask::new(
            asked.task_sid,
            Attributes::new(attributes)?,
            TaskChannelName::VOICE,
        )
    })
}

/// The Workspace that has this Workflow.
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

/// Does a call wait as this Task?
fn waits_as(task: &Task) -> Reply {
    match can_wait(task) {
        true => Reply::empty(),
        false => Reply::error(410, "the Task has ended"),
    }
}

/// May a call still be fetched as this Task? Who has accepted it by an instruction may yet come for the caller.
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

/// How a Task ended, for the carrier. One that is gone ended long ago.
fn end_of(task: Option<&Task>) -> TaskEnd {
    match task.and_then(|task| task.reason.as_ref()) {
        Some(EndReason::QueueFull) => TaskEnd::QueueFull,
        Some(
            EndReason::Hangup
            | EndReason::LeftQueue
            | EndReason::TaskTtlExceeded
            | EndReason::WorkflowTimeout
            | EndReason::WorkflowSkipped
            | EndReason::MaxAssignmentsExceeded
            | EndReason::ConversationEnded
            | EndReason::WrapUpLimit
            | EndReason::Deleted
            | EndReason::Given(_),
        )
        | None => TaskEnd::Ended,
    }
}

/// An error as the REST API words them (taskrouter.md section 1).
fn refused(code: u32, message: &str) -> Reply {
    tracing::warn!(code, message, "a call cannot wait as a Task");
    Reply {
        status: 400,
        ..Reply::json(&json!({ "code": code, "message": message, "status": 400 }))
    }
}

/// A caller waits no longer. The queue is the Workflow's and stays, so the carrier does not name it.
async fn left_queue(voice: &Voice, webhook: &Webhook) -> Result<Reply, Failure> {
    let exit = QueueExit::parse(&webhook.parameters)?;
    if !webhook.is_preview() {
        queue_exit::update_task(voice, &exit).await?;
    }
    Ok(Reply::empty())
}

/// What the TaskRouter tells the simulated carrier.
pub struct TaskRouter {
    store: Store,
    carrier: Arc<SimulatedCarrier>,
}

impl TaskRouter {
    /// For this carrier.
    pub fn new(store: Store, carrier: Arc<SimulatedCarrier>) -> Self {
        Self { store, carrier }
    }

    /// Lets a caller go whose Task ended while they waited: their `<Enqueue>` is over, and their own application goes on.
    /// False if the carrier did not make that Task; then whoever enqueued them has to tell them.
    pub async fn let_go(&self, call: CallSid, task: TaskSid) -> Result<bool, store::Error> {
        let ended = self.store.task(task).await?;
        Ok(self.tell(call, task, end_of(ended.as_ref())))
    }

    /// Lets everybody go who waits for nothing: what was to tell them may be lost.
    pub async fn look_after_callers(&self) -> Result<(), store::Error> {
        let waiting = self.carrier.read(Network::waiting_tasks);
        let sids: Vec<TaskSid> = waiting.iter().map(|(_, task)| *task).collect();
        let tasks = self.store.tasks(&sids).await?;
        let tasks: BTreeMap<TaskSid, &Task> = tasks.iter().map(|task| (task.sid, task)).collect();
        for (call, task) in waiting {
            let found = tasks.get(&task).copied();
            if !found.is_some_and(can_wait) {
                tracing::warn!(task_sid = %task, call_sid = %call, "a caller waited for a Task that has ended");
                self.tell(call, task, end_of(found));
            }
        }
        Ok(())
    }

    fn tell(&self, call: CallSid, task: TaskSid, end: TaskEnd) -> bool {
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
    fn both_ways_are_below_the_path_the_carrier_is_given() {
        for path in [ENQUEUE, LEFT_QUEUE, shared::webhook::path::DIAL_QUEUE] {
            assert!(
                path.strip_prefix(PATH)
                    .is_some_and(|below| below.starts_with('/')),
                "{path}"
            );
        }
    }
}
