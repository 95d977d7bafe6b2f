//! Workspace: the configuration that routing needs (taskrouter.md section 2.1).

use std::collections::BTreeMap;

use super::{
    Activity, Configuration, EventType, Ledger, PartId, Readiness, TASK_QUEUES_MAX, Task,
    TaskChannel, TaskChannelName, TaskOrder, TaskQueue, WAITING_CALLS_MAX, WORKERS_MAX, Workflow,
};
use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, TaskQueueSid, WorkflowSid, WorkspaceSid};

/// The most Workspaces of an account: the sweep reads each of them every minute.
pub const WORKSPACES_MAX: usize = 100;

/// The time limit on wrap-up, after which a Worker leaves it without a request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WrapUp {
    /// The Activity whose time is limited.
    pub activity_sid: ActivitySid,
    /// How long a Worker may stay in it.
    pub limit: Millis,
    /// The Activity that the Worker enters then.
    pub next_activity_sid: ActivitySid,
}

/// Choices that TaskRouter leaves open, or where its pages contradict one another (taskrouter.md
/// section 18). The defaults are TaskRouter's behaviour.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct RoutingRules {
    /// Whether a Worker who serves FIFO and LIFO queues serves the FIFO or the LIFO ones first
    /// (taskrouter.md section 2.1).
    pub prioritize_queue_order: TaskOrder,
    /// What follows for a Worker whose Reservation timed out.
    pub on_timeout: OnTimeout,
    /// The step of a Task whose Reservations have all failed (taskrouter.md section 7.2, rule 8).
    pub after_failed_reservation: AfterFailedReservation,
    /// How long a Worker is not offered a Task again that the Worker has just not taken. TaskRouter
    /// has no such pause; without it a phone that is always busy would use all rounds of a waiting
    /// call within a minute.
    pub reoffer_pause: Millis,
    /// How long an ended Task can still be read (taskrouter.md section 14).
    pub ended_task_kept: Millis,
    /// The most Workers.
    pub workers_max: u32,
    /// The most TaskQueues.
    pub task_queues_max: u32,
    /// The most calls that wait in one TaskQueue. A call that arrives at a full queue does not
    /// wait: its Task is canceled and the caller hears so.
    pub waiting_calls_max: u32,
}

/// What follows for a Worker whose Reservation timed out (taskrouter.md section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// The Worker enters the Workspace's timeout Activity, as in TaskRouter.
    Compatible,
    /// The Worker stays in the current Activity.
    Stay,
}

/// The step of a Task whose Reservations have all failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterFailedReservation {
    /// The current step, until its timeout.
    StayInStep,
    /// The next step of its filter, if there is one.
    NextStep,
}

impl Default for RoutingRules {
    fn default() -> Self {
        Self {
            prioritize_queue_order: TaskOrder::Fifo,
            on_timeout: OnTimeout::Compatible,
            after_failed_reservation: AfterFailedReservation::StayInStep,
            reoffer_pause: Millis::from_secs(5),
            ended_task_kept: Millis::from_secs(300),
            workers_max: WORKERS_MAX,
            task_queues_max: TASK_QUEUES_MAX,
            waiting_calls_max: WAITING_CALLS_MAX,
        }
    }
}

/// A Workspace with its Activities, TaskQueues and Workflows, read as one snapshot.
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
    /// The choices of this Workspace.
    pub rules: RoutingRules,
    /// Receives Events (taskrouter.md section 12.1).
    pub event_callback_url: Option<String>,
    /// The types of Events that are delivered; empty = all.
    pub events_filter: Vec<EventType>,
    /// Its Activities.
    pub activities: BTreeMap<ActivitySid, Activity>,
    /// Its TaskQueues.
    pub task_queues: BTreeMap<TaskQueueSid, TaskQueue>,
    /// Its Workflows.
    pub workflows: BTreeMap<WorkflowSid, Workflow>,
    /// The configurations that were replaced and that open Tasks may still follow.
    pub superseded: BTreeMap<(WorkflowSid, u32), Configuration>,
    /// Its TaskChannels.
    pub task_channels: BTreeMap<TaskChannelName, TaskChannel>,
    /// Every Readiness that Workers of this Workspace have had recently, by its key: a hint which
    /// ready lists to search.
    pub ready_lists: BTreeMap<String, Readiness>,
    /// Since when a ready list has been empty, by its key; a key that is missing had Workers
    /// recently.
    pub empty_ready_lists: BTreeMap<String, Timestamp>,
    /// The dates of its parts, and which of them the file declares.
    pub ledger: Ledger,
}

