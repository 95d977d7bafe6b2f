//! The steps of a Workflow, and the step that a Task is in (taskrouter.md section 7.2).

use super::expression::TaskScope;
use crate::model::{
    AssignmentStatus, Attributes, Configuration, Filter, Redial, RoutingTarget, Step, Target, Task,
    TaskChannelName, TaskOrder, Workflow, WorkflowPosition, Workspace,
};
use ids::time::{Millis, Timestamp};
use ids::{TaskQueueSid, TaskSid};

/// How long a Task may wait before it is assigned, unless it says otherwise (taskrouter.md section
/// 14).
pub const TASK_TIMEOUT_DEFAULT: Millis = Millis::from_secs(86_400);

/// A Task before it has entered a Workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// Derived from the cause of the Task, so that a repeated cause makes the same Task.
    pub sid: TaskSid,
    /// JSON attributes, which expressions read.
    pub attributes: Attributes,
    /// The TaskChannel.
    pub channel: TaskChannelName,
    /// Higher is served first; a target may replace it.
    pub priority: u32,
    /// How long it may wait before it is assigned.
    pub timeout: Millis,
    /// The moment its waiting is counted from; `None` = now.
    pub virtual_start_time: Option<Timestamp>,
    /// The Worker, TaskQueue or Workflow that the Task is sent to directly.
    pub routing_target: Option<RoutingTarget>,
    /// The TaskQueue that counts it, if the routing target is not a TaskQueue.
    pub task_queue: Option<TaskQueueSid>,
    /// With a Worker as routing target: offered even if the Worker is offline or has no free slot.
    pub ignore_capacity: bool,
    /// How often its customer is called; `None`: as often as a Worker takes the Task.
    pub redial: Option<Redial>,
}

impl NewTask {
    /// A Task of priority 0 that follows its Workflow and may wait for a day (taskrouter.md section
    /// 2.8).
    pub fn new(sid: TaskSid, attributes: Attributes, channel: TaskChannelName) -> Self {
        Self {
            sid,
            attributes,
            channel,
            priority: 0,
            timeout: TASK_TIMEOUT_DEFAULT,
            virtual_start_time: None,
            routing_target: None,
            task_queue: None,
            ignore_capacity: false,
            redial: None,
        }
    }
}

/// Why a Task cannot be created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRoutable {
    /// No filter matches and there is no default filter (rule 2).
    #[error("no filter of Workflow {workflow_name} matches the Task and it has no default filter")]
    NoFilterMatches {
        /// The Workflow's friendly name.
        workflow_name: String,
    },
    /// The TaskQueue named as routing target or for counting is not in the Workspace.
    #[error("the Workspace has no TaskQueue {0}")]
    NoSuchTaskQueue(TaskQueueSid),
    /// The Workspace has no TaskQueue.
    #[error("the Workspace has no TaskQueue")]
    NoTaskQueue,
}

/// A pending Task in the first step of the first filter that matches it (rules 1 to 3), or at its
/// routing target (taskrouter.md section 2.8).
pub fn create_task(
    workspace: &Workspace,
    workflow: &Workflow,
    new: NewTask,
    now: Timestamp,
) -> Result<Task, NotRoutable> {
    let queue = first_queue(workspace, &new)?;
    let is_direct = match new.routing_target {
        Some(RoutingTarget::Worker(_) | RoutingTarget::TaskQueue(_)) => true,
        Some(RoutingTarget::Workflow(_)) | None => false,
    };
    let mut task = Task {
        sid: new.sid,
        workspace_sid: workspace.sid,
        workflow_sid: workflow.sid,
        workflow_version: workflow.version,
        position: WorkflowPosition {
            step: Step::Direct,
            filter_entered_at: now,
            skip_decided: false,
        },
        task_queue_sid: queue,
        task_queue_entered_date: now,
        attributes: new.attributes,
        channel: new.channel,
        priority: new.priority,
        date_created: now,
        date_updated: now,
        virtual_start_time: new.virtual_start_time.unwrap_or(now),
        timeout: new.timeout,
        assignment_status: AssignmentStatus::Pending,
        reason: None,
        reservations: Vec::new(),
        routing_target: new.routing_target,
        ignore_capacity: new.ignore_capacity
            && matches!(new.routing_target, Some(RoutingTarget::Worker(_))),
        filed: order_of(workspace, queue),
        removal: None,
        rounds: 0,
        failed_offers: Vec::new(),
        redial: new.redial,
        carrier_queue_sid: None,
        put_in_waiting_list: false,
        version: 0,
    };
    if !is_direct {
        let no_match = || NotRoutable::NoFilterMatches {
            workflow_name: workflow.friendly_name.clone(),
        };
        let step = first_step(&workflow.configuration, &task, now).ok_or_else(no_match)?;
        enter(
            workspace,
            &mut task,
            &workflow.configuration,
            start_of(step, now),
            now,
        );
    }
    Ok(task)
}

/// The TaskQueue of a Task before it enters a step.
fn first_queue(workspace: &Workspace, new: &NewTask) -> Result<TaskQueueSid, NotRoutable> {
    let named = match new.routing_target {
        Some(RoutingTarget::TaskQueue(queue)) => Some(queue),
        Some(RoutingTarget::Worker(_) | RoutingTarget::Workflow(_)) | None => new.task_queue,
    };
    match named {
        Some(queue) if workspace.task_queues.contains_key(&queue) => Ok(queue),
        Some(queue) => Err(NotRoutable::NoSuchTaskQueue(queue)),
        None => workspace
            .task_queues
            .keys()
            .next()
            .copied()
            .ok_or(NotRoutable::NoTaskQueue),
    }
}

