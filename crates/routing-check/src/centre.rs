//! What is checked: the parts of a contact centre, each with its position.

use std::collections::BTreeSet;

use ids::time::Millis;
use ids::{ActivitySid, TaskQueueSid, WorkflowSid};
use task_router::model::{
    Activity, RoutingRules, TaskChannel, TaskQueue, Worker, Workflow, WrapUp,
};

/// A part, and the path of its position.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared<T> {
    /// `task_queues[1]`.
    pub at: String,
    /// The part.
    pub part: T,
}

/// The names of keys, which differ between `contact-centre.yaml` and the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// The reservation timeout of a Workflow.
    pub reservation_timeout: &'static str,
    /// The assignment callback of a Workflow.
    pub assignment_callback: &'static str,
    /// Its fallback.
    pub fallback_assignment_callback: &'static str,
}

impl Keys {
    /// The keys of `contact-centre.yaml`.
    pub const FILE: Self = Self {
        reservation_timeout: "reservation_timeout",
        assignment_callback: "assignment_callback",
        fallback_assignment_callback: "fallback_assignment_callback",
    };
    /// The keys of the API's resources.
    pub const API: Self = Self {
        reservation_timeout: "task_reservation_timeout",
        assignment_callback: "assignment_callback_url",
        fallback_assignment_callback: "fallback_assignment_callback_url",
    };
}

/// A Workflow, and where its parts are.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredWorkflow {
    /// `workflows[0]`.
    pub at: String,
    /// The path of `filters` and `default_filter`, without a dot at its end: `workflows[0]`, or
    /// `task_routing`.
    pub routing: String,
    /// The names of its keys.
    pub keys: Keys,
    /// The Workflow.
    pub workflow: Workflow,
    /// Its reservation timeout. `None`: the document does not have it.
    pub reservation_timeout: Option<Millis>,
}

/// The settings of a Workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// `workspace`.
    pub at: String,
    /// Choices that TaskRouter leaves open.
    pub rules: RoutingRules,
    /// The Activity of a new Worker.
    pub default_activity_sid: ActivitySid,
    /// The Activity of a Worker who did not answer.
    pub timeout_activity_sid: ActivitySid,
    /// The limit on wrap-up.
    pub wrap_up: Option<WrapUp>,
    /// The URL that receives events.
    pub event_callback_url: Option<String>,
}

/// The telephone side: which Tasks are calls, and what is known of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Voice {
    /// The Workflows of calls: that of the menu, and those of flows.
    pub workflow_sids: BTreeSet<WorkflowSid>,
    /// Those of them whose calls have no time limit of their own.
    pub unlimited_workflow_sids: BTreeSet<WorkflowSid>,
    /// How long a Worker's phone rings.
    pub ring_timeout: Millis,
    /// The Activity after a conversation.
    pub post_work_activity_sid: Option<ActivitySid>,
    /// The TaskQueues of voicemails, and those whose figures voice flows ask for.
    pub other_task_queues: BTreeSet<TaskQueueSid>,
    /// The values of `selected_language` that callers can choose.
    pub languages: Vec<String>,
}

/// A contact centre, as far as it is known. A part that is `None` was not given, so nothing is said
/// about what is missing from it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Centre {
    /// The settings of the Workspace.
    pub settings: Option<Settings>,
    /// The Activities.
    pub activities: Option<Vec<Declared<Activity>>>,
    /// The TaskChannels that are declared.
    pub task_channels: Vec<Declared<TaskChannel>>,
    /// The TaskQueues.
    pub task_queues: Option<Vec<Declared<TaskQueue>>>,
    /// The Workflows.
    pub workflows: Vec<DeclaredWorkflow>,
    /// The Workers.
    pub workers: Option<Vec<Declared<Worker>>>,
    /// The telephone side.
    pub voice: Option<Voice>,
}

impl Centre {
    /// The TaskQueues, none if they were not given.
    pub fn task_queues(&self) -> &[Declared<TaskQueue>] {
        self.task_queues.as_deref().unwrap_or_default()
    }

    /// The Workers, none if they were not given.
    pub fn workers(&self) -> &[Declared<Worker>] {
        self.workers.as_deref().unwrap_or_default()
    }

    /// The Activities, none if they were not given.
    pub fn activities(&self) -> &[Declared<Activity>] {
        self.activities.as_deref().unwrap_or_default()
    }

    /// The TaskQueue with this SID.
    pub fn task_queue(&self, sid: TaskQueueSid) -> Option<&Declared<TaskQueue>> {
        self.task_queues()
            .iter()
            .find(|queue| queue.part.sid == sid)
    }

    /// The telephone side, if the Workflow is one of calls.
    pub fn voice_of(&self, workflow: WorkflowSid) -> Option<&Voice> {
        self.voice
            .as_ref()
            .filter(|voice| voice.workflow_sids.contains(&workflow))
    }
}
