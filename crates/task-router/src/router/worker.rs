//! What a Worker is doing (taskrouter.md section 3).

use super::decision::{Draft, Refusal};
use super::queue_membership::queue_membership_of;
use super::{REJECTIONS_AT_ONCE_MAX, timers};
use crate::model::{OpenReservation, ReservationStatus, Worker, Workspace};
use ids::time::Timestamp;
use ids::{ActivitySid, ReservationSid, TaskSid, WorkerSid};
use planted_bugs::Bug;

/// Sets a Worker's Activity; pending Reservations stay unless told otherwise and the Activity is unavailable. Then the first
/// [`REJECTIONS_AT_ONCE_MAX`] are rejected; whoever asked for it rejects the others one by one.
pub(super) fn set_activity(
    draft: &mut Draft<'_>,
    sid: WorkerSid,
    activity: ActivitySid,
    reject_pending: bool,
) -> Result<(), Refusal> {
    if !draft.workspace.activities.contains_key(&activity) {
        return Err(Refusal::NoSuchActivity);
    }
    let worker = draft.worker(sid)?;
    if worker.activity_sid != activity {
        enter_activity(draft, sid, activity);
    }
    if !reject_pending || draft.workspace.is_available(activity) {
        return Ok(());
    }
    for (task, reservation) in pending_offers(draft, sid)? {
        draft.end_reservation(task, reservation, ReservationStatus::Rejected)?;
        draft.settle_round(task)?;
    }
    Ok(())
}

fn pending_offers(
    draft: &Draft<'_>,
    sid: WorkerSid,
) -> Result<Vec<(TaskSid, ReservationSid)>, Refusal> {
    let is_pending = |open: &&OpenReservation| {
        let reservation = draft
            .task(open.task_sid)
            .ok()
            .and_then(|task| task.reservation(open.sid));
        reservation.is_some_and(|reservation| reservation.status == ReservationStatus::Pending)
    };
    let pending = draft
        .worker(sid)?
        .open_reservations
        .iter()
        .filter(is_pending)
        .take(REJECTIONS_AT_ONCE_MAX);
    Ok(pending.map(|open| (open.task_sid, open.sid)).collect())
}

/// Brings a Worker to what time and configuration make of them.
pub(super) fn advance(draft: &mut Draft<'_>, sid: WorkerSid) -> Result<(), Refusal> {
    let worker = draft.worker(sid)?;
    let advanced = advanced_worker(draft.workspace, worker.clone(), draft.now);
    if advanced != *worker
        && let Some(worker) = draft.worker_mut(sid)
    {
        *worker = advanced;
    }
    Ok(())
}

/// A Worker as they should be by `now`: out of a wrap-up that has lasted as long as it may, and serving the queues there
/// are, whatever older queues whoever wrote them last knew.
pub fn advanced_worker(workspace: &Workspace, worker: Worker, now: Timestamp) -> Worker {
    let due = timers::of_worker(workspace, &worker).is_some_and(|moment| moment <= now);
    let over = workspace
        .wrap_up
        .as_ref()
        .filter(|_| due && !Bug::WrapUpForEver.is_planted());
    let worker = match over {
        Some(wrap_up) => in_activity(workspace, worker, wrap_up.next_activity_sid, now),
        None => worker,
    };
    Worker {
        roster: queue_membership_of(workspace, &worker),
        ..worker
    }
}

/// A Worker whose Activity is gone is in the Workspace's default one.
pub fn in_known_activity(workspace: &Workspace, worker: Worker, now: Timestamp) -> Worker {
    match workspace.activities.contains_key(&worker.activity_sid) {
        true => worker,
        false => in_activity(workspace, worker, workspace.default_activity_sid, now),
    }
}

/// Moves a Worker to an Activity. One that does not exist changes nothing: an instruction may name anything.
pub(super) fn enter_activity(draft: &mut Draft<'_>, sid: WorkerSid, activity: ActivitySid) {
    let (now, workspace) = (draft.now, draft.workspace);
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
        roster: queue_membership_of(workspace, &worker),
        ..worker
    }
}
