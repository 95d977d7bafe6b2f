//! Events read forwards: all Events of a time range, to be counted, or the next ones after a
//! cursor, to be streamed.

use futures_util::future::try_join_all;
use ids::WorkspaceSid;
use ids::time::Timestamp;
use task_router::router::events::{EVENT_SHARDS, Event, EventCursor};

use super::shard::{Direction, ShardRange};
use super::{EventFilter, ITEMS_PER_QUERY_MAX};
use crate::{Error, Store};

/// Items of one query of a shard when all Events are counted: sixteen shards side by side are some
/// two megabytes, and several times that while they are deserialized.
const ITEMS_COUNTED_PER_QUERY: i32 = 150;

/// The most hours that are read for one answer. A stream that was idle for longer needs several
/// answers.
const HOURS_AHEAD_MAX: i64 = 24;

/// The next Events after a cursor.
#[derive(Debug, Clone, PartialEq)]
pub struct NextEvents {
    /// Oldest first.
    pub events: Vec<Event>,
    /// Every Event before this cursor was read.
    pub seen: EventCursor,
}

impl Store {
    /// Calls `visit` with every Event of `from..until`, hour by hour. The Events of one shard, and
    /// so of one Task or Worker, come in their order. Returns false if `rounds_max` rounds of
    /// queries, one for each shard, did not suffice.
    pub async fn visit_events(
        &self,
        workspace: WorkspaceSid,
        from: Timestamp,
        until: Timestamp,
        rounds_max: usize,
        mut visit: impl FnMut(&Event) + Send,
    ) -> Result<bool, Error> {
        let mut rounds = 0;
        let last = EventCursor::before(until).hour();
        for hour in EventCursor::before(from).hour()..=last {
            let bounds = (EventCursor::before(from), EventCursor::before(until));
            let mut open = ShardRange::of_each(0..EVENT_SHARDS, workspace, hour, bounds);
            while !open.is_empty() {
                if rounds == rounds_max {
                    return Ok(false);
                }
                rounds += 1;
                let found = try_join_all(open.iter().map(|part| {
                    self.query_shard(part, Direction::Forward, ITEMS_COUNTED_PER_QUERY)
                }))
                .await?;
                let mut still_open = Vec::new();
                for (part, found) in open.into_iter().zip(found) {
                    // The time of the write decides: an Event that was published late is counted
                    // once, in the hour in which it is stored.
                    found
                        .events()
                        .filter(|event| event.place.at >= from && event.place.at < until)
                        .for_each(&mut visit);
                    // `~` sorts after every digit, so the next query begins after the last write.
                    still_open.extend(found.more.map(|lower| ShardRange {
                        lower: format!("{lower}~"),
                        ..part
                    }));
                }
                open = still_open;
            }
        }
        Ok(true)
    }

    /// The Events after a cursor and before `until`, oldest first: about `limit` of them. Sends at
    /// least one query for each shard, and at most `HOURS_AHEAD_MAX`.
    pub async fn events_after(
        &self,
        workspace: WorkspaceSid,
        filter: &EventFilter,
        after: EventCursor,
        until: Timestamp,
        limit: usize,
    ) -> Result<NextEvents, Error> {
        let end = EventCursor::before(until);
        let mut next = NextEvents {
            events: Vec::new(),
            seen: after,
        };
        for _ in 0..HOURS_AHEAD_MAX {
            if next.seen >= end || next.events.len() >= limit {
                break;
            }
            let (events, seen) = self.next_events(workspace, filter, next.seen, end).await?;
            next.events.extend(
                events
                    .into_iter()
                    .filter(|event| event.place > after && filter.wants(event)),
            );
            next.seen = seen;
        }
        Ok(next)
    }

    /// One query of each shard of the hour of `lower`: its Events, and the cursor before which all
    /// Events were read.
    async fn next_events(
        &self,
        workspace: WorkspaceSid,
        filter: &EventFilter,
        lower: EventCursor,
        end: EventCursor,
    ) -> Result<(Vec<Event>, EventCursor), Error> {
        let hour = lower.hour();
        let mut horizon = end.min(EventCursor::before(EventCursor::hour_begins(hour + 1)));
        let ranges = ShardRange::of_each(filter.shards(), workspace, hour, (lower, horizon));
        let queries = ranges
            .iter()
            .map(|range| self.query_shard(range, Direction::Forward, ITEMS_PER_QUERY_MAX));
        let mut events = Vec::new();
        for found in try_join_all(queries).await? {
            let last = found.events().last().map(|last| last.place);
            // The last item is read again by the next query, because no cursor lies exactly after
            // its last Event.
            if found.more.is_some()
                && let Some(last) = last
            {
                horizon = horizon.min(last.numbered(0));
            }
            events.extend(found.writes.into_iter().flatten());
        }
        events.retain(|event| event.place >= lower && event.place < horizon);
        events.sort_unstable_by_key(|event| event.place);
        Ok((events, horizon))
    }
}
