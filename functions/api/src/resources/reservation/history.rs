//! Reservations of earlier rounds, which are no longer stored in their Task. They are reconstructed
//! from Events.

use std::collections::BTreeMap;

use ids::time::Timestamp;
use ids::{ReservationSid, TaskSid};
use store::EventFilter;
use task_router::model::{EventType, Reservation, ReservationStatus, Task, Worker, Workspace};
use task_router::router::events::{Event, Parameter};

use super::Found;
use crate::error::ApiError;
use crate::request_context::RequestContext;

/// Pages of Events read for one answer: at least eight days of one Task, or two hours of a Worker
/// in a contact centre with thousands of calls in each.
const EVENT_PAGES_MAX: usize = 8;

/// Events of one page.
const EVENTS_PER_PAGE: usize = 1_000;

/// The Reservations of a Task's earlier rounds. A Task in its first round has none and needs no
/// read.
pub(super) async fn of_task(
    context: &RequestContext<'_>,
    task: &Task,
) -> Result<Vec<Reservation>, ApiError> {
    if task.rounds < 2 {
        return Ok(Vec::new());
    }
    let of_task = EventFilter {
        task_sid: Some(task.sid),
        ..EventFilter::between(task.date_created, context.now)
    };
    let events = read(context, task.workspace_sid, &of_task).await?;
    Ok(reconstruct(&events)
        .into_iter()
        .map(|(_, reservation)| reservation)
        .filter(|reservation| task.reservation(reservation.sid).is_none())
        .collect())
}

/// The Reservations of a Worker that have Events within the time for which ended Tasks are
/// readable, and whose Task is still readable.
pub(super) async fn of_worker(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    worker: &Worker,
) -> Result<Vec<Found>, ApiError> {
    let kept = workspace.rules.ended_task_kept;
    let since = Timestamp::from_millis(
        context
            .now
            .as_millis()
            .saturating_sub_unsigned(kept.as_millis()),
    );
    let of_worker = EventFilter {
        worker_sid: Some(worker.sid),
        ..EventFilter::between(since, context.now)
    };
    let reservations = reconstruct(&read(context, workspace.sid, &of_worker).await?);
    let mut sids: Vec<TaskSid> = reservations.iter().map(|(task, _)| *task).collect();
    sids.sort_unstable();
    sids.dedup();
    let tasks = context.api.store.tasks(&sids).await?;
    let found = reservations.into_iter().filter_map(|(task, reservation)| {
        let task = tasks
            .iter()
            .find(|known| known.sid == task && known.is_readable(kept, context.now))?;
        let reservation = task
            .reservation(reservation.sid)
            .cloned()
            .unwrap_or(reservation);
        Some(Found {
            task: task.clone(),
            reservation,
        })
    });
    Ok(found.collect())
}

