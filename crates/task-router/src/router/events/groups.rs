//! The groups of parameters (taskrouter.md section 12.3).

use super::parameter::{Parameter as P, Parameters};
use crate::model::{
    Activity, AssignmentStatus, PreviousActivity, Reservation, Step, Task, TaskChannel, TaskQueue,
    Worker, Workflow, Workspace,
};
use crate::router::known_worker::{self, WantedWorker};
use ids::time::Timestamp;
use ids::{TaskQueueSid, WorkflowSid};

/// The name of the default filter in an Event: it has no name of its own.
const DEFAULT_FILTER_NAME: &str = "default_filter";

/// The parameters of an Event about a Task: task, queue and workflow.
pub(super) fn task(workspace: &Workspace, task: &Task, now: Timestamp) -> Parameters {
    let channel = workspace.task_channels.get(&task.channel);
    let channel_sid = channel.map_or_else(
        || TaskChannel::of(workspace.sid, task.channel).sid,
        |channel| channel.sid,
    );
    of_workspace(workspace)
        .with(P::TaskSid, task.sid)
        .with(P::TaskAttributes, task.attributes.to_json())
        .with(P::TaskAge, now.since(task.date_created).as_secs())
        .with(P::TaskPriority, task.priority)
        .with(P::TaskAssignmentStatus, task.assignment_status.as_str())
        .with(P::TaskVersion, task.visible_version())
        .with(P::TaskDateCreated, task.date_created.as_secs())
        .with(
            P::TaskQueueEnteredDate,
            task.task_queue_entered_date.as_secs(),
        )
        .with(P::TaskChannelSid, channel_sid)
        .with(P::TaskChannelUniqueName, task.channel)
        .with_some(P::KnownWorkerSid, known_worker(workspace, task))
        .and(reason(task))
        .and(queue_of(workspace, task.task_queue_sid))
        .and(workflow_of(workspace, task.workflow_sid))
}

fn known_worker<'t>(workspace: &Workspace, task: &'t Task) -> Option<&'t str> {
    match known_worker::wanted_by(workspace, task)? {
        WantedWorker::Sid(sid) => Some(sid),
        WantedWorker::FriendlyName(_) | WantedWorker::Unnamed => None,
    }
}

/// The reason for which a Task ended, if it has.
fn reason(task: &Task) -> Parameters {
    let reason = task.reason.as_ref().map(|reason| reason.as_str());
    let parameters = Parameters::new().with_some(P::Reason, reason);
    if task.assignment_status == AssignmentStatus::Canceled {
        parameters.with_some(P::TaskCanceledReason, reason)
    } else if task.assignment_status == AssignmentStatus::Completed {
        parameters.with_some(P::TaskCompletedReason, reason)
    } else {
        parameters
    }
}

/// The step that a Task has entered, by filter and TaskQueue; nothing for a Task with a routing
/// target.
pub(super) fn step(workspace: &Workspace, task: &Task) -> Parameters {
    let configuration = workspace.configuration_of(task);
    let filter_name = match task.position.step {
        Step::Direct => return Parameters::new(),
        Step::DefaultFilter => Some(DEFAULT_FILTER_NAME),
        Step::Target { filter, .. } => configuration
            .and_then(|configuration| configuration.filters.get(usize::from(filter)))
            .map(|filter| filter.filter_friendly_name.as_str()),
    };
    let target = workspace
        .task_queues
        .get(&task.task_queue_sid)
        .map(|queue| queue.friendly_name.as_str());
    Parameters::new()
        .with_some(P::WorkflowFilterName, filter_name)
        .with_some(P::WorkflowFilterTargetName, target)
}

/// The parameters of an Event about a Reservation, besides those of its Task.
pub(super) fn reservation(reservation: &Reservation) -> Parameters {
    Parameters::new()
        .with(P::ReservationSid, reservation.sid)
        .with_some(P::CanceledReasonCode, reservation.canceled_reason_code)
        .with(P::WorkerSid, reservation.worker_sid)
        .with(P::WorkerName, &reservation.worker_name)
}

