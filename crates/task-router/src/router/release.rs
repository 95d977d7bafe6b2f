//! What a Worker gets back when a Reservation of theirs has ended or wraps up: the slot, and the Activity they go on to
//! (taskrouter.md sections 3 and 6). Where something asks how many Tasks Workers have accepted, that is noted the same way.
//!
//! Taking a slot is atomic with the Task; giving it back follows the Task's write. Usually the same writer does both, one
//! after the other. Should it die in between, the Task's stream record says the same once more ([`of_task`]), and a
//! Worker who has nothing to give back is left alone.

use super::decision::{Draft, Refusal};
use super::worker::enter_activity;
use crate::model::{OnTimeout, OpenStatus, Reservation, ReservationStatus, Task, Workspace};
use ids::{ActivitySid, ReservationSid, WorkerSid};
use planted_bugs::Bug;

/// One Worker, one Reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Who.
    pub worker: WorkerSid,
    /// Which Reservation.
    pub reservation: ReservationSid,
    /// What the slot is kept for; `None`: it is given back.
    pub keeps: Option<OpenStatus>,
    /// The Activity the Worker goes on to.
    pub activity: Option<ActivitySid>,
}

impl Release {
    /// Does it change anything for a Worker whose slot is taken for this?
    pub fn is_news_to(&self, held: OpenStatus) -> bool {
        self.keeps.is_none_or(|status| status > held)
    }
}

/// What follows for Workers from a Task's write.
pub(super) fn of_task(workspace: &Workspace, old: Option<&Task>, new: &Task) -> Vec<Release> {
    new.reservations_changed_since(old)
        .filter_map(|after| of_reservation(workspace, after))
        .collect()
}

/// What a Reservation in this status means for its Worker's slot; `None`: nothing yet.
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

/// Gives back what the Worker still holds. An Activity is entered once: who wraps up has entered it already.
pub(super) fn give_back(draft: &mut Draft<'_>, release: &Release) -> Result<(), Refusal> {
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
