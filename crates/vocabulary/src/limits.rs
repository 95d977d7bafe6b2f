//! Limits of a Task that hold in TwiML (`<Task>`), in the REST API and in a Workflow.

/// The highest priority of a Task (taskrouter.md section 2.8).
pub const PRIORITY_MAX: u32 = i32::MAX as u32;

/// The longest `timeout` of a Task, in seconds: 14 days (taskrouter.md section 14).
pub const TASK_TIMEOUT_MAX_SECS: u32 = 1_209_600;