/// The target of the Task's step. `None`: the Task has no step, or its Workflow was deleted; then
/// the Task waits in its TaskQueue for any Worker of it.
pub(super) fn target_at<'a>(workspace: &'a Workspace, task: &Task) -> Option<&'a Target> {
    target_in(workspace.configuration_of(task)?, task.position.step)
}

/// When the Task's step ends: the timeouts of its filter's steps up to this one, added to the
/// moment at which the Task entered the filter (rule 6). `None`: at the Task's own timeout.
pub(super) fn step_deadline(workspace: &Workspace, task: &Task) -> Option<Timestamp> {
    let Step::Target { filter, target } = task.position.step else {
        return None;
    };
    let filter = workspace
        .configuration_of(task)?
        .filters
        .get(usize::from(filter))?;
    let steps = filter.targets.get(..=usize::from(target))?;
    steps.last()?.timeout?;
    let spent = steps
        .iter()
        .filter_map(|target| target.timeout)
        .fold(Millis::ZERO, Millis::saturating_add);
    Some(task.position.filter_entered_at + spent)
}

/// The order of a TaskQueue's Tasks; the default order if the queue was deleted.
pub(super) fn order_of(workspace: &Workspace, queue: TaskQueueSid) -> TaskOrder {
    workspace
        .task_queues
        .get(&queue)
        .map(|queue| queue.task_order)
        .unwrap_or_default()
}

/// The target of a step, if the configuration has that step.
pub(super) fn target_in(configuration: &Configuration, step: Step) -> Option<&Target> {
    match step {
        Step::Target { filter, target } => configuration
            .filters
            .get(usize::from(filter))?
            .targets
            .get(usize::from(target)),
        Step::DefaultFilter => configuration.default_filter.as_ref(),
        Step::Direct => None,
    }
}

/// The first step of a Task: that of the first filter that matches it, or the default filter (rules
/// 1 and 2).
pub(super) fn first_step(
    configuration: &Configuration,
    task: &Task,
    now: Timestamp,
) -> Option<Step> {
    next_filter(configuration, task, 0, now).or_else(|| default_step(configuration))
}

/// The step of the default filter, if there is one.
pub(super) fn default_step(configuration: &Configuration) -> Option<Step> {
    let default = configuration.default_filter.as_ref();
    default.and(Some(Step::DefaultFilter))
}

/// The next step of the same filter.
fn step_below(configuration: &Configuration, step: Step) -> Option<Step> {
    let Step::Target { filter, target } = step else {
        return None;
    };
    let below = Step::Target {
        filter,
        target: target + 1,
    };
    target_in(configuration, below).and(Some(below))
}

/// The step that follows a timeout: the next one of the Task's filter, or the first one of the next
/// filter that matches the Task.
pub(super) fn step_after_timeout(
    configuration: &Configuration,
    task: &Task,
    now: Timestamp,
) -> Option<Step> {
    let Step::Target { filter, .. } = task.position.step else {
        return None;
    };
    step_below(configuration, task.position.step)
        .or_else(|| next_filter(configuration, task, usize::from(filter) + 1, now))
}

/// The first step of the first filter from index `from` on that has steps and matches the Task.
fn next_filter(
    configuration: &Configuration,
    task: &Task,
    from: usize,
    now: Timestamp,
) -> Option<Step> {
    let scope = TaskScope { task, now };
    let matches = |filter: &Filter| {
        filter
            .expression
            .as_ref()
            .is_none_or(|expression| expression.matches(&scope))
            && !filter.targets.is_empty()
    };
    let index = configuration.filters.iter().skip(from).position(matches)?;
    Some(Step::Target {
        filter: u16::try_from(from + index).ok()?,
        target: 0,
    })
}

/// Enters the next step of the Task's filter after a failed round, if there is one (rule 8).
pub(super) fn enter_step_below(workspace: &Workspace, task: &mut Task, now: Timestamp) {
    let Some(configuration) = workspace.configuration_of(task) else {
        return;
    };
    if let Some(step) = step_below(configuration, task.position.step) {
        enter_next(workspace, task, configuration, step, now);
    }
}

/// Enters the step that follows the Task's step. The timeouts of another filter are counted from
/// now on (rule 13).
pub(super) fn enter_next(
    workspace: &Workspace,
    task: &mut Task,
    configuration: &Configuration,
    step: Step,
    now: Timestamp,
) {
    let position = match (task.position.step, step) {
        (Step::Target { filter: before, .. }, Step::Target { filter, .. }) if before == filter => {
            WorkflowPosition {
                step,
                skip_decided: false,
                ..task.position
            }
        }
        (Step::Target { .. } | Step::DefaultFilter | Step::Direct, _) => start_of(step, now),
    };
    enter(workspace, task, configuration, position, now);
}

/// The position of a Task that enters a filter now.
pub(super) fn start_of(step: Step, now: Timestamp) -> WorkflowPosition {
    WorkflowPosition {
        step,
        filter_entered_at: now,
        skip_decided: false,
    }
}

/// Enters a step: first its TaskQueue, then its priority (rule 3).
pub(super) fn enter(
    workspace: &Workspace,
    task: &mut Task,
    configuration: &Configuration,
    position: WorkflowPosition,
    now: Timestamp,
) {
    task.position = position;
    let Some(target) = target_in(configuration, position.step) else {
        return;
    };
    if task.task_queue_sid != target.queue {
        task.task_queue_sid = target.queue;
        task.task_queue_entered_date = now;
    }
    task.filed = order_of(workspace, target.queue);
    if let Some(priority) = target.priority {
        task.priority = priority;
    }
}
