//! What Tasks that have not ended need of their Workspace.

use std::collections::BTreeSet;

use shared::model::{Configuration, Task, TaskChannelName, TaskQueueSid, TaskSid, WorkflowSid, Workspace};

use crate::{Error, Store};

/// The parts of a Workspace that living Tasks need: what they follow, where they are, and where they may still come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartsInUse {
    /// The TaskQueues they are in, and those of the configuration they follow.
    pub queues: BTreeSet<TaskQueueSid>,
    /// Their Workflows.
    pub workflows: BTreeSet<WorkflowSid>,
    /// Their TaskChannels.
    pub channels: BTreeSet<TaskChannelName>,
}

impl Store {
    /// What these Tasks need, as they stand; those that have ended need nothing. Reads each of them, a hundred at a time.
    pub async fn parts_in_use(&self, workspace: &Workspace, tasks: &[TaskSid]) -> Result<PartsInUse, Error> {
        let tasks: Vec<Task> = self.tasks(tasks).await?;
        let (mut used, mut versions) = (PartsInUse::default(), BTreeSet::new());
        for task in tasks.iter().filter(|task| !task.assignment_status.is_end()) {
            used.queues.insert(task.task_queue_sid);
            used.workflows.insert(task.workflow_sid);
            used.channels.insert(task.channel);
            if versions.insert((task.workflow_sid, task.workflow_version)) {
                let configuration = workspace.configuration_of(task);
                used.queues
                    .extend(configuration.into_iter().flat_map(Configuration::targets).map(|target| target.queue));
            }
        }
        Ok(used)
    }
}
