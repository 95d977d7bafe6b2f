//! Workspace: everything that routing needs to know and that rarely changes (taskrouter.md section 2.1).

use std::collections::BTreeMap;

use super::{
    Activity, Configuration, EventType, Ledger, Readiness, TASK_QUEUES_MAX, Task, TaskChannel,
    TaskChannelName, TaskOrder, TaskQueue, WAITING_CALLS_MAX, WORKERS_MAX, Workflow,
};
use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, TaskQueueSid, WorkflowSid, WorkspaceSid};

/// Workspaces an account may have: the schedule's sweep looks after each of them every minute.
pub const WORKSPACES_MAX: usize = 100;

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

/// Choices a Workspace makes where TaskRouter leaves one, or where its pages contradict one another (taskrouter.md
/// section 18). The defaults are what TaskRouter does.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct RoutingRules {
    /// Which kind of queue is served first by a Worker who serves both (section 2.1).
    pub prioritize_queue_order: TaskOrder,
    /// What becomes of a Worker whose Reservation timed out.
    pub on_timeout: OnTimeout,
    /// Where a Task goes whose Reservations all came to nothing (section 7.2, rule 8).
    pub after_failed_reservation: AfterFailedReservation,
    /// How long a Worker is spared the very Task they just did not take. Nothing in TaskRouter asks for it; without it a
    /// phone that is always busy would burn all rounds of a waiting call within a minute.
    pub reoffer_pause: Millis,
    /// How long an ended Task can still be read (section 14).
    pub ended_task_kept: Millis,
    /// Workers there may be.
    pub workers_max: u32,
    /// TaskQueues there may be.
    pub task_queues_max: u32,
    /// Calls that may wait in one TaskQueue. Who comes when it is full does not wait: the Task is canceled and the caller told.
    pub waiting_calls_max: u32,
}

/// What becomes of a Worker whose Reservation timed out (section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// They move to the Workspace's timeout Activity, as in TaskRouter.
    Compatible,
    /// They stay in the Activity they are in.
    Stay,
}

/// Where a Task goes whose Reservations all came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterFailedReservation {
    /// It stays in its step until that step's time is up.
    StayInStep,
    /// It goes on to the next step of its filter, if there is one.
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
    /// Its choices.
    pub rules: RoutingRules,
    /// Who is told of events (section 12.1).
    pub event_callback_url: Option<String>,
    /// Which types of events that is; empty = all.
    pub events_filter: Vec<EventType>,
    /// Its Activities.
    pub activities: BTreeMap<ActivitySid, Activity>,
    /// Its TaskQueues.
    pub task_queues: BTreeMap<TaskQueueSid, TaskQueue>,
    /// Its Workflows.
    pub workflows: BTreeMap<WorkflowSid, Workflow>,
    /// Configurations that were replaced and that living Tasks may still follow.
    pub superseded: BTreeMap<(WorkflowSid, u32), Configuration>,
    /// Its TaskChannels.
    pub task_channels: BTreeMap<TaskChannelName, TaskChannel>,
    /// Every readiness that Workers of this Workspace have had of late, by its key; a hint for finding free Workers.
    pub boards: BTreeMap<String, Readiness>,
    /// Since when nobody has been seen with a readiness, by its key; one that is not here was there of late.
    pub empty_ready_lists: BTreeMap<String, Timestamp>,
    /// Dates of its parts, and whose they are.
    pub ledger: Ledger,
}

impl Workspace {
    /// A Workspace with the standard TaskChannels and nothing else. `default_activity_sid` is also the timeout Activity.
    pub fn new(
        sid: WorkspaceSid,
        friendly_name: impl Into<String>,
        default_activity_sid: ActivitySid,
    ) -> Self {
        let channels = TaskChannelName::STANDARD.map(|name| (name, TaskChannel::of(sid, name)));
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
            boards: BTreeMap::new(),
            empty_ready_lists: BTreeMap::new(),
            ledger: Ledger::default(),
        }
    }

    /// May a Worker in this Activity be offered Tasks? An Activity that is gone offers nothing.
    pub fn is_available(&self, activity: ActivitySid) -> bool {
        self.activities
            .get(&activity)
            .is_some_and(|activity| activity.available)
    }

    /// Is the idle time that routing compares counted for this TaskChannel alone (section 9)?
    pub fn is_channel_optimized(&self, channel: TaskChannelName) -> bool {
        self.task_channels
            .get(&channel)
            .is_some_and(|channel| channel.channel_optimized_routing)
    }

    /// The boards on which Workers wait who could take a Task of `channel` in `queue`.
    pub fn ready_lists_serving(
        &self,
        queue: TaskQueueSid,
        channel: TaskChannelName,
    ) -> impl Iterator<Item = &Readiness> {
        self.boards
            .values()
            .filter(move |readiness| readiness.serves(queue, channel))
    }

    /// Does this Workspace know what the Task started with? If not it was read before that was saved.
    pub fn is_as_new_as(&self, task: &Task) -> bool {
        self.workflows
            .get(&task.workflow_sid)
            .is_some_and(|workflow| workflow.version >= task.workflow_version)
    }

    /// Does any step that a Task may be in ask how many Tasks a Worker has accepted? Only then a Worker's item says so
    /// ([`super::OpenStatus::Accepted`]): it costs a write of each call.
    pub fn asks_for_assigned_tasks(&self) -> bool {
        let today = self
            .workflows
            .values()
            .map(|workflow| &workflow.configuration);
        today
            .chain(self.superseded.values())
            .any(Configuration::asks_for_assigned_tasks)
    }

    /// The configuration a Task follows: the one it started with, or today's if that one is no longer known.
    pub fn configuration_of(&self, task: &Task) -> Option<&Configuration> {
        let workflow = self.workflows.get(&task.workflow_sid)?;
        let superseded = self
            .superseded
            .get(&(task.workflow_sid, task.workflow_version));
        Some(superseded.unwrap_or(&workflow.configuration))
    }
}
