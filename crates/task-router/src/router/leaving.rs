//! What follows when a caller, a customer or a Worker leaves a call, a conference or the carrier's
//! queue (taskrouter.md section 5; voice-webhooks.md section 9).

use super::command::Leaving;
use super::conference::{customer_of, open_mut, plan_mut, plan_of};
use super::decision::Refusal;
use super::draft::Draft;
use super::{ending, reservation, round};
use crate::model::instruction::ConferencePlan;
use crate::model::{
    AssignmentStatus, EndReason, FailedOffer, IssuedInstruction, Reservation, ReservationStatus,
};
use ids::time::Millis;
use ids::{QueueSid, ReservationSid, TaskSid};
use planted_bugs::Bug;

/// How long after a failed offer the carrier may still report that the offer's instruction took the
/// caller out of the queue. A caller who leaves the queue later was moved by another request.
const MOVE_REPORTED_WITHIN: Millis = Millis::from_secs(60);

/// The caller left the carrier's queue: a Task that is not assigned is canceled, and the
/// conversation of an assigned Task ends.
pub(super) fn caller_gone(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reason: &EndReason,
    carrier_queue: Option<QueueSid>,
) -> Result<(), Refusal> {
    match draft.task(task)?.assignment_status {
        AssignmentStatus::Pending | AssignmentStatus::Reserved => {
            ending::cancel(draft, task, reason)?
        }
        AssignmentStatus::Assigned => ending::conversation_ended(draft, task)?,
        AssignmentStatus::Canceled if Bug::EndedTaskEndsAgain.is_planted() => {
            ending::end(draft, task, AssignmentStatus::Completed, reason)?;
        }
        AssignmentStatus::Wrapping | AssignmentStatus::Completed | AssignmentStatus::Canceled => {}
    }
    let unknown = draft.task(task)?.carrier_queue_sid.is_none();
    if carrier_queue.is_some() && unknown {
        draft.task_mut(task)?.carrier_queue_sid = carrier_queue;
    }
    Ok(())
}

/// The Worker was connected and no caller was in the queue, so the notice that the caller left was
/// lost. A pending offer is canceled together with its Task, because further Workers would be
/// called for a caller who has left. Otherwise the Worker's leg has ended like any other.
pub(super) fn caller_not_found(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
) -> Result<(), Refusal> {
    match reservation::find(draft, task, reservation)?.status {
        ReservationStatus::Pending => ending::cancel(draft, task, &EndReason::LeftQueue),
        ReservationStatus::Accepted
        | ReservationStatus::Wrapping
        | ReservationStatus::Rejected
        | ReservationStatus::Timeout
        | ReservationStatus::Canceled
        | ReservationStatus::Rescinded
        | ReservationStatus::Completed => worker_call_ended(draft, task, reservation, None),
    }
}

/// The Worker's leg ended: an unanswered offer is canceled and the caller waits on, or the
/// conversation ends.
pub(super) fn worker_call_ended(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    code: Option<u32>,
) -> Result<(), Refusal> {
    match reservation::find(draft, task, reservation)?.status {
        ReservationStatus::Pending => {
            round::end_reservation(draft, task, reservation, ReservationStatus::Canceled)?;
            if let Some(ended) = draft.task_mut(task)?.reservation_mut(reservation) {
                ended.canceled_reason_code = code;
            }
            round::settle(draft, task)
        }
        ReservationStatus::Accepted => worker_left(draft, task, reservation),
        ReservationStatus::Wrapping
        | ReservationStatus::Rejected
        | ReservationStatus::Timeout
        | ReservationStatus::Canceled
        | ReservationStatus::Rescinded
        | ReservationStatus::Completed => Ok(()),
    }
}

