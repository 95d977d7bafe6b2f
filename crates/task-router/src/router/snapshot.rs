//! What the core may know.

use std::collections::BTreeMap;

use super::worker_counts::WorkerCounts;
use crate::model::{Task, Worker, Workspace};
use ids::{TaskQueueSid, TaskSid, WorkerSid};

/// The part of the world a decision is taken over. May be stale: a decision is written on condition that the versions
/// in it still hold.
#[derive(Debug, Clone)]
pub struct Snapshot<'a> {
    /// Configuration.
    pub workspace: &'a Workspace,
    /// The Task in question, or the first ones of the queues in question.
    pub tasks: BTreeMap<TaskSid, Task>,
    /// Workers with Reservations of that Task, and candidates.
    pub workers: BTreeMap<WorkerSid, Worker>,
    /// The queue whose free Workers are among `workers`. `None`: nobody looked, so nobody can be chosen.
    pub candidates_of: Option<TaskQueueSid>,
    /// The Workers of that queue, counted. `None`: nobody counted, so no `skip_if` is decided.
    pub presence: Option<WorkerCounts>,
}

impl<'a> Snapshot<'a> {
    /// A snapshot of nothing but configuration.
    pub fn new(workspace: &'a Workspace) -> Self {
        Self {
            workspace,
            tasks: BTreeMap::new(),
            workers: BTreeMap::new(),
            candidates_of: None,
            presence: None,
        }
    }

    /// With these Tasks.
    pub fn with_tasks(mut self, tasks: impl IntoIterator<Item = Task>) -> Self {
        self.tasks
            .extend(tasks.into_iter().map(|task| (task.sid, task)));
        self
    }

    /// With these Workers.
    pub fn with_workers(mut self, workers: impl IntoIterator<Item = Worker>) -> Self {
        self.workers
            .extend(workers.into_iter().map(|worker| (worker.sid, worker)));
        self
    }

    /// With these Workers, who are the free ones of `queue`.
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

    /// With the Workers of that queue, counted.
    pub fn with_presence(self, presence: Option<WorkerCounts>) -> Self {
        Self { presence, ..self }
    }
}
