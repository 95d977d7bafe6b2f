//! What is counted (taskrouter.md section 13, "Cumulative"), and of what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ActivityDurations, WaitTimes, said};
use crate::model::TaskChannelName;
use crate::router::events::{Event, EventType, Parameter};
use ids::time::Timestamp;
use ids::{TaskQueueSid, WorkerSid, WorkflowSid};

/// A number that is counted up. Its letter stands for it in the table and never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Counter {
    /// Offers made.
    #[serde(rename = "a")]
    ReservationsCreated,
    /// Offers taken.
    #[serde(rename = "b")]
    ReservationsAccepted,
    /// Offers declined.
    #[serde(rename = "c")]
    ReservationsRejected,
    /// Offers nobody answered.
    #[serde(rename = "d")]
    ReservationsTimedOut,
    /// Offers that came to nothing otherwise.
    #[serde(rename = "e")]
    ReservationsCanceled,
    /// Offers another Worker was quicker to take.
    #[serde(rename = "f")]
    ReservationsRescinded,
    /// Tasks made.
    #[serde(rename = "g")]
    TasksCreated,
    /// Tasks that came into the TaskQueue.
    #[serde(rename = "h")]
    TasksEnteredQueue,
    /// Tasks that came into the Workflow.
    #[serde(rename = "i")]
    TasksEnteredWorkflow,
    /// Tasks canceled.
    #[serde(rename = "j")]
    TasksCanceled,
    /// Tasks completed.
    #[serde(rename = "k")]
    TasksCompleted,
    /// Tasks removed, by somebody or by time.
    #[serde(rename = "l")]
    TasksDeleted,
    /// Tasks that left the TaskQueue for another one.
    #[serde(rename = "m")]
    TasksMoved,
    /// Tasks whose time in the Workflow was up.
    #[serde(rename = "n")]
    TasksTimedOutInWorkflow,
}

/// Numbers and waits of some time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    #[serde(rename = "c")]
    counts: BTreeMap<Counter, u64>,
    /// From creation to acceptance.
    #[serde(rename = "a", skip_serializing_if = "WaitTimes::is_empty")]
    pub until_accepted: WaitTimes,
    /// From entering the TaskQueue to acceptance.
    #[serde(rename = "q", skip_serializing_if = "WaitTimes::is_empty")]
    pub in_queue_until_accepted: WaitTimes,
    /// From creation to cancellation.
    #[serde(rename = "x", skip_serializing_if = "WaitTimes::is_empty")]
    pub until_canceled: WaitTimes,
}

/// Tasks that are counted together. A Workspace's numbers, a TaskQueue's and a Workflow's are sums over these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskCell {
    /// The TaskQueue they were in.
    #[serde(rename = "q")]
    pub queue: TaskQueueSid,
    /// The Workflow they travelled through.
    #[serde(rename = "w")]
    pub workflow: WorkflowSid,
    /// Their TaskChannel.
    #[serde(rename = "c")]
    pub channel: TaskChannelName,
}

/// Reservations that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WorkerCell {
    /// Whom the Tasks were offered to.
    #[serde(rename = "w")]
    pub worker: WorkerSid,
    /// Their TaskChannel.
    #[serde(rename = "c")]
    pub channel: TaskChannelName,
}

/// Everything that is counted of some time of a Workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tallies {
    /// By TaskQueue, Workflow and TaskChannel.
    pub tasks: BTreeMap<TaskCell, Tally>,
    /// Reservations by Worker and TaskChannel.
    pub offers: BTreeMap<WorkerCell, Tally>,
    /// Changes of Activity.
    pub stays: BTreeMap<WorkerSid, ActivityDurations>,
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

    /// What an event counts for among Tasks.
    fn of_event(event: &Event) -> Option<Self> {
        let (_, counter) = COUNTED
            .into_iter()
            .find(|(counted, _)| *counted == event.event_type)?;
        let mut tally = Self {
            counts: BTreeMap::from([(counter, 1)]),
            ..Self::default()
        };
        let age = || {
            said(event, Parameter::TaskAge)
                .map(WaitTimes::of)
                .unwrap_or_default()
        };
        if counter == Counter::ReservationsAccepted {
            tally.until_accepted = age();
            tally.in_queue_until_accepted =
                secs_in_queue(event).map(WaitTimes::of).unwrap_or_default();
        }
        if counter == Counter::TasksCanceled {
            tally.until_canceled = age();
        }
        Some(tally)
    }
}

