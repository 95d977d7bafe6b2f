//! Stored Events: the Events of one write are one item, by hour and shard, kept for thirty days
//! (taskrouter.md section 12.5).
//!
//! There is no index. An Event's id is its cursor ([`EventCursor`]) and so leads to its item. A
//! list is read backwards hour by hour, the shards of an hour side by side.

mod erase;
mod follow;
mod forward;
mod item;
mod shard;

use std::cmp::Reverse;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use ids::time::{Millis, Timestamp};
use ids::{EventSid, ReservationSid, TaskQueueSid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid};
use planted_bugs::Bug;
use task_router::model::EventType;
use task_router::router::events::{EVENT_SHARDS, Event, EventCursor, Parameter};

use crate::items::Item;
use crate::keys::Key;
use crate::listing::share;
use crate::{Error, Store};

pub(crate) use follow::EventCache;
pub use follow::{EventWatch, KEPT_LATE_MAX, LOOK_EVERY};
use shard::{Direction, ShardRange};

pub use forward::NextEvents;

/// The most items one query of a shard reads: more than a page of the API has room for, less than a
/// megabyte.
const ITEMS_PER_QUERY_MAX: i32 = 100;

/// The most rounds of queries, one for each shard, for one page: a quiet day, or sixteen hundred
/// items of each shard of a busy one. A page that is not full then has a cursor to continue from.
pub const ROUNDS_PER_PAGE_MAX: usize = 24;

/// The filter of a list of Events (taskrouter.md section 12.5). `None` = no restriction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFilter {
    /// From this moment on.
    pub from: Timestamp,
    /// Up to this moment and its last millisecond.
    pub until: Timestamp,
    /// Of this type.
    pub event_type: Option<EventType>,
    /// About this Task or its Reservations.
    pub task_sid: Option<TaskSid>,
    /// About this Worker or their Reservations.
    pub worker_sid: Option<WorkerSid>,
    /// With this TaskQueue.
    pub task_queue_sid: Option<TaskQueueSid>,
    /// With this Workflow.
    pub workflow_sid: Option<WorkflowSid>,
    /// About this Reservation.
    pub reservation_sid: Option<ReservationSid>,
    /// With the TaskChannel of this id or unique name.
    pub task_channel: Option<String>,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPage {
    /// Newest first.
    pub events: Vec<Event>,
    /// The cursor to continue from: all remaining Events are before it. `None` if none remain. A
    /// page may be short, or empty, without being the last one.
    pub next: Option<EventCursor>,
}

impl EventFilter {
    /// Every event between two moments, both included.
    pub fn between(from: Timestamp, until: Timestamp) -> Self {
        Self {
            from,
            until,
            event_type: None,
            task_sid: None,
            worker_sid: None,
            task_queue_sid: None,
            workflow_sid: None,
            reservation_sid: None,
            task_channel: None,
        }
    }

    /// Whether this Event matches the filter.
    pub fn shows(&self, event: &Event) -> bool {
        event.at() >= self.from && event.at() <= self.until && self.wants(event)
    }

    /// The same, regardless of the Event's time.
    fn wants(&self, event: &Event) -> bool {
        let channel = [Parameter::TaskChannelSid, Parameter::TaskChannelUniqueName];
        self.event_type
            .is_none_or(|wanted| wanted == event.event_type)
            && has(
                event,
                Parameter::TaskSid,
                self.task_sid.map(|sid| sid.to_string()),
            )
            && has(
                event,
                Parameter::WorkerSid,
                self.worker_sid.map(|sid| sid.to_string()),
            )
            && has(
                event,
                Parameter::TaskQueueSid,
                self.task_queue_sid.map(|sid| sid.to_string()),
            )
            && has(
                event,
                Parameter::WorkflowSid,
                self.workflow_sid.map(|sid| sid.to_string()),
            )
            && has(
                event,
                Parameter::ReservationSid,
                self.reservation_sid.map(|sid| sid.to_string()),
            )
            && (self.task_channel.is_none()
                || channel
                    .iter()
                    .any(|name| has(event, *name, self.task_channel.clone())))
    }

    /// Whether the filter restricts nothing but the time.
    fn wants_all(&self) -> bool {
        *self == Self::between(self.from, self.until)
    }

    /// The number of items to read from each shard for a page of `limit` Events: the shard's share,
    /// or the maximum if the filter may exclude many. At least two: the first item may be the one
    /// whose Events the page before contained.
    fn items_per_query(&self, limit: usize) -> i32 {
        let share = if self.wants_all() {
            share(limit.saturating_add(1), usize::from(EVENT_SHARDS))
        } else {
            usize::MAX
        };
        i32::try_from(share).map_or(ITEMS_PER_QUERY_MAX, |share| share.min(ITEMS_PER_QUERY_MAX))
    }

