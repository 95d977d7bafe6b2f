//! Workspace: everything that routing needs to know and that rarely changes (taskrouter.md section 2.1).

use std::collections::BTreeMap;

use super::{Activity, ActivitySid, Millis, Roster, TaskQueue, TaskQueueSid, Workflow, WorkflowSid, WorkspaceSid};

/// How a Worker gets out of wrap-up without anybody doing anything.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WrapUp {
    /// The Activity that is limited.
    pub activity_sid: ActivitySid,
    /// How long a Worker may stay in it.
    pub limit: Millis,
    /// The Activity afterwards.
    pub next_activity_sid: ActivitySid,
}

/// A Workspace with its Activities, TaskQueues and Workflows, read as one.
#[derive(Debug, Clone, PartialEq)]
pub struct Workspace {
    /// `WS…`.
    pub sid: WorkspaceSid,
    /// At most 64 characters.
    pub friendly_name: String,
    /// The Activity of a new Worker.
    pub default_activity_sid: ActivitySid,
    /// The Activity of a Worker whose Reservation timed out.
    pub timeout_activity_sid: ActivitySid,
    /// The limit on wrap-up, if there is one.
    pub wrap_up: Option<WrapUp>,
    /// Its Activities.
    pub activities: BTreeMap<ActivitySid, Activity>,
    /// Its TaskQueues.
    pub task_queues: BTreeMap<TaskQueueSid, TaskQueue>,
    /// Its Workflows.
    pub workflows: BTreeMap<WorkflowSid, Workflow>,
    /// Every combination of TaskQueues that Workers of this Workspace serve; a hint for finding free Workers.
    pub rosters: BTreeMap<String, Roster>,
}

impl Workspace {
    /// May a Worker in this Activity be offered Tasks? An Activity that is gone offers nothing.
    pub fn is_available(&self, activity: ActivitySid) -> bool {
        self.activities.get(&activity).is_some_and(|activity| activity.available)
    }

    /// The rosters of Workers who serve `queue`.
    pub fn rosters_serving(&self, queue: TaskQueueSid) -> impl Iterator<Item = &Roster> {
        self.rosters.values().filter(move |roster| roster.serves(queue))
    }
}
