//! Worker: a person or program that takes Tasks (taskrouter.md sections 2.3, 2.4 and 4).

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Attributes, ChannelUse, TaskChannelName, Workspace};
use ids::time::{Millis, Timestamp};
use ids::{
    ActivitySid, ReservationSid, TaskQueueSid, TaskSid, WorkerChannelSid, WorkerSid, WorkspaceSid,
};
use planted_bugs::Bug;

/// A Worker, with the Reservations that take its capacity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worker {
    /// `WK…`.
    pub sid: WorkerSid,
    /// The Workspace of the Worker.
    pub workspace_sid: WorkspaceSid,
    /// Unique in the Workspace ignoring case, at most 64 characters.
    pub friendly_name: String,
    /// Skills and, as `contact_uri`, the address of the Worker's phone.
    pub attributes: Attributes,
    /// The current Activity.
    pub activity_sid: ActivitySid,
    /// When the Worker entered the current Activity.
    pub date_status_changed: Timestamp,
    /// The Activity before the current one; `None`: the Worker has been in one Activity since its
    /// creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_activity: Option<PreviousActivity>,
    /// When the Worker was created; breaks ties between Workers who never had a Task.
    pub date_created: Timestamp,
    /// When the Worker was last written.
    #[serde(default = "long_ago")]
    pub date_updated: Timestamp,
    /// Capacity and idle time by TaskChannel; a channel without an entry is as
    /// [`WorkerChannel::new`] creates it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<WorkerChannel>,
    /// The Reservations that take capacity now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_reservations: Vec<OpenReservation>,
    /// The TaskQueues that the Worker serves (queue membership). Computed from attributes and
    /// Activity when the Worker is written.
    #[serde(rename = "roster")]
    pub queue_membership: QueueMembership,
    /// Rises by one with every write; a write is on condition of the version that was read.
    pub version: u64,
}

/// The Activity of a Worker before the current one (taskrouter.md section 12.3, "worker").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousActivity {
    /// The previous Activity.
    pub activity_sid: ActivitySid,
    /// How long the Worker was in it.
    pub lasted: Millis,
}

/// A Worker's share of one TaskChannel (taskrouter.md section 2.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerChannel {
    /// The TaskChannel.
    pub channel: TaskChannelName,
    /// The number of slots: how many Tasks of the channel at the same time; 0 = none.
    pub configured_capacity: u16,
    /// False stops new Tasks of this channel only.
    pub available: bool,
    /// When a Reservation of this channel was last created for the Worker (taskrouter.md section
    /// 9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reserved_at: Option<Timestamp>,
}

/// What keeps a Worker from every Task of a TaskChannel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unready {
    /// The Worker's Activity is not available.
    Activity,
    /// The Workspace has no such TaskChannel.
    NoChannel,
    /// No Worker is listed for the TaskChannel yet ([`ChannelUse::Unused`]).
    ChannelUnused,
    /// The Worker is not available in the TaskChannel.
    ChannelClosed,
    /// All slots are taken.
    ChannelFull(Slots),
}

/// A Worker's slots in one TaskChannel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// False: no new Tasks of this channel.
    pub available: bool,
    /// The number of slots.
    pub configured: usize,
    /// The number of slots that are taken.
    pub taken: usize,
}

/// The most Workers of a Workspace unless its rules say otherwise (taskrouter.md sections 14 and
/// 18).
pub const WORKERS_MAX: u32 = 15_000;

/// The highest capacity in one channel: a Worker's item lists every open Reservation, and an item
/// of the table holds 400 KB.
pub const WORKER_CAPACITY_MAX: u16 = 500;

/// The TaskQueues that a Worker serves and the TaskChannels in which the Worker has a free slot.
/// Workers of the same Readiness share a ready list, so a search for a Task's Worker does not read
/// Workers who are busy in its channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// The TaskQueues that the Worker serves.
    pub queues: QueueMembership,
    /// The TaskChannels with a free slot, sorted by name; at least one.
    pub channels: Vec<TaskChannelName>,
}

/// A Reservation that takes a slot: pending, accepted or wrapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenReservation {
    /// `WR…`.
    pub sid: ReservationSid,
    /// The Task of the Reservation.
    pub task_sid: TaskSid,
    /// The channel whose slot is taken.
    pub channel: TaskChannelName,
    /// The progress of the Reservation.
    #[serde(default, skip_serializing_if = "OpenStatus::is_pending")]
    pub status: OpenStatus,
}

