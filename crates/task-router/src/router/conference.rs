//! The conference instruction: Worker first, then the caller, or a customer who is dialed; accepted when both are in
//! (taskrouter.md section 11.3).

use serde_json::json;

use super::command::Leaving;
use super::decision::{Draft, Refusal};
use super::{CALL_CREATION_LIMIT, RING_MARGIN, ending, reservation};
use crate::model::instruction::{ConferencePlan, CustomerCall, Plan, Supervision};
use crate::model::{
    AssignmentStatus, EndReason, FailedOffer, IssuedInstruction, Reservation, ReservationStatus,
};
use ids::time::Millis;
use ids::{CallSid, ConferenceSid, QueueSid, ReservationSid, TaskSid};

/// Supervisors that can be called into one conference.
pub const SUPERVISIONS_MAX: usize = 20;

/// How long after an offer failed the carrier may still tell that its instruction took the caller out of the queue. Whoever is
/// taken out later was moved by somebody else's request.
const MOVE_TOLD_WITHIN: Millis = Millis::from_secs(60);

/// The Worker's leg is in: the caller can come. Anybody else's leg says nothing about the offer.
pub(super) fn enter(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    conference: ConferenceSid,
    call: CallSid,
) -> Result<(), Refusal> {
    let found = reservation::find(draft, task, reservation)?;
    let is_workers = found
        .instruction
        .as_ref()
        .is_some_and(|issued| issued.worker_call_sid == Some(call));
    let is_known = plan_of(found).is_none_or(|plan| plan.sid.is_some());
    if !is_workers || is_known {
        return Ok(());
    }
    if !found.status.is_open() {
        return Err(Refusal::ReservationNotPending {
            reservation,
            status: found.status,
        });
    }
    let now = draft.now;
    let Some(found) = open_mut(draft, task, reservation)? else {
        return Ok(());
    };
    found.expires_at = now + RING_MARGIN;
    if let Some(plan) = plan_mut(found) {
        plan.sid = Some(conference);
    }
    Ok(())
}

/// The caller comes in: accepted, if it is not already, and the Task says where everybody is.
pub(super) fn join(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
) -> Result<(), Refusal> {
    let found = reservation::find(draft, task, reservation)?;
    let not_pending = Refusal::ReservationNotPending {
        reservation,
        status: found.status,
    };
    let Some(plan) = plan_of(found).filter(|plan| plan.sid.is_some()) else {
        return Err(not_pending);
    };
    let carrier_queue = plan.carrier_queue_sid;
    let worker_call = found
        .instruction
        .as_ref()
        .and_then(|issued| issued.worker_call_sid);
    let attribute = json!({
        "sid": plan.sid,
        "participants": { "worker": worker_call, "customer": customer_of(draft.task(task)?.call_sid(), found) },
    });
    match found.status {
        ReservationStatus::Pending => reservation::accept(draft, task, reservation)?,
        ReservationStatus::Accepted
            if draft.task(task)?.attributes.get("conference") == Some(&attribute) =>
        {
            return Ok(());
        }
        ReservationStatus::Accepted => {}
        ReservationStatus::Rejected
        | ReservationStatus::Timeout
        | ReservationStatus::Canceled
        | ReservationStatus::Rescinded
        | ReservationStatus::Wrapping
        | ReservationStatus::Completed => return Err(not_pending),
    }
    let task = draft.task_mut(task)?;
    task.carrier_queue_sid = task.carrier_queue_sid.or(carrier_queue);
    reservation::set_attribute(task, "conference", attribute);
    Ok(())
}

/// Notes that the customer is dialed, once for one offer. The offer lasts as long as their phone may ring.
pub(super) fn issue_customer(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    claim: u64,
) -> Result<(), Refusal> {
    let found = reservation::find(draft, task, reservation)?;
    let not_pending = Refusal::ReservationNotPending {
        reservation,
        status: found.status,
    };
    let Some(plan) = plan_of(found).filter(|plan| plan.sid.is_some()) else {
        return Err(not_pending);
    };
    if plan.customer.is_some() {
        return Ok(());
    }
    if found.status != ReservationStatus::Pending {
        return Err(not_pending);
    }
    let until = draft.now + rings(found).saturating_add(CALL_CREATION_LIMIT);
    let Some(found) = open_mut(draft, task, reservation)? else {
        return Ok(());
    };
    found.expires_at = until;
    if let Some(plan) = plan_mut(found) {
        plan.customer = Some(CustomerCall { claim, sid: None });
    }
    Ok(())
}

/// Notes the customer's leg, so that it can be told from others and stopped.
pub(super) fn name_customer(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    call: CallSid,
) -> Result<(), Refusal> {
    let found = reservation::find(draft, task, reservation)?;
    let Some(customer) = plan_of(found).and_then(|plan| plan.customer) else {
        return Ok(());
    };
    if customer.sid == Some(call) {
        return Ok(());
    }
    if !found.status.is_open() {
        return Err(Refusal::ReservationNotPending {
            reservation,
            status: found.status,
        });
    }
    let until = draft.now + rings(found);
    let Some(found) = open_mut(draft, task, reservation)? else {
        return Ok(());
    };
    if found.status == ReservationStatus::Pending {
        found.expires_at = until;
    }
    if let Some(plan) = plan_mut(found) {
        plan.customer = Some(CustomerCall {
            sid: Some(call),
            ..customer
        });
    }
    Ok(())
}

