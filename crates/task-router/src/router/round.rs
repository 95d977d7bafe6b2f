//! The end of a Reservation, and of the round it belongs to (taskrouter.md sections 5 and 6).

use super::decision::Refusal;
use super::draft::Draft;
use super::{ending, release, workflow};
use crate::model::{
    AfterFailedReservation, AssignmentStatus, EndReason, FailedOffer, IssuedInstruction, Redial,
    ReservationStatus,
};
use ids::{ReservationSid, TaskSid};

/// Ends a Reservation, or its conversation: sets its status and releases what the Worker gets back.
/// A Reservation that was never accepted is noted as a failed offer, so that the Worker is not
/// offered the same Task again during the retry pause.
pub(super) fn end_reservation(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    status: ReservationStatus,
) -> Result<(), Refusal> {
    let now = draft.now;
    let workspace = draft.workspace;
    let task = draft.task_mut(task)?;
    let Some(ended) = task
        .reservations
        .iter_mut()
        .find(|candidate| candidate.sid == reservation)
    else {
        return Err(Refusal::NoSuchReservation(reservation));
    };
    if ended.status == ReservationStatus::Pending {
        let moved_caller = ended
            .instruction
            .as_ref()
            .is_some_and(IssuedInstruction::moves_caller);
        task.failed_offers.push(FailedOffer {
            worker_sid: ended.worker_sid,
            at: now,
            moved_caller,
        });
        let was_dialed = ended
            .instruction
            .as_ref()
            .and_then(IssuedInstruction::conference)
            .is_some_and(|plan| plan.customer.is_some());
        if was_dialed && let Some(redial) = &mut task.redial {
            redial.fail(now);
        }
    }
    ended.status = status;
    ended.date_updated = now;
    match release::of_reservation(workspace, ended) {
        Some(release) => release::apply(draft, &release),
        None => Ok(()),
    }
}

/// Turns a reserved Task without pending Reservations back to pending (taskrouter.md section 5).
/// The Workspace chooses the step in which it waits then (section 7.2, rule 8). A callback without
/// another attempt is canceled.
pub(super) fn settle(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    let still_offered = task.pending_reservations().next().is_some();
    if task.assignment_status != AssignmentStatus::Reserved || still_offered {
        return Ok(());
    }
    if task.redial.as_ref().is_some_and(Redial::is_used_up) {
        return ending::end(
            draft,
            sid,
            AssignmentStatus::Canceled,
            &EndReason::CustomerNotReached,
        );
    }
    let now = draft.now;
    let workspace = draft.workspace;
    let task = draft.task_mut(sid)?;
    task.assignment_status = AssignmentStatus::Pending;
    match workspace.rules.after_failed_reservation {
        AfterFailedReservation::StayInStep => {}
        AfterFailedReservation::NextStep => workflow::enter_step_below(workspace, task, now),
    }
    Ok(())
}
