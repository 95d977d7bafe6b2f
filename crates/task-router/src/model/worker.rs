//! Worker: somebody who takes Tasks (taskrouter.md sections 2.3, 2.4 and 4).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Attributes, TaskChannelName, Workspace};
use ids::time::{Millis, Timestamp};
use ids::{
    ActivitySid, ReservationSid, TaskQueueSid, TaskSid, WorkerChannelSid, WorkerSid, WorkspaceSid,
};
use planted_bugs::Bug;

/// One Worker, with what keeps them busy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worker {
    /// `WK…`.
    pub sid: WorkerSid,
    /// Where the Worker works.
    pub workspace_sid: WorkspaceSid,
    /// Unique in the Workspace ignoring case, at most 64 characters.
    pub friendly_name: String,
    /// Skills and, as `contact_uri`, how to ring the Worker.
    pub attributes: Attributes,
    /// What the Worker is doing.
    pub activity_sid: ActivitySid,
    /// Since when.
    pub date_status_changed: Timestamp,
    /// What they were doing before that; `None`: they have been in one Activity since they were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_activity: Option<PreviousActivity>,
    /// When the Worker was made; breaks ties between Workers who never had a Task.
    pub date_created: Timestamp,
    /// When anything about them last changed.
    #[serde(default = "long_ago")]
    pub date_updated: Timestamp,
    /// Capacity and idle time by TaskChannel; a channel that has no entry is as [`WorkerChannel::new`] makes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<WorkerChannel>,
    /// The Reservations that take up capacity now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_reservations: Vec<OpenReservation>,
    /// The TaskQueues the Worker serves; follows from attributes and Activity.
    pub roster: QueueMembership,
    /// Rises by one with every write; a write that expected another version is refused.
    pub version: u64,
}

/// What a Worker was doing before what they are doing now (taskrouter.md section 12.3, "worker").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousActivity {
    /// What.
    pub activity_sid: ActivitySid,
    /// For how long.
    pub lasted: Millis,
}

/// A Worker's share of one TaskChannel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerChannel {
    /// Which channel.
    pub channel: TaskChannelName,
    /// How many Tasks of it at once; 0 = none.
    pub configured_capacity: u16,
    /// False stops new Tasks of this channel only.
    pub available: bool,
    /// When a Reservation of this channel was last made for the Worker (taskrouter.md section 9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reserved_at: Option<Timestamp>,
}

/// A Worker's slots in one TaskChannel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// False: no new Tasks of this channel.
    pub available: bool,
    /// Tasks at once.
    pub configured: usize,
    /// Tasks that take up one now.
    pub taken: usize,
}

/// Workers a Workspace may have unless it says otherwise (taskrouter.md sections 14 and 18).
pub const WORKERS_MAX: u32 = 15_000;

/// Highest capacity in one channel: a Worker's item lists every open Reservation, and an item of the table holds 400 KB.
pub const WORKER_CAPACITY_MAX: u16 = 500;

/// Where a Worker who could take something waits for it: the TaskQueues they serve and the TaskChannels in which they
/// have a free slot. Workers of the same readiness wait on the same board, so a Task finds a free Worker without reading
/// past those who are busy in its channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// The TaskQueues.
    pub queues: QueueMembership,
    /// The TaskChannels with a free slot, in the order of their names; at least one.
    pub channels: Vec<TaskChannelName>,
}

/// A Reservation that takes up a slot: pending, accepted or wrapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenReservation {
    /// `WR…`.
    pub sid: ReservationSid,
    /// The Task it is for.
    pub task_sid: TaskSid,
    /// The channel whose slot it takes.
    pub channel: TaskChannelName,
    /// How far it has come.
    #[serde(default, skip_serializing_if = "OpenStatus::is_pending")]
    pub status: OpenStatus,
}

/// How far an open Reservation has come, as its Worker's item knows it. A later one never gives way to an earlier one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum OpenStatus {
    /// Offered; or accepted, in a Workspace where nothing asks who has accepted
    /// ([`super::Workspace::asks_for_assigned_tasks`]).
    #[default]
    Pending,
    /// Accepted.
    Accepted,
    /// Wrapping up: the Worker has gone on to the Activity after the conversation.
    Wrapping,
}

/// What the order of idle Workers compares: last Reservation, then age, then id.
pub type IdleKey = (Timestamp, Timestamp, WorkerSid);

/// The set of TaskQueues a Worker serves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QueueMembership(Vec<TaskQueueSid>);

