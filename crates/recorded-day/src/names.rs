//! Names in another configuration: its ids differ where another account or Workspace name was used,
//! so the parts of the recorded configuration are found by their names.

use ids::{ActivitySid, TaskQueueSid, WorkflowSid};
use task_router::model::{RoutingTarget, Workspace};

/// A part of the recorded configuration that the other configuration does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the other configuration has no {kind} \"{name}\", which the recorded day needs")]
pub struct NameError {
    /// The kind of the part.
    pub kind: &'static str,
    /// Its name, or its id if the recording does not have the name.
    pub name: String,
}

/// The recorded configuration, and the one that replaces it.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub recorded: &'a Workspace,
    pub other: &'a Workspace,
}

impl Names<'_> {
    pub fn activity(&self, sid: ActivitySid) -> Result<ActivitySid, NameError> {
        let name = self.recorded.activities.get(&sid);
        let name = name.map(|it| it.friendly_name.as_str());
        let mut all = self.other.activities.values();
        let found = all.find(|it| Some(it.friendly_name.as_str()) == name);
        found.map(|it| it.sid).ok_or_else(|| NameError {
            kind: "Activity",
            name: name.map_or_else(|| sid.to_string(), str::to_owned),
        })
    }

    pub fn workflow(&self, sid: WorkflowSid) -> Result<WorkflowSid, NameError> {
        let name = self.recorded.workflows.get(&sid);
        let name = name.map(|it| it.friendly_name.as_str());
        let mut all = self.other.workflows.values();
        let found = all.find(|it| Some(it.friendly_name.as_str()) == name);
        found.map(|it| it.sid).ok_or_else(|| NameError {
            kind: "Workflow",
            name: name.map_or_else(|| sid.to_string(), str::to_owned),
        })
    }

    fn queue(&self, sid: TaskQueueSid) -> Result<TaskQueueSid, NameError> {
        let name = self.recorded.task_queues.get(&sid);
        let name = name.map(|it| it.friendly_name.as_str());
        let mut all = self.other.task_queues.values();
        let found = all.find(|it| Some(it.friendly_name.as_str()) == name);
        found.map(|it| it.sid).ok_or_else(|| NameError {
            kind: "TaskQueue",
            name: name.map_or_else(|| sid.to_string(), str::to_owned),
        })
    }

    pub fn routing_target(
        &self,
        target: Option<RoutingTarget>,
    ) -> Result<Option<RoutingTarget>, NameError> {
        Ok(match target {
            Some(RoutingTarget::TaskQueue(queue)) => {
                Some(RoutingTarget::TaskQueue(self.queue(queue)?))
            }
            Some(RoutingTarget::Workflow(workflow)) => {
                Some(RoutingTarget::Workflow(self.workflow(workflow)?))
            }
            // Workers are those of the recording.
            Some(RoutingTarget::Worker(worker)) => Some(RoutingTarget::Worker(worker)),
            None => None,
        })
    }
}
