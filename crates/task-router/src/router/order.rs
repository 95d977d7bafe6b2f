//! Waiting lists, and the order in which Tasks are served (taskrouter.md sections 9 and 10). The
//! table's indexes are sorted by these keys, and so is the in-memory table of tests.

use serde::{Deserialize, Serialize};

use super::known_worker::{self, WantedWorker};
use super::workflow::target_at;
use crate::model::{Readiness, RoutingTarget, Task, TaskChannelName, TaskOrder, Worker, Workspace};
use ids::time::Timestamp;
use ids::{TaskQueueSid, TaskSid, WorkerSid};

/// A waiting list: the Tasks that wait for the same Workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitingList {
    /// Tasks that wait for the Workers of a TaskQueue with a free slot in a TaskChannel.
    Queue(TaskQueueSid, TaskChannelName),
    /// Tasks that wait for one Worker alone: a routing target, or the known Worker of their step.
    Worker(WorkerSid),
}

/// A waiting Task's place in its waiting list: a smaller Position is served sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// 0 for the highest priority; always 0 in a LIFO queue, which ignores priority.
    pub urgency: u32,
    /// Milliseconds: the virtual start time, counted from 1900; in a LIFO queue the time from the
    /// Task's creation to the year 2286.
    pub moment: i64,
    /// Breaks ties.
    pub sid: TaskSid,
}

/// The order of Tasks of different waiting lists: a smaller rank is served sooner. The first
/// component is false for the preferred kind of queue.
pub(super) type Rank = (bool, Position);

/// The largest moment, for LIFO Positions: 13 digits of milliseconds, the year 2286.
const END_OF_TIME: i64 = 9_999_999_999_999;

/// Milliseconds from 1900, the earliest virtual start time, to 1970.
const SINCE_1900: i64 = 2_208_988_800_000;

/// The waiting list of a Task, or the one it would join if it waited. `None`: its step is for a
/// known Worker, and the Task names no Worker.
pub fn waiting_list_of(workspace: &Workspace, task: &Task) -> Option<WaitingList> {
    if let Some(RoutingTarget::Worker(worker)) = task.routing_target {
        return Some(WaitingList::Worker(worker));
    }
    let in_queue = Some(WaitingList::Queue(task.task_queue_sid, task.channel));
    match target_at(workspace, task).and_then(|target| target.known_worker.as_ref()) {
        None => in_queue,
        Some(known) => match known_worker::named_by(task, known) {
            WantedWorker::FriendlyName(_) => in_queue,
            WantedWorker::Sid(sid) => sid.parse().ok().map(WaitingList::Worker),
            WantedWorker::Unnamed => None,
        },
    }
}

/// The waiting lists that a Worker reads: the Worker's own, and those of the TaskQueues they serve
/// in the TaskChannels in which they have a free slot.
pub fn waiting_lists_for(workspace: &Workspace, worker: &Worker) -> Vec<WaitingList> {
    let mut waiting_lists = vec![WaitingList::Worker(worker.sid)];
    if let Some(ready) = worker.readiness(workspace) {
        waiting_lists.extend(waiting_lists_of_ready(&ready));
    }
    waiting_lists
}

/// The waiting lists that every Worker on a ready list reads.
pub fn waiting_lists_of_ready(ready: &Readiness) -> impl Iterator<Item = WaitingList> {
    ready.queues.queues().iter().flat_map(|queue| {
        ready
            .channels
            .iter()
            .map(|channel| WaitingList::Queue(*queue, *channel))
    })
}

/// A Task's Position in its waiting list.
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

/// The order of Tasks of different waiting lists for one Worker: first the kind of queue that the
/// Workspace prefers (`prioritize_queue_order`), then the Position.
pub(super) fn rank(workspace: &Workspace, task: &Task) -> Rank {
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
