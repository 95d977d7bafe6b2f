//! The ledger: metadata of the parts of a Workspace's configuration. It holds their dates, and
//! which of them `contact-centre.yaml` declares.

use std::collections::{BTreeMap, BTreeSet};

use super::{TaskChannelName, Workspace};
use ids::time::Timestamp;
use ids::{ActivitySid, TaskQueueSid, WorkflowSid};

/// The identity of a part of a Workspace's configuration.
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
    /// The Workspace's own fields. It is the last part, so that a Workspace that can be read has
    /// all its other parts.
    Workspace,
}

/// The dates of a part (taskrouter.md section 2: every resource has both).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dates {
    /// When the part was created.
    pub date_created: Timestamp,
    /// When the part was last written.
    pub date_updated: Timestamp,
}

/// The ledger of one Workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// The number of writes of the configuration. A configuration write is a transaction on
    /// condition of the revision that was read, so it cannot overwrite a change made since.
    pub revision: u64,
    /// The dates of each part.
    pub dates: BTreeMap<PartId, Dates>,
    /// The places of parts that are created in one write, counted from 0: the order of the file or
    /// of the template. Parts without a place are first.
    pub places: BTreeMap<PartId, u32>,
    /// The parts that `contact-centre.yaml` declares. Parts that the API created are not among
    /// them, and the file does not change or delete those.
    pub declared: BTreeSet<PartId>,
}

impl Ledger {
    /// Gives a part the next place, unless it has one.
    pub fn append(&mut self, part: PartId) {
        let next = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.entry(part).or_insert(next);
    }

    /// The position of a part in lists: when it was created, and its place among the parts that
    /// were created in the same write.
    pub fn position(&self, part: PartId) -> (Timestamp, u32) {
        let place = self.places.get(&part).copied().unwrap_or_default();
        (self.date_created(part), place)
    }

    /// When a part was created; 1970-01-01 for a part without dates.
    pub fn date_created(&self, part: PartId) -> Timestamp {
        self.dates
            .get(&part)
            .map_or(Timestamp::from_millis(0), |dates| dates.date_created)
    }
}

impl Workspace {
    /// Every part of the configuration, the Workspace itself last.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_appended_once() {
        let mut ledger = Ledger::default();
        let parts = ["a", "b"].map(|name| PartId::Activity(ActivitySid::derive(&[name])));
        for part in [parts[1], parts[0], parts[1]] {
            ledger.append(part);
        }
        let places = parts.map(|part| ledger.position(part).1);
        assert_eq!(places, [1, 0]);
    }
}