impl Worker {
    /// A Worker on their first day, in this Activity, with one Task of each TaskChannel at a time. They serve nothing until
    /// [`crate::router::queue_membership_of`] has said what.
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
            roster: QueueMembership::default(),
            version: 0,
        }
    }

    /// The Worker's share of a TaskChannel.
    pub fn share(&self, channel: TaskChannelName) -> WorkerChannel {
        let known = self.channels.iter().find(|share| share.channel == channel);
        known
            .cloned()
            .unwrap_or_else(|| WorkerChannel::new(channel))
    }

    /// The Worker's share of a TaskChannel, to be changed.
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

    /// Reservations of a TaskChannel that take up its capacity: pending, accepted and wrapping ones.
    pub fn occupied(&self, channel: TaskChannelName) -> usize {
        self.open_reservations
            .iter()
            .filter(|open| open.channel == channel)
            .count()
    }

    /// Reservations of a TaskChannel that the Worker has accepted and not yet wrapped up (taskrouter.md section 2.4,
    /// `assigned_tasks`), as far as their item says so ([`OpenStatus::Pending`]).
    pub fn accepted(&self, channel: TaskChannelName) -> usize {
        let accepted = |open: &&OpenReservation| {
            open.channel == channel && open.status == OpenStatus::Accepted
        };
        self.open_reservations.iter().filter(accepted).count()
    }

    /// The same Worker in another Activity from `now` on.
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

    /// The id of the Worker's share of a TaskChannel: it follows from both.
    pub fn channel_sid(&self, channel: TaskChannelName) -> WorkerChannelSid {
        WorkerChannelSid::derive(&[&self.sid.to_string(), channel.as_str()])
    }

    /// Is there a free slot for one more Task of `channel` (taskrouter.md section 4, rules 2 and 3)?
    pub fn has_slot(&self, channel: TaskChannelName) -> bool {
        let slots = self.slots(channel);
        slots.available && !slots.are_full()
    }

    /// The slots of a TaskChannel, and how many of them are taken.
    pub fn slots(&self, channel: TaskChannelName) -> Slots {
        let share = self.share(channel);
        let (available, configured) = (share.available, usize::from(share.configured_capacity));
        Slots {
            available,
            configured,
            taken: self.occupied(channel),
        }
    }

    /// Where the Worker waits for Tasks; `None`: they can take nothing now.
    pub fn readiness(&self, workspace: &Workspace) -> Option<Readiness> {
        if !workspace.is_available(self.activity_sid) {
            return None;
        }
        let channels = workspace.task_channels.keys().copied();
        let channels: Vec<TaskChannelName> =
            channels.filter(|channel| self.has_slot(*channel)).collect();
        (!channels.is_empty()).then(|| Readiness {
            queues: self.roster.clone(),
            channels,
        })
    }

    /// When any Reservation was last made for this Worker.
    pub fn last_reserved_at(&self) -> Option<Timestamp> {
        self.channels
            .iter()
            .filter_map(|share| share.last_reserved_at)
            .max()
    }

    /// What the routing order compares: smaller = idle for longer. Never reserved counts as idle for ever, by age
    /// (taskrouter.md section 9).
    pub fn idle_key(&self) -> IdleKey {
        self.idle_key_since(self.last_reserved_at())
    }

    /// The same for one TaskChannel, as channel-optimized routing compares it.
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

    /// When a Worker who entered the Activity at `date_status_changed` has been in it for `limit`.
    pub fn activity_ends_at(&self, limit: Millis) -> Timestamp {
        self.date_status_changed + limit
    }
}

impl OpenStatus {
    /// Is it the first one, which is not written?
    fn is_pending(&self) -> bool {
        *self == Self::Pending
    }
}

impl Slots {
    /// Is there none left?
    pub fn are_full(self) -> bool {
        self.taken >= self.configured && !Bug::CapacityIgnored.is_planted()
    }
}

impl WorkerChannel {
    /// The share every Worker begins with: one Task at a time (taskrouter.md section 2.4).
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
    /// Does somebody of this readiness serve Tasks of `channel` in `queue`?
    pub fn serves(&self, queue: TaskQueueSid, channel: TaskChannelName) -> bool {
        self.queues.serves(queue) && self.channels.contains(&channel)
    }

    /// A short name that depends on queues and channels alone: 32 hexadecimal digits.
    pub fn key(&self) -> String {
        let queues = self.queues.queues().iter().map(ToString::to_string);
        hashed(queues.chain(self.channels.iter().map(ToString::to_string)))
    }
}

impl QueueMembership {
    /// A roster of these queues, whatever their order.
    pub fn new(mut queues: Vec<TaskQueueSid>) -> Self {
        queues.sort_unstable();
        queues.dedup();
        Self(queues)
    }

    /// Does it contain `queue`?
    pub fn serves(&self, queue: TaskQueueSid) -> bool {
        self.0.binary_search(&queue).is_ok()
    }

    /// Its queues, in the order of their ids.
    pub fn queues(&self) -> &[TaskQueueSid] {
        &self.0
    }
}

/// The last change of a Worker whose item does not say when it was.
const fn long_ago() -> Timestamp {
    Timestamp::from_millis(0)
}

/// 32 hexadecimal digits that depend on these texts alone. Ids and names have no `#`, so it keeps them apart.
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
