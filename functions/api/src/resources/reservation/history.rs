//! Reservations that are no longer in their Task, told from the events that are kept of them.

use std::collections::BTreeMap;

use ids::time::Timestamp;
use ids::{ReservationSid, TaskSid};
use store::EventFilter;
use task_router::model::{EventType, Reservation, ReservationStatus, Task, Worker, Workspace};
use task_router::router::events::{Event, Parameter};

use super::Found;
use crate::error::ApiError;
use crate::request_context::RequestContext;

/// Pages of events read for one answer: at least eight days of one Task, or two hours of a Worker in a centre with
/// thousands of calls in each.
const EVENT_PAGES_MAX: usize = 8;

/// Events of one such page.
const EVENTS_PER_PAGE: usize = 1_000;

/// The Reservations of a Task's earlier rounds. A Task that was offered once has none, and costs nothing.
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
    let told = told_by(&read(context, task.workspace_sid, &of_task).await?);
    let earlier = told.into_iter().map(|(_, reservation)| reservation);
    Ok(earlier
        .filter(|reservation| task.reservation(reservation.sid).is_none())
        .collect())
}

/// The Reservations of a Worker of which anything was told within the time an ended Task can be read, and whose Task still
/// can.
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
    let told = told_by(&read(context, workspace.sid, &of_worker).await?);
    let mut sids: Vec<TaskSid> = told.iter().map(|(task, _)| *task).collect();
    sids.sort_unstable();
    sids.dedup();
    let tasks = context.api.store.tasks(&sids).await?;
    let found = told.into_iter().filter_map(|(task, reservation)| {
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

/// The Reservations that events, newest first, tell of, each with its Task.
fn told_by(events: &[Event]) -> Vec<(TaskSid, Reservation)> {
    let mut told: BTreeMap<ReservationSid, (TaskSid, Reservation)> = BTreeMap::new();
    for event in events.iter().rev() {
        let Some(status) = status_after(event.event_type) else {
            continue;
        };
        let Some((task, reservation)) = reservation_of(event, status) else {
            continue;
        };
        let (_, known) = told.entry(reservation.sid).or_insert((task, reservation));
        known.status = status;
        known.date_updated = event.at();
    }
    told.into_values().collect()
}

fn reservation_of(event: &Event, status: ReservationStatus) -> Option<(TaskSid, Reservation)> {
    let said = |parameter| event.parameters.get(parameter);
    let task = said(Parameter::TaskSid)?.parse().ok()?;
    let (sid, worker) = (
        said(Parameter::ReservationSid)?.parse().ok()?,
        said(Parameter::WorkerSid)?.parse().ok()?,
    );
    let name = said(Parameter::WorkerName).unwrap_or_default();
    Some((
        task,
        Reservation {
            status,
            ..Reservation::new(sid, worker, name, event.at(), event.at())
        },
    ))
}

/// The status a Reservation has once this was told of it.
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
        .find(|(told, _)| *told == event)
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
        let (task, at) = (samples::task(), NOON + Millis::from_secs(version));
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
    fn a_reservation_is_as_the_last_event_left_it() {
        let (one, other) = (
            ReservationSid::from_bytes([1; 16]),
            ReservationSid::from_bytes([2; 16]),
        );
        let mut events = vec![
            event(EventType::ReservationCreated, one, 1),
            event(EventType::ReservationRejected, one, 4),
            event(EventType::TaskUpdated, one, 5),
            event(EventType::ReservationTimeout, other, 6),
        ];
        events.reverse();
        let told = told_by(&events);
        let shown: Vec<_> = told
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
        // Of the other one the creation lies too far back.
        let expected = [
            (one, ReservationStatus::Rejected, 1, 4),
            (other, ReservationStatus::Timeout, 6, 6),
        ];
        assert_eq!(shown, expected);
        assert_eq!(told[0].1.worker_name, "Alice");
    }
}