/// Reads the Events that the filter selects, newest first, up to [`EVENT_PAGES_MAX`] pages.
async fn read(
    context: &RequestContext<'_>,
    workspace: ids::WorkspaceSid,
    filter: &EventFilter,
) -> Result<Vec<Event>, ApiError> {
    let mut events = Vec::new();
    let mut before = None;
    for _ in 0..EVENT_PAGES_MAX {
        let page = context
            .api
            .store
            .events(workspace, filter, before, EVENTS_PER_PAGE)
            .await?;
        events.extend(page.events);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    Ok(events)
}

/// The Reservations of these Events, which are newest first, each with its Task. The oldest Event
/// of a Reservation gives its date of creation, the newest its status.
fn reconstruct(events: &[Event]) -> Vec<(TaskSid, Reservation)> {
    let mut reservations: BTreeMap<ReservationSid, (TaskSid, Reservation)> = BTreeMap::new();
    for event in events.iter().rev() {
        let Some(status) = status_after(event.event_type) else {
            continue;
        };
        let Some((task, reservation)) = reservation_of(event, status) else {
            continue;
        };
        let (_, known) = reservations
            .entry(reservation.sid)
            .or_insert((task, reservation));
        known.status = status;
        known.date_updated = event.at();
    }
    reservations.into_values().collect()
}

/// The Reservation of an Event, as if the Event had created it.
fn reservation_of(event: &Event, status: ReservationStatus) -> Option<(TaskSid, Reservation)> {
    let parameters = &event.parameters;
    let task = parameters.get(Parameter::TaskSid)?.parse().ok()?;
    let sid = parameters.get(Parameter::ReservationSid)?.parse().ok()?;
    let worker = parameters.get(Parameter::WorkerSid)?.parse().ok()?;
    let name = parameters.get(Parameter::WorkerName).unwrap_or_default();
    Some((
        task,
        Reservation {
            status,
            ..Reservation::new(sid, worker, name, event.at(), event.at())
        },
    ))
}

/// The status of a Reservation after an Event of this type; `None` for Events of other resources.
fn status_after(event: EventType) -> Option<ReservationStatus> {
    const STATUS_AFTER: [(EventType, ReservationStatus); 8] = [
        (EventType::ReservationCreated, ReservationStatus::Pending),
        (EventType::ReservationAccepted, ReservationStatus::Accepted),
        (EventType::ReservationRejected, ReservationStatus::Rejected),
        (EventType::ReservationTimeout, ReservationStatus::Timeout),
        (EventType::ReservationCanceled, ReservationStatus::Canceled),
        (
            EventType::ReservationRescinded,
            ReservationStatus::Rescinded,
        ),
        (EventType::ReservationWrapup, ReservationStatus::Wrapping),
        (
            EventType::ReservationCompleted,
            ReservationStatus::Completed,
        ),
    ];
    STATUS_AFTER
        .into_iter()
        .find(|(known, _)| *known == event)
        .map(|(_, status)| status)
}

#[cfg(test)]
mod tests {
    use ids::WorkerSid;
    use ids::time::Millis;
    use task_router::router::events::{Cause, EventCursor, Parameters};

    use super::*;
    use crate::resources::samples::{self, NOON};

    fn event(event_type: EventType, sid: ReservationSid, version: u64) -> Event {
        let task = samples::task();
        let at = NOON + Millis::from_secs(version);
        let parameters = Parameters::new()
            .with(Parameter::TaskSid, task.sid)
            .with(Parameter::ReservationSid, sid)
            .with(Parameter::WorkerSid, WorkerSid::from_bytes([3; 16]))
            .with(Parameter::WorkerName, "Alice");
        let place = EventCursor::of(Cause {
            about: &task.sid.to_string(),
            version,
            at,
        });
        Event {
            earlier: None,
            place,
            event_type,
            workspace_sid: samples::WORKSPACE,
            parameters,
        }
    }

    #[test]
    fn reservation_has_status_of_its_last_event() {
        let one = ReservationSid::from_bytes([1; 16]);
        let other = ReservationSid::from_bytes([2; 16]);
        let mut events = vec![
            event(EventType::ReservationCreated, one, 1),
            event(EventType::ReservationRejected, one, 4),
            event(EventType::TaskUpdated, one, 5),
            event(EventType::ReservationTimeout, other, 6),
        ];
        events.reverse();
        let reservations = reconstruct(&events);
        let shown: Vec<_> = reservations
            .iter()
            .map(|(_, reservation)| {
                let secs = |moment: Timestamp| moment.since(NOON).as_secs();
                (
                    reservation.sid,
                    reservation.status,
                    secs(reservation.date_created),
                    secs(reservation.date_updated),
                )
            })
            .collect();
        // The creation of the other one is not among the Events: its first Event counts.
        let expected = [
            (one, ReservationStatus::Rejected, 1, 4),
            (other, ReservationStatus::Timeout, 6, 6),
        ];
        assert_eq!(shown, expected);
        assert_eq!(reservations[0].1.worker_name, "Alice");
    }
}
