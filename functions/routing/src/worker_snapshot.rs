//! The Workers that a sweep has read. For most waiting Tasks the snapshot answers, without a query,
//! whether a free Worker could take the Task.

use std::collections::BTreeMap;

use ids::time::Timestamp;
use ids::{ReservationSid, WorkerSid};
use task_router::model::{OpenStatus, Readiness, Task, Worker, Workspace};
use task_router::router::may_take;
use task_router::router::order::{self, WaitingList};
use task_router::router::release::Release;

/// Free Workers that a snapshot keeps to compare with waiting Tasks: some 2 KB of memory each, 70
/// KB if the attributes are as long and as finely divided as they may be.
const FREE_KEPT_MAX: usize = 2_000;

/// Comparisons of a Task with a free Worker in one sweep: 10,000 Tasks, each with 1,000 Workers.
/// One processor core takes 0.7 s for them (`cargo bench -p task-router --bench matching`); Lambda
/// gives a seventh of a core with the template's 256 MB.
const COMPARED_MAX: usize = 10_000_000;

/// The Workers that a sweep has read.
#[derive(Default)]
pub(crate) struct WorkerSnapshot {
    /// Free Workers, up to [`FREE_KEPT_MAX`].
    free: Vec<Worker>,
    /// The ready lists, by the key of their Readiness, as the table's index must have them.
    ready_lists: BTreeMap<String, (Readiness, Group)>,
    /// Each free Worker alone, for Tasks that wait for one Worker.
    alone: BTreeMap<WorkerSid, Group>,
    /// The open Reservations of all Workers, with their status.
    held: BTreeMap<ReservationSid, OpenStatus>,
    /// Were all Workers read?
    pub(crate) is_complete: bool,
    /// Comparisons so far, up to [`COMPARED_MAX`].
    compared: usize,
}

/// Free Workers of one ready list.
#[derive(Default)]
struct Group {
    /// Indexes in [`WorkerSnapshot::free`].
    kept: Vec<usize>,
    /// Are there more Workers, who were not kept?
    has_more: bool,
}

/// Is there a free Worker for a Task?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FreeWorker {
    /// At least one free Worker could take the Task.
    Exists,
    /// No Worker of the Workspace could take it.
    None,
    /// Not all Workers were read, kept or compared.
    Unknown,
}

impl WorkerSnapshot {
    /// A snapshot without Workers.
    pub(crate) fn new() -> Self {
        Self {
            is_complete: true,
            ..Self::default()
        }
    }

    /// Adds a Worker who was read.
    pub(crate) fn add(&mut self, workspace: &Workspace, worker: Worker) {
        self.held.extend(
            worker
                .open_reservations
                .iter()
                .map(|open| (open.sid, open.status)),
        );
        let Some(readiness) = worker.readiness(workspace) else {
            return;
        };
        let index = Some(self.free.len()).filter(|kept| *kept < FREE_KEPT_MAX);
        let (_, ready_list) = self
            .ready_lists
            .entry(readiness.key())
            .or_insert_with(|| (readiness, Group::default()));
        ready_list.add(index);
        self.alone.entry(worker.sid).or_default().add(index);
        if index.is_some() {
            self.free.push(worker);
        }
    }

    /// The ready lists that contain a Worker.
    pub(crate) fn ready_lists(&self) -> impl Iterator<Item = (&String, &Readiness)> {
        self.ready_lists
            .iter()
            .map(|(key, (readiness, _))| (key, readiness))
    }

    /// Does the ready list of this key contain a Worker?
    pub(crate) fn has_ready_list(&self, key: &str) -> bool {
        self.ready_lists.contains_key(key)
    }

    /// The Workers who read this waiting list.
    fn readers_of(&self, waiting_list: WaitingList) -> Vec<&Group> {
        match waiting_list {
            WaitingList::Worker(sid) => self.alone.get(&sid).into_iter().collect(),
            WaitingList::Queue(queue, channel) => self
                .ready_lists
                .values()
                .filter(|(readiness, _)| readiness.serves(queue, channel))
                .map(|(_, group)| group)
                .collect(),
        }
    }

    /// Is there a free Worker who could take this Task? For a Task that ignores its Worker's
    /// capacity the Worker need not be free, so the answer is [`FreeWorker::Exists`].
    pub(crate) fn free_worker_for(
        &mut self,
        workspace: &Workspace,
        task: &Task,
        now: Timestamp,
    ) -> FreeWorker {
        if task.ignore_capacity {
            return FreeWorker::Exists;
        }
        if !self.is_complete {
            return FreeWorker::Unknown;
        }
        let readers = order::waiting_list_of(workspace, task)
            .map(|waiting_list| self.readers_of(waiting_list))
            .unwrap_or_default();
        let has_more = readers.iter().any(|group| group.has_more);
        let kept: Vec<usize> = readers
            .iter()
            .flat_map(|group| &group.kept)
            .copied()
            .collect();
        let mut compared = 0;
        let exists = kept
            .iter()
            .take(COMPARED_MAX.saturating_sub(self.compared))
            .any(|index| {
                compared += 1;
                self.free
                    .get(*index)
                    .is_some_and(|worker| may_take(workspace, worker, task, now))
            });
        self.compared += compared;
        if exists {
            FreeWorker::Exists
        } else if has_more || compared < kept.len() {
            FreeWorker::Unknown
        } else {
            FreeWorker::None
        }
    }

