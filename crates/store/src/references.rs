//! What Tasks that have not ended need of their Workspace.

use std::collections::BTreeSet;

use ids::time::Timestamp;
use ids::{TaskQueueSid, WorkflowSid};
use task_router::model::{Configuration, Task, TaskChannelName, Workspace};

use crate::{Error, Reading, Store};

/// Tasks read at once: a few megabytes of memory at most.
const READ: usize = 500;

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
    /// What the Tasks of a Workspace need, as they stand; those that have ended need nothing. Reads each of them.
    pub async fn parts_in_use(
        &self,
        workspace: &Workspace,
        now: Timestamp,
    ) -> Result<PartsInUse, Error> {
        let (mut used, mut versions) = (PartsInUse::default(), BTreeSet::new());
        let mut reading = Some(Reading::Forward(None));
        while let Some(here) = reading {
            let part = self.listed_tasks(workspace.sid, &here, READ).await?;
            let tasks = self.readable_tasks(workspace, &part.sids(), now).await?;
            for task in tasks.iter().filter(|task| !task.assignment_status.is_end()) {
                used.note(task);
                if versions.insert((task.workflow_sid, task.workflow_version)) {
                    let configuration = workspace.configuration_of(task);
                    let targets = configuration.into_iter().flat_map(Configuration::targets);
                    used.queues.extend(targets.map(|target| target.queue));
                }
            }
            reading = here.behind(&part);
        }
        Ok(used)
    }
}

impl PartsInUse {
    fn note(&mut self, task: &Task) {
        self.queues.insert(task.task_queue_sid);
        self.workflows.insert(task.workflow_sid);
        self.channels.insert(task.channel);
    }
}
