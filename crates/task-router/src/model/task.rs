//! Task: something that waits for a Worker (taskrouter.md sections 2.8 and 5).

use serde::{Deserialize, Serialize};

use super::{Attributes, Reservation, ReservationStatus, TaskChannelName, TaskOrder};
use ids::time::{Millis, Timestamp};
use ids::{
    CallSid, QueueSid, ReservationSid, TaskQueueSid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid,
};

/// Where a Task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentStatus {
    /// WaitTimes for a Worker.
    Pending,
    /// Offered to one Worker or several.
    Reserved,
    /// A Worker has it.
    Assigned,
    /// The conversation is over, the paperwork is not.
    Wrapping,
    /// Done.
    Completed,
    /// Ended without having been assigned.
    Canceled,
}

impl AssignmentStatus {
    /// Every status, in the order of a Task's life.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Reserved,
        Self::Assigned,
        Self::Wrapping,
        Self::Completed,
        Self::Canceled,
    ];

    /// Has the Task ended?
    pub fn is_end(self) -> bool {
        match self {
            Self::Completed | Self::Canceled => true,
            Self::Pending | Self::Reserved | Self::Assigned | Self::Wrapping => false,
        }
    }

    /// The name of the status in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Reserved => "reserved",
            Self::Assigned => "assigned",
            Self::Wrapping => "wrapping",
            Self::Completed => "completed",
            Self::Canceled => "canceled",
        }
    }
}

/// Why a Task ended (taskrouter.md section 5, "Why canceled").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The caller hung up before a Worker had the Task.
    Hangup,
    /// The caller left the queue by other means: it was full, or the carrier failed.
    LeftQueue,
    /// As many calls as may wait in its TaskQueue did already.
    QueueFull,
    /// The Task's own time to live ran out.
    TaskTtlExceeded,
    /// The last step of the Workflow timed out.
    WorkflowTimeout,
    /// The last step of the Workflow was skipped.
    WorkflowSkipped,
    /// It was offered [`crate::router::RESERVATION_ROUNDS_MAX`] times in vain.
    MaxAssignmentsExceeded,
    /// The conversation ended.
    ConversationEnded,
    /// Its Worker did not end wrap-up within the TaskChannel's limit.
    WrapUpLimit,
    /// It was removed.
    Deleted,
    /// Whoever ended it through the API said why.
    Given(String),
}

impl EndReason {
    /// The text of the `reason` field.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Hangup => "hangup",
            Self::LeftQueue => "left queue",
            Self::QueueFull => "queue full",
            Self::TaskTtlExceeded => "Task TTL Exceeded",
            Self::WorkflowTimeout => "Task canceled on Workflow timeout",
            Self::WorkflowSkipped => "Task canceled on Workflow skip",
            Self::MaxAssignmentsExceeded => "Task TTL Exceeded or Max assignment count exceeded",
            Self::ConversationEnded => "conversation ended",
            Self::WrapUpLimit => "wrap-up limit reached",
            Self::Deleted => "deleted",
            Self::Given(text) => text,
        }
    }
}

/// Where a Task stands in its Workflow (taskrouter.md section 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowPosition {
    /// The step.
    pub step: Step,
    /// When the filter was entered: its step timeouts add up from here (rules 6 and 13).
    pub filter_entered_at: Timestamp,
    /// Has `skip_if` had its turn? It is looked at only on entering a step (section 7.3).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_decided: bool,
}

/// A step of a Workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A target of a filter, both by index.
    Target {
        /// Which filter.
        filter: u16,
        /// Which of its targets.
        target: u16,
    },
    /// The default filter.
    DefaultFilter,
    /// None: the Task has a routing target and passes the Workflow by.
    Direct,
}

/// Where a Task goes without asking the Workflow's filters (taskrouter.md section 2.8, `routing_target`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutingTarget {
    /// To this Worker and nobody else.
    Worker(WorkerSid),
    /// Into this queue.
    TaskQueue(TaskQueueSid),
    /// Into this Workflow.
    Workflow(WorkflowSid),
}

/// Who removed a Task before its time (taskrouter.md section 5, "deleted").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// Somebody, through the API.
    Deleted,
    /// Time: it was assigned for longer than a Task may be.
    SystemDeleted,
}

/// An offer that came to nothing a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedOffer {
    /// Who did not take the Task.
    pub worker_sid: WorkerSid,
    /// When.
    pub at: Timestamp,
    /// Did its instruction take the caller out of the queue? Then they come back, or have left, by themselves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moved_caller: bool,
}

