//! Events: what TaskRouter tells about a change (taskrouter.md section 12), read off the old and the new image of a write.
//!
//! [`of_task`], [`of_worker`] and [`of_part`] say what a write tells, in the order of section 12.4; [`Event::form`] and
//! [`Event::event_data`] are what a callback and the API say of it. The same write always tells the same events under the
//! same ids.

mod configuration;
mod cursor;
mod description;
mod groups;
mod parameter;
mod render;
mod task;
mod worker;

use serde::{Deserialize, Serialize};

pub use crate::model::EventType;
use crate::model::Workspace;
pub use configuration::{Part, PartChange, of_part};
pub use cursor::{Cause, EVENT_SHARDS, EventCursor};
pub use description::ResourceType;
use ids::time::Timestamp;
use ids::{EventSid, WorkspaceSid};
pub use parameter::{Parameter, Parameters, Shape};
pub use task::{Workers, of_task, workers_told_of};
pub use worker::of_worker;

/// How long an event can be read (taskrouter.md sections 12.5 and 14).
pub const EVENT_KEPT: ids::time::Millis = ids::time::Millis::from_secs(30 * 86_400);

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where it stands among the others; its id says the same.
    pub place: EventCursor,
    /// When it happened, if that was before the write that tells it: a Task's creation is told with its second write.
    pub earlier: Option<Timestamp>,
    /// What happened.
    pub event_type: EventType,
    /// Where.
    pub workspace_sid: WorkspaceSid,
    /// What is known of it, but for what follows from the other fields.
    pub parameters: Parameters,
}

/// A message: post this event to the Workspace's callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Where it happened.
    pub workspace: WorkspaceSid,
    /// The event; the table has the rest.
    pub event: EventSid,
    /// The Task, or else the Worker or the part of the configuration: what is about the same thing is delivered in order.
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

    /// The message that it should be posted.
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

/// Is the Workspace's callback told of events of this type (taskrouter.md section 2.1, `events_filter`)?
pub fn is_wanted(workspace: &Workspace, event_type: EventType) -> bool {
    let passes =
        workspace.events_filter.is_empty() || workspace.events_filter.contains(&event_type);
    passes
        && workspace
            .event_callback_url
            .as_ref()
            .is_some_and(|url| !url.is_empty())
}

/// What one write tells, in order.
type Told = Vec<(EventType, Parameters)>;

/// Events of what a write tells.
fn events_of(workspace: WorkspaceSid, cause: Cause<'_>, told: Told) -> Vec<Event> {
    let first = EventCursor::of(cause);
    let events = (0..=u8::MAX)
        .zip(told)
        .map(|(index, (event_type, parameters))| Event {
            place: first.numbered(index),
            earlier: None,
            event_type,
            workspace_sid: workspace,
            parameters,
        });
    events.collect()
}
