//! `<Enqueue>`: let the caller wait in a queue (voice-webhooks.md section 5.1).

use serde_json::Value;

use super::xml::Element;
use ids::WorkflowSid;

/// Puts the caller into a queue, where the document at `wait_url` is heard again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct Enqueue {
    /// Which queue.
    pub target: EnqueueTarget,
    /// Document for the time of waiting; the carrier's hold music if not set.
    pub wait_url: Option<String>,
    /// Asked when the caller leaves the queue; the next verb runs if not set.
    pub action: Option<String>,
}

/// Which queue an [`Enqueue`] means.
#[derive(Debug, Clone, PartialEq)]
pub enum EnqueueTarget {
    /// A queue of calls at the carrier, by name (at most 64 characters); made on first use.
    Queue(String),
    /// Hosted TaskRouter: a Task in this Workflow, made by the carrier (taskrouter.md section 16).
    Workflow {
        /// The Workflow that routes the Task.
        workflow_sid: WorkflowSid,
        /// What becomes of the Task's attributes, a JSON object; the carrier adds `call_sid`, `from`, `to` …
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
