//! What a Worker gets back when a Reservation of theirs has ended or wraps up: the slot, and the Activity they go on to
//! (taskrouter.md sections 3 and 6).
//!
//! Taking a slot is atomic with the Task; giving it back follows the Task's write. Usually the same writer does both, one
//! after the other. Should it die in between, the Task's stream record says the same once more ([`of_task`]), and a
//! Worker who has nothing to give back is left alone.

use super::decision::{Draft, Refusal};
use super::worker::enter_activity;
use crate::model::{
    ActivitySid, OnTimeout, Reservation, ReservationSid, ReservationStatus, Task, WorkerSid, Workspace,
};
use crate::planted::{self, Bug};

/// One Worker, one Reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Who.
    pub worker: WorkerSid,
    /// Which Reservation.
    pub reservation: ReservationSid,
    /// Does the slot stay taken, for the paperwork?
    pub is_wrapping: bool,
    /// The Activity the Worker goes on to.
    pub activity: Option<ActivitySid>,
}

/// What follows for Workers from a Task's write.
pub(super) fn of_task(workspace: &Workspace, old: Option<&Task>, new: &Task) -> Vec<Release> {
    new.reservations_changed_since(old).filter_map(|after| of_reservation(workspace, after)).collect()
}

/// What a Reservation in this status gives back; `None`: nothing yet.
pub(super) fn of_reservation(workspace: &Workspace, reservation: &Reservation) -> Option<Release> {
    let post_work = || reservation.instruction.as_ref()?.post_work_activity_sid;
    let (is_wrapping, activity) = match reservation.status {
        ReservationStatus::Pending | ReservationStatus::Accepted => return None,
        ReservationStatus::Timeout if planted::is(Bug::SlotKept) => return None,
        ReservationStatus::Wrapping => (true, post_work()),
        ReservationStatus::Completed => (false, post_work()),
        ReservationStatus::Rejected => (false, reservation.rejected_into),
        ReservationStatus::Timeout if planted::is(Bug::SlotKept) => return None,
        ReservationStatus::Timeout => (false, after_timeout(workspace)),
        ReservationStatus::Canceled | ReservationStatus::Rescinded => (false, None),
    };
    Some(Release { worker: reservation.worker_sid, reservation: reservation.sid, is_wrapping, activity })
}

/// Gives back what the Worker still holds. An Activity is entered once: who wraps up has entered it already.
pub(super) fn give_back(draft: &mut Draft<'_>, release: &Release) -> Result<(), Refusal> {
    let Ok(worker) = draft.worker(release.worker) else { return Ok(()) };
    let held = worker.open_reservations.iter().find(|open| open.sid == release.reservation);
    let Some(held) = held.filter(|held| !(held.is_wrapping && release.is_wrapping)).cloned() else { return Ok(()) };
    let Some(worker) = draft.worker_mut(release.worker) else { return Ok(()) };
    match worker.open_reservations.iter_mut().find(|open| open.sid == held.sid) {
        Some(open) if release.is_wrapping => open.is_wrapping = true,
        Some(_) | None => worker.open_reservations.retain(|open| open.sid != held.sid),
    }
    match release.activity {
        Some(activity) if !held.is_wrapping => enter_activity(draft, release.worker, activity),
        Some(_) | None => {}
    }
    Ok(())
}

fn after_timeout(workspace: &Workspace) -> Option<ActivitySid> {
    match workspace.rules.on_timeout {
        OnTimeout::Compatible => Some(workspace.timeout_activity_sid),
        OnTimeout::Stay => None,
    }
}
