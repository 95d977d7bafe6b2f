//! Worker: somebody who takes Tasks (taskrouter.md sections 2.3, 2.4 and 4).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    ActivitySid, Attributes, Millis, ReservationSid, TaskChannelName, TaskQueueSid, TaskSid, Timestamp, WorkerSid,
    WorkspaceSid,
};

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
    /// When the Worker was made; breaks ties between Workers who never had a Task.
    pub date_created: Timestamp,
    /// When any Reservation was last made for this Worker; the idle time that routing compares (taskrouter.md section 9).
    pub last_reserved_at: Option<Timestamp>,
    /// Capacity, one entry for each TaskChannel.
    pub channels: Vec<WorkerChannel>,
    /// The Reservations that take up capacity now.
    pub open_reservations: Vec<OpenReservation>,
    /// The TaskQueues the Worker serves; follows from attributes and Activity.
    pub roster: Roster,
    /// Rises by one with every write; a write that expected another version is refused.
    pub version: u64,
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
}

/// The set of TaskQueues a Worker serves. Workers with the same set wait on the same board, so finding a free Worker
/// for a queue reads a few short lists instead of all Workers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Roster(Vec<TaskQueueSid>);

impl Worker {
    /// Is there a free slot for one more Task of `channel` (taskrouter.md section 4, rules 2 and 3)?
    pub fn has_slot(&self, channel: TaskChannelName) -> bool {
        let occupied = self.open_reservations.iter().filter(|open| open.channel == channel).count();
        let free = |share: &WorkerChannel| share.available && occupied < usize::from(share.configured_capacity);
        self.channels.iter().any(|share| share.channel == channel && free(share))
    }

    /// Is there a free slot in any channel at all?
    pub fn has_any_slot(&self) -> bool {
        self.channels.iter().any(|share| self.has_slot(share.channel))
    }

    /// What the routing order compares: smaller = idle for longer. Never reserved counts as idle for ever, by age
    /// (taskrouter.md section 9).
    pub fn idle_key(&self) -> (Timestamp, Timestamp, WorkerSid) {
        let never = Timestamp::from_millis(0);
        (self.last_reserved_at.unwrap_or(never), self.date_created, self.sid)
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

impl Roster {
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

    /// A short name that depends on the queues alone: 32 hexadecimal digits.
    pub fn key(&self) -> String {
        let mut hash = Sha256::new();
        for queue in &self.0 {
            hash.update(queue.to_string().as_bytes());
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}
