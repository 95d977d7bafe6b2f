//! What follows from a plan for waiting Tasks and for Workers: the engine decides about each of them
//! with the configuration before and after.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};

use ids::time::Timestamp;
use ids::{TaskQueueSid, WorkerSid, WorkflowSid};
use serde::{Deserialize, Serialize};
use task_router::model::{Task, Worker, Workspace};
use task_router::router::{Command, Snapshot, decide, queue_membership_of};

use super::{Current, PartChange};

/// Most names of Workers in one effect; a count replaces the rest.
const NAMES_MAX: usize = 5;

/// One consequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Waiting Tasks restart in their Workflow and change the TaskQueue.
    TasksMove {
        /// Number of Tasks.
        tasks: usize,
        /// Where they wait.
        from: String,
        /// Where they will wait.
        to: String,
    },
    /// Waiting Tasks restart in their Workflow and stay in their TaskQueue.
    TasksRestart {
        /// Number of Tasks.
        tasks: usize,
        /// The Workflow.
        workflow: String,
    },
    /// Waiting Tasks are canceled: no filter matches them any more.
    TasksCanceled {
        /// Number of Tasks.
        tasks: usize,
        /// Their Workflow.
        workflow: String,
    },
    /// Waiting Tasks keep the configuration with which they started.
    TasksKeepConfiguration {
        /// Number of Tasks.
        tasks: usize,
        /// Their Workflow, which changes.
        workflow: String,
    },
    /// No Worker serves a TaskQueue any more in which Tasks wait.
    TasksWithoutWorkers {
        /// Number of Tasks.
        tasks: usize,
        /// The TaskQueue.
        task_queue: String,
    },
    /// Workers serve a TaskQueue from now on.
    WorkersJoin {
        /// Number of Workers.
        workers: usize,
        /// The first ones.
        names: Vec<String>,
        /// The TaskQueue.
        task_queue: String,
    },
    /// Workers no longer serve a TaskQueue.
    WorkersLeave {
        /// Number of Workers.
        workers: usize,
        /// The first ones.
        names: Vec<String>,
        /// The TaskQueue.
        task_queue: String,
    },
    /// Workers are in an Activity that is removed.
    WorkersChangeActivity {
        /// Number of Workers.
        workers: usize,
        /// The first ones.
        names: Vec<String>,
        /// The Activity that is removed.
        from: String,
    },
}

/// The consequences of a Workspace and its Workers, as they would be after these changes.
pub(super) fn effects(
    current: &Current,
    after: &Workspace,
    workers_after: &[Worker],
    changes: &[PartChange],
    now: Timestamp,
) -> Vec<Effect> {
    let Some(before) = &current.workspace else {
        return Vec::new();
    };
    let mut effects = of_tasks(current, before, after, changes, now);
    let mut membership = Membership::default();
    for worker in workers_after {
        membership.after(worker, after);
    }
    for one in &current.workers {
        membership.before(&one.worker, before);
    }
    effects.extend(membership.without_workers(current, after));
    effects.extend(membership.changes(after));
    effects.extend(activities(current, before, after));
    effects
}

/// What a waiting Task goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Canceled(WorkflowSid),
    Moves(TaskQueueSid, TaskQueueSid),
    Restarts(WorkflowSid),
    Keeps(WorkflowSid),
}

fn of_tasks(
    current: &Current,
    before: &Workspace,
    after: &Workspace,
    changes: &[PartChange],
    now: Timestamp,
) -> Vec<Effect> {
    let mut counts: BTreeMap<Fate, usize> = BTreeMap::new();
    // A Workflow that is only spelled in another way gets a new version, too.
    let changed: BTreeSet<WorkflowSid> = after
        .workflows
        .values()
        .filter(|workflow| {
            changes
                .iter()
                .any(|part| part.is_workflow(&workflow.friendly_name))
        })
        .map(|workflow| workflow.sid)
        .collect();
    let is_affected = |task: &&Task| task.is_pending() && changed.contains(&task.workflow_sid);
    for task in current.tasks.iter().filter(is_affected) {
        if let Some(fate) = fate(before, after, task, now) {
            *counts.entry(fate).or_default() += 1;
        }
    }
    let workflow = |sid| {
        let workflow = before.workflows.get(&sid);
        workflow.map_or(String::new(), |workflow| workflow.friendly_name.clone())
    };
    let effect = |(fate, tasks)| match fate {
        Fate::Moves(from, to) => Effect::TasksMove {
            tasks,
            from: queue_name(before, after, from),
            to: queue_name(before, after, to),
        },
        Fate::Restarts(sid) => Effect::TasksRestart {
            tasks,
            workflow: workflow(sid),
        },
        Fate::Canceled(sid) => Effect::TasksCanceled {
            tasks,
            workflow: workflow(sid),
        },
        Fate::Keeps(sid) => Effect::TasksKeepConfiguration {
            tasks,
            workflow: workflow(sid),
        },
    };
    counts.into_iter().map(effect).collect()
}

