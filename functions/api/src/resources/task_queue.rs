//! TaskQueue (taskrouter.md section 2.6).

mod list;
mod render;

use ids::{ActivitySid, TaskQueueSid};
use task_router::model::{
    ALL_WORKERS, Expression, RESERVED_WORKERS_MAX, TaskOrder, TaskQueue, Workspace,
};

use super::activity;
use super::configuration::{self, Kind, change, referenced};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::parameters::Parameters;
use crate::request_context::RequestContext;

pub use list::list;
use render::render;

const RESERVATION_ACTIVITY: &str = "ReservationActivitySid";
const ASSIGNMENT_ACTIVITY: &str = "AssignmentActivitySid";

/// `GET …/TaskQueues/{Sid}`
pub async fn fetch(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sid = context.sid("Sid")?;
    let workspace = configuration::read(context).await?;
    answer(context, &workspace, sid)
}

/// `POST …/TaskQueues` with `FriendlyName`, `TargetWorkers`, `MaxReservedWorkers`, `TaskOrder`,
/// `ReservationActivitySid` and `AssignmentActivitySid`. The two Activities are kept and shown; they
/// have an effect in single-tasking Workspaces only (taskrouter.md section 2.6).
pub async fn create(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let [seed, count] = context.api.ids.next_cause();
    let queue = new(&context.form, TaskQueueSid::derive(&[&seed, &count]))?;
    let put = |workspace: &mut Workspace| {
        check_name(workspace, &queue)?;
        check_activities(workspace, &queue)?;
        let max = usize::try_from(workspace.rules.task_queues_max).unwrap_or(usize::MAX);
        configuration::add(
            &mut workspace.task_queues,
            queue.sid,
            queue.clone(),
            max,
            Kind::TaskQueue,
        )
    };
    configuration::create(context, put, |created| answer(context, created, queue.sid)).await
}

/// `POST …/TaskQueues/{Sid}` with the parameters of [`create`]. A missing parameter changes
/// nothing.
pub async fn update(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sid: TaskQueueSid = context.sid("Sid")?;
    let fields = Fields::read(&context.form)?;
    let changed = change(context, |workspace| {
        let queue = workspace
            .task_queues
            .get(&sid)
            .ok_or_else(|| context.not_found())?;
        let queue = fields.clone().applied_to(queue.clone());
        check_name(workspace, &queue)?;
        check_activities(workspace, &queue)?;
        workspace.task_queues.insert(sid, queue);
        Ok(())
    });
    let changed = changed.await?;
    answer(context, &changed, sid)
}

/// `DELETE …/TaskQueues/{Sid}`; refused while a Workflow names it, and while a Task that has not
/// ended is in it or may enter it by the configuration it follows (taskrouter.md section 2.6).
pub async fn delete(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sid: TaskQueueSid = context.sid("Sid")?;
    let workspace = configuration::read(context).await?;
    if !workspace.task_queues.contains_key(&sid) {
        return Err(context.not_found());
    }
    check_workflows(sid, &workspace)?;
    check_voicemail(context, sid, &workspace).await?;
    if configuration::parts_in_use(context, &workspace)
        .await?
        .queues
        .contains(&sid)
    {
        return Err(referenced(
            Kind::TaskQueue,
            sid,
            "a Task that has not ended is in it or may come into it",
        ));
    }
    let changed = change(context, |workspace| {
        check_workflows(sid, workspace)?;
        workspace.task_queues.remove(&sid);
        Ok(())
    });
    changed.await?;
    Ok(Answer::no_content())
}

/// Refuses to delete the TaskQueue of voicemails.
async fn check_voicemail(
    context: &RequestContext<'_>,
    sid: TaskQueueSid,
    workspace: &Workspace,
) -> Result<(), ApiError> {
    let settings = context.api.store.voice_settings(context.now).await?;
    let flows = configuration::voice_flows(context, settings.as_deref()).await?;
    let is_in_flows =
        flows.is_some_and(|flows| flows.voicemail_task_queues().any(|used| used == sid));
    let is_for_voicemails = settings.is_some_and(|settings| {
        let is_named = settings.voicemail_task_queue_sid == Some(sid) || is_in_flows;
        settings.workspace_sid == workspace.sid && is_named
    });
    if is_for_voicemails {
        return Err(referenced(
            Kind::TaskQueue,
            sid,
            "the contact centre's voicemails become Tasks in it",
        ));
    }
    Ok(())
}

/// Checks that no other TaskQueue of the Workspace has the same friendly name.
fn check_name(workspace: &Workspace, queue: &TaskQueue) -> Result<(), ApiError> {
    let taken =
        |known: &TaskQueue| known.sid != queue.sid && known.friendly_name == queue.friendly_name;
    if workspace.task_queues.values().any(taken) {
        return Err(ApiError::State(
            "TaskQueue with the same friendly name already exists".to_owned(),
        ));
    }
    Ok(())
}

