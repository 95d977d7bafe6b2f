//! Whom a change of configuration concerns at once: those who wait by it.
//!
//! Most of a configuration is read when it is needed, so a change is for Tasks and calls to come. Some of it is written
//! down with every Task that waits or with every Worker: their place in the order of a queue, their step, the queues a
//! Worker serves, the board on which they are found. Of these a change is carried to everybody who is there.

use serde::{Deserialize, Serialize};

use super::events::Part;
use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid};

/// A walk past all Tasks or all Workers of a Workspace, and where it stands. Whoever goes a part of the way sends the rest
/// on as a message, so that no message takes long and none is too much to be done again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backfill {
    /// Past the Tasks.
    Tasks {
        /// The last one looked at.
        after: Option<Listed<TaskSid>>,
    },
    /// Past the Workers.
    Workers {
        /// The last one looked at.
        after: Option<Listed<WorkerSid>>,
    },
}

/// A place in a listing, which goes by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Listed<S> {
    /// When it was made.
    pub created: Timestamp,
    /// What it is.
    pub sid: S,
}

impl Backfill {
    /// Past all Tasks.
    pub const TASKS: Self = Self::Tasks { after: None };

    /// Past all Workers.
    pub const WORKERS: Self = Self::Workers { after: None };
}

/// The walks a write of configuration calls for.
pub fn of_part(old: Option<&Part>, new: Option<&Part>) -> Vec<Backfill> {
    let walks = [
        (Backfill::TASKS, concerns_tasks(old, new)),
        (Backfill::WORKERS, concerns_workers(old, new)),
    ];
    walks
        .into_iter()
        .filter_map(|(walk, is_due)| is_due.then_some(walk))
        .collect()
}

/// Waiting Tasks start anew when a Workflow is saved with `ReEvaluateTasks` (taskrouter.md section 2.7), and stand in
/// another order when their queue's changes (section 2.6).
fn concerns_tasks(old: Option<&Part>, new: Option<&Part>) -> bool {
    match (old, new) {
        (Some(Part::Workflow(old)), Some(Part::Workflow(new))) => {
            old.reevaluated_version != new.reevaluated_version
        }
        (Some(Part::TaskQueue(old)), Some(Part::TaskQueue(new))) => {
            old.task_order != new.task_order
        }
        (_, _) => false,
    }
}

/// Workers serve the queues whose expression they meet, which may ask for their Activity's name (section 8.2); they are
/// found by the channels there are, while their Activity is available; and wrap-up has a limit.
fn concerns_workers(old: Option<&Part>, new: Option<&Part>) -> bool {
    match (old, new) {
        (Some(Part::TaskQueue(old)), Some(Part::TaskQueue(new))) => {
            old.target_workers != new.target_workers
        }
        (None, Some(Part::TaskQueue(_))) | (Some(Part::TaskQueue(_)), None) => true,
        (Some(Part::Activity(old)), Some(Part::Activity(new))) => {
            (&old.friendly_name, old.available) != (&new.friendly_name, new.available)
        }
        (Some(Part::Activity(_)), None) => true,
        (None, Some(Part::TaskChannel(_))) | (Some(Part::TaskChannel(_)), None) => true,
        (Some(Part::Workspace(old)), Some(Part::Workspace(new))) => old.wrap_up != new.wrap_up,
        (_, _) => false,
    }
}