/// The fate of a Task if only the configuration changes: what is due anyway is no effect.
fn fate(before: &Workspace, after: &Workspace, task: &Task, now: Timestamp) -> Option<Fate> {
    let sid = task.workflow_sid;
    let known = before.workflows.get(&sid)?;
    let changed = after.workflows.get(&sid)?;
    if known.version == changed.version {
        return None;
    }
    if task.workflow_version >= changed.reevaluated_version {
        return Some(Fate::Keeps(sid));
    }
    let anyway = advanced(before, task, now);
    let then = advanced(after, task, now);
    if then.assignment_status.is_end() {
        let is_effect = !anyway.assignment_status.is_end();
        return is_effect.then_some(Fate::Canceled(sid));
    }
    if then.task_queue_sid == task.task_queue_sid {
        Some(Fate::Restarts(sid))
    } else {
        Some(Fate::Moves(task.task_queue_sid, then.task_queue_sid))
    }
}

/// The Task after the engine has advanced it, without an offer.
fn advanced(workspace: &Workspace, task: &Task, now: Timestamp) -> Task {
    let snapshot = Snapshot::new(workspace).with_tasks([task.clone()]);
    let decision = decide(snapshot, &Command::Advance { task: task.sid }, now);
    let changed = decision.tasks.into_iter().find(|one| one.sid == task.sid);
    changed.unwrap_or_else(|| task.clone())
}

/// The Workers of a TaskQueue.
type Members<'w> = BTreeMap<WorkerSid, &'w Worker>;

/// The Workers of each TaskQueue, before and after.
#[derive(Default)]
struct Membership<'w> {
    queues: BTreeMap<TaskQueueSid, (Members<'w>, Members<'w>)>,
}

impl<'w> Membership<'w> {
    fn before(&mut self, worker: &'w Worker, workspace: &Workspace) {
        for queue in queue_membership_of(workspace, worker).queues() {
            let (before, _) = self.queues.entry(*queue).or_default();
            before.insert(worker.sid, worker);
        }
    }

    fn after(&mut self, worker: &'w Worker, workspace: &Workspace) {
        for queue in queue_membership_of(workspace, worker).queues() {
            let (_, after) = self.queues.entry(*queue).or_default();
            after.insert(worker.sid, worker);
        }
    }

    /// Tasks that wait in a TaskQueue which had Workers and has none any more.
    fn without_workers(&self, current: &Current, after: &Workspace) -> Vec<Effect> {
        let emptied = self.queues.iter().filter(|(queue, (before, now))| {
            !before.is_empty() && now.is_empty() && after.task_queues.contains_key(queue)
        });
        let effects = emptied.filter_map(|(queue, _)| {
            let waits = |task: &&Task| task.is_pending() && task.task_queue_sid == *queue;
            let tasks = current.tasks.iter().filter(waits).count();
            (tasks > 0).then(|| Effect::TasksWithoutWorkers {
                tasks,
                task_queue: queue_name(after, after, *queue),
            })
        });
        effects.collect()
    }

    /// The Workers who serve other TaskQueues than before. A TaskQueue that is removed has no Workers
    /// any more; that is no news.
    fn changes(&self, after: &Workspace) -> Vec<Effect> {
        let mut effects = Vec::new();
        let stays = |queue: &TaskQueueSid| after.task_queues.contains_key(queue);
        for (queue, (earlier, later)) in self.queues.iter().filter(|(queue, _)| stays(queue)) {
            let task_queue = queue_name(after, after, *queue);
            let left = without(earlier, later);
            let joined = without(later, earlier);
            if !left.is_empty() {
                effects.push(Effect::WorkersLeave {
                    workers: left.len(),
                    names: names(&left),
                    task_queue: task_queue.clone(),
                });
            }
            if !joined.is_empty() {
                effects.push(Effect::WorkersJoin {
                    workers: joined.len(),
                    names: names(&joined),
                    task_queue,
                });
            }
        }
        effects
    }
}

