//! Task: a piece of work that waits for a Worker (taskrouter.md sections 2.8 and 5).

use serde::{Deserialize, Serialize};

use super::{Attributes, Redial, Reservation, ReservationStatus, TaskChannelName, TaskOrder};
use ids::time::{Millis, Timestamp};
use ids::{
    CallSid, QueueSid, ReservationSid, TaskQueueSid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid,
};

/// The status of a Task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentStatus {
    /// Waits for a Worker.
    Pending,
    /// Offered to one Worker or several.
    Reserved,
    /// A Worker has accepted it.
    Assigned,
    /// The conversation has ended; the Worker's follow-up work has not.
    Wrapping,
    /// The Worker has finished it.
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

    /// Whether the status is final.
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
    /// The caller left the carrier's queue without a Worker: the queue was full, or the carrier
    /// failed.
    LeftQueue,
    /// Its TaskQueue already had the maximum of waiting calls.
    QueueFull,
    /// The Task's own timeout expired.
    TaskTtlExceeded,
    /// The last step of the Workflow timed out.
    WorkflowTimeout,
    /// The last step of the Workflow was skipped.
    WorkflowSkipped,
    /// No filter of the Workflow matches it any more, and there is no default filter: the Workflow
    /// was saved with re-evaluation (section 7.2, rule 2).
    NoFilterMatches,
    /// It had [`crate::router::RESERVATION_ROUNDS_MAX`] rounds of Reservations without success.
    MaxAssignmentsExceeded,
    /// The conversation ended.
    ConversationEnded,
    /// Its customer was not reached in the last attempt of a callback ([`Redial`]).
    CustomerNotReached,
    /// Its Worker did not end wrap-up within the limit of the TaskChannel.
    WrapUpLimit,
    /// It was deleted.
    Deleted,
    /// The reason that the request to end it stated.
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
            Self::NoFilterMatches => "Task canceled because no Workflow filter matches",
            Self::MaxAssignmentsExceeded => "Task TTL Exceeded or Max assignment count exceeded",
            Self::ConversationEnded => "conversation ended",
            Self::CustomerNotReached => "customer not reached",
            Self::WrapUpLimit => "wrap-up limit reached",
            Self::Deleted => "deleted",
            Self::Given(text) => text,
        }
    }
}

/// The position of a Task in its Workflow (taskrouter.md section 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowPosition {
    /// The current step.
    pub step: Step,
    /// When the filter was entered. The timeouts of its steps add up from this moment (rules 6 and
    /// 13).
    pub filter_entered_at: Timestamp,
    /// Whether `skip_if` has been evaluated. It is evaluated only on entering a step (taskrouter.md
    /// section 7.3).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_decided: bool,
}

/// A step of a Workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A target of a filter, both by index.
    Target {
        /// The index of the filter.
        filter: u16,
        /// The index of the target in the filter.
        target: u16,
    },
    /// The default filter.
    DefaultFilter,
    /// No step: the Task has a routing target and bypasses the Workflow's filters.
    Direct,
}

impl Step {
    /// Are both steps of the same filter?
    pub fn is_in_filter_of(self, other: Self) -> bool {
        match (self, other) {
            (Self::Target { filter, .. }, Self::Target { filter: other, .. }) => filter == other,
            (Self::Target { .. } | Self::DefaultFilter | Self::Direct, _) => self == other,
        }
    }
}

/// A destination that bypasses the Workflow's filters (taskrouter.md section 2.8,
/// `routing_target`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutingTarget {
    /// This Worker only.
    Worker(WorkerSid),
    /// This TaskQueue.
    TaskQueue(TaskQueueSid),
    /// This Workflow.
    Workflow(WorkflowSid),
}

/// How a Task was deleted (taskrouter.md section 5, "deleted").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// By a request to the API.
    Deleted,
    /// By the system: it was assigned for too long.
    SystemDeleted,
}

/// A recent offer that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedOffer {
    /// The Worker that did not take the Task.
    pub worker_sid: WorkerSid,
    /// When the offer failed.
    pub at: Timestamp,
    /// Whether its instruction took the caller out of the queue. Such a caller returns, or hangs
    /// up, without a request to the carrier.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moved_caller: bool,
}

