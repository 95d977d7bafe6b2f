//! Events as they come, for everybody in this process who waits for them: they share one look at the table, and where no other
//! process keeps events, there is none until this one has.

use std::collections::BTreeMap;
use std::time::Duration;

use ids::WorkspaceSid;
use ids::time::{Millis, Timestamp};
use task_router::router::events::{Event, EventCursor};
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use super::{Ahead, EventFilter};
use crate::{Error, Store};

/// For how long a look stands where other processes keep events: with it, what is told is shown within a second.
pub const LOOK_EVERY: Millis = Millis::from_millis(500);

/// How much later than it is dated an event may be kept and still be noticed by the next look.
pub const KEPT_LATE_MAX: Millis = Millis::from_secs(2);

/// How far back the shared look goes; who asks for more reads for themselves.
const REACH: Millis = Millis::from_secs(6);

/// Most events the shared look remembers; of more, the newest.
const REMEMBERED_MAX: usize = 2_000;

/// What this process knows about events that are new.
#[derive(Debug)]
pub(crate) struct Lookout {
    /// How often this process has kept events.
    kept: watch::Sender<u64>,
    /// Whether no other process keeps any.
    is_alone: bool,
    looks: Mutex<BTreeMap<WorkspaceSid, Look>>,
}

/// What was seen of one Workspace.
#[derive(Debug)]
struct Look {
    /// When.
    at: Timestamp,
    /// How often this process had kept events by then.
    kept: u64,
    /// Nothing from here on is missing…
    from: EventCursor,
    /// …up to here.
    seen: EventCursor,
    events: BTreeMap<EventCursor, Event>,
}

/// WaitTimes for events, by itself without a look at the table.
#[derive(Debug)]
pub struct EventWatch {
    kept: watch::Receiver<u64>,
    is_alone: bool,
}

impl Lookout {
    pub(crate) fn new(is_alone: bool) -> Self {
        Self {
            kept: watch::Sender::new(0),
            is_alone,
            looks: Mutex::default(),
        }
    }

    pub(crate) fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// This process has kept events.
    pub(super) fn keep(&self) {
        self.kept.send_modify(|times| *times += 1);
    }

    /// Does this look tell somebody who came when events had been kept `kept` times all there is?
    fn stands(&self, look: &Look, kept: u64, now: Timestamp) -> bool {
        look.kept >= kept
            && look.is_whole()
            && (self.is_alone || now.since(look.at) < LOOK_EVERY)
            && look.at <= now
    }
}

impl Look {
    /// A busy moment may have more events than one look brings.
    fn is_whole(&self) -> bool {
        self.seen >= end_of(self.at)
    }

    fn ahead(&self, filter: &EventFilter, after: EventCursor, seen: EventCursor) -> Ahead {
        let wanted = self
            .events
            .values()
            .filter(|event| event.place > after && filter.wants(event));
        Ahead {
            events: wanted.cloned().collect(),
            seen,
        }
    }
}

impl EventWatch {
    /// WaitTimes until there may be something new, for `limit` at most.
    pub async fn next(&mut self, limit: Duration) {
        let limit = if self.is_alone {
            limit
        } else {
            limit.min(LOOK_EVERY.into())
        };
        // Too late is as good: whoever waits looks then.
        let _too_late = timeout(limit, self.kept.changed()).await;
    }
}

impl Store {
    /// Says that no other process keeps events in this table: then nobody has to look for any that this one has not kept.
    #[must_use]
    pub fn alone(self) -> Self {
        Self {
            lookout: Lookout::new(true).into(),
            ..self
        }
    }

    /// WaitTimes for events from now on.
    pub fn watch_events(&self) -> EventWatch {
        EventWatch {
            kept: self.lookout.kept.subscribe(),
            is_alone: self.lookout.is_alone,
        }
    }

    /// As [`Store::events_after`], up to now, off the look that all share, as far back as it goes. It may be [`LOOK_EVERY`]
    /// old if other processes keep events; `seen` says so.
    pub async fn follow_events(
        &self,
        workspace: WorkspaceSid,
        filter: &EventFilter,
        after: EventCursor,
        now: Timestamp,
        limit: usize,
    ) -> Result<Ahead, Error> {
        let kept = *self.lookout.kept.borrow();
        let mut looks = self.lookout.looks.lock().await;
        let known = looks.remove(&workspace);
        let look = match known {
            Some(look) if self.lookout.stands(&look, kept, now) => look,
            known => self.look(workspace, known, now).await?,
        };
        // Alone, a look that stands shows what there is now.
        let seen = if self.lookout.is_alone && look.is_whole() {
            end_of(now)
        } else {
            look.seen
        };
        let ahead = (look.from <= after).then(|| look.ahead(filter, after, seen));
        looks.retain(|_, look| now.since(look.at) < REACH);
        looks.insert(workspace, look);
        drop(looks);
        match ahead {
            Some(ahead) => Ok(ahead),
            None => {
                self.events_after(workspace, filter, after, next(now), limit)
                    .await
            }
        }
    }

    /// Looks once more: at what is new since `known`, and at what may have been kept late.
    async fn look(
        &self,
        workspace: WorkspaceSid,
        known: Option<Look>,
        now: Timestamp,
    ) -> Result<Look, Error> {
        let kept = *self.lookout.kept.borrow();
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
        let ahead = self
            .events_after(workspace, &everything, begin, next(now), REMEMBERED_MAX)
            .await?;
        events.extend(ahead.events.into_iter().map(|event| (event.place, event)));
        events.retain(|place, _| *place > from);
        while events.len() > REMEMBERED_MAX {
            from = events.pop_first().map_or(from, |(place, _)| place);
        }
        Ok(Look {
            at: now,
            kept,
            from,
            seen: ahead.seen,
            events,
        })
    }
}

/// The place behind everything up to a moment.
fn end_of(now: Timestamp) -> EventCursor {
    EventCursor::before(next(now))
}

fn next(now: Timestamp) -> Timestamp {
    now + Millis::from_millis(1)
}
