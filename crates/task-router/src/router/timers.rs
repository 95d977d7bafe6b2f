//! When a Task or Worker changes by time alone, and the timer that says so.

use serde::{Deserialize, Serialize};

use super::expression::next_change;
use super::limits::ASSIGNED_MAX;
use super::workflow;
use crate::model::{AfterConversation, AssignmentStatus, Task, Worker, Workspace};
use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid, WorkspaceSid};

/// A timer: `routing` looks at the subject again at `at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// The subject's Workspace.
    pub workspace: WorkspaceSid,
    /// The Task or Worker whose time is up.
    pub subject: Subject,
    /// The moment at which the timer is due.
    pub at: Timestamp,
}

/// The subject of a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A Task's deadlines.
    Task(TaskSid),
    /// The end of a Worker's wrap-up.
    Worker(WorkerSid),
}

/// The next moment at which [`super::Command::Advance`] could change this Task. Deadlines count
/// even when they have passed. The end of a retry pause or of a pause of a callback, and a time of day at which another Worker
/// can suit the Task's step, count only if they are later than `after`, because passing them
/// changes nothing in the Task.
pub fn of_task(workspace: &Workspace, task: &Task, after: Timestamp) -> Option<Timestamp> {
    let offer = task
        .pending_reservations()
        .map(|reservation| reservation.expires_at)
        .min();
    let status = of_status(workspace, task);
    let mut step = None;
    let mut retry = None;
    let mut time_of_day = None;
    if task.is_pending() {
        let pause = workspace.rules.reoffer_pause;
        let pauses = task.failed_offers.iter().map(|failed| failed.at + pause);
        step = workflow::step_deadline(workspace, task);
        let redial = task.redial.as_ref();
        let redialed = redial.and_then(|redial| redial.pauses_after(after));
        retry = pauses.filter(|end| *end > after).chain(redialed).min();
        time_of_day = workflow::target_at(workspace, task)
            .and_then(|target| target.expression.as_ref())
            .and_then(|expression| next_change(expression, task, after));
    }
    let moments = [offer, status, step, retry, time_of_day];
    moments.into_iter().flatten().min()
}

/// The next moment at which [`super::Command::AdvanceWorker`] could change this Worker: the end of
/// wrap-up.
pub fn of_worker(workspace: &Workspace, worker: &Worker) -> Option<Timestamp> {
    let wrap_up = workspace.wrap_up.as_ref()?;
    (worker.activity_sid == wrap_up.activity_sid).then(|| worker.activity_ends_at(wrap_up.limit))
}

/// When the Task's status ends by time alone.
pub(super) fn of_status(workspace: &Workspace, task: &Task) -> Option<Timestamp> {
    match task.assignment_status {
        AssignmentStatus::Pending | AssignmentStatus::Reserved => Some(task.expires_at()),
        AssignmentStatus::Assigned => Some(held_since(task) + ASSIGNED_MAX),
        AssignmentStatus::Wrapping => {
            let channel = workspace.task_channels.get(&task.channel)?;
            match channel.after_conversation {
                AfterConversation::WrapFor(limit) => Some(held_since(task) + limit),
                AfterConversation::Wrap | AfterConversation::Complete => None,
            }
        }
        AssignmentStatus::Completed | AssignmentStatus::Canceled => None,
    }
}

/// Since when the Task has been assigned to its Worker, or has been in wrap-up.
fn held_since(task: &Task) -> Timestamp {
    task.held_reservation()
        .map_or(task.date_updated, |held| held.date_updated)
}