/// How long a phone may ring, and what follows take.
fn rings(reservation: &Reservation) -> Millis {
    let secs = reservation
        .instruction
        .as_ref()
        .map_or(0, |issued| issued.ring_timeout_secs);
    Millis::from_secs(secs.into()).saturating_add(RING_MARGIN)
}

/// The leg of whoever the Worker talks to: the caller, or the customer who was dialed.
fn customer_of(caller: Option<CallSid>, reservation: &Reservation) -> Option<CallSid> {
    caller.or_else(|| reservation.instruction.as_ref()?.customer_call_sid())
}

/// Somebody left. The conversation is over when both have, or when the conference is.
pub(super) fn leave(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    who: Leaving,
) -> Result<(), Refusal> {
    let waited = draft.task(task)?.call_sid();
    let found = reservation::find(draft, task, reservation)?;
    let caller = customer_of(waited, found);
    let Some(plan) = plan_of(found) else {
        return Ok(());
    };
    // What comes after the end of a conversation is paperwork.
    let is_open = matches!(
        found.status,
        ReservationStatus::Pending | ReservationStatus::Accepted
    );
    let is_pending = found.status == ReservationStatus::Pending;
    let worker = found
        .instruction
        .as_ref()
        .and_then(|issued| issued.worker_call_sid);
    match who {
        Leaving::Everybody(conference) if is_open && plan.sid == Some(conference) => {
            if is_pending {
                return ending::worker_call_ended(draft, task, reservation, None);
            }
            ending::conversation_ended(draft, task)
        }
        Leaving::Call(call) if is_open && worker == Some(call) => {
            ending::worker_call_ended(draft, task, reservation, None)
        }
        Leaving::Call(call) if is_open && caller == Some(call) && !is_pending => {
            caller_gone(draft, task, reservation)
        }
        // A customer who was dialed and did not come; a caller who waits may come yet.
        Leaving::Call(call) if is_open && caller == Some(call) && waited.is_none() => {
            ending::worker_call_ended(draft, task, reservation, None)
        }
        Leaving::Everybody(_) | Leaving::Call(_) => Ok(()),
    }
}

/// The Worker of an accepted Reservation is gone. Without a conference that is the end; in one, the caller may stay.
pub(super) fn worker_gone(
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
    note(draft, task, reservation, |plan| &mut plan.worker_left)
}

/// The caller of an accepted Reservation has left the conference.
fn caller_gone(
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
    note(draft, task, reservation, |plan| &mut plan.caller_left)
}

/// Notes that a supervisor is called, once for one request.
pub(super) fn supervise(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    supervision: Supervision,
) -> Result<(), Refusal> {
    let found = reservation::find(draft, task, reservation)?;
    let refusal = Refusal::ReservationNotPending {
        reservation,
        status: found.status,
    };
    let goes_on = |plan: &&ConferencePlan| plan.sid.is_some() && !plan.worker_left;
    let Some(plan) = plan_of(found).filter(goes_on) else {
        return Err(refusal);
    };
    if plan
        .supervisions
        .iter()
        .any(|known| known.request == supervision.request)
    {
        return Ok(());
    }
    let is_full = plan.supervisions.len() >= SUPERVISIONS_MAX;
    if is_full || found.status != ReservationStatus::Accepted {
        return Err(refusal);
    }
    if let Some(plan) = open_mut(draft, task, reservation)?.and_then(plan_mut) {
        plan.supervisions.push(supervision);
    }
    Ok(())
}

/// The caller left the queue because a REST request moved them. If that was ours they have not gone: they are on their way
/// into a conference, or where a `redirect` sent them.
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
    // An offer that has just failed may have been the one that moved them: they come back by themselves.
    let just_moved =
        |failed: &FailedOffer| failed.moved_caller && draft.now < failed.at + MOVE_TOLD_WITHIN;
    let by_us = found.open_reservations().any(moves) || found.failed_offers.iter().any(just_moved);
    if !by_us || found.assignment_status.is_end() {
        return ending::caller_gone(draft, task, &EndReason::LeftQueue, carrier_queue);
    }
    let (Some(queue), true) = (carrier_queue, found.carrier_queue_sid.is_none()) else {
        return Ok(());
    };
    let is_there = found.assignment_status == AssignmentStatus::Assigned;
    let mover = found
        .open_reservations()
        .find(|offer| moves(offer))
        .map(|offer| (offer.sid, plan_of(offer).is_some()));
    match mover {
        // Until it is accepted, the caller may come back into the same queue.
        Some((reservation, true)) if !is_there => {
            if let Some(plan) = open_mut(draft, task, reservation)?.and_then(plan_mut) {
                plan.carrier_queue_sid = Some(queue);
            }
        }
        Some(_) => draft.task_mut(task)?.carrier_queue_sid = Some(queue),
        None => {}
    }
    Ok(())
}

fn note(
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

fn plan_of(reservation: &Reservation) -> Option<&ConferencePlan> {
    reservation
        .instruction
        .as_ref()
        .and_then(IssuedInstruction::conference)
}

fn plan_mut(reservation: &mut Reservation) -> Option<&mut ConferencePlan> {
    match &mut reservation.instruction.as_mut()?.plan {
        Plan::Conference(plan) => Some(plan),
        Plan::Dequeue { .. } | Plan::Call { .. } | Plan::DialQueue { .. } | Plan::Redirect => None,
    }
}

fn open_mut<'d>(
    draft: &'d mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
) -> Result<Option<&'d mut Reservation>, Refusal> {
    Ok(draft
        .task_mut(task)?
        .reservation_mut(reservation)
        .filter(|found| found.status.is_open()))
}
