//! How a pending Reservation is answered, expires or is carried out (taskrouter.md section 6).

use serde_json::Value;

use super::command::Answer;
use super::decision::Refusal;
use super::draft::Draft;
use super::limits::{CALL_CREATION_LIMIT, ON_HOLD_MAX, RING_MARGIN};
use super::{release, round};
use crate::model::instruction::Plan;
use crate::model::{AssignmentStatus, IssuedInstruction, Reservation, ReservationStatus, Task};
use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, CallSid, ReservationSid, TaskSid};
use planted_bugs::Bug;

/// Ends every pending Reservation that has expired: with `timeout` if there was no instruction,
/// with `canceled` if a call to the Worker was under way and was not answered ("On hold").
pub(super) fn expire(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let now = draft.now;
    let expired: Vec<Reservation> = draft
        .task(sid)?
        .pending_reservations()
        .filter(|reservation| reservation.expires_at <= now)
        .cloned()
        .collect();
    for reservation in expired {
        if reservation.instruction.as_ref().is_some_and(is_on_hold) {
            round::end_reservation(draft, sid, reservation.sid, ReservationStatus::Canceled)?;
        } else {
            round::end_reservation(draft, sid, reservation.sid, ReservationStatus::Timeout)?;
        }
        round::settle(draft, sid)?;
    }
    Ok(())
}

/// Accepts or rejects. Accepting is idempotent: an accepted Reservation does not change.
pub(super) fn answer(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    answer: &Answer,
) -> Result<(), Refusal> {
    let status = find(draft, task, reservation)?.status;
    match (answer, status) {
        (Answer::Accept, ReservationStatus::Accepted) => Ok(()),
        (Answer::Accept, ReservationStatus::Pending) => {
            check_caller_is_free(draft, task, reservation)?;
            accept(draft, task, reservation)
        }
        (Answer::Reject { activity }, ReservationStatus::Pending) => {
            pending_mut(draft, task, reservation)?.rejected_into = *activity;
            round::end_reservation(draft, task, reservation, ReservationStatus::Rejected)?;
            round::settle(draft, task)
        }
        (Answer::Accept | Answer::Reject { .. }, status) => Err(Refusal::ReservationNotPending {
            reservation,
            status,
        }),
    }
}

/// Refuses an acceptance by API alone while the `redirect` of a parallel offer sends the caller
/// away: the Worker would have a Task without a caller. A Reservation with an instruction of its
/// own is accepted when Worker and caller are connected, so it needs no check.
fn check_caller_is_free(
    draft: &Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
) -> Result<(), Refusal> {
    if find(draft, task, reservation)?.instruction.is_some() {
        return Ok(());
    }
    let redirects = |other: &&Reservation| {
        other
            .instruction
            .as_ref()
            .is_some_and(|issued| issued.plan == Plan::Redirect)
    };
    match draft.task(task)?.pending_reservations().find(redirects) {
        Some(other) => Err(Refusal::InstructionInHand(other.sid)),
        None => Ok(()),
    }
}

/// Is the Reservation's own timeout suspended? Not while a redirected caller listens to an
/// application's TwiML: a `redirect` calls no Worker.
fn is_on_hold(instruction: &IssuedInstruction) -> bool {
    match instruction.plan {
        Plan::Redirect => false,
        Plan::Dequeue { .. } | Plan::Call { .. } | Plan::DialQueue { .. } | Plan::Conference(_) => {
            true
        }
    }
}

/// The moment until which the Worker can answer a pending Reservation: its timeout or, with a call,
/// the end of the ringing. `None` while no phone rings: the call is being placed, or the Worker has
/// picked up.
pub fn answer_by(reservation: &Reservation) -> Option<Timestamp> {
    let Some(issued) = &reservation.instruction else {
        return Some(reservation.expires_at);
    };
    let rings_until = reservation.expires_at - RING_MARGIN;
    match &issued.plan {
        Plan::Redirect => Some(reservation.expires_at),
        Plan::DialQueue { .. } => None,
        Plan::Call { dialed_by, .. } if issued.answered || dialed_by.is_some() => None,
        Plan::Conference(plan) if plan.sid.is_some() => None,
        Plan::Dequeue { .. } | Plan::Call { .. } | Plan::Conference(_) => {
            issued.worker_call_sid.map(|_| rings_until)
        }
    }
}