    /// May a Worker still hold what this release gives back?
    pub(crate) fn may_hold(&self, release: &Release) -> bool {
        let held = self.held.get(&release.reservation);
        !self.is_complete || held.is_some_and(|held| release.is_news_to(*held))
    }
}

impl Group {
    /// Adds a Worker by their index in [`WorkerSnapshot::free`]; `None`: the Worker was not kept.
    fn add(&mut self, index: Option<usize>) {
        match index {
            Some(index) => self.kept.push(index),
            None => self.has_more = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use ids::{ActivitySid, TaskQueueSid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid};
    use task_router::model::{
        Activity, Configuration, Target, TaskChannelName, TaskOrder, TaskQueue, Workflow,
    };
    use task_router::router::{NewTask, advanced_worker, create_task};

    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    /// One TaskQueue for all Workers, whose step wants a Worker who speaks the call's language.
    fn workspace() -> Workspace {
        let available = ActivitySid::derive(&["Available"]);
        let queue = TaskQueue {
            sid: TaskQueueSid::derive(&["queue"]),
            friendly_name: "queue".to_owned(),
            target_workers: "1 == 1".parse().ok(),
            max_reserved_workers: 1,
            task_order: TaskOrder::Fifo,
            reservation_activity_sid: None,
            assignment_activity_sid: None,
        };
        let target = Target {
            expression: "task.language IN worker.languages".parse().ok(),
            ..Target::to(queue.sid)
        };
        let configuration = Configuration {
            filters: Vec::new(),
            default_filter: Some(target),
            text: None,
        };
        let workflow = Workflow::new(
            WorkflowSid::derive(&["workflow"]),
            "workflow",
            configuration,
        );
        let activity = Activity {
            sid: available,
            friendly_name: "Available".to_owned(),
            available: true,
        };
        Workspace {
            activities: [(available, activity)].into_iter().collect(),
            task_queues: [(queue.sid, queue)].into_iter().collect(),
            workflows: [(workflow.sid, workflow)].into_iter().collect(),
            ..Workspace::new(WorkspaceSid::derive(&["centre"]), "centre", available)
        }
    }

    fn worker(workspace: &Workspace, name: &str, language: &str) -> Worker {
        let attributes = format!(r#"{{"languages":["{language}"]}}"#)
            .parse()
            .unwrap_or_default();
        let sid = WorkerSid::derive(&[name]);
        let worker = Worker::new(
            sid,
            workspace.sid,
            name,
            workspace.default_activity_sid,
            NOON,
        );
        advanced_worker(
            workspace,
            Worker {
                attributes,
                ..worker
            },
            NOON,
        )
    }

    fn call(workspace: &Workspace, language: &str) -> Task {
        let attributes = format!(r#"{{"language":"{language}"}}"#)
            .parse()
            .unwrap_or_default();
        let new = NewTask::new(
            TaskSid::derive(&[language]),
            attributes,
            TaskChannelName::VOICE,
        );
        let workflow = &workspace.workflows[&WorkflowSid::derive(&["workflow"])];
        create_task(workspace, workflow, new, NOON).unwrap()
    }

    fn spanish_workers(workspace: &Workspace, workers: usize) -> WorkerSnapshot {
        let mut snapshot = WorkerSnapshot::new();
        for number in 0..workers {
            snapshot.add(workspace, worker(workspace, &number.to_string(), "es"));
        }
        snapshot
    }

    #[test]
    fn complete_snapshot_knows_free_workers() {
        let workspace = workspace();
        let mut snapshot = spanish_workers(&workspace, 3);
        let spanish = call(&workspace, "es");
        let english = call(&workspace, "en");
        assert_eq!(
            snapshot.free_worker_for(&workspace, &spanish, NOON),
            FreeWorker::Exists
        );
        assert_eq!(
            snapshot.free_worker_for(&workspace, &english, NOON),
            FreeWorker::None
        );
        snapshot.add(&workspace, worker(&workspace, "Maya", "en"));
        assert_eq!(
            snapshot.free_worker_for(&workspace, &english, NOON),
            FreeWorker::Exists
        );
    }

    #[test]
    fn workers_beyond_the_limit_are_unknown() {
        let workspace = workspace();
        let mut snapshot = spanish_workers(&workspace, FREE_KEPT_MAX);
        let spanish = call(&workspace, "es");
        let english = call(&workspace, "en");
        assert_eq!(
            snapshot.free_worker_for(&workspace, &english, NOON),
            FreeWorker::None
        );
        snapshot.add(&workspace, worker(&workspace, "Maya", "en"));
        assert_eq!(
            snapshot.free_worker_for(&workspace, &english, NOON),
            FreeWorker::Unknown
        );
        assert_eq!(
            snapshot.free_worker_for(&workspace, &spanish, NOON),
            FreeWorker::Exists
        );
    }

    #[test]
    fn comparisons_of_a_sweep_are_bounded() {
        let workspace = workspace();
        let mut snapshot = spanish_workers(&workspace, 3);
        let english = call(&workspace, "en");
        snapshot.compared = COMPARED_MAX - 5;
        assert_eq!(
            snapshot.free_worker_for(&workspace, &english, NOON),
            FreeWorker::None
        );
        assert_eq!(
            snapshot.free_worker_for(&workspace, &english, NOON),
            FreeWorker::Unknown
        );
        assert_eq!(snapshot.compared, COMPARED_MAX);
        assert_eq!(
            snapshot.free_worker_for(&workspace, &english, NOON),
            FreeWorker::Unknown
        );
    }
}
