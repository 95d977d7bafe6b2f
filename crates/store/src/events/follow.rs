//! New Events for all readers in this process. They share one cached query of the table. Where no
//! other process stores Events, the cache stays valid until this process stores one.

use std::collections::BTreeMap;
use std::time::Duration;

use ids::WorkspaceSid;
use ids::time::{Millis, Timestamp};
use task_router::router::events::{Event, EventCursor};
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use super::{EventFilter, NextEvents};
use crate::{Error, Store};

/// How long the cache is valid where other processes store Events: with it, an Event is shown
/// within a second.
pub const LOOK_EVERY: Millis = Millis::from_millis(500);

/// How much later than its date an Event may be stored and still be found by the next query.
pub const KEPT_LATE_MAX: Millis = Millis::from_secs(2);

/// How far back the cache reaches. A reader of older Events queries the table by itself.
const REACH: Millis = Millis::from_secs(6);

/// The most Events in the cache of a Workspace; of more, the newest.
const CACHED_MAX: usize = 2_000;

/// The new Events that this process knows.
#[derive(Debug)]
pub(crate) struct EventCache {
    /// The number of times this process has stored Events.
    stored: watch::Sender<u64>,
    /// Whether no other process stores Events.
    is_only_writer: bool,
    workspaces: Mutex<BTreeMap<WorkspaceSid, CachedEvents>>,
}

/// The cached Events of one Workspace.
#[derive(Debug)]
struct CachedEvents {
    /// The time of the query.
    at: Timestamp,
    /// The number of times this process had stored Events by then.
    stored: u64,
    /// Every Event after this cursor, and before `seen`, is in the cache.
    from: EventCursor,
    /// Every Event before this cursor was read.
    seen: EventCursor,
    events: BTreeMap<EventCursor, Event>,
}

/// Waits for Events without a query of the table.
#[derive(Debug)]
pub struct EventWatch {
    stored: watch::Receiver<u64>,
    is_only_writer: bool,
}

impl EventCache {
    pub(crate) fn new(is_only_writer: bool) -> Self {
        Self {
            stored: watch::Sender::new(0),
            is_only_writer,
            workspaces: Mutex::default(),
        }
    }

    pub(crate) fn is_only_writer(&self) -> bool {
        self.is_only_writer
    }

    /// Records that this process has stored Events.
    pub(super) fn note_stored(&self) {
        self.stored.send_modify(|times| *times += 1);
    }

    /// Whether these cached Events are complete for a reader that asks after this process had
    /// stored Events `stored` times.
    fn is_current(&self, cached: &CachedEvents, stored: u64, now: Timestamp) -> bool {
        cached.stored >= stored
            && cached.is_complete()
            && (self.is_only_writer || now.since(cached.at) < LOOK_EVERY)
            && cached.at <= now
    }
}

impl CachedEvents {
    /// Whether the query reached its own time. In a busy moment there may be more Events than one
    /// query reads.
    fn is_complete(&self) -> bool {
        self.seen >= end_of(self.at)
    }

    fn after(&self, filter: &EventFilter, after: EventCursor, seen: EventCursor) -> NextEvents {
        let wanted = self
            .events
            .values()
            .filter(|event| event.place > after && filter.wants(event));
        NextEvents {
            events: wanted.cloned().collect(),
            seen,
        }
    }
}

impl EventWatch {
    /// Waits until there may be a new Event, for `limit` at most.
    pub async fn next(&mut self, limit: Duration) {
        let limit = if self.is_only_writer {
            limit
        } else {
            limit.min(LOOK_EVERY.into())
        };
        // A timeout is no error: the caller queries in any case.
        let _timeout = timeout(limit, self.stored.changed()).await;
    }
}

impl Store {
    /// Declares that no other process stores Events in this table. Then only this process's own
    /// writes make the cache stale.
    #[must_use]
    pub fn as_only_writer(self) -> Self {
        Self {
            event_cache: EventCache::new(true).into(),
            ..self
        }
    }

    /// Whether no other process stores Events in this table: then waiting for one costs no query.
    pub fn is_only_writer(&self) -> bool {
        self.event_cache.is_only_writer
    }

    /// A watch for Events from now on.
    pub fn watch_events(&self) -> EventWatch {
        EventWatch {
            stored: self.event_cache.stored.subscribe(),
            is_only_writer: self.event_cache.is_only_writer,
        }
    }

    /// As [`Store::events_after`], up to now, from the shared cache as far back as it reaches. The
    /// result may be [`LOOK_EVERY`] old if other processes store Events; `seen` says up to where it
    /// is complete.
    pub async fn follow_events(
        &self,
        workspace: WorkspaceSid,
        filter: &EventFilter,
        after: EventCursor,
        now: Timestamp,
        limit: usize,
    ) -> Result<NextEvents, Error> {
        let stored = *self.event_cache.stored.borrow();
        let mut workspaces = self.event_cache.workspaces.lock().await;
        let known = workspaces.remove(&workspace);
        let cached = match known {
            Some(cached) if self.event_cache.is_current(&cached, stored, now) => cached,
            known => self.query_new_events(workspace, known, now).await?,
        };
        // Where this process is the only writer, a current cache is complete up to now.
        let seen = if self.event_cache.is_only_writer && cached.is_complete() {
            end_of(now)
        } else {
            cached.seen
        };
        let next_events = (cached.from <= after).then(|| cached.after(filter, after, seen));
        workspaces.retain(|_, cached| now.since(cached.at) < REACH);
        workspaces.insert(workspace, cached);
        drop(workspaces);
        match next_events {
            Some(next_events) => Ok(next_events),
            None => {
                self.events_after(workspace, filter, after, next(now), limit)
                    .await
            }
        }
    }

    /// Brings the cache up to date: queries what is new since `known`, and again the time in which
    /// an Event may have been stored late.
    async fn query_new_events(
        &self,
        workspace: WorkspaceSid,
        known: Option<CachedEvents>,
        now: Timestamp,
    ) -> Result<CachedEvents, Error> {
        let stored = *self.event_cache.stored.borrow();
        let oldest = EventCursor::before(now - REACH);
        let known = known.filter(|known| known.seen >= oldest && known.at <= now);
        let (mut from, begin, mut events) = match known {
            Some(known) => (
                known.from.max(oldest),
                EventCursor::before(known.seen.at - KEPT_LATE_MAX).max(oldest),
                known.events,
            ),
            None => (oldest, oldest, BTreeMap::new()),
        };
        let everything = EventFilter::between(now, now);
        let found = self
            .events_after(workspace, &everything, begin, next(now), CACHED_MAX)
            .await?;
        events.extend(found.events.into_iter().map(|event| (event.place, event)));
        events.retain(|cursor, _| *cursor > from);
        while events.len() > CACHED_MAX {
            from = events.pop_first().map_or(from, |(cursor, _)| cursor);
        }
        Ok(CachedEvents {
            at: now,
            stored,
            from,
            seen: found.seen,
            events,
        })
    }
}

/// The cursor after all Events up to a moment.
fn end_of(now: Timestamp) -> EventCursor {
    EventCursor::before(next(now))
}

fn next(now: Timestamp) -> Timestamp {
    now + Millis::from_millis(1)
}
