//! Events read forwards: all of a span of time, to be counted, or the next ones after a place, to be handed on.

use futures_util::future::try_join_all;
use ids::WorkspaceSid;
use ids::time::Timestamp;
use task_router::router::events::{EVENT_SHARDS, Event, EventCursor};

use super::shard::{Direction, Stretch};
use super::{EventFilter, ITEMS_PER_QUERY_MAX};
use crate::{Error, Store};

/// Items one query of a shard brings where all of them are counted: sixteen shards side by side are some two megabytes, and several
/// times that while they are taken apart.
const ITEMS_COUNTED_PER_QUERY: i32 = 150;

/// Hours looked through for one answer: a stream that was left alone for longer goes on in several answers.
const HOURS_AHEAD_MAX: i64 = 24;

/// The next events after a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Ahead {
    /// Oldest first.
    pub events: Vec<Event>,
    /// Everything before this place was seen.
    pub seen: EventCursor,
}

impl Store {
    /// Hands every event of `from..until` to `visit`, hour by hour; those of one shard, and so of one Task or Worker, in their
    /// order. Says whether it got through with `rounds_max` rounds of queries, one of each shard.
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
            let stretch = |shard| Stretch {
                workspace,
                hour,
                shard,
                lower: EventCursor::before(from).write_key(),
                upper: EventCursor::before(until).write_key(),
            };
            let mut open: Vec<Stretch> = (0..EVENT_SHARDS).map(stretch).collect();
            while !open.is_empty() {
                if rounds == rounds_max {
                    return Ok(false);
                }
                rounds += 1;
                let found = try_join_all(open.iter().map(|part| {
                    self.query_shard(part, Direction::Forward, ITEMS_COUNTED_PER_QUERY)
                }))
                .await?;
                let mut further = Vec::new();
                for (part, found) in open.into_iter().zip(found) {
                    // By the write that told them: what is told late is counted once, where it is found.
                    let told = found
                        .events()
                        .filter(|event| event.place.at >= from && event.place.at < until);
                    told.for_each(&mut visit);
                    // `~` stands behind every digit: what comes after the last one.
                    further.extend(found.more.map(|lower| Stretch {
                        lower: format!("{lower}~"),
                        ..part
                    }));
                }
                open = further;
            }
        }
        Ok(true)
    }

    /// The events after a place and before `until`, oldest first, at least one query of each shard and at most
    /// [`HOURS_AHEAD_MAX`]; about `limit` of them.
    pub async fn events_after(
        &self,
        workspace: WorkspaceSid,
        filter: &EventFilter,
        after: EventCursor,
        until: Timestamp,
        limit: usize,
    ) -> Result<Ahead, Error> {
        let end = EventCursor::before(until);
        let mut ahead = Ahead {
            events: Vec::new(),
            seen: after,
        };
        for _ in 0..HOURS_AHEAD_MAX {
            if ahead.seen >= end || ahead.events.len() >= limit {
                break;
            }
            let (events, seen) = self.next_events(workspace, filter, ahead.seen, end).await?;
            ahead.events.extend(
                events
                    .into_iter()
                    .filter(|event| event.place > after && filter.wants(event)),
            );
            ahead.seen = seen;
        }
        Ok(ahead)
    }

    /// One query of each shard of the hour of `lower`: its events, and the place before which nothing is left.
    async fn next_events(
        &self,
        workspace: WorkspaceSid,
        filter: &EventFilter,
        lower: EventCursor,
        end: EventCursor,
    ) -> Result<(Vec<Event>, EventCursor), Error> {
        let hour = lower.hour();
        let mut horizon = end.min(EventCursor::before(EventCursor::hour_begins(hour + 1)));
        let stretch = |shard| Stretch {
            workspace,
            hour,
            shard,
            lower: lower.write_key(),
            upper: horizon.write_key(),
        };
        let parts: Vec<Stretch> = filter.shards().into_iter().map(stretch).collect();
        let mut events = Vec::new();
        for found in try_join_all(
            parts
                .iter()
                .map(|part| self.query_shard(part, Direction::Forward, ITEMS_PER_QUERY_MAX)),
        )
        .await?
        {
            let last = found.events().last().map(|last| last.place);
            // The last item is read again with the next query: a place behind all its events has no other name.
            horizon = horizon.min(
                last.filter(|_| found.more.is_some())
                    .map_or(horizon, |last| last.numbered(0)),
            );
            events.extend(found.writes.into_iter().flatten());
        }
        events.retain(|event| event.place >= lower && event.place < horizon);
        events.sort_unstable_by_key(|event| event.place);
        Ok((events, horizon))
    }
}