    /// The shards that can contain matching Events. All Events about one Task are in one shard.
    fn shards(&self) -> Vec<u8> {
        match self.task_sid {
            Some(task) => vec![EventCursor::shard_of(&task.to_string())],
            None => (0..EVENT_SHARDS).collect(),
        }
    }
}

/// Whether the Event has this value of a parameter; `None`: any value.
fn has(event: &Event, parameter: Parameter, wanted: Option<String>) -> bool {
    wanted.is_none_or(|wanted| event.parameters.get(parameter) == Some(wanted.as_str()))
}

/// The result of one query of each shard of an hour.
struct Round {
    events: Vec<Event>,
    /// Every Event from this cursor on was read.
    horizon: EventCursor,
}

impl Store {
    /// Stores the Events of one write. Idempotent: storing them again is deduplicated by their key.
    pub async fn add_events(&self, events: &[Event]) -> Result<(), Error> {
        let Some(first) = events.first() else {
            return Ok(());
        };
        let key = Key::events(first.workspace_sid, first.place);
        match self.put_new(item::of(&key, events)).await {
            // A conflict has two causes: the Events are stored already, or another process is
            // writing them at this moment and may still fail. Only a read distinguishes them.
            Err(Error::Conflict)
                if Bug::FailedEventsCountAsWritten.is_planted()
                    || self.get_item(&key).await?.is_some() =>
            {
                Ok(())
            }
            Err(error) => Err(error),
            Ok(()) => {
                let earliest = events
                    .iter()
                    .map(Event::at)
                    .fold(first.at(), Timestamp::min);
                self.active_tasks.note(first.workspace_sid, earliest);
                self.event_cache.note_stored();
                Ok(())
            }
        }
    }

    /// An Event by its id, with one read. `None` if there is none or it has expired.
    pub async fn event(
        &self,
        workspace: WorkspaceSid,
        sid: EventSid,
    ) -> Result<Option<Event>, Error> {
        let key = Key::events(workspace, EventCursor::of_sid(sid));
        let Some(found) = self.get_item(&key).await? else {
            return Ok(None);
        };
        Ok(item::read(workspace, found)?
            .into_iter()
            .find(|event| event.sid() == sid))
    }

    /// A page of Events, newest first: at most `limit` of those before the cursor `before`, with at
    /// most [`ROUNDS_PER_PAGE_MAX`] queries of each shard.
    pub async fn events(
        &self,
        workspace: WorkspaceSid,
        filter: &EventFilter,
        before: Option<EventCursor>,
        limit: usize,
    ) -> Result<EventPage, Error> {
        let newest = EventCursor::before(filter.until + Millis::from_millis(1));
        let mut upper = before.map_or(newest, |before| before.min(newest));
        let oldest = EventCursor::before(filter.from);
        let mut events: Vec<Event> = Vec::new();
        for _ in 0..ROUNDS_PER_PAGE_MAX {
            if upper <= oldest {
                return Ok(EventPage { events, next: None });
            }
            let items = filter.items_per_query(limit);
            let round = self
                .round(workspace, filter, (oldest, upper), items)
                .await?;
            events.extend(round.events.into_iter().filter(|event| filter.wants(event)));
            if events.len() >= limit {
                events.truncate(limit);
                let next = events.last().map(|last| last.place);
                return Ok(EventPage { events, next });
            }
            upper = round.horizon;
        }
        let next = (upper > oldest).then_some(upper);
        Ok(EventPage { events, next })
    }

    /// The newest Events before `upper` in its hour, newest first.
    async fn round(
        &self,
        workspace: WorkspaceSid,
        filter: &EventFilter,
        (oldest, upper): (EventCursor, EventCursor),
        items: i32,
    ) -> Result<Round, Error> {
        // Before the first moment of an hour there is only the hour before.
        let hour = if upper == first_of_hour(upper.hour()) {
            upper.hour() - 1
        } else {
            upper.hour()
        };
        let lower = oldest.max(first_of_hour(hour));
        let ranges = ShardRange::of_each(filter.shards(), workspace, hour, (lower, upper));
        let queries = ranges
            .iter()
            .map(|range| self.query_shard(range, Direction::Backward, items));
        let mut round = Round {
            events: Vec::new(),
            horizon: lower,
        };
        for found in try_join_all(queries).await? {
            let last = found.writes.last().and_then(|write| write.first());
            if found.more.is_some()
                && let Some(last) = last
            {
                round.horizon = round.horizon.max(last.place.numbered(0));
            }
            round.events.extend(found.writes.into_iter().flatten());
        }
        round
            .events
            .retain(|event| event.place >= round.horizon && event.place < upper);
        round
            .events
            .sort_unstable_by_key(|event| Reverse(event.place));
        Ok(round)
    }
}

/// The cursor before all Events of an hour.
fn first_of_hour(hour: i64) -> EventCursor {
    EventCursor::before(EventCursor::hour_begins(hour))
}

/// A binary attribute.
fn binary(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new(bytes))
}

/// The attributes of an item or of a map in it.
type Attributes = Item;
