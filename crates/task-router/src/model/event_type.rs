//! The types of Events (taskrouter.md section 12.2).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The text is not a type of Event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a type of event such as task.created, got {got_chars} characters that are none")]
pub struct EventTypeError {
    got_chars: usize,
}

macro_rules! event_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $code:literal;)*) => {
        /// The type of an Event: what happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum EventType {
            $($(#[$doc])* $name,)*
        }

        impl EventType {
            /// Every type, in the order of taskrouter.md section 12.2.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name of the type in the API and in callbacks.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// The number of the type in stored Events. It never changes its meaning.
            pub const fn code(self) -> u8 {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

event_types! {
    /// A Workspace was created.
    WorkspaceCreated = "workspace.created", 1;
    /// A Workspace was updated.
    WorkspaceUpdated = "workspace.updated", 2;
    /// A Workspace was deleted.
    WorkspaceDeleted = "workspace.deleted", 3;
    /// An Activity was created.
    ActivityCreated = "activity.created", 4;
    /// An Activity was updated.
    ActivityUpdated = "activity.updated", 5;
    /// An Activity was deleted.
    ActivityDeleted = "activity.deleted", 6;
    /// A Worker was created.
    WorkerCreated = "worker.created", 7;
    /// A Worker was deleted.
    WorkerDeleted = "worker.deleted", 8;
    /// A Worker's Activity was set.
    WorkerActivityUpdate = "worker.activity.update", 9;
    /// A Worker's attributes were changed.
    WorkerAttributesUpdate = "worker.attributes.update", 10;
    /// A Worker's capacity in a TaskChannel was changed.
    WorkerCapacityUpdate = "worker.capacity.update", 11;
    /// A Worker's channel was made available or unavailable.
    WorkerChannelAvailabilityUpdate = "worker.channel.availability.update", 12;
    /// A TaskChannel was created.
    TaskChannelCreated = "task-channel.created", 13;
    /// A TaskChannel was updated.
    TaskChannelUpdated = "task-channel.updated", 14;
    /// A TaskChannel was deleted.
    TaskChannelDeleted = "task-channel.deleted", 15;
    /// A TaskQueue was created.
    TaskQueueCreated = "task-queue.created", 16;
    /// A TaskQueue was deleted.
    TaskQueueDeleted = "task-queue.deleted", 17;
    /// A Task entered this TaskQueue.
    TaskQueueEntered = "task-queue.entered", 18;
    /// A Task timed out in this TaskQueue: its step expired.
    TaskQueueTimeout = "task-queue.timeout", 19;
    /// A Task moved from this TaskQueue to another one.
    TaskQueueMoved = "task-queue.moved", 20;
    /// The expression over Workers of a TaskQueue was changed.
    TaskQueueExpressionUpdated = "task-queue.expression.updated", 21;
    /// A Workflow was created.
    WorkflowCreated = "workflow.created", 22;
    /// A Workflow was updated.
    WorkflowUpdated = "workflow.updated", 23;
    /// A Workflow was deleted.
    WorkflowDeleted = "workflow.deleted", 24;
    /// A Task entered a Workflow.
    WorkflowEntered = "workflow.entered", 25;
    /// A Task entered a step of its Workflow.
    WorkflowTargetMatched = "workflow.target-matched", 26;
    /// A Task timed out in its Workflow: the last step expired.
    WorkflowTimeout = "workflow.timeout", 27;
    /// A Task left its Workflow because every remaining step was skipped.
    WorkflowSkipped = "workflow.skipped", 28;
    /// A Task was created.
    TaskCreated = "task.created", 29;
    /// A Task's attributes, priority or other fields were changed.
    TaskUpdated = "task.updated", 30;
    /// A Task was canceled.
    TaskCanceled = "task.canceled", 31;
    /// A Task entered wrap-up: the conversation has ended, the follow-up work has not.
    TaskWrapup = "task.wrapup", 32;
    /// A Task was completed.
    TaskCompleted = "task.completed", 33;
    /// A Task was deleted.
    TaskDeleted = "task.deleted", 34;
    /// A Task was deleted by the system because it was assigned for too long.
    TaskSystemDeleted = "task.system-deleted", 35;
    /// A transfer; this router never publishes it.
    TaskTransferInitiated = "task.transfer-initiated", 36;
    /// A transfer; this router never publishes it.
    TaskTransferAttemptFailed = "task.transfer-attempt-failed", 37;
    /// A transfer; this router never publishes it.
    TaskTransferFailed = "task.transfer-failed", 38;
    /// A transfer; this router never publishes it.
    TaskTransferCanceled = "task.transfer-canceled", 39;
    /// A transfer; this router never publishes it.
    TaskTransferCompleted = "task.transfer-completed", 40;
    /// A Task was offered to a Worker.
    ReservationCreated = "reservation.created", 41;
    /// The Worker accepted the Task.
    ReservationAccepted = "reservation.accepted", 42;
    /// The Worker rejected the Task.
    ReservationRejected = "reservation.rejected", 43;
    /// The Worker did not answer before the reservation timeout.
    ReservationTimeout = "reservation.timeout", 44;
    /// The Task ended, or the call to the Worker failed.
    ReservationCanceled = "reservation.canceled", 45;
    /// Another Worker accepted a parallel Reservation first.
    ReservationRescinded = "reservation.rescinded", 46;
    /// The Worker entered wrap-up.
    ReservationWrapup = "reservation.wrapup", 47;
    /// A Reservation was completed.
    ReservationCompleted = "reservation.completed", 48;
    /// This router never publishes it.
    ReservationFailed = "reservation.failed", 49;
}

impl EventType {
    /// The type with this code; `None` for an unknown code.
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.code() == code)
    }
}

impl FromStr for EventType {
    type Err = EventTypeError;

    fn from_str(text: &str) -> Result<Self, EventTypeError> {
        let known = Self::ALL
            .iter()
            .copied()
            .find(|known| known.as_str() == text);
        known.ok_or_else(|| EventTypeError {
            got_chars: text.chars().count(),
        })
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn event_types_roundtrip_name_and_code() {
        for known in EventType::ALL {
            assert_eq!(known.as_str().parse(), Ok(*known));
            assert_eq!(EventType::of_code(known.code()), Some(*known));
        }
        let names: BTreeSet<&str> = EventType::ALL.iter().map(|known| known.as_str()).collect();
        assert_eq!((names.len(), EventType::ALL.len()), (49, 49));
    }

    #[test]
    fn unknown_event_type_is_refused() {
        for wrong in ["", "task", "task.create", "Task.created", "task.created "] {
            let error = wrong.parse::<EventType>().unwrap_err().to_string();
            assert!(
                error.starts_with("expected a type of event such as task.created"),
                "{wrong}: {error}"
            );
        }
    }
}