/// Puts a Reservation on hold: its timeout is suspended while the Worker's phone rings.
pub(super) fn issue(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    instruction: &IssuedInstruction,
) -> Result<(), Refusal> {
    let found = pending(draft, task, reservation)?;
    if found.instruction.is_some() {
        return Ok(());
    }
    let expires_at = draft.now + CALL_CREATION_LIMIT;
    let found = pending_mut(draft, task, reservation)?;
    if is_on_hold(instruction) {
        found.expires_at = expires_at;
    }
    found.instruction = Some(instruction.clone());
    Ok(())
}

/// Extends an offer whose call waits for its slot: from then on it has the time of any call that is
/// being placed.
pub(super) fn postpone(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    until: Timestamp,
) -> Result<(), Refusal> {
    let expires_at = until + CALL_CREATION_LIMIT;
    if pending(draft, task, reservation)?.expires_at < expires_at {
        pending_mut(draft, task, reservation)?.expires_at = expires_at;
    }
    Ok(())
}

/// A call asks for the caller. One call gets the caller: the first that asks, of a Reservation
/// whose Worker was not called by other means.
pub(super) fn dial(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    call: CallSid,
    post_work_activity: Option<ActivitySid>,
) -> Result<(), Refusal> {
    let in_hand = Refusal::InstructionInHand(reservation);
    match pending(draft, task, reservation)?
        .instruction
        .as_ref()
        .map(|instruction| &instruction.plan)
    {
        None
        | Some(Plan::Call {
            dialed_by: None, ..
        }) => {}
        Some(
            Plan::Call {
                dialed_by: Some(first),
                ..
            }
            | Plan::DialQueue { dialed_by: first },
        ) if *first == call => {
            return Ok(());
        }
        Some(
            Plan::Call { .. }
            | Plan::DialQueue { .. }
            | Plan::Dequeue { .. }
            | Plan::Conference(_)
            | Plan::Redirect,
        ) => {
            return Err(in_hand);
        }
    }
    let now = draft.now;
    let found = pending_mut(draft, task, reservation)?;
    let instruction = found.instruction.get_or_insert(IssuedInstruction {
        claim: 0,
        plan: Plan::DialQueue { dialed_by: call },
        worker_call_sid: Some(call),
        ..IssuedInstruction::default()
    });
    if let Plan::Call { dialed_by, .. } = &mut instruction.plan {
        *dialed_by = Some(call);
    }
    instruction.post_work_activity_sid = post_work_activity.or(instruction.post_work_activity_sid);
    found.expires_at = now + RING_MARGIN;
    Ok(())
}

/// Notes the call to the Worker, so that it can be stopped when the caller leaves. The call exists,
/// so an instruction that accepts by being carried out accepts now, whether the carrier's reply or
/// its first notice names the call.
pub(super) fn name_call(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    call: CallSid,
) -> Result<(), Refusal> {
    let found = find(draft, task, reservation)?;
    let known = found
        .instruction
        .as_ref()
        .is_some_and(|instruction| instruction.worker_call_sid == Some(call));
    if known {
        return Ok(());
    }
    // The Worker may have answered before the carrier's reply to the request arrived.
    if !found.status.is_open() {
        return Err(Refusal::ReservationNotPending {
            reservation,
            status: found.status,
        });
    }
    let now = draft.now;
    let found = draft
        .task_mut(task)?
        .reservation_mut(reservation)
        .ok_or(Refusal::NoSuchReservation(reservation))?;
    let Some(instruction) = &mut found.instruction else {
        return Ok(());
    };
    instruction.worker_call_sid = Some(call);
    let rings = Millis::from_secs(u64::from(instruction.ring_timeout_secs));
    found.expires_at = now + rings.saturating_add(RING_MARGIN);
    if instruction.accepts && found.status == ReservationStatus::Pending {
        return accept(draft, task, reservation);
    }
    add_worker_call(draft.task_mut(task)?);
    Ok(())
}

