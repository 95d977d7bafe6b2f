//! A waiting Task's step in its Workflow, and what follows (taskrouter.md section 7.2).

use serde::{Deserialize, Serialize};

use super::phrases::queue_name;
use super::{iso8601, phrases};
use crate::model::{
    Configuration, EndReason, Expression, Filter, KnownWorker, RoutingTarget, Step, Target, Task,
    Workspace,
};
use crate::router::expression::why::shortened;
use crate::router::workflow;
use ids::time::Timestamp;
use ids::{TaskQueueSid, WorkflowSid};

/// A waiting Task's step in its Workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Journey {
    /// The Workflow.
    pub workflow_sid: WorkflowSid,
    /// Its name, unless it was deleted.
    pub workflow_friendly_name: Option<String>,
    /// The filter that matched the Task; none for the default filter and for a routing target.
    pub filter_friendly_name: Option<String>,
    /// That filter's expression.
    pub filter_expression: Option<String>,
    /// Did no filter match, so that the default filter applies?
    pub is_default_filter: bool,
    /// The number of the step in its filter, counted from 1.
    pub step: Option<usize>,
    /// The number of steps of the filter.
    pub steps: Option<usize>,
    /// The step's expression, which a Worker must satisfy in addition to serving the TaskQueue.
    pub step_expression: Option<String>,
    /// The attribute that names the known Worker of the step, `task.agent`.
    pub known_worker: Option<String>,
    /// In words: `step 1 of 2 of filter English`.
    pub place: String,
    /// When the step ends by its timeout.
    #[serde(with = "iso8601")]
    pub ends_at: Timestamp,
    /// What follows the step.
    pub next: Next,
    /// Until when and then what, in words: `until 14:03:21 UTC, in 8 s; then it is canceled: …`.
    pub outlook: String,
}

/// What follows a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Next {
    /// Is the Task canceled then?
    pub is_canceled: bool,
    /// In words: `step 2 of filter English, TaskQueue Everybody`.
    pub text: String,
    /// The TaskQueue of the next step.
    pub task_queue_sid: Option<TaskQueueSid>,
}

/// The step of this Task.
pub(super) fn of_task(workspace: &Workspace, task: &Task, now: Timestamp) -> Journey {
    let configuration = workspace.configuration_of(task);
    let filter =
        configuration.and_then(|configuration| filter_at(configuration, task.position.step));
    let target = workflow::target_at(workspace, task);
    let step = filter.and(step_number(task.position.step));
    let (ends_at, next) = next_of(workspace, task, now);
    Journey {
        workflow_sid: task.workflow_sid,
        workflow_friendly_name: workspace
            .workflows
            .get(&task.workflow_sid)
            .map(|found| found.friendly_name.clone()),
        filter_friendly_name: filter.map(|filter| filter.filter_friendly_name.clone()),
        filter_expression: filter
            .and_then(|filter| filter.expression.as_ref())
            .map(source),
        is_default_filter: task.position.step == Step::DefaultFilter,
        step,
        steps: filter.map(|filter| filter.targets.len()),
        step_expression: target
            .and_then(|target| target.expression.as_ref())
            .map(source),
        known_worker: target
            .and_then(|target| target.known_worker.as_ref())
            .map(path),
        place: place(configuration, task),
        outlook: format!(
            "until {}; then {}",
            phrases::moment(ends_at, now),
            next.text
        ),
        ends_at,
        next,
    }
}

/// The end of the step, or of the Task if that is earlier, and what follows.
fn next_of(workspace: &Workspace, task: &Task, now: Timestamp) -> (Timestamp, Next) {
    let canceled = |reason: EndReason| Next {
        is_canceled: true,
        text: format!("it is canceled: {}", reason.as_str()),
        task_queue_sid: None,
    };
    let expiry = task.expires_at();
    match workflow::step_deadline(workspace, task).filter(|deadline| *deadline < expiry) {
        None => (expiry, canceled(EndReason::TaskTtlExceeded)),
        Some(deadline) => {
            let next = workspace.configuration_of(task).and_then(|configuration| {
                let step = workflow::step_after_timeout(configuration, task, deadline.max(now))?;
                Some(step_next(
                    workspace,
                    configuration,
                    step,
                    workflow::target_in(configuration, step)?,
                ))
            });
            (
                deadline,
                next.unwrap_or_else(|| canceled(EndReason::WorkflowTimeout)),
            )
        }
    }
}

fn step_next(
    workspace: &Workspace,
    configuration: &Configuration,
    step: Step,
    target: &Target,
) -> Next {
    let text = format!(
        "{}, TaskQueue {}",
        name_of(configuration, step),
        queue_name(workspace, target.queue)
    );
    Next {
        is_canceled: false,
        text,
        task_queue_sid: Some(target.queue),
    }
}

fn place(configuration: Option<&Configuration>, task: &Task) -> String {
    match (task.position.step, configuration, task.routing_target) {
        (Step::Direct, _, Some(RoutingTarget::Worker(worker))) => {
            format!("straight to Worker {worker}")
        }
        (Step::Direct, _, _) => "straight to its TaskQueue".to_owned(),
        (Step::Target { .. } | Step::DefaultFilter, None, _) => "a deleted Workflow".to_owned(),
        (step @ (Step::Target { .. } | Step::DefaultFilter), Some(configuration), _) => {
            name_of(configuration, step)
        }
    }
}

/// `step 1 of 2 of filter English`
fn name_of(configuration: &Configuration, step: Step) -> String {
    match (filter_at(configuration, step), step_number(step)) {
        (Some(filter), Some(number)) => {
            format!(
                "step {number} of {} of filter {}",
                filter.targets.len(),
                shortened(&filter.filter_friendly_name)
            )
        }
        (Some(_) | None, Some(_) | None) => "the default filter".to_owned(),
    }
}

fn filter_at(configuration: &Configuration, step: Step) -> Option<&Filter> {
    let Step::Target { filter, .. } = step else {
        return None;
    };
    configuration.filters.get(usize::from(filter))
}

fn step_number(step: Step) -> Option<usize> {
    let Step::Target { target, .. } = step else {
        return None;
    };
    Some(usize::from(target) + 1)
}

fn source(expression: &Expression) -> String {
    shortened(expression.source())
}

fn path(known: &KnownWorker) -> String {
    format!("task.{}", known.path())
}
