//! How Tasks and conversations end (taskrouter.md section 5; voice-webhooks.md section 9).

use super::decision::{Draft, Refusal};
use super::{conference, offer, worker};
use crate::model::{AssignmentStatus, EndReason, QueueSid, ReservationSid, ReservationStatus, TaskSid};

/// The caller left the carrier's queue: a Task nobody had is canceled, a conversation is over.
pub(super) fn caller_gone(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reason: &EndReason,
    carrier_queue: Option<QueueSid>,
) -> Result<(), Refusal> {
    match draft.task(task)?.assignment_status {
        AssignmentStatus::Pending | AssignmentStatus::Reserved => cancel(draft, task, reason)?,
        AssignmentStatus::Assigned | AssignmentStatus::Wrapping => {
            complete(draft, task, &EndReason::ConversationEnded)?;
        }
        AssignmentStatus::Completed | AssignmentStatus::Canceled => {}
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
    match offer::find(draft, task, reservation)?.status {
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
    match offer::find(draft, task, reservation)?.status {
        ReservationStatus::Pending => {
            draft.end_reservation(task, reservation, ReservationStatus::Canceled)?;
            let ended = draft.task_mut(task)?.reservations.iter_mut().find(|found| found.sid == reservation);
            if let Some(ended) = ended {
                ended.canceled_reason_code = code;
            }
            draft.settle_round(task)
        }
        ReservationStatus::Accepted | ReservationStatus::Wrapping => conference::worker_gone(draft, task, reservation),
        ReservationStatus::Rejected
        | ReservationStatus::Timeout
        | ReservationStatus::Canceled
        | ReservationStatus::Rescinded
        | ReservationStatus::Completed => Ok(()),
    }
}

/// Worker and caller have parted.
pub(super) fn conversation_ended(draft: &mut Draft<'_>, task: TaskSid) -> Result<(), Refusal> {
    complete(draft, task, &EndReason::ConversationEnded)
}

/// Ends a Task by order of the API, within the rules of "Illegal changes".
pub(super) fn end_task(
    draft: &mut Draft<'_>,
    task: TaskSid,
    end: AssignmentStatus,
    reason: &EndReason,
) -> Result<(), Refusal> {
    use AssignmentStatus::{Assigned, Canceled, Completed, Pending, Reserved, Wrapping};
    let status = draft.task(task)?.assignment_status;
    match (end, status) {
        (Completed, Completed) | (Canceled, Canceled) => Ok(()),
        (Completed, Assigned | Wrapping) => complete(draft, task, reason),
        (Canceled, Pending | Reserved) => cancel(draft, task, reason),
        (Pending | Reserved | Assigned | Wrapping | Completed | Canceled, status) => {
            Err(Refusal::WrongStatus { task, status })
        }
    }
}

/// Cancels a Task that nobody has; whoever was offered it is free again.
pub(super) fn cancel(draft: &mut Draft<'_>, sid: TaskSid, reason: &EndReason) -> Result<(), Refusal> {
    let offered: Vec<ReservationSid> = draft.task(sid)?.pending_reservations().map(|offer| offer.sid).collect();
    for reservation in offered {
        draft.end_reservation(sid, reservation, ReservationStatus::Canceled)?;
    }
    end(draft, sid, AssignmentStatus::Canceled, reason)
}

/// Completes a Task that somebody has; the Worker goes on to the Activity the instruction named.
fn complete(draft: &mut Draft<'_>, sid: TaskSid, reason: &EndReason) -> Result<(), Refusal> {
    let held: Vec<_> = draft.task(sid)?.open_reservations().cloned().collect();
    for reservation in held {
        draft.end_reservation(sid, reservation.sid, ReservationStatus::Completed)?;
        let next = reservation.instruction.and_then(|instruction| instruction.post_work_activity_sid);
        if let Some(activity) = next {
            worker::enter_activity(draft, reservation.worker_sid, activity);
        }
    }
    end(draft, sid, AssignmentStatus::Completed, reason)
}

fn end(draft: &mut Draft<'_>, sid: TaskSid, status: AssignmentStatus, reason: &EndReason) -> Result<(), Refusal> {
    let task = draft.task_mut(sid)?;
    task.assignment_status = status;
    task.reason = Some(reason.clone());
    task.failed_offers.clear();
    Ok(())
}
