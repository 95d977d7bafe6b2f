//! How a Task travels through its Workflow (taskrouter.md section 7.2).

use super::decision::{Draft, Refusal};
use super::ending;
use super::expression::TaskScope;
use crate::model::{
    AssignmentStatus, Attributes, Configuration, EndReason, Filter, RoutingTarget, Step, Target,
    Task, TaskChannelName, TaskOrder, Workflow, WorkflowPosition, Workspace,
};
use ids::time::{Millis, Timestamp};
use ids::{TaskQueueSid, TaskSid};
use planted_bugs::Bug;

/// How long a Task may live before being assigned if nothing is said (taskrouter.md section 14).
pub const TASK_TIMEOUT_DEFAULT: Millis = Millis::from_secs(86_400);

/// What is known of a Task before it has a place in a Workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// Derived from whatever causes the Task.
    pub sid: TaskSid,
    /// What is known about it.
    pub attributes: Attributes,
    /// The kind of work.
    pub channel: TaskChannelName,
    /// Higher is served first; a target may replace it.
    pub priority: u32,
    /// How long it may live before being assigned.
    pub timeout: Millis,
    /// The moment its waiting is counted from; `None` = now.
    pub virtual_start_time: Option<Timestamp>,
    /// Where it goes without asking the Workflow's filters.
    pub routing_target: Option<RoutingTarget>,
    /// The queue it is counted in, for a routing target that is no queue.
    pub task_queue: Option<TaskQueueSid>,
    /// With a Worker as routing target: offered even if they are offline or full.
    pub ignore_capacity: bool,
}

impl NewTask {
    /// A Task of ordinary priority that travels through its Workflow and may live for a day (taskrouter.md section 2.8).
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
        }
    }
}

/// Why a Task cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRoutable {
    /// No filter matches and there is no default filter (rule 2).
    #[error("no filter of Workflow {workflow_name} matches the Task and it has no default filter")]
    NoFilterMatches {
        /// The Workflow's friendly name.
        workflow_name: String,
    },
    /// The routing target, or the queue, is not in the Workspace.
    #[error("the Workspace has no TaskQueue {0}")]
    NoSuchTaskQueue(TaskQueueSid),
    /// There is no queue at all.
    #[error("the Workspace has no TaskQueue")]
    NoTaskQueue,
}

/// A pending Task in the first step of the first filter that matches it (rules 1 to 3), or straight where its routing
/// target says (taskrouter.md section 2.8).
pub fn create_task(
    workspace: &Workspace,
    workflow: &Workflow,
    new: NewTask,
    now: Timestamp,
) -> Result<Task, NotRoutable> {
    let queue = first_queue(workspace, &new)?;
    let direct = new
        .routing_target
        .filter(|target| !matches!(target, RoutingTarget::Workflow(_)));
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
        carrier_queue_sid: None,
        put_in_waiting_list: false,
        version: 0,
    };
    if direct.is_none() {
        let no_match = || NotRoutable::NoFilterMatches {
            workflow_name: workflow.friendly_name.clone(),
        };
        let step = first_step(&workflow.configuration, &task).ok_or_else(no_match)?;
        enter(
            workspace,
            &mut task,
            &workflow.configuration,
            begun(step, now),
            now,
        );
    }
    Ok(task)
}

/// The queue a Task is in before any step has put it into one.
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

/// The step a Task is in. `None`: it has none, or the configuration it followed is gone; then it keeps waiting in its
/// queue, for any Worker of it.
pub(super) fn target_at<'a>(workspace: &'a Workspace, task: &Task) -> Option<&'a Target> {
    target_in(workspace.configuration_of(task)?, task.position.step)
}

/// When a Task's step ends: the timeouts of its filter's steps, added up, on the clock of the Task (rule 6).
/// `None` = at the Task's own timeout.
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

/// Moves a pending Task through every step whose time is up; past the last one the following filters get their turn,
/// and without one the Task is canceled (rule 9).
pub(super) fn pass_deadlines(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    let Some(configuration) = draft.workspace.configuration_of(task) else {
        return Ok(());
    };
    // Every pass leaves one step behind, so the number of steps bounds the loop.
    let steps: usize = configuration
        .filters
        .iter()
        .map(|filter| filter.targets.len())
        .sum();
    for _ in 0..=steps {
        let task = draft.task(sid)?;
        let overdue =
            step_deadline(draft.workspace, task).is_some_and(|deadline| deadline <= draft.now);
        if !task.is_pending() || !overdue || Bug::StepDeadlineIgnored.is_planted() {
            return Ok(());
        }
        match step_after_timeout(configuration, task) {
            Some(step) => go_on(draft, sid, configuration, step)?,
            None => return ending::cancel(draft, sid, &EndReason::WorkflowTimeout),
        }
    }
    Ok(())
}

