//! How a Task moves through the steps of its Workflow (taskrouter.md section 7.2).

use super::decision::Refusal;
use super::draft::Draft;
use super::{ending, workflow};
use crate::model::{Configuration, EndReason, Step, Task, Workspace};
use ids::TaskSid;
use ids::time::Timestamp;
use planted_bugs::Bug;

/// Moves a pending Task through every step whose deadline has passed. After the last step of a
/// filter, the following filters are tried; if none matches, the Task is canceled (rule 9).
pub(super) fn pass_deadlines(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    let Some(configuration) = draft.workspace.configuration_of(task) else {
        return Ok(());
    };
    // Each iteration leaves one step, so the number of steps bounds the loop.
    let steps: usize = configuration
        .filters
        .iter()
        .map(|filter| filter.targets.len())
        .sum();
    for _ in 0..=steps {
        let task = draft.task(sid)?;
        let overdue = workflow::step_deadline(draft.workspace, task)
            .is_some_and(|deadline| deadline <= draft.now);
        if !task.is_pending() || !overdue || Bug::StepDeadlineIgnored.is_planted() {
            return Ok(());
        }
        match workflow::step_after_timeout(configuration, task, draft.now) {
            Some(step) => enter_next(draft, sid, configuration, step)?,
            None => return ending::cancel(draft, sid, &EndReason::WorkflowTimeout),
        }
    }
    Ok(())
}

/// Leaves a step by `skip_if`: a skipped filter counts as not matched, so the next matching filter
/// and then the default filter are tried (rule 10).
pub(super) fn skip(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    let Some(configuration) = draft.workspace.configuration_of(task) else {
        return Ok(());
    };
    let mut next = workflow::step_after_timeout(configuration, task, draft.now);
    if next.is_none() && task.position.step != Step::DefaultFilter {
        next = workflow::default_step(configuration);
    }
    match next {
        Some(step) => enter_next(draft, sid, configuration, step),
        None => ending::cancel(draft, sid, &EndReason::WorkflowSkipped),
    }
}

/// Restarts a pending Task that follows a configuration older than the one last saved with
/// `ReEvaluateTasks` (rule 15). A Task that no filter matches any more leaves the Workflow (rule
/// 2).
pub(super) fn reevaluate(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    if !must_reevaluate(draft.workspace, task) {
        return Ok(());
    }
    let Some(workflow) = draft.workspace.workflows.get(&task.workflow_sid) else {
        return Ok(());
    };
    let now = draft.now;
    let step = workflow::first_step(&workflow.configuration, task, now);
    let workspace = draft.workspace;
    let task = draft.task_mut(sid)?;
    task.workflow_version = workflow.version;
    match step {
        Some(step) => {
            workflow::enter(
                workspace,
                task,
                &workflow.configuration,
                workflow::start_of(step, now),
                now,
            );
            Ok(())
        }
        None => ending::cancel(draft, sid, &EndReason::NoFilterMatches),
    }
}

/// Evaluates the filters again for a pending Task whose attributes have changed (rule 15).
///
/// If another filter is now the first that matches, the Task enters it, with its age and its place
/// among Tasks of the same priority. Otherwise it keeps its step and the step's deadline, even after
/// it has passed earlier filters by timeout. A Task that no filter matches any more keeps its step,
/// too: a mistake in the attributes must not end a call.
pub(super) fn filter_again(workspace: &Workspace, before: &Task, task: &mut Task, now: Timestamp) {
    let is_routed_by_filters = task.is_pending() && task.position.step != Step::Direct;
    if !is_routed_by_filters || before.attributes == task.attributes {
        return;
    }
    let Some(configuration) = workspace.configuration_of(task) else {
        return;
    };
    let first = workflow::first_step(configuration, task, now);
    if let Some(step) = first
        && !step.is_in_filter_of(task.position.step)
        && first != workflow::first_step(configuration, before, now)
    {
        let start = workflow::start_of(step, now);
        workflow::enter(workspace, task, configuration, start, now);
    }
}

/// Does the pending Task follow a configuration older than the one last saved with
/// `ReEvaluateTasks`?
pub(super) fn must_reevaluate(workspace: &Workspace, task: &Task) -> bool {
    let workflow = workspace.workflows.get(&task.workflow_sid);
    task.is_pending()
        && task.position.step != Step::Direct
        && workflow.is_some_and(|workflow| task.workflow_version < workflow.reevaluated_version)
}

/// Gives a waiting Task another Position if the order of its TaskQueue has changed.
pub(super) fn update_order(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    let order = workflow::order_of(draft.workspace, task.task_queue_sid);
    if task.is_pending() && task.filed != order {
        draft.task_mut(sid)?.filed = order;
    }
    Ok(())
}

fn enter_next(
    draft: &mut Draft<'_>,
    sid: TaskSid,
    configuration: &Configuration,
    step: Step,
) -> Result<(), Refusal> {
    let now = draft.now;
    let workspace = draft.workspace;
    let task = draft.task_mut(sid)?;
    workflow::enter_next(workspace, task, configuration, step, now);
    Ok(())
}
