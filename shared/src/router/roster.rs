//! Which TaskQueues a Worker serves.

use super::expression::WorkerScope;
use crate::model::{Roster, TaskQueue, Worker, Workspace};

/// The TaskQueues whose expression this Worker satisfies now (taskrouter.md section 2.6).
pub fn roster_of(workspace: &Workspace, worker: &Worker) -> Roster {
    let scope = WorkerScope::new(worker, workspace);
    let eligible = |queue: &&TaskQueue| queue.target_workers.as_ref().is_some_and(|target| target.matches(&scope));
    Roster::new(workspace.task_queues.values().filter(eligible).map(|queue| queue.sid).collect())
}
