//! The initial state of the protocol: one TaskQueue, its Workers and its Tasks.

use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, TaskQueueSid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid};
use task_router::model::{
    Activity, AfterConversation, Configuration, Expression, OnTimeout, RoutingRules, Target, Task,
    TaskChannel, TaskChannelName, TaskOrder, TaskQueue, Worker, Workflow, Workspace,
};
use task_router::router::{NewTask, NotRoutable, create_task, queue_membership_of};

/// The reservation timeout. A tick of the clock is as long, so an offer made before a tick has
/// timed out after it.
pub(crate) const TICK: Millis = Millis::from_secs(20);

const START: Timestamp = Timestamp::from_millis(1_000_000);

/// The bounds of the exploration: the protocol itself is endless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Number of Tasks.
    pub tasks: u8,
    /// Number of Workers.
    pub workers: u8,
    /// Workers that are offered one Task at the same time.
    pub offers_at_once: u8,
    /// Rounds of offers each Task may have.
    pub rounds_max: u32,
    /// Ticks of the clock, each as long as the reservation timeout.
    pub ticks_max: u8,
    /// Writers that have read and not yet written, at the same time.
    pub writers_max: usize,
    /// Whether messages are redelivered, however often they have been handled. If not, each message
    /// is handled once, at any later moment.
    pub redelivery: bool,
    /// Whether the Workers existed before the Tasks and found none, so that their creation sends no
    /// message.
    pub workers_idle: bool,
    /// Whether callers can hang up.
    pub hang_ups: bool,
    /// Whether the slot stays taken after the conversation, until the Task's status is set.
    pub wrapping: bool,
}

impl Default for Bounds {
    fn default() -> Self {
        Self::SMALL
    }
}

impl Bounds {
    /// Two Tasks and two Workers, and every other bound at its smallest.
    pub const SMALL: Self = Self {
        tasks: 2,
        workers: 2,
        offers_at_once: 1,
        rounds_max: 1,
        ticks_max: 0,
        writers_max: 2,
        redelivery: false,
        workers_idle: false,
        hang_ups: false,
        wrapping: false,
    };

    /// The time after `ticks` ticks.
    pub(crate) fn at(ticks: u8) -> Timestamp {
        (0..ticks).fold(START, |now, _| now + TICK)
    }

    pub(crate) fn workspace(self) -> Workspace {
        let sid = WorkspaceSid::derive(&["centre"]);
        let available = ActivitySid::derive(&["Available"]);
        let all_workers = "1 == 1".parse::<Expression>().ok();
        let queue = TaskQueue {
            sid: TaskQueueSid::derive(&["queue"]),
            friendly_name: "queue".to_owned(),
            target_workers: all_workers,
            max_reserved_workers: self.offers_at_once,
            task_order: TaskOrder::Fifo,
            reservation_activity_sid: None,
            assignment_activity_sid: None,
        };
        let configuration = Configuration {
            filters: Vec::new(),
            default_filter: Some(Target::to(queue.sid)),
            text: None,
        };
        let workflow = Workflow {
            task_reservation_timeout: TICK,
            ..Workflow::new(
                WorkflowSid::derive(&["workflow"]),
                "workflow",
                configuration,
            )
        };
        let after_conversation = if self.wrapping {
            AfterConversation::Wrap
        } else {
            AfterConversation::Complete
        };
        let voice = TaskChannel {
            after_conversation,
            ..TaskChannel::of(sid, TaskChannelName::VOICE)
        };
        let activity = Activity {
            sid: available,
            friendly_name: "Available".to_owned(),
            available: true,
        };
        Workspace {
            // No message of the model would move a Worker back to an available Activity, so a
            // Worker who does not answer stays available. The stories test Workers who are away.
            rules: RoutingRules {
                on_timeout: OnTimeout::Stay,
                reoffer_pause: Millis::ZERO,
                ..RoutingRules::default()
            },
            activities: [(available, activity)].into_iter().collect(),
            task_queues: [(queue.sid, queue)].into_iter().collect(),
            workflows: [(workflow.sid, workflow)].into_iter().collect(),
            task_channels: [(voice.unique_name, voice)].into_iter().collect(),
            ..Workspace::new(sid, "centre", available)
        }
    }

    pub(crate) fn workers(self, workspace: &Workspace) -> Vec<Worker> {
        let worker = |number: u8| {
            let sid = WorkerSid::from_bytes([number; 16]);
            let name = format!("Worker {number}");
            let mut worker = Worker::new(
                sid,
                workspace.sid,
                name,
                workspace.default_activity_sid,
                START,
            );
            worker.queue_membership = queue_membership_of(workspace, &worker);
            worker
        };
        (1..=self.workers).map(worker).collect()
    }

    pub(crate) fn new_tasks(self, workspace: &Workspace) -> Result<Vec<Task>, NotRoutable> {
        let Some(workflow) = workspace.workflows.values().next() else {
            return Err(NotRoutable::NoTaskQueue);
        };
        let task = |number: u8| {
            let sid = TaskSid::from_bytes([number; 16]);
            let new = NewTask::new(sid, Default::default(), TaskChannelName::VOICE);
            create_task(workspace, workflow, new, START)
        };
        (1..=self.tasks).map(task).collect()
    }
}
