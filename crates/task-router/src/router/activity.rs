//! How a Worker enters an Activity, by a Command or by time (taskrouter.md section 3).

use super::draft::Draft;
use super::queue_membership::queue_membership_of;
use super::timers;
use crate::model::{Worker, Workspace};
use ids::time::Timestamp;
use ids::{ActivitySid, WorkerSid};
use planted_bugs::Bug;

/// The Worker as of `now`: a wrap-up whose limit has passed is over, and the queue membership is
/// that of the current queues, whatever configuration the last writer of the Worker knew.
pub fn advanced_worker(workspace: &Workspace, worker: Worker, now: Timestamp) -> Worker {
    let is_due = timers::of_worker(workspace, &worker).is_some_and(|moment| moment <= now);
    let worker = match &workspace.wrap_up {
        Some(wrap_up) if is_due && !Bug::WrapUpForEver.is_planted() => {
            in_activity(workspace, worker, wrap_up.next_activity_sid, now)
        }
        Some(_) | None => worker,
    };
    Worker {
        queue_membership: queue_membership_of(workspace, &worker),
        ..worker
    }
}

/// Moves a Worker whose Activity was deleted to the Workspace's default Activity.
pub fn in_known_activity(workspace: &Workspace, worker: Worker, now: Timestamp) -> Worker {
    if workspace.activities.contains_key(&worker.activity_sid) {
        worker
    } else {
        in_activity(workspace, worker, workspace.default_activity_sid, now)
    }
}

/// Moves a Worker to an Activity. An Activity that does not exist changes nothing, because an
/// instruction may name any.
pub(super) fn enter_activity(draft: &mut Draft<'_>, sid: WorkerSid, activity: ActivitySid) {
    let now = draft.now;
    let workspace = draft.workspace;
    if workspace.activities.contains_key(&activity)
        && let Some(worker) = draft.worker_mut(sid)
    {
        *worker = in_activity(workspace, worker.clone(), activity, now);
    }
}

fn in_activity(
    workspace: &Workspace,
    worker: Worker,
    activity: ActivitySid,
    now: Timestamp,
) -> Worker {
    if !workspace.activities.contains_key(&activity) {
        return worker;
    }
    let worker = worker.in_activity(activity, now);
    Worker {
        queue_membership: queue_membership_of(workspace, &worker),
        ..worker
    }
}
