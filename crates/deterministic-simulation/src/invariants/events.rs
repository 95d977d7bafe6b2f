//! Invariant 9: every write causes its Events, which are stored once and delivered in order.
//!
//! The expected Events are derived here a second time, in the simplest way, from the pictures
//! before and after each write. The names of steps and queues are left to the engine's own tests
//! (`crates/task-router/src/router/tests/events.rs`).

use std::collections::{BTreeMap, BTreeSet};

use ids::time::Millis;
use ids::{EventSid, ReservationSid, TaskSid};
use store::EventFilter;
use task_router::model::{AssignmentStatus, EventType, Reservation, ReservationStatus, Task};
use task_router::router::events::{Event, EventCursor, Parameter};

use super::Invariant;
use crate::centre::Centre;
use crate::history::Picture;
use crate::world::World;

/// Events in one page: more than a run has.
const PAGE_EVENTS: usize = 1_000;

/// Margin before and after the run in the query for its Events.
const MARGIN: Millis = Millis::from_secs(60);

/// An Event that a Task causes at most once, or once for each Reservation.
type Key = (EventType, Option<ReservationSid>);

/// The Events that the writes so far imply.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// By Task: the Events, with the version of the Task that causes each.
    tasks: BTreeMap<TaskSid, BTreeMap<Key, u64>>,
    /// Tasks with a record that was dropped after too many attempts.
    given_up: BTreeSet<String>,
}

impl Expected {
    /// Adds the Events of one write.
    pub fn follow(&mut self, before: &Picture, after: &Picture) {
        for (sid, task) in &after.tasks {
            let old = before.tasks.get(sid);
            if old == Some(task) {
                continue;
            }
            let keys = self.tasks.entry(*sid).or_default();
            for key in events_of(old, task) {
                keys.entry(key).or_insert(task.version);
            }
        }
    }

    /// Notes that a record of this partition will not be delivered any more, so its Events may be
    /// missing.
    pub fn give_up(&mut self, partition: String) {
        self.given_up.insert(partition);
    }

    fn is_given_up(&self, about: &str) -> bool {
        self.given_up.contains(about)
    }
}

/// Checks at the end of a run that the Events of all writes are stored.
pub async fn check_kept(centre: &Centre) {
    let world = &centre.world;
    let expected = centre.history.expected_events();
    let mut stored: BTreeMap<TaskSid, Vec<Event>> = BTreeMap::new();
    match stored_events(centre, world).await {
        Ok(events) => {
            for event in events {
                let task = event
                    .parameters
                    .get(Parameter::TaskSid)
                    .and_then(|sid| sid.parse().ok());
                if let Some(task) = task {
                    stored.entry(task).or_default().push(event);
                }
            }
        }
        Err(error) => return world.violated(Invariant::Simulation, error),
    }
    for (task, keys) in &expected.tasks {
        let events = stored.remove(task).unwrap_or_default();
        let mut checked = check_stored(keys, &events);
        if checked.is_ok() && !expected.is_given_up(&task.to_string()) {
            checked = check_complete(keys, &events);
        }
        if let Err(problem) = checked {
            world.violated(
                Invariant::EventsAreComplete,
                format_args!("Task {task}: {problem}"),
            );
        }
    }
}

/// Checks the stored Events of one Task: each has a cause, occurs once, and is in order.
fn check_stored(expected: &BTreeMap<Key, u64>, events: &[Event]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let mut version = 0;
    for event in events {
        if !EXPECTED_TYPES.contains(&event.event_type) {
            continue;
        }
        let key = key_of(event);
        let name = event.event_type.as_str();
        let Some(written) = expected.get(&key) else {
            return Err(format!("{name} is stored, but no write causes it"));
        };
        if !seen.insert(key) {
            return Err(format!("{name} is stored twice"));
        }
        if *written < version {
            return Err(format!(
                "{name} of version {written} follows an Event of version {version}"
            ));
        }
        version = *written;
    }
    Ok(())
}

/// Checks that every expected Event of one Task is stored.
fn check_complete(expected: &BTreeMap<Key, u64>, events: &[Event]) -> Result<(), String> {
    let stored: BTreeSet<Key> = events.iter().map(key_of).collect();
    match expected.keys().find(|key| !stored.contains(*key)) {
        Some((event_type, reservation)) => {
            let of = reservation
                .map(|sid| format!(" of {sid}"))
                .unwrap_or_default();
            Err(format!("{}{of} is missing", event_type.as_str()))
        }
        None => Ok(()),
    }
}

