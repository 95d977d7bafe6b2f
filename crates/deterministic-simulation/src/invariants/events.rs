//! Invariant 9: what is written is told, once and in order.
//!
//! What a write must tell is said here once more, in the plainest way, from the two pictures around it; what steps and queues
//! are called is the core's own business (`crates/task-router/src/router/tests/events.rs`).

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

/// Events read at once: more than a run has.
const PAGE_EVENTS: usize = 1_000;

/// How long before and after a run nothing happens.
const MARGIN: Millis = Millis::from_secs(60);

/// What is told of a Task at most once, or once for each Reservation.
type Key = (EventType, Option<ReservationSid>);

/// What the writes so far must tell.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// By Task: what, and how many of its writes came before.
    tasks: BTreeMap<TaskSid, BTreeMap<Key, u64>>,
    /// Tasks of which a record was given up.
    given_up: BTreeSet<String>,
}

impl Expected {
    /// Takes note of one write.
    pub fn follow(&mut self, before: &Picture, after: &Picture) {
        for (sid, task) in &after.tasks {
            let old = before.tasks.get(sid);
            if old == Some(task) {
                continue;
            }
            let keys = self.tasks.entry(*sid).or_default();
            for key in told_by(old, task) {
                keys.entry(key).or_insert(task.version);
            }
        }
    }

    /// A record about an item of this partition is not delivered any more: what it would have told may stay untold.
    pub fn give_up(&mut self, partition: String) {
        self.given_up.insert(partition);
    }

    fn is_given_up(&self, about: &str) -> bool {
        self.given_up.contains(about)
    }
}

/// Looks, at the end of a run, whether the events of all writes are kept.
pub async fn check_kept(centre: &Centre) {
    let (world, expected) = (&centre.world, centre.history.expected_events());
    let mut told: BTreeMap<TaskSid, Vec<Event>> = BTreeMap::new();
    match kept(centre, world).await {
        Ok(events) => {
            for event in events {
                let task = event
                    .parameters
                    .get(Parameter::TaskSid)
                    .and_then(|sid| sid.parse().ok());
                if let Some(task) = task {
                    told.entry(task).or_default().push(event);
                }
            }
        }
        Err(error) => return world.violated(Invariant::Simulation, error),
    }
    for (task, keys) in &expected.tasks {
        let events = told.remove(task).unwrap_or_default();
        if let Err(problem) = check_task(keys, &events, expected.is_given_up(&task.to_string())) {
            world.violated(
                Invariant::EverythingIsTold,
                format_args!("of {task} {problem}"),
            );
        }
    }
}

/// One Task's events against what it must tell.
fn check_task(
    expected: &BTreeMap<Key, u64>,
    events: &[Event],
    is_given_up: bool,
) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let mut version = 0;
    for event in events {
        let reservation = event
            .parameters
            .get(Parameter::ReservationSid)
            .and_then(|sid| sid.parse().ok());
        let key = (event.event_type, reservation);
        if !IS_COUNTED.contains(&event.event_type) {
            continue;
        }
        let name = event.event_type.as_str();
        let Some(written) = expected.get(&key) else {
            return Err(format!("{name} is told and was not written"));
        };
        if !seen.insert(key) {
            return Err(format!("{name} is told twice"));
        }
        if *written < version {
            return Err(format!(
                "{name} of version {written} stands behind one of version {version}"
            ));
        }
        version = *written;
    }
    match expected.keys().find(|key| !seen.contains(*key)) {
        Some((event_type, reservation)) if !is_given_up => {
            let of = reservation
                .map(|sid| format!(" of {sid}"))
                .unwrap_or_default();
            Err(format!("{}{of} is not told", event_type.as_str()))
        }
        Some(_) | None => Ok(()),
    }
}

/// Who is told hears of one Task in the order of its writes.
pub fn check_order(centre: &Centre) {
    let (world, expected) = (&centre.world, centre.history.expected_events());
    let mut last: BTreeMap<String, EventSid> = BTreeMap::new();
    let of_tasks = |(about, _): &(String, EventSid)| about.starts_with(TaskSid::PREFIX);
    for (about, event) in centre.network.told().into_iter().filter(of_tasks) {
        let before = last.insert(about.clone(), event);
        let is_behind =
            before.is_some_and(|before| EventCursor::of_sid(event) < EventCursor::of_sid(before));
        if is_behind && !expected.is_given_up(&about) {
            world.violated(
                Invariant::EverythingIsTold,
                format_args!("{event} of {about} is told after a later one"),
            );
        }
    }
}

/// Every event of the run, oldest first, by the way the API goes.
async fn kept(centre: &Centre, world: &World) -> Result<Vec<Event>, String> {
    let store = centre.another_store();
    let Some(names) = world.names() else {
        return Ok(Vec::new());
    };
    let now = world.now();
    let filter = EventFilter::between(crate::world::NOON - MARGIN, now + MARGIN);
    let (mut events, mut before) = (Vec::new(), None);
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

/// What can be told from two pictures of a Task, and is told no more than once.
const IS_COUNTED: [EventType; 12] = [
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

fn told_by(old: Option<&Task>, new: &Task) -> Vec<Key> {
    let mut told = Vec::new();
    if old.is_none() {
        told.push((EventType::TaskCreated, None));
    }
    let changed = old.is_some_and(|old| old.assignment_status != new.assignment_status);
    let end = match new.assignment_status {
        AssignmentStatus::Pending | AssignmentStatus::Reserved | AssignmentStatus::Assigned => None,
        AssignmentStatus::Wrapping => Some(EventType::TaskWrapup),
        AssignmentStatus::Completed => Some(EventType::TaskCompleted),
        AssignmentStatus::Canceled => Some(EventType::TaskCanceled),
    };
    told.extend(end.filter(|_| changed).map(|end| (end, None)));
    for offer in &new.reservations {
        let before = old.and_then(|old| old.reservation(offer.sid));
        if before.map(|before| before.status) != Some(offer.status) {
            told.push((told_of(offer), Some(offer.sid)));
        }
    }
    told
}

fn told_of(offer: &Reservation) -> EventType {
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
