//! The Tasks that exist now, with what real-time statistics need of them (taskrouter.md section 13,
//! "Real-time").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Entry, TaskCell, parsed};
use crate::model::{AssignmentStatus, Task};
use crate::router::events::{Event, EventCursor, EventType, Parameter};
use ids::TaskSid;
use ids::time::{Millis, Timestamp};

/// One Task in real-time statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveTask {
    /// The TaskQueue, Workflow and TaskChannel of the Task.
    #[serde(flatten)]
    pub cell: TaskCell,
    /// The status of the Task.
    #[serde(rename = "s")]
    pub status: AssignmentStatus,
    /// The priority of the Task.
    #[serde(rename = "p")]
    pub priority: u32,
    /// When the Task was created, in seconds since 1970.
    #[serde(rename = "d")]
    pub created_secs: i64,
    /// When the Task entered its TaskQueue, in seconds since 1970.
    #[serde(rename = "e")]
    pub entered_secs: i64,
    /// When the Task last changed.
    #[serde(rename = "t")]
    changed: Timestamp,
    #[serde(rename = "v")]
    version: u64,
}

/// A write of a Task, for real-time statistics before its Events are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenTask {
    version: u64,
    /// When the Task changed.
    pub at: Timestamp,
    /// `None`: the Task was deleted.
    shown: Option<ActiveTask>,
}

impl WrittenTask {
    /// The write that made this Task.
    pub fn of(task: &Task) -> Self {
        Self {
            version: task.version,
            at: task.date_updated,
            shown: task.removal.is_none().then(|| ActiveTask::of_task(task)),
        }
    }
}

/// Tasks by SID, as their latest Events describe them. Following Events is idempotent: replaying
/// them in order from any moment changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActiveTasks(BTreeMap<TaskSid, ActiveTask>);

impl ActiveTasks {
    /// The Tasks of these entries.
    pub fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let tasks = entries.into_iter().filter_map(|entry| match entry {
            Entry::ActiveTasks(sid, task) => Some((sid, task)),
            Entry::Tasks(..) | Entry::Offers(..) | Entry::ActivityDurations(..) => None,
        });
        Self(tasks.collect())
    }

    /// Applies an Event. The Events of one Task must be applied in their order.
    pub fn follow(&mut self, event: &Event) {
        let Some(sid) = parsed(event, Parameter::TaskSid) else {
            return;
        };
        if matches!(
            event.event_type,
            EventType::TaskDeleted | EventType::TaskSystemDeleted
        ) {
            self.0.remove(&sid);
            return;
        }
        // These Events describe the TaskQueue that the Task has left, so their parameters are in
        // the past.
        if matches!(
            event.event_type,
            EventType::TaskQueueTimeout | EventType::TaskQueueMoved
        ) {
            return;
        }
        let Some(task) = ActiveTask::of(event) else {
            return;
        };
        if self
            .0
            .get(&sid)
            .is_none_or(|known| known.version <= task.version)
        {
            self.0.insert(sid, task);
        }
    }

    /// Applies a write, unless an Event has shown it or a newer one. False: an Event has.
    pub fn apply(&mut self, sid: TaskSid, written: &WrittenTask) -> bool {
        let known = self.0.get(&sid);
        if known.is_some_and(|known| known.version >= written.version) {
            return false;
        }
        match written.shown {
            Some(task) => drop(self.0.insert(sid, task)),
            None => drop(self.0.remove(&sid)),
        }
        true
    }

    /// Removes the expired Tasks: those that ended `kept` ago or longer cannot be read any more.
    pub fn forget(&mut self, kept: Millis, now: Timestamp) {
        self.0
            .retain(|_, task| !task.status.is_end() || now.since(task.changed) < kept);
    }

    /// Up to `limit` open Tasks that have not changed for `age`, for reconciliation with the table.
    /// The selection moves on each minute, so every such Task has its turn.
    pub fn to_check(&self, age: Millis, now: Timestamp, limit: usize) -> Vec<TaskSid> {
        let unchanged: Vec<TaskSid> = self
            .0
            .iter()
            .filter(|(_, task)| !task.status.is_end() && now.since(task.changed) >= age)
            .map(|(sid, _)| *sid)
            .collect();
        let turn = usize::try_from(now.as_secs() / 60)
            .unwrap_or(0)
            .wrapping_mul(limit);
        let begin = turn.checked_rem(unchanged.len()).unwrap_or(0);
        unchanged
            .iter()
            .cycle()
            .skip(begin)
            .take(limit.min(unchanged.len()))
            .copied()
            .collect()
    }

    /// Reconciles a Task with the table; `None`: the Task has been deleted.
    pub fn correct(&mut self, sid: TaskSid, found: Option<&Task>) {
        match found.filter(|task| task.removal.is_none()) {
            Some(task) => drop(self.0.insert(sid, ActiveTask::of_task(task))),
            None => drop(self.0.remove(&sid)),
        }
    }

    /// Every Task with its SID.
    pub fn tasks(&self) -> impl Iterator<Item = (TaskSid, &ActiveTask)> {
        self.0.iter().map(|(sid, task)| (*sid, task))
    }

    /// The number of Tasks that wait for a Worker.
    pub fn waiting(&self) -> u64 {
        let waiting = |task: &&ActiveTask| task.status == AssignmentStatus::Pending;
        u64::try_from(self.0.values().filter(waiting).count()).unwrap_or(u64::MAX)
    }

    /// Every Task by the hour of its creation, counted from 1970. Rows are per hour, so a Task that
    /// waits for long is not rewritten with each new Task.
    pub fn by_hour(&self) -> BTreeMap<i64, Vec<Entry>> {
        let mut hours: BTreeMap<i64, Vec<Entry>> = BTreeMap::new();
        for (sid, task) in self.tasks() {
            let created = EventCursor::before(Timestamp::from_millis(
                task.created_secs.saturating_mul(1_000),
            ));
            hours
                .entry(created.hour())
                .or_default()
                .push(Entry::ActiveTasks(sid, *task));
        }
        hours
    }
}

impl ActiveTask {
    fn of_task(task: &Task) -> Self {
        Self {
            cell: TaskCell {
                queue: task.task_queue_sid,
                workflow: task.workflow_sid,
                channel: task.channel,
            },
            status: task.assignment_status,
            priority: task.priority,
            created_secs: task.date_created.as_secs(),
            entered_secs: task.task_queue_entered_date.as_secs(),
            changed: task.date_updated,
            version: task.version,
        }
    }

    fn of(event: &Event) -> Option<Self> {
        let status = event.parameters.get(Parameter::TaskAssignmentStatus)?;
        Some(Self {
            cell: TaskCell::of(event)?,
            status: AssignmentStatus::ALL
                .into_iter()
                .find(|known| known.as_str() == status)?,
            priority: parsed(event, Parameter::TaskPriority)?,
            created_secs: parsed(event, Parameter::TaskDateCreated)?,
            entered_secs: parsed(event, Parameter::TaskQueueEnteredDate)?,
            changed: event.at(),
            version: parsed(event, Parameter::TaskVersion)?,
        })
    }
}
