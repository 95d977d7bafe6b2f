//! What a Worker gets back when a Reservation ends or wraps up: the slot, and the Activity that the
//! Worker moves to (taskrouter.md sections 3 and 6). If an expression of the Workspace asks how
//! many Tasks a Worker has accepted, the acceptance is noted at the Worker in the same way.
//!
//! Taking a slot is atomic with the Task's write; releasing it follows that write. Usually the same
//! writer does both. If it dies in between, the Task's stream record leads to the same release
//! (`of_task`). A release is idempotent: a Worker who no longer holds the slot does not change.

use super::activity::enter_activity;
use super::decision::Refusal;
use super::draft::Draft;
use crate::model::{OnTimeout, OpenStatus, Reservation, ReservationStatus, Task, Workspace};
use ids::{ActivitySid, ReservationSid, WorkerSid};
use planted_bugs::Bug;

/// The release of one Reservation at its Worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The Worker who holds the slot.
    pub worker: WorkerSid,
    /// The Reservation that took the slot.
    pub reservation: ReservationSid,
    /// The status for which the slot is kept; `None`: the slot is given back.
    pub keeps: Option<OpenStatus>,
    /// The Activity that the Worker moves to.
    pub activity: Option<ActivitySid>,
}

impl Release {
    /// Does it change anything for a Worker who holds the slot with this status?
    pub fn is_news_to(&self, held: OpenStatus) -> bool {
        self.keeps.is_none_or(|status| status > held)
    }
}

/// The releases that follow from a Task's write.
pub(super) fn of_task(workspace: &Workspace, old: Option<&Task>, new: &Task) -> Vec<Release> {
    new.reservations_changed_since(old)
        .filter_map(|after| of_reservation(workspace, after))
        .collect()
}

/// The release that follows from a Reservation's status; `None`: the slot does not change.
pub(super) fn of_reservation(workspace: &Workspace, reservation: &Reservation) -> Option<Release> {
    let post_work = || reservation.instruction.as_ref()?.post_work_activity_sid;
    let (keeps, activity) = match reservation.status {
        ReservationStatus::Pending => return None,
        ReservationStatus::Accepted if !workspace.asks_for_assigned_tasks() => return None,
        ReservationStatus::Accepted => (Some(OpenStatus::Accepted), None),
        ReservationStatus::Wrapping => (Some(OpenStatus::Wrapping), post_work()),
        ReservationStatus::Completed => (None, post_work()),
        ReservationStatus::Rejected => (None, reservation.rejected_into),
        ReservationStatus::Timeout if Bug::SlotKept.is_planted() => return None,
        ReservationStatus::Timeout => (None, after_timeout(workspace)),
        ReservationStatus::Canceled | ReservationStatus::Rescinded => (None, None),
    };
    Some(Release {
        worker: reservation.worker_sid,
        reservation: reservation.sid,
        keeps,
        activity,
    })
}

/// Releases what the Worker still holds. The Activity is entered once: a Worker in wrap-up has
/// entered it already.
pub(super) fn apply(draft: &mut Draft<'_>, release: &Release) -> Result<(), Refusal> {
    let Ok(worker) = draft.worker(release.worker) else {
        return Ok(());
    };
    let held = worker
        .open_reservations
        .iter()
        .find(|open| open.sid == release.reservation);
    let Some(held) = held.filter(|held| release.is_news_to(held.status)).cloned() else {
        return Ok(());
    };
    let Some(worker) = draft.worker_mut(release.worker) else {
        return Ok(());
    };
    let open = worker
        .open_reservations
        .iter_mut()
        .find(|open| open.sid == held.sid);
    match (open, release.keeps) {
        (Some(open), Some(status)) => open.status = status,
        (Some(_) | None, _) => worker.open_reservations.retain(|open| open.sid != held.sid),
    }
    match release.activity {
        Some(activity) if held.status != OpenStatus::Wrapping => {
            enter_activity(draft, release.worker, activity)
        }
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
