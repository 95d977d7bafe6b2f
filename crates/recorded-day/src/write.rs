//! The writes of a recording, in their order.

use std::sync::Arc;

use ids::WorkerSid;
use ids::time::Timestamp;
use task_router::model::{Task, Worker, Workspace};

/// One write of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// The moment of the decision that was written.
    pub at: Timestamp,
    /// What was written.
    pub change: Change,
}

/// What a write changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The configuration, as a whole.
    Configuration(Arc<Workspace>),
    /// A Task that existed before the recording began.
    KnownTask(Box<Task>),
    /// A Worker who existed before the recording began.
    KnownWorker(Box<Worker>),
    /// A Task after a write.
    Task(Box<Task>),
    /// A Worker after a write.
    Worker(Box<Worker>),
    /// A Worker was deleted.
    WorkerRemoved(WorkerSid),
}
