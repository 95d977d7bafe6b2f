//! TaskQueue: Tasks that wait for the same kind of Worker (taskrouter.md section 2.6).

use serde::{Deserialize, Serialize};

use super::Expression;
use ids::TaskQueueSid;

/// TaskQueues a Workspace may have unless it says otherwise (taskrouter.md sections 14 and 18).
pub const TASK_QUEUES_MAX: u32 = 5_000;

/// Calls that may wait in a TaskQueue unless the Workspace says otherwise (taskrouter.md section 18).
pub const WAITING_CALLS_MAX: u32 = 1_000;

/// Workers who may be offered one Task at once (taskrouter.md section 14).
pub const RESERVED_WORKERS_MAX: u32 = 50;

/// What a queue asks of its Workers if nothing is said: nothing (taskrouter.md section 2.6).
pub const EVERYBODY: &str = "1==1";

/// Where Tasks wait, and who may take them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskQueue {
    /// `WQ…`.
    pub sid: TaskQueueSid,
    /// Unique in the Workspace, at most 64 characters.
    pub friendly_name: String,
    /// Which Workers belong to the queue. `None`: the expression is empty and matches nobody.
    pub target_workers: Option<Expression>,
    /// How many Workers are offered one Task at once, 1 to 50.
    pub max_reserved_workers: u8,
    /// Which Task is served first.
    #[serde(default)]
    pub task_order: TaskOrder,
}

/// Which of the Tasks in a queue is served first (taskrouter.md section 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TaskOrder {
    /// The most urgent, then the one that has waited longest.
    #[default]
    Fifo,
    /// The newest, whatever its priority.
    Lifo,
}
