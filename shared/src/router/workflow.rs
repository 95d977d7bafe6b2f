//! How a Task travels through its Workflow (taskrouter.md section 7.2).

use super::decision::{Draft, Refusal};
use super::ending;
use super::expression::TaskScope;
use crate::model::{
    AssignmentStatus, Attributes, EndReason, Millis, Target, Task, TaskChannelName, TaskSid, Timestamp, Workflow,
    WorkflowPosition, Workspace,
};

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
}

/// No filter matches and there is no default filter: the Task is not made (rule 2).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no filter of Workflow {workflow_name} matches the Task and it has no default filter")]
pub struct NoFilterMatches {
    /// The Workflow's friendly name.
    pub workflow_name: String,
}

/// A pending Task in the first step of the first filter that matches it (rules 1 to 3).
pub fn create_task(
    workspace: &Workspace,
    workflow: &Workflow,
    new: NewTask,
    now: Timestamp,
) -> Result<Task, NoFilterMatches> {
    let nowhere = WorkflowPosition { filter: None, target: 0, filter_entered_at: now };
    let no_match = || NoFilterMatches { workflow_name: workflow.friendly_name.clone() };
    let placeholder = workspace.task_queues.keys().next().ok_or_else(no_match)?;
    let mut task = Task {
        sid: new.sid,
        workspace_sid: workspace.sid,
        workflow_sid: workflow.sid,
        position: nowhere,
        task_queue_sid: *placeholder,
        task_queue_entered_date: now,
        attributes: new.attributes,
        channel: new.channel,
        priority: new.priority,
        date_created: now,
        date_updated: now,
        virtual_start_time: now,
        timeout: new.timeout,
        assignment_status: AssignmentStatus::Pending,
        reason: None,
        reservations: Vec::new(),
        rounds: 0,
        failed_offers: Vec::new(),
        carrier_queue_sid: None,
        version: 0,
    };
    let first = next_filter(workflow, &task, 0);
    let position = match first {
        Some(filter) => WorkflowPosition { filter: Some(filter), ..nowhere },
        None => workflow.default_filter.as_ref().map(|_| nowhere).ok_or_else(no_match)?,
    };
    let target = target_at(workflow, position).ok_or_else(no_match)?.clone();
    enter(&mut task, position, &target, now);
    Ok(task)
}

/// The step at `position`. `None` when a changed configuration no longer has it.
pub(super) fn target_at(workflow: &Workflow, position: WorkflowPosition) -> Option<&Target> {
    match position.filter {
        None => workflow.default_filter.as_ref(),
        Some(filter) => workflow.filters.get(usize::from(filter))?.targets.get(usize::from(position.target)),
    }
}

/// When the step at `position` ends: the timeouts of its filter's steps, added up, on the clock of the Task (rule 6).
/// `None` = at the Task's own timeout.
pub(super) fn step_deadline(workflow: &Workflow, position: WorkflowPosition) -> Option<Timestamp> {
    let filter = workflow.filters.get(usize::from(position.filter?))?;
    let steps = filter.targets.get(..=usize::from(position.target))?;
    steps.last()?.timeout?;
    let spent = steps.iter().filter_map(|target| target.timeout).fold(Millis::ZERO, Millis::saturating_add);
    Some(position.filter_entered_at + spent)
}

/// Moves a pending Task through every step whose time is up; past the last one the following filters get their turn,
/// and without one the Task is canceled (rule 9).
pub(super) fn pass_deadlines(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    let Some(workflow) = draft.workspace.workflows.get(&task.workflow_sid) else { return Ok(()) };
    // Every pass leaves one step behind, so the number of steps bounds the loop.
    let steps: usize = workflow.filters.iter().map(|filter| filter.targets.len()).sum();
    for _ in 0..=steps {
        let task = draft.task(sid)?;
        let waits = task.assignment_status == AssignmentStatus::Pending;
        let overdue = step_deadline(workflow, task.position).is_some_and(|deadline| deadline <= draft.now);
        if !waits || !overdue {
            return Ok(());
        }
        let Some(position) = next_position(workflow, task, draft.now) else {
            return ending::cancel(draft, sid, &EndReason::WorkflowTimeout);
        };
        let Some(target) = target_at(workflow, position) else { return Ok(()) };
        let now = draft.now;
        enter(draft.task_mut(sid)?, position, target, now);
    }
    Ok(())
}

/// The step after the Task's, in its filter or in the next one that matches.
fn next_position(workflow: &Workflow, task: &Task, now: Timestamp) -> Option<WorkflowPosition> {
    let filter = task.position.filter?;
    let next = WorkflowPosition { target: task.position.target + 1, ..task.position };
    if target_at(workflow, next).is_some() {
        return Some(next);
    }
    let filter = next_filter(workflow, task, usize::from(filter) + 1)?;
    Some(WorkflowPosition { filter: Some(filter), target: 0, filter_entered_at: now })
}

/// The first filter from index `from` on whose expression the Task satisfies.
fn next_filter(workflow: &Workflow, task: &Task, from: usize) -> Option<u16> {
    let scope = TaskScope(task);
    let matches = |filter: &crate::model::Filter| {
        filter.expression.as_ref().is_none_or(|expression| expression.matches(&scope)) && !filter.targets.is_empty()
    };
    let index = workflow.filters.iter().skip(from).position(matches)?;
    u16::try_from(from + index).ok()
}

/// Enters a step: queue, then priority (rule 3).
fn enter(task: &mut Task, position: WorkflowPosition, target: &Target, now: Timestamp) {
    task.position = position;
    if task.task_queue_sid != target.queue {
        task.task_queue_sid = target.queue;
        task.task_queue_entered_date = now;
    }
    if let Some(priority) = target.priority {
        task.priority = priority;
    }
}
