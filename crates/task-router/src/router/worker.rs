//! A Worker's Activity (taskrouter.md section 3).

use super::activity::{advanced_worker, enter_activity};
use super::decision::Refusal;
use super::draft::Draft;
use super::limits::REJECTIONS_AT_ONCE_MAX;
use super::round;
use crate::model::{OpenReservation, ReservationStatus};
use ids::{ActivitySid, ReservationSid, TaskSid, WorkerSid};

/// Sets a Worker's Activity. With `reject_pending` and an unavailable Activity, the first
/// [`REJECTIONS_AT_ONCE_MAX`] pending Reservations are rejected; the caller rejects further ones
/// one by one. Otherwise pending Reservations stay.
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
        round::end_reservation(draft, task, reservation, ReservationStatus::Rejected)?;
        round::settle(draft, task)?;
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

/// Applies to a Worker what follows from the time and from configuration.
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
