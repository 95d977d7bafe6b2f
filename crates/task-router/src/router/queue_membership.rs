//! Which TaskQueues a Worker serves.

use super::expression::WorkerScope;
use crate::model::{QueueMembership, TaskQueue, Worker, Workspace};

/// The TaskQueues whose expression this Worker satisfies now (taskrouter.md section 2.6).
pub fn queue_membership_of(workspace: &Workspace, worker: &Worker) -> QueueMembership {
    let scope = WorkerScope::new(worker, workspace);
    let eligible = |queue: &&TaskQueue| {
        queue
            .target_workers
            .as_ref()
            .is_some_and(|target| target.matches(&scope))
    };
    QueueMembership::new(
        workspace
            .task_queues
            .values()
            .filter(eligible)
            .map(|queue| queue.sid)
            .collect(),
    )
}
