//! What can become of a pending Reservation (taskrouter.md section 6).

use serde_json::Value;

use super::command::Answer;
use super::decision::{Draft, Refusal};
use super::{CALL_CREATION_LIMIT, ON_HOLD_MAX, RING_MARGIN, release};
use crate::model::instruction::Plan;
use crate::model::{AssignmentStatus, IssuedInstruction, Reservation, ReservationStatus, Task};
use ids::time::Millis;
use ids::{ActivitySid, CallSid, ReservationSid, TaskSid};
use planted_bugs::Bug;

/// Ends every pending Reservation whose time is up: `timeout` if nobody acted, `canceled` if a call to the Worker was
/// under way and never ended in an answer ("On hold").
pub(super) fn expire(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let now = draft.now;
    let due = |reservation: &&Reservation| reservation.expires_at <= now;
    let overdue: Vec<Reservation> = draft
        .task(sid)?
        .pending_reservations()
        .filter(due)
        .cloned()
        .collect();
    for reservation in overdue {
        if reservation.instruction.as_ref().is_some_and(is_on_hold) {
            draft.end_reservation(sid, reservation.sid, ReservationStatus::Canceled)?;
        } else {
            draft.end_reservation(sid, reservation.sid, ReservationStatus::Timeout)?;
        }
        draft.settle_round(sid)?;
    }
    Ok(())
}

/// Accepts or rejects. Accepting what this Reservation has accepted already changes nothing.
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
            caller_is_here(draft, task, reservation)?;
            accept(draft, task, reservation)
        }
        (Answer::Reject { activity }, ReservationStatus::Pending) => {
            pending_mut(draft, task, reservation)?.rejected_into = *activity;
            draft.end_reservation(task, reservation, ReservationStatus::Rejected)?;
            draft.settle_round(task)
        }
        (Answer::Accept | Answer::Reject { .. }, status) => Err(Refusal::ReservationNotPending {
            reservation,
            status,
        }),
    }
}

/// Of parallel offers, one that has nothing but a word for it cannot have a caller whom another one's `redirect` sends away:
/// nobody would be there. Who is being called is connected first, and that says more.
fn caller_is_here(
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
    let elsewhere = draft.task(task)?.pending_reservations().find(redirects);
    elsewhere.map_or(Ok(()), |other| Err(Refusal::InstructionInHand(other.sid)))
}

/// Whether the Reservation's own timeout stands still: not while a redirected caller listens to somebody's TwiML, which
/// calls nobody.
fn is_on_hold(instruction: &IssuedInstruction) -> bool {
    match instruction.plan {
        Plan::Redirect => false,
        Plan::Dequeue { .. } | Plan::Call { .. } | Plan::DialQueue { .. } | Plan::Conference(_) => {
            true
        }
    }
}

/// Puts a Reservation on hold: its timeout stands still while the Worker's phone rings.
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

/// A call asks for the caller. One call gets them: the first that asks, of a Reservation whose Worker was not called by
/// other means.
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

/// Notes the call to the Worker, so that it can be stopped when the caller goes. An instruction that accepts by being carried
/// out has been: whoever names the call, the carrier's reply or its first notice, brings that about.
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
    // The Worker may have answered before the carrier's reply to us came through.
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

/// The Worker has picked up. Who listens to somebody's TwiML may do so for minutes before it asks for the caller.
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

/// The call of whoever has the Task becomes one of its attributes (taskrouter.md section 11.3, `dequeue` and `call`). A call
/// that only rings does not: written with the acceptance, it costs no write of its own and no event.
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

/// What an instruction adds to a Task's attributes. Where they are full already, a call is more than a note of it.
pub(super) fn set_attribute(task: &mut Task, key: &str, value: Value) {
    if let Ok(attributes) = task.attributes.with(key, value) {
        task.attributes = attributes;
    }
}

/// One Worker has the Task; parallel Reservations are rescinded (taskrouter.md section 10).
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
    for other in others
        .into_iter()
        .filter(|_| !Bug::OthersNotRescinded.is_planted())
    {
        draft.end_reservation(task, other, ReservationStatus::Rescinded)?;
    }
    let now = draft.now;
    let workspace = draft.workspace;
    let accepted = pending_mut(draft, task, reservation)?;
    accepted.status = ReservationStatus::Accepted;
    accepted.date_updated = now;
    if let Some(noted) = release::of_reservation(workspace, accepted) {
        release::give_back(draft, &noted)?;
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
