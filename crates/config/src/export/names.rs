//! The names by which parts refer to one another. A file needs names that are unique; the REST API
//! does not.

use std::collections::{BTreeMap, BTreeSet};

use ids::{ActivitySid, TaskQueueSid, WorkflowSid};
use task_router::model::{PartId, Workspace};

use super::Notes;

/// The names of a Workspace's parts.
#[derive(Debug, Default)]
pub(super) struct PartNames {
    names: BTreeMap<PartId, String>,
}

impl PartNames {
    /// The names, each of them once.
    pub fn of(workspace: &Workspace, notes: &mut Notes) -> Self {
        let mut found = Self::default();
        let activities = workspace.activities.values();
        let activities = activities.map(|one| (PartId::Activity(one.sid), &*one.friendly_name));
        found.add("Activity", workspace, activities.collect(), notes);
        let queues = workspace.task_queues.values();
        let queues = queues.map(|one| (PartId::TaskQueue(one.sid), &*one.friendly_name));
        found.add("TaskQueue", workspace, queues.collect(), notes);
        let workflows = workspace.workflows.values();
        let workflows = workflows.map(|one| (PartId::Workflow(one.sid), &*one.friendly_name));
        found.add("Workflow", workspace, workflows.collect(), notes);
        found
    }

    fn add(
        &mut self,
        kind: &str,
        workspace: &Workspace,
        mut parts: Vec<(PartId, &str)>,
        notes: &mut Notes,
    ) {
        parts.sort_by_key(|(part, _)| (workspace.ledger.position(*part), *part));
        let mut used: BTreeSet<String> = parts.iter().map(|(_, name)| (*name).to_owned()).collect();
        let mut seen = BTreeSet::new();
        for (part, name) in parts {
            let mut given = name.to_owned();
            if !seen.insert(name) {
                given = free_name(name, &used);
                used.insert(given.clone());
                notes.add(format!(
                    "{kind} \"{name}\": another one has the same name; here it is \"{given}\""
                ));
            }
            self.names.insert(part, given);
        }
    }

    pub fn activity(&self, sid: ActivitySid) -> Option<&str> {
        self.name(PartId::Activity(sid))
    }

    pub fn task_queue(&self, sid: TaskQueueSid) -> Option<&str> {
        self.name(PartId::TaskQueue(sid))
    }

    pub fn workflow(&self, sid: WorkflowSid) -> Option<&str> {
        self.name(PartId::Workflow(sid))
    }

    pub fn name(&self, part: PartId) -> Option<&str> {
        self.names.get(&part).map(String::as_str)
    }
}

/// `Support 2`, or the next number that is free.
fn free_name(name: &str, used: &BTreeSet<String>) -> String {
    let mut number = 2_usize;
    loop {
        let given = format!("{name} {number}");
        if !used.contains(&given) {
            return given;
        }
        number += 1;
    }
}
