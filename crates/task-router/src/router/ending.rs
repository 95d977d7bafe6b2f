//! How Tasks and conversations end (taskrouter.md section 5; voice-webhooks.md section 9).

use super::decision::{Draft, Refusal};
use super::{conference, reservation};
use crate::model::{
    AfterConversation, AssignmentStatus, EndReason, Removal, Reservation, ReservationStatus,
};
use ids::{QueueSid, ReservationSid, TaskSid};
use planted_bugs::Bug;

/// The caller left the carrier's queue: a Task nobody had is canceled, a conversation is over.
pub(super) fn caller_gone(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reason: &EndReason,
    carrier_queue: Option<QueueSid>,
) -> Result<(), Refusal> {
    match draft.task(task)?.assignment_status {
        AssignmentStatus::Pending | AssignmentStatus::Reserved => cancel(draft, task, reason)?,
        AssignmentStatus::Assigned => conversation_ended(draft, task)?,
        AssignmentStatus::Canceled if Bug::EndedTaskEndsAgain.is_planted() => {
            end(draft, task, AssignmentStatus::Completed, reason)?;
        }
        AssignmentStatus::Wrapping | AssignmentStatus::Completed | AssignmentStatus::Canceled => {}
    }
    let unknown = draft.task(task)?.carrier_queue_sid.is_none();
    if carrier_queue.is_some() && unknown {
        draft.task_mut(task)?.carrier_queue_sid = carrier_queue;
    }
    Ok(())
}

/// The Worker found nobody: whoever told us that the caller left was not heard. While the offer stands, the Task is
/// canceled, or Workers would be rung for nobody; otherwise the Worker's leg has ended like any other.
pub(super) fn caller_not_found(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
) -> Result<(), Refusal> {
    match reservation::find(draft, task, reservation)?.status {
        ReservationStatus::Pending => cancel(draft, task, &EndReason::LeftQueue),
        ReservationStatus::Accepted
        | ReservationStatus::Wrapping
        | ReservationStatus::Rejected
        | ReservationStatus::Timeout
        | ReservationStatus::Canceled
        | ReservationStatus::Rescinded
        | ReservationStatus::Completed => worker_call_ended(draft, task, reservation, None),
    }
}

/// The Worker's leg is over: an unanswered offer is canceled and the caller waits on; a conversation has ended.
pub(super) fn worker_call_ended(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    code: Option<u32>,
) -> Result<(), Refusal> {
    match reservation::find(draft, task, reservation)?.status {
        ReservationStatus::Pending => {
            draft.end_reservation(task, reservation, ReservationStatus::Canceled)?;
            if let Some(ended) = draft.task_mut(task)?.reservation_mut(reservation) {
                ended.canceled_reason_code = code;
            }
            draft.settle_round(task)
        }
        ReservationStatus::Accepted => conference::worker_gone(draft, task, reservation),
        ReservationStatus::Wrapping
        | ReservationStatus::Rejected
        | ReservationStatus::Timeout
        | ReservationStatus::Canceled
        | ReservationStatus::Rescinded
        | ReservationStatus::Completed => Ok(()),
    }
}

/// Sets a Task's status by order of the API, within the rules of "Illegal changes".
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

/// A conversation has ended: the Worker goes on to the Activity the instruction named, and the Task to what its
/// TaskChannel says comes after.
pub(super) fn conversation_ended(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let channel = draft.workspace.task_channels.get(&draft.task(sid)?.channel);
    match channel.map(|channel| channel.after_conversation) {
        Some(AfterConversation::Complete) | None => {
            complete(draft, sid, &EndReason::ConversationEnded)
        }
        Some(AfterConversation::Wrap | AfterConversation::WrapFor(_)) => wrap(draft, sid),
    }
}

/// Removes a Task, whatever its status; what was open is canceled.
pub(super) fn remove(draft: &mut Draft<'_>, sid: TaskSid, removal: Removal) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    if task.removal.is_some() {
        return Ok(());
    }
    if !task.assignment_status.is_end() {
        let open: Vec<ReservationSid> = task.open_reservations().map(|open| open.sid).collect();
        for reservation in open {
            draft.end_reservation(sid, reservation, ReservationStatus::Canceled)?;
        }
        end(draft, sid, AssignmentStatus::Canceled, &EndReason::Deleted)?;
    }
    draft.task_mut(sid)?.removal = Some(removal);
    Ok(())
}

/// Cancels a Task that nobody has; whoever was offered it is free again.
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
        draft.end_reservation(sid, reservation, ReservationStatus::Canceled)?;
    }
    end(draft, sid, AssignmentStatus::Canceled, reason)
}

/// Completes a Task that somebody has.
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
        draft.end_reservation(sid, reservation, ReservationStatus::Completed)?;
    }
    end(draft, sid, AssignmentStatus::Completed, reason)
}

/// Leaves an assigned Task to its Worker's paperwork; the slot stays taken.
fn wrap(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let accepted = |held: &Reservation| held.status == ReservationStatus::Accepted;
    let held: Vec<ReservationSid> = draft
        .task(sid)?
        .open_reservations()
        .filter(|held| accepted(held))
        .map(|held| held.sid)
        .collect();
    for reservation in held {
        draft.end_reservation(sid, reservation, ReservationStatus::Wrapping)?;
    }
    draft.task_mut(sid)?.assignment_status = AssignmentStatus::Wrapping;
    Ok(())
}

fn end(
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
