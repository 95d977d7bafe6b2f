//! Invariant 10: a Worker is offered the Task that comes first (taskrouter.md section 10).
//!
//! The check knows only what every search reads: the first Task of each waiting list. Tasks of
//! different TaskChannels take different slots, so they do not compete.

use std::cmp::Reverse;

use ids::WorkerSid;
use ids::time::Millis;
use task_router::model::{AssignmentStatus, Task, TaskOrder, Workspace};
use task_router::router::order::{WaitingList, position_of, waiting_list_of};

use super::Invariant;
use crate::history::Picture;
use crate::scenario::Names;
use crate::world::World;

/// How long a Task must have been unchanged to be visible to every search: longer than a search
/// takes in the calm, when no index lags.
const VISIBLE_AFTER: Millis = Millis::from_secs(2);

/// How long the calm must have lasted: longer than a search that began in the storm takes.
const CALM_FOR: Millis = Millis::from_secs(15);

/// Checks the Reservations that one write of a Task made.
pub(super) fn check(world: &World, before: &Picture, old: Option<&Task>, new: &Task) {
    let is_reserved = old.is_some_and(|old| old.assignment_status == AssignmentStatus::Pending)
        && new.assignment_status == AssignmentStatus::Reserved;
    let is_calm = world
        .calm_since()
        .is_some_and(|since| world.now().since(since) > CALM_FOR);
    let (true, true, Some(names)) = (is_reserved, is_calm, world.names()) else {
        return;
    };
    for offer in new.pending_reservations() {
        let Some(worker) = before.workers.get(&offer.worker_sid) else {
            continue;
        };
        let overtaken = before.tasks.values().find(|earlier| {
            is_visible(world, earlier)
                && earlier.channel == new.channel
                && comes_before(&names.workspace, earlier, new)
                && names.fits(worker, earlier)
                && !is_spared(world, &names.workspace, earlier, worker.sid)
                && is_first_of_its_list(&names.workspace, before, earlier)
        });
        if let Some(earlier) = overtaken {
            let what = format!(
                "{} is offered to {} although {} waits and comes first",
                new.sid, worker.sid, earlier.sid
            );
            world.violated(Invariant::FirstTaskFirst, what);
        }
    }
}

/// Whether every search must know that the Task waits, and may offer it.
fn is_visible(world: &World, task: &Task) -> bool {
    let now = world.now();
    let step_ends = Names::step_ends_after(task)
        .map(|secs| task.position.filter_entered_at + Millis::from_secs(secs));
    task.assignment_status == AssignmentStatus::Pending
        && task.is_in_waiting_list()
        && now.since(task.date_updated) > VISIBLE_AFTER
        && now < task.expires_at()
        && step_ends.is_none_or(|end| now < end)
}

/// Whether the Worker did not take the Task a moment ago, and is not offered it again yet. A search
/// that began before the end of the pause may end after it.
fn is_spared(world: &World, workspace: &Workspace, task: &Task, worker: WorkerSid) -> bool {
    let pause = workspace.rules.reoffer_pause;
    task.failed_offers.iter().any(|failed| {
        let searched_again = failed.at + pause + VISIBLE_AFTER;
        failed.worker_sid == worker && world.now() < searched_again
    })
}

/// Whether a Worker serves `earlier` before `task`: a second, simple implementation.
fn comes_before(workspace: &Workspace, earlier: &Task, task: &Task) -> bool {
    if earlier.filed != task.filed {
        return earlier.filed == workspace.rules.prioritize_queue_order;
    }
    match task.filed {
        TaskOrder::Fifo => {
            let key = |task: &Task| (Reverse(task.priority), task.virtual_start_time);
            key(earlier) < key(task)
        }
        TaskOrder::Lifo => earlier.date_created > task.date_created,
    }
}

/// Whether the Task is the first one of the waiting list of a TaskQueue.
fn is_first_of_its_list(workspace: &Workspace, picture: &Picture, task: &Task) -> bool {
    let list = waiting_list_of(workspace, task);
    let is_pending = |other: &&Task| {
        other.assignment_status == AssignmentStatus::Pending && other.is_in_waiting_list()
    };
    matches!(list, Some(WaitingList::Queue(_, _)))
        && picture
            .tasks
            .values()
            .filter(is_pending)
            .filter(|other| waiting_list_of(workspace, other) == list)
            .all(|other| position_of(task) <= position_of(other))
}
