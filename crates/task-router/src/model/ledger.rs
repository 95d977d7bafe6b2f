//! What is known of a Workspace's parts beside what they say: when they came, when they changed, who wants them.

use std::collections::{BTreeMap, BTreeSet};

use super::{TaskChannelName, Workspace};
use ids::time::Timestamp;
use ids::{ActivitySid, TaskQueueSid, WorkflowSid};

/// A part of a Workspace's configuration, by what names it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartId {
    /// An Activity.
    Activity(ActivitySid),
    /// A TaskQueue.
    TaskQueue(TaskQueueSid),
    /// A TaskChannel.
    TaskChannel(TaskChannelName),
    /// A Workflow.
    Workflow(WorkflowSid),
    /// The Workspace's own fields. The last one: a Workspace that can be read has its parts.
    Workspace,
}

/// When a part came and when it last changed (taskrouter.md section 2: every resource has both).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dates {
    /// When it was made.
    pub date_created: Timestamp,
    /// When it was last written.
    pub date_updated: Timestamp,
}

/// The ledger of one Workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// How often the configuration was written: what is read under one revision and written on condition of it is based on
    /// nothing that has changed meanwhile.
    pub revision: u64,
    /// The dates of each part.
    pub dates: BTreeMap<PartId, Dates>,
    /// The parts that `contact-centre.yaml` declares. What the API made is not among them, and the file has no say over it.
    pub declared: BTreeSet<PartId>,
}

impl Ledger {
    /// When a part was made; the beginning of time for one that nobody noted.
    pub fn date_created(&self, part: PartId) -> Timestamp {
        self.dates
            .get(&part)
            .map_or(Timestamp::from_millis(0), |dates| dates.date_created)
    }
}

impl Workspace {
    /// Every part there is, the Workspace itself last.
    pub fn parts(&self) -> impl Iterator<Item = PartId> {
        let activities = self.activities.keys().copied().map(PartId::Activity);
        let queues = self.task_queues.keys().copied().map(PartId::TaskQueue);
        let channels = self.task_channels.keys().copied().map(PartId::TaskChannel);
        let workflows = self.workflows.keys().copied().map(PartId::Workflow);
        activities
            .chain(queues)
            .chain(channels)
            .chain(workflows)
            .chain([PartId::Workspace])
    }
}
