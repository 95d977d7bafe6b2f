//! What a Worker is doing (taskrouter.md section 3).

use super::decision::{Draft, Refusal};
use super::roster::roster_of;
use super::wake;
use crate::model::{ActivitySid, ReservationStatus, WorkerSid};
use crate::planted::{self, Bug};

/// Sets a Worker's Activity; pending Reservations stay unless told otherwise and the Activity is unavailable.
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
    for open in draft.worker(sid)?.open_reservations.clone() {
        let Ok(task) = draft.task(open.task_sid) else { continue };
        let offered = task.reservation(open.sid).map(|reservation| reservation.status);
        if offered == Some(ReservationStatus::Pending) {
            draft.end_reservation(open.task_sid, open.sid, ReservationStatus::Rejected)?;
            draft.settle_round(open.task_sid)?;
        }
    }
    Ok(())
}

/// Ends a wrap-up that has lasted as long as it may, and mends a roster that was written by somebody who knew older
/// queues.
pub(super) fn advance(draft: &mut Draft<'_>, sid: WorkerSid) -> Result<(), Refusal> {
    let worker = draft.worker(sid)?;
    let due = wake::of_worker(draft.workspace, worker).is_some_and(|moment| moment <= draft.now);
    let due = due && !planted::is(Bug::WrapUpForEver);
    if let (true, Some(wrap_up)) = (due, &draft.workspace.wrap_up) {
        enter_activity(draft, sid, wrap_up.next_activity_sid);
    }
    let worker = draft.worker(sid)?;
    let roster = roster_of(draft.workspace, worker);
    if roster != worker.roster
        && let Some(worker) = draft.worker_mut(sid)
    {
        worker.roster = roster;
    }
    Ok(())
}

/// Moves a Worker to an Activity. One that does not exist changes nothing: an instruction may name anything.
pub(super) fn enter_activity(draft: &mut Draft<'_>, sid: WorkerSid, activity: ActivitySid) {
    if !draft.workspace.activities.contains_key(&activity) {
        return;
    }
    let (now, workspace) = (draft.now, draft.workspace);
    if let Some(worker) = draft.worker_mut(sid) {
        worker.activity_sid = activity;
        worker.date_status_changed = now;
        worker.roster = roster_of(workspace, worker);
    }
}
