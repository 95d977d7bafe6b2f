//! The types of events (taskrouter.md section 12.2).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that is no type of event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a type of event such as task.created, got {got_chars} characters that are none")]
pub struct EventTypeError {
    got_chars: usize,
}

macro_rules! event_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $code:literal;)*) => {
        /// What happened.
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

            /// The number that stands for the type where space is dear. It never changes its meaning.
            pub const fn code(self) -> u8 {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

event_types! {
    /// A Workspace was made.
    WorkspaceCreated = "workspace.created", 1;
    /// A Workspace was changed.
    WorkspaceUpdated = "workspace.updated", 2;
    /// A Workspace was removed.
    WorkspaceDeleted = "workspace.deleted", 3;
    /// An Activity was made.
    ActivityCreated = "activity.created", 4;
    /// An Activity was changed.
    ActivityUpdated = "activity.updated", 5;
    /// An Activity was removed.
    ActivityDeleted = "activity.deleted", 6;
    /// A Worker was made.
    WorkerCreated = "worker.created", 7;
    /// A Worker was removed.
    WorkerDeleted = "worker.deleted", 8;
    /// A Worker is in another Activity.
    WorkerActivityUpdate = "worker.activity.update", 9;
    /// A Worker has other attributes.
    WorkerAttributesUpdate = "worker.attributes.update", 10;
    /// A Worker takes another number of Tasks of a TaskChannel at once.
    WorkerCapacityUpdate = "worker.capacity.update", 11;
    /// A Worker's share of a TaskChannel was switched on or off.
    WorkerChannelAvailabilityUpdate = "worker.channel.availability.update", 12;
    /// A TaskChannel was made.
    TaskChannelCreated = "task-channel.created", 13;
    /// A TaskChannel was changed.
    TaskChannelUpdated = "task-channel.updated", 14;
    /// A TaskChannel was removed.
    TaskChannelDeleted = "task-channel.deleted", 15;
    /// A TaskQueue was made.
    TaskQueueCreated = "task-queue.created", 16;
    /// A TaskQueue was removed.
    TaskQueueDeleted = "task-queue.deleted", 17;
    /// A Task is in this TaskQueue now.
    TaskQueueEntered = "task-queue.entered", 18;
    /// A Task's time in this TaskQueue is up.
    TaskQueueTimeout = "task-queue.timeout", 19;
    /// A Task leaves this TaskQueue for another.
    TaskQueueMoved = "task-queue.moved", 20;
    /// A TaskQueue is for other Workers.
    TaskQueueExpressionUpdated = "task-queue.expression.updated", 21;
    /// A Workflow was made.
    WorkflowCreated = "workflow.created", 22;
    /// A Workflow was changed.
    WorkflowUpdated = "workflow.updated", 23;
    /// A Workflow was removed.
    WorkflowDeleted = "workflow.deleted", 24;
    /// A Task begins its way through a Workflow.
    WorkflowEntered = "workflow.entered", 25;
    /// A Task enters a step of its Workflow.
    WorkflowTargetMatched = "workflow.target-matched", 26;
    /// A Task's time in its Workflow is up.
    WorkflowTimeout = "workflow.timeout", 27;
    /// A Task was skipped out of its Workflow.
    WorkflowSkipped = "workflow.skipped", 28;
    /// A Task was made.
    TaskCreated = "task.created", 29;
    /// What is known of a Task has changed.
    TaskUpdated = "task.updated", 30;
    /// A Task was canceled.
    TaskCanceled = "task.canceled", 31;
    /// A Task's conversation is over, the paperwork is not.
    TaskWrapup = "task.wrapup", 32;
    /// A Task was completed.
    TaskCompleted = "task.completed", 33;
    /// A Task was removed.
    TaskDeleted = "task.deleted", 34;
    /// A Task was assigned for longer than a Task may be.
    TaskSystemDeleted = "task.system-deleted", 35;
    /// A transfer; not told by this router.
    TaskTransferInitiated = "task.transfer-initiated", 36;
    /// A transfer; not told by this router.
    TaskTransferAttemptFailed = "task.transfer-attempt-failed", 37;
    /// A transfer; not told by this router.
    TaskTransferFailed = "task.transfer-failed", 38;
    /// A transfer; not told by this router.
    TaskTransferCanceled = "task.transfer-canceled", 39;
    /// A transfer; not told by this router.
    TaskTransferCompleted = "task.transfer-completed", 40;
    /// A Task is offered to a Worker.
    ReservationCreated = "reservation.created", 41;
    /// The Worker took the Task.
    ReservationAccepted = "reservation.accepted", 42;
    /// The Worker did not want the Task.
    ReservationRejected = "reservation.rejected", 43;
    /// The Worker did not answer in time.
    ReservationTimeout = "reservation.timeout", 44;
    /// The Task ended, or the call to the Worker came to nothing.
    ReservationCanceled = "reservation.canceled", 45;
    /// Another Worker was quicker.
    ReservationRescinded = "reservation.rescinded", 46;
    /// The Worker does the paperwork.
    ReservationWrapup = "reservation.wrapup", 47;
    /// A Reservation was completed.
    ReservationCompleted = "reservation.completed", 48;
    /// Not told by this router.
    ReservationFailed = "reservation.failed", 49;
}

impl EventType {
    /// The type of this code, if there is one.
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
    fn every_type_is_read_back_from_its_name_and_from_its_code() {
        for known in EventType::ALL {
            assert_eq!(known.as_str().parse(), Ok(*known));
            assert_eq!(EventType::of_code(known.code()), Some(*known));
        }
        let names: BTreeSet<&str> = EventType::ALL.iter().map(|known| known.as_str()).collect();
        assert_eq!((names.len(), EventType::ALL.len()), (49, 49));
    }

    #[test]
    fn a_text_that_is_no_type_is_refused_with_an_example() {
        for wrong in ["", "task", "task.create", "Task.created", "task.created "] {
            let error = wrong.parse::<EventType>().unwrap_err().to_string();
            assert!(
                error.starts_with("expected a type of event such as task.created"),
                "{wrong}: {error}"
            );
        }
    }
}
