//! Events: TaskRouter's notifications of a change (taskrouter.md section 12), derived from the old
//! and the new image of a write.
//!
//! [`of_task`], [`of_worker`] and [`of_part`] list the Events of a write, in the order of section
//! 12.4. [`Event::form`] and [`Event::event_data`] are an Event's parameters for a callback and for
//! the API. The same write always gives the same Events with the same ids.

mod configuration;
mod cursor;
mod description;
mod event;
mod groups;
mod parameter;
mod render;
mod task;
mod worker;

pub use crate::model::EventType;
pub use configuration::{Part, PartChange, of_part};
pub use cursor::{Cause, EVENT_SHARDS, EventCursor};
pub use description::ResourceType;
pub use event::{Event, Notice, is_wanted};
pub use parameter::{Parameter, Parameters, Shape};
pub use task::{Workers, of_task, workers_of_events};
pub use worker::of_worker;

/// How long an Event can be read (taskrouter.md sections 12.5 and 14).
pub const EVENT_KEPT: ids::time::Millis = ids::time::Millis::from_secs(30 * 86_400);
