//! What is counted (taskrouter.md section 13, "Cumulative"), and for which TaskQueue, Workflow,
//! TaskChannel and Worker.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ActivityDurations, WaitTimes, parsed};
use crate::model::TaskChannelName;
use crate::router::events::{Event, EventType, Parameter};
use ids::time::Timestamp;
use ids::{TaskQueueSid, WorkerSid, WorkflowSid};

/// A counter. Stored rows name it by its letter, which never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Counter {
    /// Reservations created.
    #[serde(rename = "a")]
    ReservationsCreated,
    /// Reservations accepted.
    #[serde(rename = "b")]
    ReservationsAccepted,
    /// Reservations rejected.
    #[serde(rename = "c")]
    ReservationsRejected,
    /// Reservations that timed out.
    #[serde(rename = "d")]
    ReservationsTimedOut,
    /// Reservations canceled.
    #[serde(rename = "e")]
    ReservationsCanceled,
    /// Reservations rescinded: another Worker accepted first.
    #[serde(rename = "f")]
    ReservationsRescinded,
    /// Tasks created.
    #[serde(rename = "g")]
    TasksCreated,
    /// Tasks that entered the TaskQueue.
    #[serde(rename = "h")]
    TasksEnteredQueue,
    /// Tasks that entered the Workflow.
    #[serde(rename = "i")]
    TasksEnteredWorkflow,
    /// Tasks canceled.
    #[serde(rename = "j")]
    TasksCanceled,
    /// Tasks completed.
    #[serde(rename = "k")]
    TasksCompleted,
    /// Tasks deleted, by a request or by the system.
    #[serde(rename = "l")]
    TasksDeleted,
    /// Tasks that moved from the TaskQueue to another one.
    #[serde(rename = "m")]
    TasksMoved,
    /// Tasks that timed out in the Workflow.
    #[serde(rename = "n")]
    TasksTimedOutInWorkflow,
}

/// The counters and wait times of a time range.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    #[serde(rename = "c")]
    counts: BTreeMap<Counter, u64>,
    /// From the creation of a Task to its acceptance.
    #[serde(rename = "a", skip_serializing_if = "WaitTimes::is_empty")]
    pub until_accepted: WaitTimes,
    /// From entering the TaskQueue to acceptance.
    #[serde(rename = "q", skip_serializing_if = "WaitTimes::is_empty")]
    pub in_queue_until_accepted: WaitTimes,
    /// From the creation of a Task to its cancellation.
    #[serde(rename = "x", skip_serializing_if = "WaitTimes::is_empty")]
    pub until_canceled: WaitTimes,
}

/// Tasks that are counted together. The numbers of a Workspace, a TaskQueue or a Workflow are sums
/// over cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskCell {
    /// The TaskQueue of the Tasks.
    #[serde(rename = "q")]
    pub queue: TaskQueueSid,
    /// The Workflow of the Tasks.
    #[serde(rename = "w")]
    pub workflow: WorkflowSid,
    /// The TaskChannel of the Tasks.
    #[serde(rename = "c")]
    pub channel: TaskChannelName,
}

/// Reservations that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WorkerCell {
    /// The Worker of the Reservations.
    #[serde(rename = "w")]
    pub worker: WorkerSid,
    /// The TaskChannel of the Reservations.
    #[serde(rename = "c")]
    pub channel: TaskChannelName,
}

/// All counts of a time range of a Workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tallies {
    /// Tasks by TaskQueue, Workflow and TaskChannel.
    pub tasks: BTreeMap<TaskCell, Tally>,
    /// Reservations by Worker and TaskChannel.
    pub offers: BTreeMap<WorkerCell, Tally>,
    /// Changes of Activity by Worker.
    pub activity_durations: BTreeMap<WorkerSid, ActivityDurations>,
}

impl Tally {
    /// The value of a counter.
    pub fn get(&self, counter: Counter) -> u64 {
        self.counts.get(&counter).copied().unwrap_or(0)
    }

    /// Adds `other`.
    pub fn merge(&mut self, other: &Self) {
        for (counter, count) in &other.counts {
            *self.counts.entry(*counter).or_default() += count;
        }
        self.until_accepted.merge(&other.until_accepted);
        self.in_queue_until_accepted
            .merge(&other.in_queue_until_accepted);
        self.until_canceled.merge(&other.until_canceled);
    }

    fn is_of_offers(&self) -> bool {
        self.counts
            .keys()
            .all(|counter| *counter <= Counter::ReservationsRescinded)
    }

    /// The tally of one Event; `None` for a type that is not counted.
    fn of_event(event: &Event) -> Option<Self> {
        let (_, counter) = COUNTED
            .into_iter()
            .find(|(counted, _)| *counted == event.event_type)?;
        let mut tally = Self {
            counts: BTreeMap::from([(counter, 1)]),
            ..Self::default()
        };
        if counter == Counter::ReservationsAccepted {
            tally.until_accepted = task_age(event);
            tally.in_queue_until_accepted =
                secs_in_queue(event).map(WaitTimes::of).unwrap_or_default();
        }
        if counter == Counter::TasksCanceled {
            tally.until_canceled = task_age(event);
        }
        Some(tally)
    }
}