/// The progress of an open Reservation as the Worker's item records it. It only moves forward.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum OpenStatus {
    /// Offered; or accepted, in a Workspace where no expression reads how many Tasks a Worker has
    /// accepted ([`super::Workspace::asks_for_assigned_tasks`]).
    #[default]
    Pending,
    /// Accepted.
    Accepted,
    /// Wrapping up: the Worker has entered the Activity after the conversation.
    Wrapping,
}

/// The sort key of idle Workers: last Reservation, creation, SID.
pub type IdleKey = (Timestamp, Timestamp, WorkerSid);

/// Queue membership: the set of TaskQueues that a Worker serves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QueueMembership(Vec<TaskQueueSid>);

impl Worker {
    /// A new Worker in this Activity, with a capacity of one in each TaskChannel. The Worker serves
    /// no TaskQueue until [`crate::router::queue_membership_of`] has computed the queue membership.
    pub fn new(
        sid: WorkerSid,
        workspace_sid: WorkspaceSid,
        friendly_name: impl Into<String>,
        activity_sid: ActivitySid,
        now: Timestamp,
    ) -> Self {
        Self {
            sid,
            workspace_sid,
            friendly_name: friendly_name.into(),
            attributes: Attributes::default(),
            activity_sid,
            date_status_changed: now,
            previous_activity: None,
            date_created: now,
            date_updated: now,
            channels: Vec::new(),
            open_reservations: Vec::new(),
            queue_membership: QueueMembership::default(),
            version: 0,
        }
    }

    /// The Worker's share of a TaskChannel; the default share if the Worker has none.
    pub fn share(&self, channel: TaskChannelName) -> WorkerChannel {
        let known = self.channels.iter().find(|share| share.channel == channel);
        known
            .cloned()
            .unwrap_or_else(|| WorkerChannel::new(channel))
    }

    /// The Worker's share of a TaskChannel for a change; created with its defaults if missing.
    pub fn share_mut(&mut self, channel: TaskChannelName) -> &mut WorkerChannel {
        let index = self
            .channels
            .iter()
            .position(|share| share.channel == channel)
            .unwrap_or_else(|| {
                self.channels.push(WorkerChannel::new(channel));
                self.channels.len() - 1
            });
        &mut self.channels[index]
    }

    /// How many slots of a TaskChannel are taken: pending, accepted and wrapping Reservations.
    pub fn occupied(&self, channel: TaskChannelName) -> usize {
        self.open_reservations
            .iter()
            .filter(|open| open.channel == channel)
            .count()
    }

    /// How many Reservations of a TaskChannel the Worker has accepted and not wrapped up
    /// (taskrouter.md section 2.4, `assigned_tasks`), as far as the item records it
    /// ([`OpenStatus::Pending`]).
    pub fn accepted(&self, channel: TaskChannelName) -> usize {
        self.open_reservations
            .iter()
            .filter(|open| open.channel == channel && open.status == OpenStatus::Accepted)
            .count()
    }

    /// The Worker in another Activity from `now` on.
    pub fn in_activity(self, activity_sid: ActivitySid, now: Timestamp) -> Self {
        let lasted = now.since(self.date_status_changed);
        let previous_activity = Some(PreviousActivity {
            activity_sid: self.activity_sid,
            lasted,
        });
        Self {
            activity_sid,
            date_status_changed: now,
            previous_activity,
            ..self
        }
    }

    /// The SID of the Worker's share of a TaskChannel, derived from both.
    pub fn channel_sid(&self, channel: TaskChannelName) -> WorkerChannelSid {
        WorkerChannelSid::derive(&[&self.sid.to_string(), channel.as_str()])
    }

    /// Whether there is a free slot for one more Task of `channel` (taskrouter.md section 4, rules
    /// 2 and 3).
    pub fn has_slot(&self, channel: TaskChannelName) -> bool {
        let slots = self.slots(channel);
        slots.available && !slots.are_full()
    }

    /// The slots of a TaskChannel, and how many of them are taken.
    pub fn slots(&self, channel: TaskChannelName) -> Slots {
        let share = self.share(channel);
        Slots {
            available: share.available,
            configured: usize::from(share.configured_capacity),
            taken: self.occupied(channel),
        }
    }

    /// Calls `visit` with everything that keeps the Worker from the Tasks of `channel` (taskrouter.md
    /// section 4, rules 1 to 3), until `visit` breaks. Matching, the ready lists and explanations
    /// all ask here, so they cannot disagree.
    pub fn unready(
        &self,
        workspace: &Workspace,
        channel: TaskChannelName,
        mut visit: impl FnMut(Unready) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if !workspace.is_available(self.activity_sid) {
            visit(Unready::Activity)?;
        }
        match workspace
            .task_channels
            .get(&channel)
            .map(|known| known.usage)
        {
            Some(ChannelUse::Used) => {}
            Some(ChannelUse::Unused) => visit(Unready::ChannelUnused)?,
            None => visit(Unready::NoChannel)?,
        }
        let slots = self.slots(channel);
        if !slots.available {
            visit(Unready::ChannelClosed)?;
        }
        if slots.are_full() {
            visit(Unready::ChannelFull(slots))?;
        }
        ControlFlow::Continue(())
    }

