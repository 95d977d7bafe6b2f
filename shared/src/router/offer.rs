//! What can become of a pending Reservation (taskrouter.md section 6).

use super::decision::{Draft, Refusal};
use super::event::Answer;
use super::{CALL_CREATION_LIMIT, RING_MARGIN, worker};
use crate::model::{
    AssignmentStatus, CallSid, IssuedInstruction, Millis, OnTimeout, Reservation, ReservationSid, ReservationStatus,
    TaskSid,
};

/// Ends every pending Reservation whose time is up: `timeout` if nobody acted, `canceled` if a call to the Worker was
/// under way and never ended in an answer ("On hold").
pub(super) fn expire(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let now = draft.now;
    let due = |reservation: &&Reservation| reservation.expires_at <= now;
    let overdue: Vec<Reservation> = draft.task(sid)?.pending_reservations().filter(due).cloned().collect();
    for reservation in overdue {
        if reservation.instruction.is_some() {
            draft.end_reservation(sid, reservation.sid, ReservationStatus::Canceled)?;
        } else {
            draft.end_reservation(sid, reservation.sid, ReservationStatus::Timeout)?;
            match draft.workspace.rules.on_timeout {
                OnTimeout::Stay => {}
                OnTimeout::Compatible => {
                    let timeout_activity = draft.workspace.timeout_activity_sid;
                    worker::enter_activity(draft, reservation.worker_sid, timeout_activity);
                }
            }
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
        (Answer::Accept, ReservationStatus::Pending) => accept(draft, task, reservation),
        (Answer::Reject { activity }, ReservationStatus::Pending) => {
            let worker_sid = find(draft, task, reservation)?.worker_sid;
            draft.end_reservation(task, reservation, ReservationStatus::Rejected)?;
            if let Some(activity) = activity {
                worker::enter_activity(draft, worker_sid, *activity);
            }
            draft.settle_round(task)
        }
        (Answer::Accept | Answer::Reject { .. }, status) => Err(Refusal::ReservationNotPending { reservation, status }),
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
    found.instruction = Some(instruction.clone());
    found.expires_at = expires_at;
    Ok(())
}

/// Notes the call to the Worker, so that it can be stopped when the caller goes.
pub(super) fn name_call(
    draft: &mut Draft<'_>,
    task: TaskSid,
    reservation: ReservationSid,
    call: CallSid,
) -> Result<(), Refusal> {
    let found = find(draft, task, reservation)?;
    let known = found.instruction.as_ref().is_some_and(|instruction| instruction.worker_call_sid == Some(call));
    if known {
        return Ok(());
    }
    // The Worker may have answered before the carrier's reply to us came through.
    if !found.status.is_open() {
        return Err(Refusal::ReservationNotPending { reservation, status: found.status });
    }
    let now = draft.now;
    let Some(found) = draft.task_mut(task)?.reservations.iter_mut().find(|found| found.sid == reservation) else {
        return Err(Refusal::NoSuchReservation(reservation));
    };
    if let Some(instruction) = &mut found.instruction {
        instruction.worker_call_sid = Some(call);
        let rings = Millis::from_secs(u64::from(instruction.ring_timeout_secs));
        found.expires_at = now + rings.saturating_add(RING_MARGIN);
    }
    Ok(())
}

/// One Worker has the Task; parallel Reservations are rescinded (taskrouter.md section 10).
fn accept(draft: &mut Draft<'_>, task: TaskSid, reservation: ReservationSid) -> Result<(), Refusal> {
    let others: Vec<ReservationSid> =
        draft.task(task)?.pending_reservations().map(|other| other.sid).filter(|other| *other != reservation).collect();
    for other in others {
        draft.end_reservation(task, other, ReservationStatus::Rescinded)?;
    }
    let now = draft.now;
    let accepted = pending_mut(draft, task, reservation)?;
    accepted.status = ReservationStatus::Accepted;
    accepted.date_updated = now;
    let task = draft.task_mut(task)?;
    task.assignment_status = AssignmentStatus::Assigned;
    task.failed_offers.clear();
    Ok(())
}

pub(super) fn find<'d>(draft: &'d Draft<'_>, task: TaskSid, sid: ReservationSid) -> Result<&'d Reservation, Refusal> {
    draft.task(task)?.reservation(sid).ok_or(Refusal::NoSuchReservation(sid))
}

fn pending<'d>(draft: &'d Draft<'_>, task: TaskSid, sid: ReservationSid) -> Result<&'d Reservation, Refusal> {
    let found = find(draft, task, sid)?;
    if found.status != ReservationStatus::Pending {
        return Err(Refusal::ReservationNotPending { reservation: sid, status: found.status });
    }
    Ok(found)
}

fn pending_mut<'d>(
    draft: &'d mut Draft<'_>,
    task: TaskSid,
    sid: ReservationSid,
) -> Result<&'d mut Reservation, Refusal> {
    pending(draft, task, sid)?;
    let mut reservations = draft.task_mut(task)?.reservations.iter_mut();
    reservations.find(|found| found.sid == sid).ok_or(Refusal::NoSuchReservation(sid))
}
