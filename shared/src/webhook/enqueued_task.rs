//! `<Enqueue workflowSid>`: a carrier asks the TaskRouter it is coupled with for a Task
//! (taskrouter.md section 16).

use super::{Call, ParameterError, Parameters};
use ids::{TaskSid, WorkflowSid};

/// A request for the Task of a call. The carrier chooses the SID and repeats it on every retry,
/// which makes the request idempotent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnqueuedTask {
    /// The caller's leg.
    pub call: Call,
    /// SID of the Task, chosen by the carrier.
    pub task_sid: TaskSid,
    /// The `workflowSid` of the `<Enqueue>`.
    pub workflow_sid: WorkflowSid,
    /// The JSON inside `<Task>`.
    pub attributes: Option<String>,
    /// Priority of the Task.
    pub priority: Option<u32>,
    /// Timeout of the Task, in seconds: how long it may wait before it is assigned.
    pub timeout_secs: Option<u32>,
}

impl EnqueuedTask {
    /// Reads the parameters of the request.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            call: Call::parse(parameters)?,
            task_sid: parameters.required("TaskSid")?,
            workflow_sid: parameters.required("WorkflowSid")?,
            attributes: parameters.optional("TaskAttributes")?,
            priority: parameters.optional("TaskPriority")?,
            timeout_secs: parameters.optional("TaskTimeout")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::tests::call_with;
    use super::*;

    #[test]
    fn enqueued_task_needs_sid_and_workflow() {
        let task = "WT0123456789abcdef0123456789abcdef";
        let workflow = "WW0123456789abcdef0123456789abcdef";
        let named = [("TaskSid", task), ("WorkflowSid", workflow)];
        let asked = EnqueuedTask::parse(&call_with(&named)).unwrap();
        assert_eq!(
            (
                asked.task_sid.to_string().as_str(),
                asked.workflow_sid.to_string().as_str()
            ),
            (task, workflow)
        );
        assert_eq!(
            (asked.attributes, asked.priority, asked.timeout_secs),
            (None, None, None)
        );
        let more = [
            named[0],
            named[1],
            ("TaskAttributes", "{}"),
            ("TaskPriority", "7"),
            ("TaskTimeout", "30"),
        ];
        let asked = EnqueuedTask::parse(&call_with(&more)).unwrap();
        assert_eq!(
            (
                asked.attributes.as_deref(),
                asked.priority,
                asked.timeout_secs
            ),
            (Some("{}"), Some(7), Some(30))
        );
        let message = EnqueuedTask::parse(&call_with(&named[..1]))
            .unwrap_err()
            .to_string();
        assert!(message.starts_with("WorkflowSid is missing"), "{message}");
    }
}