impl Tallies {
    /// How long the Tasks of each TaskQueue waited that were accepted, all their Workflows and TaskChannels together.
    pub fn until_accepted_by_queue(&self) -> BTreeMap<TaskQueueSid, WaitTimes> {
        let mut waits = BTreeMap::<TaskQueueSid, WaitTimes>::new();
        for (cell, tally) in self
            .tasks
            .iter()
            .filter(|(_, tally)| !tally.until_accepted.is_empty())
        {
            waits
                .entry(cell.queue)
                .or_default()
                .merge(&tally.until_accepted);
        }
        waits
    }

    /// Counts an event. Those of one Worker must come in their order; everything else may come in any.
    pub fn count(&mut self, event: &Event) {
        if let Some((worker, stays)) = ActivityDurations::of_event(event) {
            self.stay(worker, &stays);
        }
        let Some(tally) = Tally::of_event(event) else {
            return;
        };
        if let Some(cell) = WorkerCell::of(event).filter(|_| tally.is_of_offers()) {
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

    /// Adds what was counted of another time.
    pub fn merge(&mut self, other: &Self) {
        for (cell, tally) in &other.tasks {
            self.tasks.entry(*cell).or_default().merge(tally);
        }
        for (cell, tally) in &other.offers {
            self.offers.entry(*cell).or_default().merge(tally);
        }
        for (worker, stays) in &other.stays {
            self.stay(*worker, stays);
        }
    }

    /// Was nothing counted?
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.offers.is_empty() && self.stays.is_empty()
    }

    /// The sum of some cells of Tasks.
    pub fn of_tasks(&self, wanted: impl Fn(&TaskCell) -> bool) -> Tally {
        sum(self
            .tasks
            .iter()
            .filter(|(cell, _)| wanted(cell))
            .map(|(_, tally)| tally))
    }

    /// The sum of some cells of Reservations.
    pub fn of_offers(&self, wanted: impl Fn(&WorkerCell) -> bool) -> Tally {
        sum(self
            .offers
            .iter()
            .filter(|(cell, _)| wanted(cell))
            .map(|(_, tally)| tally))
    }

    fn stay(&mut self, worker: WorkerSid, stays: &ActivityDurations) {
        let known = self.stays.entry(worker);
        known
            .and_modify(|known| known.merge(stays))
            .or_insert_with(|| stays.clone());
    }
}

impl TaskCell {
    pub(super) fn of(event: &Event) -> Option<Self> {
        Some(Self {
            queue: said(event, Parameter::TaskQueueSid)?,
            workflow: said(event, Parameter::WorkflowSid)?,
            channel: said(event, Parameter::TaskChannelUniqueName)?,
        })
    }
}

impl WorkerCell {
    fn of(event: &Event) -> Option<Self> {
        let channel = said(event, Parameter::TaskChannelUniqueName)?;
        Some(Self {
            worker: said(event, Parameter::WorkerSid)?,
            channel,
        })
    }
}

fn sum<'t>(tallies: impl Iterator<Item = &'t Tally>) -> Tally {
    tallies.fold(Tally::default(), |mut sum, tally| {
        sum.merge(tally);
        sum
    })
}

/// Whole seconds since the Task entered its TaskQueue. An event tells that moment without its milliseconds, so a Task that has never
/// been elsewhere is kept from having waited longer in the queue than at all.
fn secs_in_queue(event: &Event) -> Option<u32> {
    let entered: i64 = said(event, Parameter::TaskQueueEnteredDate)?;
    let secs = event
        .at()
        .since(Timestamp::from_millis(entered.saturating_mul(1_000)))
        .as_secs();
    let age: u32 = said(event, Parameter::TaskAge)?;
    Some(u32::try_from(secs).unwrap_or(u32::MAX).min(age))
}

/// What events count for; those of other types count for nothing.
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
