//! TaskQueue: Tasks that wait for the same kind of Worker (taskrouter.md section 2.6).

use serde::{Deserialize, Serialize};

use super::Expression;
use ids::{ActivitySid, TaskQueueSid};

/// The most TaskQueues of a Workspace unless its rules say otherwise (taskrouter.md sections 14 and
/// 18).
pub const TASK_QUEUES_MAX: u32 = 5_000;

/// The most calls that wait in a TaskQueue unless the Workspace's rules say otherwise
/// (taskrouter.md section 18).
pub const WAITING_CALLS_MAX: u32 = 1_000;

/// The most Workers that are offered one Task at the same time (taskrouter.md section 14).
pub const RESERVED_WORKERS_MAX: u32 = 50;

/// The default expression of a TaskQueue: every Worker matches (taskrouter.md section 2.6).
pub const ALL_WORKERS: &str = "1==1";

/// A set of Workers, and the order in which the Tasks that wait for them are served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskQueue {
    /// `WQ…`.
    pub sid: TaskQueueSid,
    /// Unique in the Workspace, at most 64 characters.
    pub friendly_name: String,
    /// The expression that the TaskQueue's Workers match. `None`: the expression is empty and no
    /// Worker matches.
    pub target_workers: Option<Expression>,
    /// How many Workers are offered one Task at the same time, 1 to 50.
    pub max_reserved_workers: u8,
    /// The order in which Tasks are served.
    #[serde(default)]
    pub task_order: TaskOrder,
    /// The Activity of a Worker whose Reservation of this TaskQueue is pending, in a single-tasking
    /// Workspace. Kept and shown; ours are multitasking, where it has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation_activity_sid: Option<ActivitySid>,
    /// The same for a Worker who has accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment_activity_sid: Option<ActivitySid>,
}

/// The order in which the Tasks of a TaskQueue are served (taskrouter.md section 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TaskOrder {
    /// By priority, then by waiting time.
    #[default]
    Fifo,
    /// The newest first, whatever its priority.
    Lifo,
}