/// Leaves a step by `skip_if`: a skipped filter counts as not matched, so the next matching filter and then the default
/// filter get their turn (rule 10).
pub(super) fn skip(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    let Some(configuration) = draft.workspace.configuration_of(task) else {
        return Ok(());
    };
    let in_default = task.position.step == Step::DefaultFilter;
    let default = || {
        configuration
            .default_filter
            .as_ref()
            .filter(|_| !in_default)
            .map(|_| Step::DefaultFilter)
    };
    match step_after_timeout(configuration, task).or_else(default) {
        Some(step) => go_on(draft, sid, configuration, step),
        None => ending::cancel(draft, sid, &EndReason::WorkflowSkipped),
    }
}

/// After a failed round the Task goes on to the next step of its filter, if the Workspace wants it so and there is one
/// (rule 8).
pub(super) fn pass_failed_round(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    let Some(configuration) = draft.workspace.configuration_of(task) else {
        return Ok(());
    };
    match step_below(configuration, task.position.step) {
        Some(step) => go_on(draft, sid, configuration, step),
        None => Ok(()),
    }
}

/// A pending Task that follows a configuration older than the one last saved with `ReEvaluateTasks` starts anew
/// (rule 15); one that no filter wants any more leaves the Workflow (rule 2).
pub(super) fn reevaluate(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    let Some(workflow) = draft.workspace.workflows.get(&task.workflow_sid) else {
        return Ok(());
    };
    let outdated = task.workflow_version < workflow.reevaluated_version;
    if !outdated || !task.is_pending() || task.position.step == Step::Direct {
        return Ok(());
    }
    let step = first_step(&workflow.configuration, task);
    let (now, workspace) = (draft.now, draft.workspace);
    let task = draft.task_mut(sid)?;
    task.workflow_version = workflow.version;
    match step {
        Some(step) => {
            enter(
                workspace,
                task,
                &workflow.configuration,
                begun(step, now),
                now,
            );
            Ok(())
        }
        None => ending::cancel(draft, sid, &EndReason::WorkflowTimeout),
    }
}

/// Files a waiting Task anew if the order of its queue has changed.
pub(super) fn refile(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    let order = order_of(draft.workspace, task.task_queue_sid);
    if task.is_pending() && task.filed != order {
        draft.task_mut(sid)?.filed = order;
    }
    Ok(())
}

fn order_of(workspace: &Workspace, queue: TaskQueueSid) -> TaskOrder {
    workspace
        .task_queues
        .get(&queue)
        .map(|queue| queue.task_order)
        .unwrap_or_default()
}

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

/// Where a Task begins: the first filter that matches it, or the default filter (rules 1 and 2).
fn first_step(configuration: &Configuration, task: &Task) -> Option<Step> {
    let default = || {
        configuration
            .default_filter
            .as_ref()
            .map(|_| Step::DefaultFilter)
    };
    next_filter(configuration, task, 0).or_else(default)
}

/// The step below this one in the same filter.
fn step_below(configuration: &Configuration, step: Step) -> Option<Step> {
    let Step::Target { filter, target } = step else {
        return None;
    };
    let below = Step::Target {
        filter,
        target: target + 1,
    };
    target_in(configuration, below).map(|_| below)
}

/// The step after the Task's: in its filter, or the first one of the next filter that matches.
pub(super) fn step_after_timeout(configuration: &Configuration, task: &Task) -> Option<Step> {
    let Step::Target { filter, .. } = task.position.step else {
        return None;
    };
    step_below(configuration, task.position.step)
        .or_else(|| next_filter(configuration, task, usize::from(filter) + 1))
}

/// The first step of the first filter from index `from` on whose expression the Task satisfies.
fn next_filter(configuration: &Configuration, task: &Task, from: usize) -> Option<Step> {
    let scope = TaskScope(task);
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

/// Enters the step after a Task's; another filter's clock starts now (rule 13).
fn go_on(
    draft: &mut Draft<'_>,
    sid: TaskSid,
    configuration: &Configuration,
    step: Step,
) -> Result<(), Refusal> {
    let (now, workspace) = (draft.now, draft.workspace);
    let task = draft.task_mut(sid)?;
    let position = match (task.position.step, step) {
        (Step::Target { filter: before, .. }, Step::Target { filter, .. }) if before == filter => {
            WorkflowPosition {
                step,
                skip_decided: false,
                ..task.position
            }
        }
        (Step::Target { .. } | Step::DefaultFilter | Step::Direct, _) => begun(step, now),
    };
    enter(workspace, task, configuration, position, now);
    Ok(())
}

fn begun(step: Step, now: Timestamp) -> WorkflowPosition {
    WorkflowPosition {
        step,
        filter_entered_at: now,
        skip_decided: false,
    }
}

/// Enters a step: queue, then priority (rule 3).
fn enter(
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
