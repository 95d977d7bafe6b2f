//! The Tasks, Workers and configuration at a moment of the recording.

use std::collections::BTreeMap;
use std::sync::Arc;

use ids::time::{Millis, Timestamp};
use ids::{TaskSid, WorkerSid};
use task_router::model::{Task, Worker, Workspace};
use task_router::router::{Snapshot, WorkerCounts};

/// How old configuration, and an entry of an index, may have been when a decision used it: the
/// time for which a process caches configuration, and the lag of the indexes that routing allows for.
pub(super) const UNSEEN: Millis = Millis::from_secs(2);

/// Ended Tasks that are kept, because a later write may belong to one of them. Those of some
/// minutes suffice.
const ENDED_KEPT_MAX: usize = 10_000;

#[derive(Default)]
pub(super) struct State {
    pub workspace: Option<Arc<Workspace>>,
    /// The configuration before the current one, and the moment at which it was replaced.
    before: Option<(Timestamp, Arc<Workspace>)>,
    pub tasks: BTreeMap<TaskSid, Task>,
    pub workers: BTreeMap<WorkerSid, Worker>,
    /// When each Task and Worker was written last.
    pub task_written: BTreeMap<TaskSid, Timestamp>,
    pub worker_written: BTreeMap<WorkerSid, Timestamp>,
    /// Ended Tasks in the order of their ends.
    ended: std::collections::VecDeque<TaskSid>,
}

impl State {
    pub fn configure(&mut self, at: Timestamp, workspace: Arc<Workspace>) {
        let before = self.workspace.replace(workspace);
        self.before = before.map(|before| (at, before));
    }

    /// The configurations that a decision at this moment may have used, the current one first.
    pub fn configurations(&self, at: Timestamp) -> impl Iterator<Item = &Arc<Workspace>> {
        let before = self.before.as_ref();
        // The moment of a configuration write is known to the second.
        let was_cached = move |replaced: Timestamp| {
            at.since(replaced) <= UNSEEN.saturating_add(Millis::from_secs(1))
        };
        let before = before.and_then(|(replaced, it)| was_cached(*replaced).then_some(it));
        self.workspace.iter().chain(before)
    }

    pub fn put_task(&mut self, at: Timestamp, task: Task) {
        if task.assignment_status.is_end() && !self.ended.contains(&task.sid) {
            self.ended.push_back(task.sid);
        }
        self.task_written.insert(task.sid, at);
        self.tasks.insert(task.sid, task);
        if self.ended.len() > ENDED_KEPT_MAX
            && let Some(oldest) = self.ended.pop_front()
        {
            self.tasks.remove(&oldest);
            self.task_written.remove(&oldest);
        }
    }

    pub fn put_worker(&mut self, at: Timestamp, worker: Worker) {
        self.worker_written.insert(worker.sid, at);
        self.workers.insert(worker.sid, worker);
    }

    /// The snapshot of a Task and the Workers of its open Reservations, as `Store::apply` reads it.
    pub fn snapshot_of<'w>(&self, workspace: &'w Workspace, task: &Task) -> Snapshot<'w> {
        let held = task.open_reservations();
        let workers = held.filter_map(|open| self.workers.get(&open.worker_sid));
        Snapshot::new(workspace)
            .with_workers(workers.cloned())
            .with_tasks([task.clone()])
    }

    pub fn worker_counts(&self, workspace: &Workspace, task: &Task) -> WorkerCounts {
        WorkerCounts::of_queue(task.task_queue_sid, self.workers.values(), workspace)
    }
}
