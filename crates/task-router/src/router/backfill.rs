//! Backfill: applies a configuration change to the waiting Tasks or the Workers it affects.
//!
//! Most configuration is read when it is needed, so a change applies to later Tasks and calls. Some
//! of it is stored with each waiting Task or each Worker: a Task's Position in the order of its
//! queue, its step, a Worker's queue membership, and the ready list that contains the Worker. A
//! change of that part needs a backfill over all Tasks or all Workers.

use serde::{Deserialize, Serialize};

use super::events::Part;
use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid};

/// A pass over all Tasks or all Workers of a Workspace, with its cursor. Each message visits one
/// batch and sends the rest on, so that no message takes long and each can be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backfill {
    /// Visits Tasks.
    Tasks {
        /// The last Task visited.
        after: Option<Listed<TaskSid>>,
    },
    /// Visits Workers.
    Workers {
        /// The last Worker visited.
        after: Option<Listed<WorkerSid>>,
    },
}

/// A cursor in a listing, which is ordered by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Listed<S> {
    /// When the item was created.
    pub created: Timestamp,
    /// The item's id.
    pub sid: S,
}

impl Backfill {
    /// Visits all Tasks, from the first on.
    pub const TASKS: Self = Self::Tasks { after: None };

    /// Visits all Workers, from the first on.
    pub const WORKERS: Self = Self::Workers { after: None };
}

/// The backfills that a write of configuration calls for.
pub fn of_part(old: Option<&Part>, new: Option<&Part>) -> Vec<Backfill> {
    let mut backfills = Vec::new();
    if affects_tasks(old, new) {
        backfills.push(Backfill::TASKS);
    }
    if affects_workers(old, new) {
        backfills.push(Backfill::WORKERS);
    }
    backfills
}

/// Waiting Tasks restart their Workflow when it is saved with `ReEvaluateTasks` (taskrouter.md
/// section 2.7), and get another Position when the order of their queue changes (section 2.6).
fn affects_tasks(old: Option<&Part>, new: Option<&Part>) -> bool {
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

/// A Worker's queue membership depends on the queues' expressions, which may ask for the name of
/// the Worker's Activity (section 8.2). The ready list depends on the TaskChannels in use and on
/// whether the Activity is available. The end of wrap-up depends on its limit.
fn affects_workers(old: Option<&Part>, new: Option<&Part>) -> bool {
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
        (Some(Part::TaskChannel(old)), Some(Part::TaskChannel(new))) => old.usage != new.usage,
        (Some(Part::Workspace(old)), Some(Part::Workspace(new))) => old.wrap_up != new.wrap_up,
        (_, _) => false,
    }
}
