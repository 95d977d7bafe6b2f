//! Queue membership: the TaskQueues that a Worker serves.

use super::expression::WorkerScope;
use crate::model::{QueueMembership, TaskQueue, Worker, Workspace};

/// The TaskQueues whose expression this Worker satisfies (taskrouter.md section 2.6).
pub fn queue_membership_of(workspace: &Workspace, worker: &Worker) -> QueueMembership {
    let scope = WorkerScope::new(worker, workspace);
    let is_member = |queue: &&TaskQueue| {
        queue
            .target_workers
            .as_ref()
            .is_some_and(|target| target.matches(&scope))
    };
    QueueMembership::new(
        workspace
            .task_queues
            .values()
            .filter(is_member)
            .map(|queue| queue.sid)
            .collect(),
    )
}