impl Workspace {
    /// A Workspace with the standard TaskChannels and nothing else. `default_activity_sid` is also
    /// the timeout Activity.
    pub fn new(
        sid: WorkspaceSid,
        friendly_name: impl Into<String>,
        default_activity_sid: ActivitySid,
    ) -> Self {
        let channels = TaskChannelName::STANDARD.map(|name| (name, TaskChannel::of(sid, name)));
        let mut ledger = Ledger::default();
        for name in TaskChannelName::STANDARD {
            ledger.append(PartId::TaskChannel(name));
        }
        Self {
            sid,
            friendly_name: friendly_name.into(),
            default_activity_sid,
            timeout_activity_sid: default_activity_sid,
            wrap_up: None,
            rules: RoutingRules::default(),
            event_callback_url: None,
            events_filter: Vec::new(),
            activities: BTreeMap::new(),
            task_queues: BTreeMap::new(),
            workflows: BTreeMap::new(),
            superseded: BTreeMap::new(),
            task_channels: channels.into_iter().collect(),
            ready_lists: BTreeMap::new(),
            empty_ready_lists: BTreeMap::new(),
            ledger,
        }
    }

    /// The Activities in the order of their creation.
    pub fn activities_in_order(&self) -> Vec<&Activity> {
        let mut activities: Vec<&Activity> = self.activities.values().collect();
        activities.sort_by_key(|one| (self.ledger.position(PartId::Activity(one.sid)), one.sid));
        activities
    }

    /// Whether a Worker in this Activity may be offered Tasks. False for a deleted Activity.
    pub fn is_available(&self, activity: ActivitySid) -> bool {
        self.activities
            .get(&activity)
            .is_some_and(|activity| activity.available)
    }

    /// Whether routing compares the idle time of Workers in this TaskChannel alone (taskrouter.md
    /// section 9).
    pub fn is_channel_optimized(&self, channel: TaskChannelName) -> bool {
        self.task_channels
            .get(&channel)
            .is_some_and(|channel| channel.channel_optimized_routing)
    }

    /// The ready lists of the Workers that can take a Task of `channel` in `queue`.
    pub fn ready_lists_serving(
        &self,
        queue: TaskQueueSid,
        channel: TaskChannelName,
    ) -> impl Iterator<Item = &Readiness> {
        self.ready_lists
            .values()
            .filter(move |readiness| readiness.serves(queue, channel))
    }

    /// Whether this Workspace includes the configuration that the Task started with. If not, the
    /// Workspace was read before that configuration was saved.
    pub fn is_as_new_as(&self, task: &Task) -> bool {
        self.workflows
            .get(&task.workflow_sid)
            .is_some_and(|workflow| workflow.version >= task.workflow_version)
    }

    /// Whether any step that a Task may be in reads `assigned_tasks`. Only then a Worker's item
    /// records it ([`super::OpenStatus::Accepted`]), because it costs a write of each call.
    pub fn asks_for_assigned_tasks(&self) -> bool {
        let current = self
            .workflows
            .values()
            .map(|workflow| &workflow.configuration);
        current
            .chain(self.superseded.values())
            .any(Configuration::asks_for_assigned_tasks)
    }

    /// The configuration that a Task follows: the one it started with, or the current one if that
    /// is no longer known.
    pub fn configuration_of(&self, task: &Task) -> Option<&Configuration> {
        let workflow = self.workflows.get(&task.workflow_sid)?;
        let superseded = self
            .superseded
            .get(&(task.workflow_sid, task.workflow_version));
        Some(superseded.unwrap_or(&workflow.configuration))
    }
}
