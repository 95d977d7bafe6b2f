//! `<Enqueue>`: puts the caller into a queue (voice-webhooks.md section 5.1).

use serde_json::Value;

use super::xml::Element;
use ids::WorkflowSid;

/// Puts the caller into a queue, in which the document at `wait_url` is repeated.
#[derive(Debug, Clone, PartialEq)]
pub struct Enqueue {
    /// The queue.
    pub target: EnqueueTarget,
    /// URL of the wait document; if unset, the carrier's hold music.
    pub wait_url: Option<String>,
    /// URL that is requested when the caller leaves the queue; if unset, the next verb runs.
    pub action: Option<String>,
}

/// The queue of an [`Enqueue`].
#[derive(Debug, Clone, PartialEq)]
pub enum EnqueueTarget {
    /// A queue of calls at the carrier, by name (at most 64 characters); the carrier creates it on
    /// first use.
    Queue(String),
    /// Hosted TaskRouter: the carrier creates a Task in this Workflow (taskrouter.md section 16).
    Workflow {
        /// The Workflow that routes the Task.
        workflow_sid: WorkflowSid,
        /// Attributes of the Task, a JSON object; the carrier adds `call_sid`, `from`, `to` …
        task_attributes: Value,
    },
}

impl Enqueue {
    pub(super) fn element(&self) -> Element {
        let element = match &self.target {
            EnqueueTarget::Queue(name) => Element::text("Enqueue", name),
            EnqueueTarget::Workflow {
                workflow_sid,
                task_attributes,
            } => Element::parent(
                "Enqueue",
                vec![Element::text("Task", task_attributes.to_string())],
            )
            .attribute("workflowSid", Some(workflow_sid)),
        };
        element
            .attribute("waitUrl", self.wait_url.as_ref())
            .attribute("action", self.action.as_ref())
    }
}