/// A Task, with the Reservations of its latest round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// `WT…`. For a call it is derived from the CallSid, so a webhook that is delivered twice
    /// creates one Task.
    pub sid: TaskSid,
    /// The Workspace that routes it.
    pub workspace_sid: WorkspaceSid,
    /// The Workflow that routes it.
    pub workflow_sid: WorkflowSid,
    /// The version of that Workflow's configuration that the Task follows.
    #[serde(default)]
    pub workflow_version: u32,
    /// The position in that Workflow.
    pub position: WorkflowPosition,
    /// The TaskQueue it waits in.
    pub task_queue_sid: TaskQueueSid,
    /// When it entered that TaskQueue.
    pub task_queue_entered_date: Timestamp,
    /// Its attributes. A call's Task has `call_sid`, `from`, `to`, `selected_language` …
    pub attributes: Attributes,
    /// The TaskChannel: the kind of work.
    pub channel: TaskChannelName,
    /// The priority; the highest is served first.
    pub priority: u32,
    /// When it was created.
    pub date_created: Timestamp,
    /// When it last changed.
    pub date_updated: Timestamp,
    /// The moment from which its waiting time is counted.
    pub virtual_start_time: Timestamp,
    /// How long it may wait before it is assigned (taskrouter.md section 2.8, `timeout`).
    pub timeout: Millis,
    /// The status.
    pub assignment_status: AssignmentStatus,
    /// Why it ended; `None` until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<EndReason>,
    /// The Reservations of the latest round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reservations: Vec<Reservation>,
    /// The destination that bypasses the Workflow's filters, if it was created with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_target: Option<RoutingTarget>,
    /// With a Worker as routing target: offered even if the Worker is unavailable or has no free
    /// slot.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignore_capacity: bool,
    /// The order of its TaskQueue, FIFO or LIFO, when it was added to the waiting list.
    #[serde(default)]
    pub filed: TaskOrder,
    /// How it was deleted, if it was. A deleted Task cannot be read; only its Events remain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<Removal>,
    /// The number of rounds of Reservations so far (taskrouter.md section 14: 1,000 at most).
    pub rounds: u32,
    /// The offers that failed within the Workspace's `reoffer_pause`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_offers: Vec<FailedOffer>,
    /// How often its customer is called, if the Task limits that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redial: Option<Redial>,
    /// The carrier's queue that held the caller; known once the caller has left it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_queue_sid: Option<QueueSid>,
    /// Whether a separate write added it to the waiting list. Programs cannot tell that write from
    /// the Task's creation, so it does not count in [`Self::visible_version`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub put_in_waiting_list: bool,
    /// Rises by one with every write; a write is on condition of the version that was read.
    pub version: u64,
}

impl Task {
    /// The caller's call leg, if the Task is a call.
    pub fn call_sid(&self) -> Option<CallSid> {
        self.attributes.text("call_sid")?.parse().ok()
    }

    /// The address that the instruction `conference` dials if no caller waits (taskrouter.md
    /// section 11.3).
    pub fn outbound_to(&self) -> Option<&str> {
        if self.call_sid().is_some() {
            return None;
        }
        self.attributes.text("outbound_to")
    }

    /// The Reservation with this SID, if it is of the latest round.
    pub fn reservation(&self, sid: ReservationSid) -> Option<&Reservation> {
        self.reservations
            .iter()
            .find(|reservation| reservation.sid == sid)
    }

    /// The Reservation with this SID for a change, if it is of the latest round.
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

    /// The Reservations that take a Worker's slot now.
    pub fn open_reservations(&self) -> impl Iterator<Item = &Reservation> {
        self.reservations
            .iter()
            .filter(|reservation| reservation.status.is_open())
    }

    /// The Reservations that are not answered.
    pub fn pending_reservations(&self) -> impl Iterator<Item = &Reservation> {
        self.reservations
            .iter()
            .filter(|reservation| reservation.status == ReservationStatus::Pending)
    }

    /// The Reservation of the Worker who holds the Task: accepted or wrapping.
    pub fn held_reservation(&self) -> Option<&Reservation> {
        self.reservations.iter().find(|reservation| {
            matches!(
                reservation.status,
                ReservationStatus::Accepted | ReservationStatus::Wrapping
            )
        })
    }

    /// The Worker's call, from the acceptance until the carrier reports its end; with the
    /// Reservation it was placed for.
    pub fn connected_call(&self) -> Option<(ReservationSid, CallSid)> {
        if self.assignment_status != AssignmentStatus::Assigned {
            return None;
        }
        let held = self
            .reservations
            .iter()
            .find(|held| held.status == ReservationStatus::Accepted)?;
        Some((held.sid, held.instruction.as_ref()?.worker_call_sid?))
    }

    /// Whether it waits for a Worker.
    pub fn is_pending(&self) -> bool {
        self.assignment_status == AssignmentStatus::Pending
    }

    /// Whether it has only been created. Its Events are published with its second write.
    pub fn is_new(&self) -> bool {
        self.version == 0
    }

    /// The version that programs see: it rises with every change that is visible to them.
    pub fn visible_version(&self) -> u64 {
        self.version
            .saturating_sub(u64::from(self.put_in_waiting_list))
    }

    /// Whether it is in its waiting list, where searches for a Worker's Task look. A new Task is
    /// not: usually a Worker is available at once, and then the Task never has to be added.
    pub fn is_in_waiting_list(&self) -> bool {
        self.is_pending() && !self.is_new()
    }

    /// Whether it can be read at `now`. An ended Task can be read for the span `kept`, a deleted
    /// one cannot (taskrouter.md section 5). The table may take days to remove expired items.
    pub fn is_readable(&self, kept: Millis, now: Timestamp) -> bool {
        self.removal.is_none()
            && (!self.assignment_status.is_end() || now.since(self.date_updated) < kept)
    }

    /// The moment at which it is canceled unless it is assigned.
    pub fn expires_at(&self) -> Timestamp {
        self.date_created + self.timeout
    }
}
