//! The world the protocol runs in: one queue, its Workers, its Tasks.

use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, TaskQueueSid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid};
use task_router::model::{
    Activity, AfterConversation, Configuration, Expression, OnTimeout, RoutingRules, Target, Task,
    TaskChannel, TaskChannelName, TaskOrder, TaskQueue, Worker, Workflow, Workspace,
};
use task_router::router::{NewTask, NotRoutable, create_task, queue_membership_of};

/// How long an offer stands; the clock moves by as much, so that whatever was offered before has timed out.
pub(crate) const TICK: Millis = Millis::from_secs(20);

const START: Timestamp = Timestamp::from_millis(1_000_000);

/// How much of an endless protocol is visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Tasks.
    pub tasks: u8,
    /// Workers.
    pub workers: u8,
    /// Workers who are offered a Task at once.
    pub offers_at_once: u8,
    /// Rounds of offers each Task may have.
    pub rounds_max: u32,
    /// Times the clock moves on by as long as an offer stands.
    pub ticks_max: u8,
    /// Writers who have read and not yet written.
    pub writers_max: usize,
    /// Do messages come again, however often they have been handled? Otherwise they are handled once, as late as they like.
    pub again: bool,
    /// Were the Workers there before the Tasks, and looked for some in vain?
    pub idle: bool,
    /// Can callers hang up?
    pub hang_ups: bool,
    /// Does the slot stay taken after the conversation, until the Task's status is set?
    pub wrapping: bool,
}

impl Default for Bounds {
    fn default() -> Self {
        Self::SMALL
    }
}

impl Bounds {
    /// Two Tasks and two Workers, and nothing that makes it larger.
    pub const SMALL: Self = Self {
        tasks: 2,
        workers: 2,
        offers_at_once: 1,
        rounds_max: 1,
        ticks_max: 0,
        writers_max: 2,
        again: false,
        idle: false,
        hang_ups: false,
        wrapping: false,
    };

    /// The clock after so many ticks.
    pub(crate) fn at(ticks: u8) -> Timestamp {
        (0..ticks).fold(START, |now, _| now + TICK)
    }

    pub(crate) fn workspace(self) -> Workspace {
        let sid = WorkspaceSid::derive(&["centre"]);
        let available = ActivitySid::derive(&["Available"]);
        let everybody = "1 == 1".parse::<Expression>().ok();
        let queue = TaskQueue {
            sid: TaskQueueSid::derive(&["queue"]),
            friendly_name: "queue".to_owned(),
            target_workers: everybody,
            max_reserved_workers: self.offers_at_once,
            task_order: TaskOrder::Fifo,
        };
        let configuration = Configuration {
            filters: Vec::new(),
            default_filter: Some(Target::to(queue.sid)),
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
            // Nobody would set a Worker's Activity back; that a Worker can be away is the stories' business.
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
            let mut made = Worker::new(
                sid,
                workspace.sid,
                name,
                workspace.default_activity_sid,
                START,
            );
            made.roster = queue_membership_of(workspace, &made);
            made
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
