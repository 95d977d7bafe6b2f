//! The conference instruction: the Worker joins first, then the caller, or a customer who is
//! dialed. The Reservation is accepted when both have joined (taskrouter.md section 11.3).

use serde_json::json;

use super::decision::Refusal;
use super::draft::Draft;
use super::limits::{CALL_CREATION_LIMIT, RING_MARGIN};
use super::reservation;
use crate::model::instruction::{ConferencePlan, CustomerCall, Plan, Supervision};
use crate::model::{IssuedInstruction, Reservation, ReservationStatus};
use ids::time::Millis;
use ids::{CallSid, ConferenceSid, ReservationSid, TaskSid};

/// Supervisors who can be called into one conference.
pub const SUPERVISIONS_MAX: usize = 20;

/// The Worker's leg joined the conference: the caller can be moved into it. Any other leg does not
/// concern the offer.
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

/// The caller joins: the Reservation is accepted, unless it is already, and the Task's attributes
/// name the conference and its legs.
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

/// Notes that the customer is dialed, once for each offer. The offer expires when their phone can
/// no longer ring.
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

/// Notes the customer's leg, so that it is known among the legs of the conference and can be
/// stopped.
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

/// How long a phone may ring, plus the margin after the last ring.
fn rings(reservation: &Reservation) -> Millis {
    let secs = reservation
        .instruction
        .as_ref()
        .map_or(0, |issued| issued.ring_timeout_secs);
    Millis::from_secs(secs.into()).saturating_add(RING_MARGIN)
}

/// The leg that the Worker talks to: the caller, or the customer who was dialed.
pub(super) fn customer_of(caller: Option<CallSid>, reservation: &Reservation) -> Option<CallSid> {
    caller.or_else(|| reservation.instruction.as_ref()?.customer_call_sid())
}

/// Notes that a supervisor is called, once for each request.
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
    let has_worker = |plan: &&ConferencePlan| plan.sid.is_some() && !plan.worker_left;
    let Some(plan) = plan_of(found).filter(has_worker) else {
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

pub(super) fn plan_of(reservation: &Reservation) -> Option<&ConferencePlan> {
    reservation
        .instruction
        .as_ref()
        .and_then(IssuedInstruction::conference)
}

pub(super) fn plan_mut(reservation: &mut Reservation) -> Option<&mut ConferencePlan> {
    match &mut reservation.instruction.as_mut()?.plan {
        Plan::Conference(plan) => Some(plan),
        Plan::Dequeue { .. } | Plan::Call { .. } | Plan::DialQueue { .. } | Plan::Redirect => None,
    }
}

pub(super) fn open_mut<'d>(
    draft: &'d mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
) -> Result<Option<&'d mut Reservation>, Refusal> {
    Ok(draft
        .task_mut(task)?
        .reservation_mut(reservation)
        .filter(|found| found.status.is_open()))
}
