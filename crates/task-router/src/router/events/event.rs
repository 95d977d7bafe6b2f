//! The Event, and its message for the events queue.

use serde::{Deserialize, Serialize};

use super::cursor::{Cause, EventCursor};
use super::parameter::{Parameter, Parameters};
use crate::model::{EventType, Workspace};
use ids::time::Timestamp;
use ids::{EventSid, WorkspaceSid};

/// A notification of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The Event's cursor among all Events; its id contains the same cursor.
    pub place: EventCursor,
    /// When it happened, if that was before the write that publishes it: the Events of a Task's
    /// creation are published with its second write.
    pub earlier: Option<Timestamp>,
    /// The type, such as `task.created`.
    pub event_type: EventType,
    /// The Workspace in which it happened.
    pub workspace_sid: WorkspaceSid,
    /// The parameters, without those that follow from the other fields.
    pub parameters: Parameters,
}

/// A message of the events queue: deliver this Event to the Workspace's callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The Workspace in which it happened.
    pub workspace: WorkspaceSid,
    /// The Event's id; the Event itself is read from the table.
    pub event: EventSid,
    /// The id of the Task, or else of the Worker or the part of configuration. Events about the
    /// same resource are delivered in order.
    pub about: String,
}

impl Event {
    /// `EV…`
    pub fn sid(&self) -> EventSid {
        self.place.sid()
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        self.earlier.unwrap_or(self.place.at)
    }

    /// The message that has the Event delivered.
    pub fn notice(&self) -> Notice {
        let task = self.parameters.get(Parameter::TaskSid).map(str::to_owned);
        let about = task.unwrap_or_else(|| self.resource_sid());
        Notice {
            workspace: self.workspace_sid,
            event: self.sid(),
            about,
        }
    }
}

/// Does the Workspace's callback get Events of this type (taskrouter.md section 2.1,
/// `events_filter`)?
pub fn is_wanted(workspace: &Workspace, event_type: EventType) -> bool {
    let passes =
        workspace.events_filter.is_empty() || workspace.events_filter.contains(&event_type);
    passes
        && workspace
            .event_callback_url
            .as_ref()
            .is_some_and(|url| !url.is_empty())
}

/// The types and parameters of the Events of one write, in order.
pub(super) type Notifications = Vec<(EventType, Parameters)>;

/// The Events of one write, numbered in order. The same cause gives the same ids, so that a record
/// that is delivered again stores the same Events.
pub(super) fn events_of(
    workspace: WorkspaceSid,
    cause: Cause<'_>,
    notifications: Notifications,
) -> Vec<Event> {
    let first = EventCursor::of(cause);
    let events = (0..=u8::MAX)
        .zip(notifications)
        .map(|(index, (event_type, parameters))| Event {
            place: first.numbered(index),
            earlier: None,
            event_type,
            workspace_sid: workspace,
            parameters,
        });
    events.collect()
}
