//! The Tasks there are now, in short (taskrouter.md section 13, "Real-time").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Entry, TaskCell, said};
use crate::model::{AssignmentStatus, Task};
use crate::router::events::{Event, EventCursor, EventType, Parameter};
use ids::TaskSid;
use ids::time::{Millis, Timestamp};

/// What statistics say of one Task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveTask {
    /// Where it is.
    #[serde(flatten)]
    pub cell: TaskCell,
    /// Where it stands.
    #[serde(rename = "s")]
    pub status: AssignmentStatus,
    /// Its priority.
    #[serde(rename = "p")]
    pub priority: u32,
    /// When it was made, in seconds since 1970.
    #[serde(rename = "d")]
    pub created_secs: i64,
    /// When it entered its TaskQueue, in seconds since 1970.
    #[serde(rename = "e")]
    pub entered_secs: i64,
    /// When it last changed.
    #[serde(rename = "t")]
    changed: Timestamp,
    #[serde(rename = "v")]
    version: u64,
}

/// Tasks by id, as their latest events show them. Following events again, from any moment on and in order, changes nothing.
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

    /// Follows an event. Those of one Task must come in their order.
    pub fn follow(&mut self, event: &Event) {
        let Some(sid) = said(event, Parameter::TaskSid) else {
            return;
        };
        if matches!(
            event.event_type,
            EventType::TaskDeleted | EventType::TaskSystemDeleted
        ) {
            self.0.remove(&sid);
            return;
        }
        // They show the TaskQueue that the Task has left.
        let shows_the_past = matches!(
            event.event_type,
            EventType::TaskQueueTimeout | EventType::TaskQueueMoved
        );
        let Some(task) = ActiveTask::of(event).filter(|_| !shows_the_past) else {
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

    /// Lets go of the Tasks that ended more than `kept` ago: they cannot be read any more.
    pub fn forget(&mut self, kept: Millis, now: Timestamp) {
        self.0
            .retain(|_, task| !task.status.is_end() || now.since(task.changed) < kept);
    }

    /// Up to `limit` Tasks that have not changed for `age`, others each minute: whoever has time looks whether they are still there.
    pub fn to_check(&self, age: Millis, now: Timestamp, limit: usize) -> Vec<TaskSid> {
        let old = |task: &&ActiveTask| !task.status.is_end() && now.since(task.changed) >= age;
        let old: Vec<TaskSid> = self
            .0
            .iter()
            .filter(|(_, task)| old(task))
            .map(|(sid, _)| *sid)
            .collect();
        let turn = usize::try_from(now.as_secs() / 60)
            .unwrap_or(0)
            .wrapping_mul(limit);
        let begin = turn.checked_rem(old.len()).unwrap_or(0);
        old.iter()
            .cycle()
            .skip(begin)
            .take(limit.min(old.len()))
            .copied()
            .collect()
    }

    /// Takes a Task to be as the table has it; `None`: it is gone.
    pub fn correct(&mut self, sid: TaskSid, found: Option<&Task>) {
        match found.filter(|task| task.removal.is_none()) {
            Some(task) => drop(self.0.insert(sid, ActiveTask::of_task(task))),
            None => drop(self.0.remove(&sid)),
        }
    }

    /// Every Task.
    pub fn tasks(&self) -> impl Iterator<Item = (TaskSid, &ActiveTask)> {
        self.0.iter().map(|(sid, task)| (*sid, task))
    }

    /// Every Task by the hour it was made in, counted from 1970: a Task that waits for long is not written again with each new one.
    pub fn by_hour(&self) -> BTreeMap<i64, Vec<Entry>> {
        let mut hours: BTreeMap<i64, Vec<Entry>> = BTreeMap::new();
        for (sid, task) in self.tasks() {
            let made = EventCursor::before(Timestamp::from_millis(
                task.created_secs.saturating_mul(1_000),
            ));
            hours
                .entry(made.hour())
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
            priority: said(event, Parameter::TaskPriority)?,
            created_secs: said(event, Parameter::TaskDateCreated)?,
            entered_secs: said(event, Parameter::TaskQueueEnteredDate)?,
            changed: event.at(),
            version: said(event, Parameter::TaskVersion)?,
        })
    }
}
