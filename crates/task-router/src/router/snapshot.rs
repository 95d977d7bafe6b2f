//! The part of the table that a Decision is taken over.

use std::collections::BTreeMap;

use super::worker_counts::WorkerCounts;
use crate::model::{Task, Worker, Workspace};
use ids::{TaskQueueSid, TaskSid, WorkerSid};

/// Configuration, Tasks and Workers. A snapshot may be stale: a Decision is committed on condition
/// of the versions in it.
#[derive(Debug, Clone)]
pub struct Snapshot<'a> {
    /// Configuration.
    pub workspace: &'a Workspace,
    /// The Task of the Command, or the first Tasks of the waiting lists that were read.
    pub tasks: BTreeMap<TaskSid, Task>,
    /// Workers with Reservations of that Task, and candidates.
    pub workers: BTreeMap<WorkerSid, Worker>,
    /// The TaskQueue whose free Workers are among `workers`. `None`: no ready list was read, so no
    /// Worker can be chosen.
    pub candidates_of: Option<TaskQueueSid>,
    /// The worker counts of that TaskQueue. `None`: they were not read, so no `skip_if` is decided.
    pub worker_counts: Option<WorkerCounts>,
}

impl<'a> Snapshot<'a> {
    /// A snapshot of configuration alone.
    pub fn new(workspace: &'a Workspace) -> Self {
        Self {
            workspace,
            tasks: BTreeMap::new(),
            workers: BTreeMap::new(),
            candidates_of: None,
            worker_counts: None,
        }
    }

    /// Adds Tasks.
    pub fn with_tasks(mut self, tasks: impl IntoIterator<Item = Task>) -> Self {
        self.tasks
            .extend(tasks.into_iter().map(|task| (task.sid, task)));
        self
    }

    /// Adds Workers.
    pub fn with_workers(mut self, workers: impl IntoIterator<Item = Worker>) -> Self {
        self.workers
            .extend(workers.into_iter().map(|worker| (worker.sid, worker)));
        self
    }

    /// Adds free Workers of `queue` as candidates.
    pub fn with_candidates(
        self,
        queue: TaskQueueSid,
        workers: impl IntoIterator<Item = Worker>,
    ) -> Self {
        Self {
            candidates_of: Some(queue),
            ..self
        }
        .with_workers(workers)
    }

    /// Sets the worker counts of the candidates' TaskQueue.
    pub fn with_worker_counts(self, worker_counts: Option<WorkerCounts>) -> Self {
        Self {
            worker_counts,
            ..self
        }
    }
}