/// Checks that the Workspace has the Activities that the TaskQueue names.
fn check_activities(workspace: &Workspace, queue: &TaskQueue) -> Result<(), ApiError> {
    activity::check(
        queue.reservation_activity_sid,
        RESERVATION_ACTIVITY,
        workspace,
    )?;
    activity::check(
        queue.assignment_activity_sid,
        ASSIGNMENT_ACTIVITY,
        workspace,
    )
}

/// Checks that no Workflow names the TaskQueue.
fn check_workflows(sid: TaskQueueSid, workspace: &Workspace) -> Result<(), ApiError> {
    let mut workflows = workspace.workflows.values();
    let names = |workflow: &&task_router::model::Workflow| {
        workflow
            .configuration
            .targets()
            .any(|target| target.queue == sid)
    };
    match workflows.find(names) {
        Some(workflow) => Err(referenced(
            Kind::TaskQueue,
            sid,
            format_args!("Workflow {} refers to it", workflow.sid),
        )),
        None => Ok(()),
    }
}

fn answer(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    sid: TaskQueueSid,
) -> Result<Answer, ApiError> {
    let queue = workspace
        .task_queues
        .get(&sid)
        .ok_or_else(|| context.not_found())?;
    Ok(Answer::ok(render(&context.view, workspace, queue)?))
}

/// The parameters of a TaskQueue in a form; `None` for a missing one.
#[derive(Debug, Clone, PartialEq)]
struct Fields {
    friendly_name: Option<String>,
    /// `Some(None)`: an empty expression, which matches no Worker.
    target_workers: Option<Option<Expression>>,
    max_reserved_workers: Option<u8>,
    task_order: Option<TaskOrder>,
    /// `Some(None)`: an empty value, which removes the Activity.
    reservation_activity_sid: Option<Option<ActivitySid>>,
    assignment_activity_sid: Option<Option<ActivitySid>>,
}

impl Fields {
    fn read(form: &Parameters) -> Result<Self, ApiError> {
        let reserved_workers = form.whole_number("MaxReservedWorkers", 1..=RESERVED_WORKERS_MAX)?;
        Ok(Self {
            friendly_name: form.friendly_name("FriendlyName")?.map(str::to_owned),
            target_workers: form.parsed("TargetWorkers", target_workers)?,
            max_reserved_workers: reserved_workers.and_then(|number| u8::try_from(number).ok()),
            task_order: form.parsed("TaskOrder", task_order)?,
            reservation_activity_sid: form.parsed(RESERVATION_ACTIVITY, activity_sid)?,
            assignment_activity_sid: form.parsed(ASSIGNMENT_ACTIVITY, activity_sid)?,
        })
    }

    /// The TaskQueue with these parameters changed.
    fn applied_to(self, queue: TaskQueue) -> TaskQueue {
        TaskQueue {
            sid: queue.sid,
            friendly_name: self.friendly_name.unwrap_or(queue.friendly_name),
            target_workers: self.target_workers.unwrap_or(queue.target_workers),
            max_reserved_workers: self
                .max_reserved_workers
                .unwrap_or(queue.max_reserved_workers),
            task_order: self.task_order.unwrap_or(queue.task_order),
            reservation_activity_sid: self
                .reservation_activity_sid
                .unwrap_or(queue.reservation_activity_sid),
            assignment_activity_sid: self
                .assignment_activity_sid
                .unwrap_or(queue.assignment_activity_sid),
        }
    }
}

fn new(form: &Parameters, sid: TaskQueueSid) -> Result<TaskQueue, ApiError> {
    let fields = Fields::read(form)?;
    if fields.friendly_name.is_none() {
        return Err(ApiError::missing("FriendlyName"));
    }
    let default = TaskQueue {
        sid,
        friendly_name: String::new(),
        target_workers: ALL_WORKERS.parse().ok(),
        max_reserved_workers: 1,
        task_order: TaskOrder::Fifo,
        reservation_activity_sid: None,
        assignment_activity_sid: None,
    };
    Ok(fields.applied_to(default))
}

/// Parses `TargetWorkers`. Only the syntax is checked: an unknown attribute is valid and matches no
/// Worker. So does an empty expression, `None`.
fn target_workers(text: &str) -> Result<Option<Expression>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error| format!("{error}"))
}

/// Parses the SID of an Activity; an empty text is none.
fn activity_sid(text: &str) -> Result<Option<ActivitySid>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|error: ids::SidError| error.to_string())
}

/// Parses the order in which Tasks, or TaskQueues, are served.
pub(super) fn task_order(text: &str) -> Result<TaskOrder, String> {
    match text.to_ascii_uppercase().as_str() {
        "FIFO" => Ok(TaskOrder::Fifo),
        "LIFO" => Ok(TaskOrder::Lifo),
        _ => Err("expected FIFO or LIFO".to_owned()),
    }
}

#[cfg(test)]
mod tests;