    /// Whether nothing keeps the Worker from the Tasks of `channel`.
    fn is_ready(&self, workspace: &Workspace, channel: TaskChannelName) -> bool {
        self.unready(workspace, channel, |_| ControlFlow::Break(()))
            .is_continue()
    }

    /// The Readiness of the Worker; `None`: the Worker can take no Task now.
    pub fn readiness(&self, workspace: &Workspace) -> Option<Readiness> {
        let channels = workspace.task_channels.keys().copied();
        let channels: Vec<TaskChannelName> = channels
            .filter(|channel| self.is_ready(workspace, *channel))
            .collect();
        (!channels.is_empty()).then(|| Readiness {
            queues: self.queue_membership.clone(),
            channels,
        })
    }

    /// When a Reservation of any channel was last created for this Worker.
    pub fn last_reserved_at(&self) -> Option<Timestamp> {
        self.channels
            .iter()
            .filter_map(|share| share.last_reserved_at)
            .max()
    }

    /// The sort key of the routing order: the smallest has been idle for longest. A Worker without
    /// any Reservation is idle for ever, ordered by creation (taskrouter.md section 9).
    pub fn idle_key(&self) -> IdleKey {
        self.idle_key_since(self.last_reserved_at())
    }

    /// The sort key in one TaskChannel, for channel-optimized routing.
    pub fn idle_key_in(&self, channel: TaskChannelName) -> IdleKey {
        self.idle_key_since(self.share(channel).last_reserved_at)
    }

    fn idle_key_since(&self, last_reserved_at: Option<Timestamp>) -> IdleKey {
        (
            last_reserved_at.unwrap_or(Timestamp::from_millis(0)),
            self.date_created,
            self.sid,
        )
    }

    /// The address to ring, if the attributes have one.
    pub fn contact_uri(&self) -> Option<&str> {
        self.attributes.text("contact_uri")
    }

    /// The moment at which a time limit on the current Activity expires.
    pub fn activity_ends_at(&self, limit: Millis) -> Timestamp {
        self.date_status_changed + limit
    }
}

impl OpenStatus {
    /// Whether it is the default, which is not stored.
    fn is_pending(&self) -> bool {
        *self == Self::Pending
    }
}

impl Slots {
    /// Whether no slot is free.
    pub fn are_full(self) -> bool {
        self.taken >= self.configured && !Bug::CapacityIgnored.is_planted()
    }
}

impl WorkerChannel {
    /// The default share: available, one Task at a time (taskrouter.md section 2.4).
    pub fn new(channel: TaskChannelName) -> Self {
        Self {
            channel,
            configured_capacity: 1,
            available: true,
            last_reserved_at: None,
        }
    }
}

impl Readiness {
    /// Whether Workers of this Readiness can take Tasks of `channel` in `queue`.
    pub fn serves(&self, queue: TaskQueueSid, channel: TaskChannelName) -> bool {
        self.queues.serves(queue) && self.channels.contains(&channel)
    }

    /// The key of the ready list: 32 hexadecimal digits that depend on queues and channels alone.
    pub fn key(&self) -> String {
        let queues = self.queues.queues().iter().map(ToString::to_string);
        hashed(queues.chain(self.channels.iter().map(ToString::to_string)))
    }
}

impl QueueMembership {
    /// The queue membership of these TaskQueues, in any order.
    pub fn new(mut queues: Vec<TaskQueueSid>) -> Self {
        queues.sort_unstable();
        queues.dedup();
        Self(queues)
    }

    /// Whether it contains `queue`.
    pub fn serves(&self, queue: TaskQueueSid) -> bool {
        self.0.binary_search(&queue).is_ok()
    }

    /// The TaskQueues, sorted by SID.
    pub fn queues(&self) -> &[TaskQueueSid] {
        &self.0
    }
}

/// The date of the last change of a Worker whose item has none.
const fn long_ago() -> Timestamp {
    Timestamp::from_millis(0)
}

/// 32 hexadecimal digits that depend on these texts alone. SIDs and names have no `#`, so it
/// separates them.
fn hashed(texts: impl Iterator<Item = String>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.as_bytes());
        hash.update(b"#");
    }
    hash.finalize()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
