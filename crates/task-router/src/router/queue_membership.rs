//! Queue membership: the TaskQueues that a Worker serves.

use super::expression::WorkerScope;
use crate::model::{QueueMembership, TaskQueue, Worker, Workspace};
use ids::TaskQueueSid;

/// The TaskQueues whose expression this Worker satisfies (taskrouter.md section 2.6).
pub fn queue_membership_of(workspace: &Workspace, worker: &Worker) -> QueueMembership {
    let scope = WorkerScope::new(worker, workspace);
    QueueMembership::new(
        workspace
            .task_queues
            .values()
            .filter(|queue| matches(queue, &scope))
            .map(|queue| queue.sid)
            .collect(),
    )
}

/// Does this Worker satisfy the expression of this TaskQueue? A TaskQueue that the Workspace does
/// not have matches no Worker.
///
/// Unlike the stored queue membership, which routing uses, the answer follows a changed TaskQueue
/// or Activity without a backfill.
pub fn is_eligible(workspace: &Workspace, worker: &Worker, queue: TaskQueueSid) -> bool {
    workspace
        .task_queues
        .get(&queue)
        .is_some_and(|queue| matches(queue, &WorkerScope::new(worker, workspace)))
}

fn matches(queue: &TaskQueue, scope: &WorkerScope<'_>) -> bool {
    queue
        .target_workers
        .as_ref()
        .is_some_and(|target| target.matches(scope))
}