/// One Task and, inside it, the Reservations of its latest round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// `WT…`. For a call it is derived from the CallSid, so a webhook that comes twice makes one Task.
    pub sid: TaskSid,
    /// Where it is routed.
    pub workspace_sid: WorkspaceSid,
    /// The Workflow it travels through.
    pub workflow_sid: WorkflowSid,
    /// The version of that Workflow's configuration it follows.
    #[serde(default)]
    pub workflow_version: u32,
    /// Where it stands in that Workflow.
    pub position: WorkflowPosition,
    /// The queue it waits in.
    pub task_queue_sid: TaskQueueSid,
    /// When it entered that queue.
    pub task_queue_entered_date: Timestamp,
    /// What is known about it. A call's Task has `call_sid`, `from`, `to`, `selected_language` …
    pub attributes: Attributes,
    /// The kind of work.
    pub channel: TaskChannelName,
    /// Higher is served first.
    pub priority: u32,
    /// When it was made.
    pub date_created: Timestamp,
    /// When it last changed.
    pub date_updated: Timestamp,
    /// The moment its waiting is counted from.
    pub virtual_start_time: Timestamp,
    /// How long it may live before being assigned (taskrouter.md section 2.8, `timeout`).
    pub timeout: Millis,
    /// Where it stands.
    pub assignment_status: AssignmentStatus,
    /// Why it ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<EndReason>,
    /// The Reservations of the latest round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reservations: Vec<Reservation>,
    /// Where it goes without asking the Workflow, if it was made so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_target: Option<RoutingTarget>,
    /// With a Worker as routing target: offered even if they are offline or full.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignore_capacity: bool,
    /// The order of the queue it waits in, as known when it was put there.
    #[serde(default)]
    pub filed: TaskOrder,
    /// Who removed it, if somebody did: it can no longer be read, and only its events remain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<Removal>,
    /// Rounds of Reservations so far (taskrouter.md section 14: 1,000 at most).
    pub rounds: u32,
    /// Offers that failed within the Workspace's `reoffer_pause`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_offers: Vec<FailedOffer>,
    /// The carrier's queue that held the caller; known once the caller has left it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_queue_sid: Option<QueueSid>,
    /// Was a write of its own needed to put it in line? Nobody but the table can tell that write from its creation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub put_in_waiting_list: bool,
    /// Rises by one with every write; a write that expected another version is refused.
    pub version: u64,
}

impl Task {
    /// The caller's leg, if the Task is a call.
    pub fn call_sid(&self) -> Option<CallSid> {
        self.attributes.text("call_sid")?.parse().ok()
    }

    /// Whom the instruction `conference` dials if no caller waits (taskrouter.md section 11.3).
    pub fn outbound_to(&self) -> Option<&str> {
        self.attributes
            .text("outbound_to")
            .filter(|_| self.call_sid().is_none())
    }

    /// The Reservation with this id, if it is of the latest round.
    pub fn reservation(&self, sid: ReservationSid) -> Option<&Reservation> {
        self.reservations
            .iter()
            .find(|reservation| reservation.sid == sid)
    }

    /// The same, to be changed.
    pub fn reservation_mut(&mut self, sid: ReservationSid) -> Option<&mut Reservation> {
        self.reservations
            .iter_mut()
            .find(|reservation| reservation.sid == sid)
    }

    /// The Reservations that are new, or have another status, since `old`.
    pub fn reservations_changed_since<'t>(
        &'t self,
        old: Option<&'t Self>,
    ) -> impl Iterator<Item = &'t Reservation> {
        let before =
            move |after: &Reservation| old?.reservation(after.sid).map(|before| before.status);
        self.reservations
            .iter()
            .filter(move |after| before(after) != Some(after.status))
    }

    /// The Reservations that take up a Worker's slot now.
    pub fn open_reservations(&self) -> impl Iterator<Item = &Reservation> {
        self.reservations
            .iter()
            .filter(|reservation| reservation.status.is_open())
    }

    /// The Reservations nobody has answered.
    pub fn pending_reservations(&self) -> impl Iterator<Item = &Reservation> {
        self.reservations
            .iter()
            .filter(|reservation| reservation.status == ReservationStatus::Pending)
    }

    /// The Reservation of the Worker who has the Task: accepted or wrapping.
    pub fn held_reservation(&self) -> Option<&Reservation> {
        let held = |reservation: &&Reservation| {
            matches!(
                reservation.status,
                ReservationStatus::Accepted | ReservationStatus::Wrapping
            )
        };
        self.reservations.iter().find(held)
    }

    /// Is it waiting for a Worker?
    pub fn is_pending(&self) -> bool {
        self.assignment_status == AssignmentStatus::Pending
    }

    /// Has nothing become of it since it was made? Its events are told with its second write.
    pub fn is_new(&self) -> bool {
        self.version == 0
    }

    /// Its version as programs know it: how often something about it changed that they can see.
    pub fn visible_version(&self) -> u64 {
        self.version
            .saturating_sub(u64::from(self.put_in_waiting_list))
    }

    /// Is it waiting on the board of its line, where Workers look? A new one is not there: usually somebody is free for it
    /// at once, and then it never has to be.
    pub fn is_in_waiting_list(&self) -> bool {
        self.is_pending() && !self.is_new()
    }

    /// Can it be read at `now`? An ended Task can for a while, a removed one cannot (taskrouter.md section 5). The table may
    /// take days to clean it up.
    pub fn is_readable(&self, kept: Millis, now: Timestamp) -> bool {
        self.removal.is_none()
            && (!self.assignment_status.is_end() || now.since(self.date_updated) < kept)
    }

    /// The moment after which it is canceled unless assigned.
    pub fn expires_at(&self) -> Timestamp {
        self.date_created + self.timeout
    }
}
