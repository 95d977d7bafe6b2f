//! How Tasks and conversations end (taskrouter.md section 5).

use super::decision::Refusal;
use super::draft::Draft;
use super::round;
use crate::model::{AfterConversation, AssignmentStatus, EndReason, Removal, ReservationStatus};
use ids::{ReservationSid, TaskSid};

/// Sets a Task's status for the API, within the rules of "Illegal changes".
pub(super) fn set_status(
    draft: &mut Draft<'_>,
    task: TaskSid,
    wanted: AssignmentStatus,
    reason: &EndReason,
) -> Result<(), Refusal> {
    use AssignmentStatus::{Assigned, Canceled, Completed, Pending, Reserved, Wrapping};
    let status = draft.task(task)?.assignment_status;
    match (wanted, status) {
        (Wrapping, Wrapping) | (Completed, Completed) | (Canceled, Canceled) => Ok(()),
        (Wrapping, Assigned) => wrap(draft, task),
        (Completed, Assigned | Wrapping) => complete(draft, task, reason),
        (Canceled, Pending | Reserved) => cancel(draft, task, reason),
        (Pending | Reserved | Assigned | Wrapping | Completed | Canceled, status) => {
            Err(Refusal::WrongStatus { task, status })
        }
    }
}

/// Ends a conversation: the Worker moves to the Activity that the instruction named, and the Task
/// to the status that its TaskChannel defines.
pub(super) fn conversation_ended(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let channel = draft.workspace.task_channels.get(&draft.task(sid)?.channel);
    match channel.map(|channel| channel.after_conversation) {
        Some(AfterConversation::Complete) | None => {
            complete(draft, sid, &EndReason::ConversationEnded)
        }
        Some(AfterConversation::Wrap | AfterConversation::WrapFor(_)) => wrap(draft, sid),
    }
}

/// Removes a Task, whatever its status. Its open Reservations are canceled.
pub(super) fn remove(draft: &mut Draft<'_>, sid: TaskSid, removal: Removal) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    if task.removal.is_some() {
        return Ok(());
    }
    if !task.assignment_status.is_end() {
        let open: Vec<ReservationSid> = task.open_reservations().map(|open| open.sid).collect();
        for reservation in open {
            round::end_reservation(draft, sid, reservation, ReservationStatus::Canceled)?;
        }
        end(draft, sid, AssignmentStatus::Canceled, &EndReason::Deleted)?;
    }
    draft.task_mut(sid)?.removal = Some(removal);
    Ok(())
}

/// Cancels a Task that is not assigned, and its pending Reservations, which releases their Workers.
pub(super) fn cancel(
    draft: &mut Draft<'_>,
    sid: TaskSid,
    reason: &EndReason,
) -> Result<(), Refusal> {
    let offered: Vec<ReservationSid> = draft
        .task(sid)?
        .pending_reservations()
        .map(|offer| offer.sid)
        .collect();
    for reservation in offered {
        round::end_reservation(draft, sid, reservation, ReservationStatus::Canceled)?;
    }
    end(draft, sid, AssignmentStatus::Canceled, reason)
}

/// Completes a Task that is assigned or wraps up.
pub(super) fn complete(
    draft: &mut Draft<'_>,
    sid: TaskSid,
    reason: &EndReason,
) -> Result<(), Refusal> {
    let held: Vec<ReservationSid> = draft
        .task(sid)?
        .open_reservations()
        .map(|held| held.sid)
        .collect();
    for reservation in held {
        round::end_reservation(draft, sid, reservation, ReservationStatus::Completed)?;
    }
    end(draft, sid, AssignmentStatus::Completed, reason)
}

/// Begins the wrap-up of an assigned Task. The slot stays taken.
fn wrap(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let held: Vec<ReservationSid> = draft
        .task(sid)?
        .open_reservations()
        .filter(|held| held.status == ReservationStatus::Accepted)
        .map(|held| held.sid)
        .collect();
    for reservation in held {
        round::end_reservation(draft, sid, reservation, ReservationStatus::Wrapping)?;
    }
    draft.task_mut(sid)?.assignment_status = AssignmentStatus::Wrapping;
    Ok(())
}

/// Gives a Task its final status.
pub(super) fn end(
    draft: &mut Draft<'_>,
    sid: TaskSid,
    status: AssignmentStatus,
    reason: &EndReason,
) -> Result<(), Refusal> {
    let task = draft.task_mut(sid)?;
    task.assignment_status = status;
    task.reason = Some(reason.clone());
    task.failed_offers.clear();
    Ok(())
}