impl Tallies {
    /// The wait times until acceptance by TaskQueue, over all Workflows and TaskChannels.
    pub fn until_accepted_by_queue(&self) -> BTreeMap<TaskQueueSid, WaitTimes> {
        let mut wait_times = BTreeMap::<TaskQueueSid, WaitTimes>::new();
        for (cell, tally) in self
            .tasks
            .iter()
            .filter(|(_, tally)| !tally.until_accepted.is_empty())
        {
            wait_times
                .entry(cell.queue)
                .or_default()
                .merge(&tally.until_accepted);
        }
        wait_times
    }

    /// Counts an Event. The Events of one Worker must be counted in their order; all others in any
    /// order.
    pub fn count(&mut self, event: &Event) {
        if let Some((worker, activity_durations)) = ActivityDurations::of_event(event) {
            self.merge_durations(worker, &activity_durations);
        }
        let Some(tally) = Tally::of_event(event) else {
            return;
        };
        if tally.is_of_offers()
            && let Some(cell) = WorkerCell::of(event)
        {
            let offers = Tally {
                counts: tally.counts.clone(),
                ..Tally::default()
            };
            self.offers.entry(cell).or_default().merge(&offers);
        }
        if let Some(cell) = TaskCell::of(event) {
            self.tasks.entry(cell).or_default().merge(&tally);
        }
    }

    /// Merges the counts of another time range.
    pub fn merge(&mut self, other: &Self) {
        for (cell, tally) in &other.tasks {
            self.tasks.entry(*cell).or_default().merge(tally);
        }
        for (cell, tally) in &other.offers {
            self.offers.entry(*cell).or_default().merge(tally);
        }
        for (worker, activity_durations) in &other.activity_durations {
            self.merge_durations(*worker, activity_durations);
        }
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.offers.is_empty() && self.activity_durations.is_empty()
    }

    /// The sum of the Task cells that `wanted` selects.
    pub fn of_tasks(&self, wanted: impl Fn(&TaskCell) -> bool) -> Tally {
        sum(self
            .tasks
            .iter()
            .filter(|(cell, _)| wanted(cell))
            .map(|(_, tally)| tally))
    }

    /// The sum of the Reservation cells that `wanted` selects.
    pub fn of_offers(&self, wanted: impl Fn(&WorkerCell) -> bool) -> Tally {
        sum(self
            .offers
            .iter()
            .filter(|(cell, _)| wanted(cell))
            .map(|(_, tally)| tally))
    }

    fn merge_durations(&mut self, worker: WorkerSid, activity_durations: &ActivityDurations) {
        let known = self.activity_durations.entry(worker);
        known
            .and_modify(|known| known.merge(activity_durations))
            .or_insert_with(|| activity_durations.clone());
    }
}

impl TaskCell {
    pub(super) fn of(event: &Event) -> Option<Self> {
        Some(Self {
            queue: parsed(event, Parameter::TaskQueueSid)?,
            workflow: parsed(event, Parameter::WorkflowSid)?,
            channel: parsed(event, Parameter::TaskChannelUniqueName)?,
        })
    }
}

impl WorkerCell {
    fn of(event: &Event) -> Option<Self> {
        let channel = parsed(event, Parameter::TaskChannelUniqueName)?;
        Some(Self {
            worker: parsed(event, Parameter::WorkerSid)?,
            channel,
        })
    }
}

fn task_age(event: &Event) -> WaitTimes {
    parsed(event, Parameter::TaskAge)
        .map(WaitTimes::of)
        .unwrap_or_default()
}

fn sum<'t>(tallies: impl Iterator<Item = &'t Tally>) -> Tally {
    tallies.fold(Tally::default(), |mut sum, tally| {
        sum.merge(tally);
        sum
    })
}

/// Whole seconds since the Task entered its TaskQueue. The Event states that moment without
/// milliseconds, so the result is limited to the Task's age: a Task that never left its first
/// TaskQueue has not waited there longer than it exists.
fn secs_in_queue(event: &Event) -> Option<u32> {
    let entered: i64 = parsed(event, Parameter::TaskQueueEnteredDate)?;
    let secs = event
        .at()
        .since(Timestamp::from_millis(entered.saturating_mul(1_000)))
        .as_secs();
    let age: u32 = parsed(event, Parameter::TaskAge)?;
    Some(u32::try_from(secs).unwrap_or(u32::MAX).min(age))
}

/// The counter of each counted type of Event.
const COUNTED: [(EventType, Counter); 15] = [
    (EventType::ReservationCreated, Counter::ReservationsCreated),
    (
        EventType::ReservationAccepted,
        Counter::ReservationsAccepted,
    ),
    (
        EventType::ReservationRejected,
        Counter::ReservationsRejected,
    ),
    (EventType::ReservationTimeout, Counter::ReservationsTimedOut),
    (
        EventType::ReservationCanceled,
        Counter::ReservationsCanceled,
    ),
    (
        EventType::ReservationRescinded,
        Counter::ReservationsRescinded,
    ),
    (EventType::TaskCreated, Counter::TasksCreated),
    (EventType::TaskQueueEntered, Counter::TasksEnteredQueue),
    (EventType::WorkflowEntered, Counter::TasksEnteredWorkflow),
    (EventType::TaskCanceled, Counter::TasksCanceled),
    (EventType::TaskCompleted, Counter::TasksCompleted),
    (EventType::TaskDeleted, Counter::TasksDeleted),
    (EventType::TaskSystemDeleted, Counter::TasksDeleted),
    (EventType::TaskQueueMoved, Counter::TasksMoved),
    (EventType::WorkflowTimeout, Counter::TasksTimedOutInWorkflow),
];