fn key_of(event: &Event) -> Key {
    let reservation = event.parameters.get(Parameter::ReservationSid);
    (
        event.event_type,
        reservation.and_then(|sid| sid.parse().ok()),
    )
}

/// Checks that the event callback received the Events of each Task in the order of its writes.
pub fn check_order(centre: &Centre) {
    let world = &centre.world;
    let expected = centre.history.expected_events();
    let mut last: BTreeMap<String, EventSid> = BTreeMap::new();
    let of_tasks = |(about, _): &(String, EventSid)| about.starts_with(TaskSid::PREFIX);
    for (about, event) in centre
        .network
        .delivered_events()
        .into_iter()
        .filter(of_tasks)
    {
        let before = last.insert(about.clone(), event);
        let is_out_of_order =
            before.is_some_and(|before| EventCursor::of_sid(event) < EventCursor::of_sid(before));
        if is_out_of_order && !expected.is_given_up(&about) {
            world.violated(
                Invariant::EventsAreComplete,
                format_args!("{event} of {about} was delivered after a later one"),
            );
        }
    }
}

/// All Events of the run, oldest first, read as the API reads them.
async fn stored_events(centre: &Centre, world: &World) -> Result<Vec<Event>, String> {
    let store = centre.another_store();
    let Some(names) = world.names() else {
        return Ok(Vec::new());
    };
    let now = world.now();
    let filter = EventFilter::between(crate::world::NOON - MARGIN, now + MARGIN);
    let mut events = Vec::new();
    let mut before = None;
    loop {
        let page = store
            .events(names.workspace.sid, &filter, before, PAGE_EVENTS)
            .await;
        let page = page.map_err(|error| format!("the events cannot be read: {error}"))?;
        events.extend(page.events);
        before = page.next;
        if before.is_none() {
            events.reverse();
            return Ok(events);
        }
    }
}

/// The types that two pictures of a Task imply, and that occur at most once for each key.
const EXPECTED_TYPES: [EventType; 12] = [
    EventType::TaskCreated,
    EventType::TaskWrapup,
    EventType::TaskCompleted,
    EventType::TaskCanceled,
    EventType::ReservationCreated,
    EventType::ReservationAccepted,
    EventType::ReservationRejected,
    EventType::ReservationTimeout,
    EventType::ReservationCanceled,
    EventType::ReservationRescinded,
    EventType::ReservationWrapup,
    EventType::ReservationCompleted,
];

/// The Events that the write from `old` to `new` causes.
fn events_of(old: Option<&Task>, new: &Task) -> Vec<Key> {
    let mut events = Vec::new();
    if old.is_none() {
        events.push((EventType::TaskCreated, None));
    }
    let changed = old.is_some_and(|old| old.assignment_status != new.assignment_status);
    let end = match new.assignment_status {
        AssignmentStatus::Pending | AssignmentStatus::Reserved | AssignmentStatus::Assigned => None,
        AssignmentStatus::Wrapping => Some(EventType::TaskWrapup),
        AssignmentStatus::Completed => Some(EventType::TaskCompleted),
        AssignmentStatus::Canceled => Some(EventType::TaskCanceled),
    };
    if changed && let Some(end) = end {
        events.push((end, None));
    }
    for offer in &new.reservations {
        let before = old.and_then(|old| old.reservation(offer.sid));
        if before.map(|before| before.status) != Some(offer.status) {
            events.push((event_of(offer), Some(offer.sid)));
        }
    }
    events
}

fn event_of(offer: &Reservation) -> EventType {
    match offer.status {
        ReservationStatus::Pending => EventType::ReservationCreated,
        ReservationStatus::Accepted => EventType::ReservationAccepted,
        ReservationStatus::Rejected => EventType::ReservationRejected,
        ReservationStatus::Timeout => EventType::ReservationTimeout,
        ReservationStatus::Canceled => EventType::ReservationCanceled,
        ReservationStatus::Rescinded => EventType::ReservationRescinded,
        ReservationStatus::Wrapping => EventType::ReservationWrapup,
        ReservationStatus::Completed => EventType::ReservationCompleted,
    }
}