/// The parameters of an Event about a Worker.
pub(super) fn worker(workspace: &Workspace, worker: &Worker) -> Parameters {
    let activity = workspace
        .activities
        .get(&worker.activity_sid)
        .map(|activity| &activity.friendly_name);
    of_workspace(workspace)
        .with(P::WorkerSid, worker.sid)
        .with(P::WorkerName, &worker.friendly_name)
        .with(P::WorkerAttributes, worker.attributes.to_json())
        .with(P::WorkerVersion, worker.version)
        .with(P::WorkerActivitySid, worker.activity_sid)
        .with_some(P::WorkerActivityName, activity)
        .and(
            worker
                .previous_activity
                .map(|previous| previous_activity(workspace, previous))
                .unwrap_or_default(),
        )
}

/// The Worker's previous Activity and how long it lasted.
fn previous_activity(workspace: &Workspace, previous: PreviousActivity) -> Parameters {
    let activity = workspace
        .activities
        .get(&previous.activity_sid)
        .map(|activity| &activity.friendly_name);
    Parameters::new()
        .with(P::WorkerTimeInPreviousActivity, previous.lasted.as_secs())
        .with(
            P::WorkerTimeInPreviousActivityMs,
            previous.lasted.as_millis(),
        )
        .with(P::WorkerPreviousActivitySid, previous.activity_sid)
        .with_some(P::WorkerPreviousActivityName, activity)
}

/// The parameter of the common group that may change later, so it is stored with each Event.
pub(super) fn of_workspace(workspace: &Workspace) -> Parameters {
    Parameters::new().with(P::WorkspaceName, &workspace.friendly_name)
}

/// The parameters of a TaskQueue; the id alone, if it was deleted.
fn queue_of(workspace: &Workspace, sid: TaskQueueSid) -> Parameters {
    let known = workspace.task_queues.get(&sid);
    known.map_or_else(|| Parameters::new().with(P::TaskQueueSid, sid), queue)
}

/// The parameters of an Event about a TaskQueue.
pub(super) fn queue(queue: &TaskQueue) -> Parameters {
    let expression = queue
        .target_workers
        .as_ref()
        .map(|expression| expression.source());
    Parameters::new()
        .with(P::TaskQueueSid, queue.sid)
        .with(P::TaskQueueName, &queue.friendly_name)
        .with(P::TaskQueueTargetExpression, expression.unwrap_or_default())
}

/// The parameters of a Workflow; the id alone, if it was deleted.
fn workflow_of(workspace: &Workspace, sid: WorkflowSid) -> Parameters {
    let known = workspace.workflows.get(&sid);
    known.map_or_else(|| Parameters::new().with(P::WorkflowSid, sid), workflow)
}

/// The parameters of an Event about a Workflow.
pub(super) fn workflow(workflow: &Workflow) -> Parameters {
    Parameters::new()
        .with(P::WorkflowSid, workflow.sid)
        .with(P::WorkflowName, &workflow.friendly_name)
}

/// The parameters of an Event about an Activity.
pub(super) fn activity(activity: &Activity) -> Parameters {
    Parameters::new()
        .with(P::ActivitySid, activity.sid)
        .with(P::ActivityName, &activity.friendly_name)
        .with(P::ActivityAvailable, activity.available)
}

/// The parameters of an Event about a TaskChannel.
pub(super) fn task_channel(channel: &TaskChannel) -> Parameters {
    Parameters::new()
        .with(P::TaskChannelSid, channel.sid)
        .with(P::TaskChannelName, &channel.friendly_name)
        .with(P::TaskChannelUniqueName, channel.unique_name)
        .with(
            P::TaskChannelOptimizedRouting,
            channel.channel_optimized_routing,
        )
}