/// A leg left the conference. The conversation ends when both sides have left, or with the
/// conference.
pub(super) fn leave(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    leaving: Leaving,
) -> Result<(), Refusal> {
    let waiting_caller = draft.task(task)?.call_sid();
    let found = reservation::find(draft, task, reservation)?;
    let customer = customer_of(waiting_caller, found);
    let Some(plan) = plan_of(found) else {
        return Ok(());
    };
    // After the end of a conversation the Worker wraps up: a leg that ends then changes nothing.
    let is_open = matches!(
        found.status,
        ReservationStatus::Pending | ReservationStatus::Accepted
    );
    let is_pending = found.status == ReservationStatus::Pending;
    let worker = found
        .instruction
        .as_ref()
        .and_then(|issued| issued.worker_call_sid);
    match leaving {
        Leaving::Conference(conference) if is_open && plan.sid == Some(conference) => {
            if is_pending {
                return worker_call_ended(draft, task, reservation, None);
            }
            ending::conversation_ended(draft, task)
        }
        Leaving::Call(call) if is_open && worker == Some(call) => {
            worker_call_ended(draft, task, reservation, None)
        }
        Leaving::Call(call) if is_open && customer == Some(call) && !is_pending => {
            customer_left(draft, task, reservation)
        }
        // A customer who was dialed ended the call before joining. A waiting caller may still join.
        Leaving::Call(call) if is_open && customer == Some(call) && waiting_caller.is_none() => {
            worker_call_ended(draft, task, reservation, None)
        }
        Leaving::Conference(_) | Leaving::Call(_) => Ok(()),
    }
}

/// The Worker of an accepted Reservation left. Without a conference the conversation ends; in a
/// conference the caller may stay.
fn worker_left(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
) -> Result<(), Refusal> {
    let plan = plan_of(reservation::find(draft, task, reservation)?);
    let caller_stays = plan.is_some_and(|plan| {
        plan.sid.is_some() && !plan.caller_left && !plan.conference.end_conference_on_exit
    });
    if !caller_stays {
        return ending::conversation_ended(draft, task);
    }
    note_left(draft, task, reservation, |plan| &mut plan.worker_left)
}

/// The caller of an accepted Reservation left the conference.
fn customer_left(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
) -> Result<(), Refusal> {
    let plan = plan_of(reservation::find(draft, task, reservation)?);
    let worker_stays = plan
        .is_some_and(|plan| !plan.worker_left && !plan.conference.end_conference_on_customer_exit);
    if !worker_stays {
        return ending::conversation_ended(draft, task);
    }
    note_left(draft, task, reservation, |plan| &mut plan.caller_left)
}

/// The caller left the queue because a REST request moved them. If the request was an instruction
/// of this Task, the caller has not left: they are on the way into a conference, or to the URL of a
/// `redirect`.
pub(super) fn caller_moved(
    draft: &mut Draft<'_>,
    task: TaskSid,
    carrier_queue: Option<QueueSid>,
) -> Result<(), Refusal> {
    let found = draft.task(task)?;
    let moves = |offer: &Reservation| {
        offer
            .instruction
            .as_ref()
            .is_some_and(IssuedInstruction::moves_caller)
    };
    // The instruction of an offer that has just failed may have moved the caller. The caller
    // returns to the queue by themselves.
    let just_moved =
        |failed: &FailedOffer| failed.moved_caller && draft.now < failed.at + MOVE_REPORTED_WITHIN;
    let by_us = found.open_reservations().any(moves) || found.failed_offers.iter().any(just_moved);
    if !by_us || found.assignment_status.is_end() {
        return caller_gone(draft, task, &EndReason::LeftQueue, carrier_queue);
    }
    let Some(queue) = carrier_queue else {
        return Ok(());
    };
    if found.carrier_queue_sid.is_some() {
        return Ok(());
    }
    let is_assigned = found.assignment_status == AssignmentStatus::Assigned;
    let mover = found
        .open_reservations()
        .find(|offer| moves(offer))
        .map(|offer| (offer.sid, plan_of(offer).is_some()));
    match mover {
        // Until the Reservation is accepted, the caller may return to the same carrier queue.
        Some((reservation, true)) if !is_assigned => {
            if let Some(plan) = open_mut(draft, task, reservation)?.and_then(plan_mut) {
                plan.carrier_queue_sid = Some(queue);
            }
        }
        Some(_) => draft.task_mut(task)?.carrier_queue_sid = Some(queue),
        None => {}
    }
    Ok(())
}

/// Notes in the conference plan that one side left, once.
fn note_left(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    left: impl Fn(&mut ConferencePlan) -> &mut bool,
) -> Result<(), Refusal> {
    let is_known = plan_of(reservation::find(draft, task, reservation)?)
        .is_none_or(|plan| *left(&mut plan.clone()));
    if is_known {
        return Ok(());
    }
    if let Some(plan) = open_mut(draft, task, reservation)?.and_then(plan_mut) {
        *left(plan) = true;
    }
    Ok(())
}
