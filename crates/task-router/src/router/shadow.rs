//! Shadow Workflows: what another Workflow would do with a Task, beside the one that the Task follows.
//!
//! A Workflow may have a shadow ([`Workflow::shadow_sid`]), another Workflow of the same Workspace. The
//! shadow decides nothing. When a Task is offered or begins to wait, it is evaluated with the same
//! Task at the same moment.

use serde::{Deserialize, Serialize};

use super::workflow::{create_task, target_in};
use super::{Command, NewTask, Snapshot, best_workers_of, decide};
use crate::model::{Configuration, Step, Task, Worker, Workflow, Workspace};
use ids::time::Timestamp;
use ids::{TaskQueueSid, TaskSid, WorkerSid, WorkflowSid};

/// Where a Workflow has a Task, and to which Workers the Task is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The TaskQueue.
    pub task_queue_sid: TaskQueueSid,
    /// The priority.
    pub priority: u32,
    /// The step, as text: the name of its filter and its number.
    pub step: String,
    /// The Workers that the Task is offered to; none if it waits.
    pub workers: Vec<ShownWorker>,
}

/// A Worker with the friendly name at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownWorker {
    /// The Worker.
    pub sid: WorkerSid,
    /// The friendly name.
    pub friendly_name: String,
}

/// A Task under its Workflow and under the shadow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShadowComparison {
    /// The moment of the offer, or of the write that begins the wait.
    pub at: Timestamp,
    /// The Task.
    pub task_sid: TaskSid,
    /// The Workflow that the Task follows.
    pub workflow_sid: WorkflowSid,
    /// Its shadow.
    pub shadow_sid: WorkflowSid,
    /// What happened.
    pub live: Placement,
    /// What the shadow would have done. `None`: the Task would have left it, because no filter matches
    /// or the last step has timed out.
    pub shadow: Option<Placement>,
}

/// A respect in which a shadow decides otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Respect {
    /// Another TaskQueue.
    TaskQueue,
    /// Another priority.
    Priority,
    /// Another step.
    Step,
    /// Other Workers.
    Worker,
    /// The Task would have left the Workflow.
    Lost,
}

impl Respect {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TaskQueue => "task_queue",
            Self::Priority => "priority",
            Self::Step => "step",
            Self::Worker => "worker",
            Self::Lost => "lost",
        }
    }
}

impl ShadowComparison {
    /// In which respects the shadow decides otherwise; none if it decides the same.
    pub fn differs(&self) -> Vec<Respect> {
        let Some(shadow) = &self.shadow else {
            return vec![Respect::Lost];
        };
        let live = &self.live;
        let respects = [
            (
                Respect::TaskQueue,
                live.task_queue_sid != shadow.task_queue_sid,
            ),
            (Respect::Priority, live.priority != shadow.priority),
            (Respect::Step, live.step != shadow.step),
            (Respect::Worker, live.workers != shadow.workers),
        ];
        let differing = respects.into_iter().filter(|(_, differs)| *differs);
        differing.map(|(respect, _)| respect).collect()
    }
}

/// The shadow of the Workflow that a Task follows. `None`: it has none, or the Task bypasses its
/// Workflow.
pub fn shadow_of<'w>(workspace: &'w Workspace, task: &Task) -> Option<&'w Workflow> {
    if task.position.step == Step::Direct {
        return None;
    }
    let shadow = workspace.workflows.get(&task.workflow_sid)?.shadow_sid?;
    workspace.workflows.get(&shadow)
}

/// The Task as it would be under the shadow, waiting for a Worker. `None`: it would have left the
/// shadow. `skip_if` is not evaluated, because nothing is known about the moment at which the Task
/// entered a step.
pub fn under_shadow(
    workspace: &Workspace,
    shadow: &Workflow,
    task: &Task,
    now: Timestamp,
) -> Option<Task> {
    let new = NewTask {
        priority: own_priority(workspace, task),
        timeout: task.timeout,
        virtual_start_time: Some(task.virtual_start_time),
        ..NewTask::new(task.sid, task.attributes.clone(), task.channel)
    };
    let mut begun = create_task(workspace, shadow, new, task.date_created).ok()?;
    begun.failed_offers.clone_from(&task.failed_offers);
    let snapshot = Snapshot::new(workspace).with_tasks([begun.clone()]);
    let advanced = decide(snapshot, &Command::Advance { task: task.sid }, now);
    let task = advanced.tasks.into_iter().next().unwrap_or(begun);
    task.is_pending().then_some(task)
}

/// The priority without that of the Task's step, which hides the one it was created with.
fn own_priority(workspace: &Workspace, task: &Task) -> u32 {
    let configuration = workspace.configuration_of(task);
    let target = configuration.and_then(|it| target_in(it, task.position.step));
    match target.and_then(|target| target.priority) {
        Some(_) => 0,
        None => task.priority,
    }
}

/// Compares a Task that is offered or waits with the same Task under the shadow. `free` are the
/// Workers who could be offered a Task of the shadow's TaskQueue, as they were before the offer.
pub fn compare(
    workspace: &Workspace,
    shadow: &Workflow,
    task: &Task,
    under_shadow: Option<&Task>,
    free: &[Worker],
    now: Timestamp,
) -> ShadowComparison {
    let offered = task.pending_reservations();
    let live = Placement {
        task_queue_sid: task.task_queue_sid,
        priority: task.priority,
        step: step_name(workspace.configuration_of(task), task.position.step),
        workers: offered
            .map(|offer| ShownWorker {
                sid: offer.worker_sid,
                friendly_name: offer.worker_name.clone(),
            })
            .collect(),
    };
    ShadowComparison {
        at: now,
        task_sid: task.sid,
        workflow_sid: task.workflow_sid,
        shadow_sid: shadow.sid,
        live,
        shadow: under_shadow.map(|other| placed(workspace, shadow, other, free, now)),
    }
}

fn placed(
    workspace: &Workspace,
    shadow: &Workflow,
    task: &Task,
    free: &[Worker],
    now: Timestamp,
) -> Placement {
    let mut free: Vec<&Worker> = free.iter().collect();
    free.sort_by_key(|worker| worker.idle_key());
    let workers = best_workers_of(workspace, task, free.into_iter(), now);
    Placement {
        task_queue_sid: task.task_queue_sid,
        priority: task.priority,
        step: step_name(Some(&shadow.configuration), task.position.step),
        workers: workers
            .into_iter()
            .map(|worker| ShownWorker {
                sid: worker.sid,
                friendly_name: worker.friendly_name.clone(),
            })
            .collect(),
    }
}

/// `English, step 2`; steps of two Workflows are the same if they have the same text.
fn step_name(configuration: Option<&Configuration>, step: Step) -> String {
    match step {
        Step::Target { filter, target } => {
            let filters = configuration.map_or(&[][..], |it| &it.filters);
            let name = filters.get(usize::from(filter));
            let name = name.map_or("", |filter| filter.filter_friendly_name.as_str());
            format!("{name}, step {}", target + 1)
        }
        Step::DefaultFilter => "default filter".to_owned(),
        Step::Direct => "none".to_owned(),
    }
}
