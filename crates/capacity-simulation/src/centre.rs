//! The contact centre that is simulated: the content of its file, as far as routing needs it.

use ids::time::Millis;
use ids::{ActivitySid, WorkflowSid};
use task_router::model::{Worker, Workspace};

/// A contact centre.
#[derive(Debug, Clone, PartialEq)]
pub struct Centre {
    /// Activities, TaskQueues, Workflows and TaskChannels.
    pub workspace: Workspace,
    /// The Workflow of calls that name none.
    pub workflow: WorkflowSid,
    /// The Workers of the file.
    pub workers: Vec<Worker>,
    /// How long a Worker's phone rings.
    pub ring_timeout: Millis,
    /// The Activity of a Worker after a conversation, named by the `dequeue` instruction.
    pub post_work_activity: Option<ActivitySid>,
}
