//! References: the parts of a Workspace that its active Tasks need.

use std::collections::BTreeSet;

use ids::time::Timestamp;
use ids::{TaskQueueSid, WorkflowSid};
use task_router::model::{Configuration, Task, TaskChannelName, Workspace};

use crate::{Error, Reading, Store};

/// Tasks in one batch: a few megabytes of memory at most.
const BATCH_TASKS: usize = 500;

/// The parts of a Workspace that active Tasks reference: their TaskQueues, Workflows and
/// TaskChannels, and the TaskQueues they may still reach.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartsInUse {
    /// The TaskQueues in which they wait, and those of the configurations they follow.
    pub queues: BTreeSet<TaskQueueSid>,
    /// Their Workflows.
    pub workflows: BTreeSet<WorkflowSid>,
    /// Their TaskChannels.
    pub channels: BTreeSet<TaskChannelName>,
}

impl Store {
    /// The parts that the active Tasks of a Workspace reference; ended Tasks reference none. Reads
    /// every Task of the Workspace.
    pub async fn parts_in_use(
        &self,
        workspace: &Workspace,
        now: Timestamp,
    ) -> Result<PartsInUse, Error> {
        let mut used = PartsInUse::default();
        let mut versions = BTreeSet::new();
        let mut next = Some(Reading::Forward(None));
        while let Some(reading) = next {
            let page = self
                .listed_tasks(workspace.sid, &reading, BATCH_TASKS)
                .await?;
            let tasks = self.readable_tasks(workspace, &page.sids(), now).await?;
            used.note_all(workspace, &tasks, &mut versions);
            next = reading.after(&page);
        }
        Ok(used)
    }
}

impl PartsInUse {
    /// The parts that these Tasks reference; ended Tasks reference none.
    pub fn of(workspace: &Workspace, tasks: &[Task]) -> Self {
        let mut used = Self::default();
        used.note_all(workspace, tasks, &mut BTreeSet::new());
        used
    }

    /// `versions` are the Workflow versions whose configurations were noted. The Tasks of one version
    /// share its configuration, so it is read once.
    fn note_all(
        &mut self,
        workspace: &Workspace,
        tasks: &[Task],
        versions: &mut BTreeSet<(WorkflowSid, u32)>,
    ) {
        for task in tasks.iter().filter(|task| !task.assignment_status.is_end()) {
            self.note(task);
            if versions.insert((task.workflow_sid, task.workflow_version)) {
                let configuration = workspace.configuration_of(task);
                let targets = configuration.into_iter().flat_map(Configuration::targets);
                self.queues.extend(targets.map(|target| target.queue));
            }
        }
    }

    fn note(&mut self, task: &Task) {
        self.queues.insert(task.task_queue_sid);
        self.workflows.insert(task.workflow_sid);
        self.channels.insert(task.channel);
    }
}
