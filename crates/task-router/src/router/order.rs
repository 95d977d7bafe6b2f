//! The order in which Tasks and Workers wait for each other (taskrouter.md sections 9 and 10). The table's boards are
//! sorted by these keys, and so is whatever stands in for the table.

use serde::{Deserialize, Serialize};

use super::known_worker::{self, Meant};
use super::workflow::target_at;
use crate::model::{RoutingTarget, Task, TaskChannelName, TaskOrder, Worker, Workspace};
use ids::time::Timestamp;
use ids::{TaskQueueSid, TaskSid, WorkerSid};

/// Where a waiting Task stands in line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitingList {
    /// For the Workers of a queue who have a free slot in its channel.
    Queue(TaskQueueSid, TaskChannelName),
    /// For one Worker and nobody else: a routing target, or the known Worker of its step.
    Worker(WorkerSid),
}

/// A waiting Task's place in its line: smaller = served sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// 0 for the highest priority; always 0 in a LIFO queue, which ignores priority.
    pub urgency: u32,
    /// Milliseconds: the virtual start time; in a LIFO queue the time from its creation to the end of time.
    pub moment: i64,
    /// Breaks ties.
    pub sid: TaskSid,
}

/// The end of time, for LIFO places: 13 digits, the year 2286.
const END_OF_TIME: i64 = 9_999_999_999_999;

/// From 1900, the earliest a virtual start may be, to 1970, in milliseconds.
const SINCE_1900: i64 = 2_208_988_800_000;

/// The line a Task stands in, or would stand in if it waited; `None`: it waits for nobody who exists.
pub fn waiting_list_of(workspace: &Workspace, task: &Task) -> Option<WaitingList> {
    if let Some(RoutingTarget::Worker(worker)) = task.routing_target {
        return Some(WaitingList::Worker(worker));
    }
    let in_queue = Some(WaitingList::Queue(task.task_queue_sid, task.channel));
    match target_at(workspace, task).and_then(|target| target.known_worker.as_ref()) {
        None => in_queue,
        Some(known) => match known_worker::said_by(task, known) {
            Meant::FriendlyName(_) => in_queue,
            Meant::Sid(sid) => sid.parse().ok().map(WaitingList::Worker),
            Meant::Nobody => None,
        },
    }
}

/// The lines a Worker looks at: their own, and those of their queues in the channels in which they have a free slot.
pub fn waiting_lists_for(workspace: &Workspace, worker: &Worker) -> Vec<WaitingList> {
    let mut lines = vec![WaitingList::Worker(worker.sid)];
    if let Some(ready) = worker.readiness(workspace) {
        for queue in ready.queues.queues() {
            lines.extend(
                ready
                    .channels
                    .iter()
                    .map(|channel| WaitingList::Queue(*queue, *channel)),
            );
        }
    }
    lines
}

/// A Task's place in its line.
pub fn position_of(task: &Task) -> Position {
    match task.filed {
        TaskOrder::Fifo => Position {
            urgency: u32::MAX - task.priority,
            moment: task
                .virtual_start_time
                .as_millis()
                .saturating_add(SINCE_1900)
                .clamp(0, END_OF_TIME),
            sid: task.sid,
        },
        TaskOrder::Lifo => Position {
            urgency: 0,
            moment: newest_first(task.date_created),
            sid: task.sid,
        },
    }
}

/// The order in which one Worker looks at Tasks of different lines: the kind of queue the Workspace puts first, then the
/// place.
pub(super) fn rank(workspace: &Workspace, task: &Task) -> (bool, Position) {
    (
        task.filed != workspace.rules.prioritize_queue_order,
        position_of(task),
    )
}

fn newest_first(created: Timestamp) -> i64 {
    END_OF_TIME
        .saturating_sub(created.as_millis())
        .clamp(0, END_OF_TIME)
}