/// The Worker has picked up. A Worker who hears an application's TwiML may listen for minutes
/// before it asks for the caller.
pub(super) fn call_answered(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    call: CallSid,
) -> Result<(), Refusal> {
    name_call(draft, task, reservation, call)?;
    let found = find(draft, task, reservation)?;
    let listens = |issued: &IssuedInstruction| {
        matches!(
            issued.plan,
            Plan::Call {
                dialed_by: None,
                ..
            }
        ) && !issued.answered
    };
    if found.status != ReservationStatus::Pending
        || !found.instruction.as_ref().is_some_and(listens)
    {
        return Ok(());
    }
    let expires_at = draft.now + ON_HOLD_MAX;
    let found = pending_mut(draft, task, reservation)?;
    found.expires_at = expires_at;
    if let Some(issued) = &mut found.instruction {
        issued.answered = true;
    }
    Ok(())
}

/// Adds the assigned Worker's call to the Task's attributes (taskrouter.md section 11.3, `dequeue`
/// and `call`). A call that only rings is not added: written with the acceptance, the attribute
/// costs no write and no Event of its own.
fn add_worker_call(task: &mut Task) {
    let instruction = task
        .held_reservation()
        .and_then(|held| held.instruction.as_ref());
    let call = instruction.and_then(|instruction| match instruction.plan {
        Plan::Dequeue { .. } | Plan::Call { .. } => instruction.worker_call_sid,
        Plan::Conference(_) | Plan::Redirect | Plan::DialQueue { .. } => None,
    });
    if let Some(call) = call {
        set_attribute(task, "worker_call_sid", call.to_string().into());
    }
}

/// Sets an attribute of a Task. If the attributes would exceed their limit the attribute is left
/// out: the call matters more than its note.
pub(super) fn set_attribute(task: &mut Task, key: &str, value: Value) {
    if let Ok(attributes) = task.attributes.with(key, value) {
        task.attributes = attributes;
    }
}

/// Assigns the Task to one Worker. Parallel Reservations are rescinded (taskrouter.md section 10).
pub(super) fn accept(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
) -> Result<(), Refusal> {
    let others: Vec<ReservationSid> = draft
        .task(task)?
        .pending_reservations()
        .map(|other| other.sid)
        .filter(|other| *other != reservation)
        .collect();
    if !Bug::OthersNotRescinded.is_planted() {
        for other in others {
            round::end_reservation(draft, task, other, ReservationStatus::Rescinded)?;
        }
    }
    let now = draft.now;
    let workspace = draft.workspace;
    let accepted = pending_mut(draft, task, reservation)?;
    accepted.status = ReservationStatus::Accepted;
    accepted.date_updated = now;
    if let Some(release) = release::of_reservation(workspace, accepted) {
        release::apply(draft, &release)?;
    }
    let task = draft.task_mut(task)?;
    task.assignment_status = AssignmentStatus::Assigned;
    task.failed_offers.clear();
    add_worker_call(task);
    Ok(())
}

pub(super) fn find<'d>(
    draft: &'d Draft<'_>,
    task: TaskSid,
    sid: ReservationSid,
) -> Result<&'d Reservation, Refusal> {
    draft
        .task(task)?
        .reservation(sid)
        .ok_or(Refusal::NoSuchReservation(sid))
}

pub(super) fn pending<'d>(
    draft: &'d Draft<'_>,
    task: TaskSid,
    sid: ReservationSid,
) -> Result<&'d Reservation, Refusal> {
    let found = find(draft, task, sid)?;
    if found.status != ReservationStatus::Pending {
        return Err(Refusal::ReservationNotPending {
            reservation: sid,
            status: found.status,
        });
    }
    Ok(found)
}

pub(super) fn pending_mut<'d>(
    draft: &'d mut Draft<'_>,
    task: TaskSid,
    sid: ReservationSid,
) -> Result<&'d mut Reservation, Refusal> {
    pending(draft, task, sid)?;
    draft
        .task_mut(task)?
        .reservation_mut(sid)
        .ok_or(Refusal::NoSuchReservation(sid))
}