fn without<'w>(members: &Members<'w>, others: &Members<'_>) -> Vec<&'w Worker> {
    let alone = members.iter().filter(|(sid, _)| !others.contains_key(sid));
    let mut alone: Vec<&Worker> = alone.map(|(_, worker)| *worker).collect();
    alone.sort_by(|one, other| one.friendly_name.cmp(&other.friendly_name));
    alone
}

fn activities(current: &Current, before: &Workspace, after: &Workspace) -> Vec<Effect> {
    let removed = before
        .activities
        .values()
        .filter(|activity| !after.activities.contains_key(&activity.sid));
    let effects = removed.filter_map(|activity| {
        let workers = current.workers.iter().map(|one| &one.worker);
        let workers: Vec<&Worker> = workers
            .filter(|worker| worker.activity_sid == activity.sid)
            .collect();
        (!workers.is_empty()).then(|| Effect::WorkersChangeActivity {
            workers: workers.len(),
            names: names(&workers),
            from: activity.friendly_name.clone(),
        })
    });
    effects.collect()
}

fn names(workers: &[&Worker]) -> Vec<String> {
    let names = workers.iter().take(NAMES_MAX);
    names.map(|worker| worker.friendly_name.clone()).collect()
}

fn queue_name(before: &Workspace, after: &Workspace, sid: TaskQueueSid) -> String {
    let queue = after
        .task_queues
        .get(&sid)
        .or_else(|| before.task_queues.get(&sid));
    queue.map_or(String::new(), |queue| queue.friendly_name.clone())
}

impl Display for Effect {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::TasksMove { tasks, from, to } => {
                let (tasks, verb) = (counted(*tasks, "waiting Task"), verb(*tasks, "move"));
                write!(f, "{tasks} {verb} from TaskQueue \"{from}\" to \"{to}\"")
            }
            Self::TasksRestart { tasks, workflow } => {
                let (tasks, verb) = (counted(*tasks, "waiting Task"), verb(*tasks, "restart"));
                write!(
                    f,
                    "{tasks} {verb} in Workflow \"{workflow}\", in the same TaskQueue"
                )
            }
            Self::TasksCanceled { tasks, workflow } => {
                let is = if *tasks == 1 { "is" } else { "are" };
                let tasks = counted(*tasks, "waiting Task");
                write!(
                    f,
                    "{tasks} {is} canceled: no filter of Workflow \"{workflow}\" matches any more"
                )
            }
            Self::TasksKeepConfiguration { tasks, workflow } => {
                let (tasks, verb) = (counted(*tasks, "waiting Task"), verb(*tasks, "keep"));
                write!(
                    f,
                    "{tasks} {verb} the present configuration of Workflow \"{workflow}\" (re_evaluate_tasks: true restarts them)"
                )
            }
            Self::TasksWithoutWorkers { tasks, task_queue } => {
                let (tasks, verb) = (counted(*tasks, "Task"), verb(*tasks, "wait"));
                write!(
                    f,
                    "{tasks} {verb} in TaskQueue \"{task_queue}\", which no Worker serves any more"
                )
            }
            Self::WorkersJoin {
                workers,
                names,
                task_queue,
            } => of_workers(
                f,
                *workers,
                "join",
                &format!("TaskQueue \"{task_queue}\""),
                names,
            ),
            Self::WorkersLeave {
                workers,
                names,
                task_queue,
            } => of_workers(
                f,
                *workers,
                "leave",
                &format!("TaskQueue \"{task_queue}\""),
                names,
            ),
            Self::WorkersChangeActivity {
                workers,
                names,
                from,
            } => of_workers(
                f,
                *workers,
                "leave",
                &format!("the removed Activity \"{from}\""),
                names,
            ),
        }
    }
}

fn of_workers(
    f: &mut Formatter<'_>,
    count: usize,
    does: &str,
    what: &str,
    names: &[String],
) -> fmt::Result {
    let workers = counted(count, "Worker");
    let more = match count.saturating_sub(names.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = names.join(", ");
    write!(f, "{workers} {} {what}: {names}{more}", verb(count, does))
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

fn verb(count: usize, plural: &str) -> String {
    match count {
        1 => format!("{plural}s"),
        _ => plural.to_owned(),
    }
}
