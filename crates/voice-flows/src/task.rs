//! The Tasks that a flow creates.

use ids::time::{Millis, Timestamp};
use ids::{TaskQueueSid, TaskSid, WorkflowSid};
use serde_json::{Map, Value};
use task_router::model::Redial;

/// A Task that a flow creates.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCallTask {
    /// Derived from the call and the number of its Task, so that a repeated webhook creates the
    /// same Task.
    pub sid: TaskSid,
    /// What the Task is for.
    pub purpose: Purpose,
    /// Its attributes.
    pub attributes: Map<String, Value>,
    /// Its priority.
    pub priority: u32,
    /// How long it may wait; `None`: TaskRouter's default.
    pub timeout: Option<Millis>,
    /// The moment from which its waiting is counted; `None`: now.
    pub virtual_start_time: Option<Timestamp>,
    /// How often the customer of a callback is called.
    pub redial: Option<Redial>,
}

/// What a Task of a flow is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The caller waits for a Worker.
    Conversation(WorkflowSid),
    /// A Worker calls back.
    Callback(WorkflowSid),
    /// A message of the caller.
    Voicemail(TaskQueueSid),
}
