//! How a page hears that it is out of date: server-sent events that say what kind of thing changed, and nothing else. The page
//! then fetches what it shows.
//!
//! An answer is held until there is something to say, for [`HOLD`] at most, and ends; browsers ask again by themselves and
//! bring the id of the last message with them ([`Cursor`]), so nothing is missed in between. It is the same on Lambda, which
//! cannot stream. Events are followed as the API's event stream follows them, [`store::Store::follow_events`]: an open page on
//! which nothing happens costs nothing here, and on Lambda a look at the sixteen shards of an hour now and then.

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::Duration;

use http::{StatusCode, header};
use ids::WorkerSid;
use ids::time::{Millis, Timestamp};
use store::{EventFilter, KEPT_LATE_MAX};
use task_router::router::events::{Event, EventCursor};
use tokio::time::Instant;

use crate::reply::Reply;
use crate::request_context::{Refused, RequestContext};
use crate::session::Role;

/// Where a page listens.
pub const PATH: &str = "/console/changes";

/// How long an answer is held while nothing happens: less than API Gateway waits (29 s).
const HOLD: Duration = Duration::from_secs(20);

/// How often is looked whether a telephone did something: it is in memory.
const LOOK_AT_PHONES_EVERY: Duration = Duration::from_millis(200);

/// How long a browser waits before it asks again.
const RETRY: Duration = Duration::from_millis(100);

/// How far back is looked for a browser that slept.
const ASLEEP_MAX: Millis = Millis::from_secs(60);

/// Most events of one look: more mean that everything changed.
const EVENTS_MAX: usize = 200;

/// What a page wants to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// The simulated telephones.
    Phones,
    /// Tasks and their Reservations.
    Tasks,
    /// Workers and what they hold.
    Workers,
    /// Everything that is told.
    Everything,
    /// One Worker and what they hold.
    Worker(WorkerSid),
}

/// A kind of thing that changed, as a message's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Phones,
    Tasks,
    Workers,
    Configuration,
}

impl Kind {
    const ALL: [Self; 4] = [
        Self::Phones,
        Self::Tasks,
        Self::Workers,
        Self::Configuration,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Phones => "phones",
            Self::Tasks => "tasks",
            Self::Workers => "workers",
            Self::Configuration => "configuration",
        }
    }

    /// What an event is about, by the first word of its type.
    fn of(event: &Event) -> Vec<Self> {
        let name = event.event_type.as_str();
        match name.split_once('.').map_or(name, |(first, _)| first) {
            "task" => vec![Self::Tasks],
            "reservation" => vec![Self::Tasks, Self::Workers],
            "worker" => vec![Self::Workers],
            "task-queue" => vec![Self::Tasks, Self::Configuration],
            _ => vec![Self::Configuration],
        }
    }
}

impl Watch {
    /// The triggers of the region that is fetched anew.
    pub fn triggers(self) -> String {
        let kinds: &[Kind] = match self {
            Self::Phones => &[Kind::Phones, Kind::Workers],
            Self::Tasks => &[Kind::Tasks],
            Self::Workers => &[Kind::Workers],
            Self::Everything | Self::Worker(_) => {
                &[Kind::Tasks, Kind::Workers, Kind::Configuration]
            }
        };
        kinds
            .iter()
            .map(|kind| format!("sse:{}", kind.name()))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// The address a page listens at: what it wants to know, and from where on.
pub fn address(visit: &RequestContext<'_>, watch: Watch) -> String {
    let phones = visit
        .console
        .phones
        .as_ref()
        .map_or(0, |phones| phones.revision());
    // What is kept late may be dated before the page and not be on it.
    let since = Cursor {
        until: visit.now - KEPT_LATE_MAX,
        seen: 0,
        phones,
    };
    let (is_phones, worker) = match watch {
        Watch::Phones => (true, None),
        Watch::Worker(worker) => (false, Some(worker)),
        Watch::Tasks | Watch::Workers | Watch::Everything => (false, None),
    };
    let phones = if is_phones { "&phones=yes" } else { "" };
    let worker = worker
        .map(|worker| format!("&worker={worker}"))
        .unwrap_or_default();
    format!("{PATH}?since={since}{phones}{worker}")
}

/// WaitTimes for something new and says what kind it is.
pub async fn answer(visit: &RequestContext<'_>) -> Result<Reply, Refused> {
    let last = visit
        .headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok());
    let since = last.unwrap_or(visit.query.text("since"));
    let mut cursor = since.parse().unwrap_or(Cursor {
        until: visit.now,
        seen: 0,
        phones: 0,
    });
    let until = Instant::now() + HOLD;
    let mut watch = visit.console.api.store.watch_events();
    loop {
        let kinds;
        (kinds, cursor) = look(visit, cursor).await?;
        let left = until.saturating_duration_since(Instant::now());
        if !kinds.is_empty() || left.is_zero() {
            return Ok(message(&kinds, cursor));
        }
        watch
            .next(if visit.query.has("phones") {
                left.min(LOOK_AT_PHONES_EVERY)
            } else {
                left
            })
            .await;
    }
}

fn message(kinds: &BTreeSet<Kind>, cursor: Cursor) -> Reply {
    let mut text = format!("retry: {}\nid: {cursor}\n", RETRY.as_millis());
    if kinds.is_empty() {
        // A message of a name nobody listens to: an id alone would be forgotten.
        text.push_str("event: nothing\ndata:\n\n");
    }
    for kind in kinds {
        text.push_str(&format!("event: {}\nid: {cursor}\ndata:\n\n", kind.name()));
    }
    Reply::bytes(StatusCode::OK, "text/event-stream", text.into_bytes())
        .with(header::CACHE_CONTROL, "no-store")
}

/// What is new since `cursor`, and where to go on.
async fn look(
    visit: &RequestContext<'_>,
    cursor: Cursor,
) -> Result<(BTreeSet<Kind>, Cursor), Refused> {
    let now = visit.console.api.clock.now();
    let phones = visit
        .console
        .phones
        .as_ref()
        .map_or(0, |phones| phones.revision());
    if now - ASLEEP_MAX > cursor.until {
        // A browser that slept for hours learns that everything changed; it needs no list.
        return Ok((
            Kind::ALL.into(),
            Cursor {
                until: now - KEPT_LATE_MAX,
                seen: 0,
                phones,
            },
        ));
    }
    let filter = EventFilter {
        worker_sid: worker(visit),
        ..EventFilter::between(now, now)
    };
    let from = EventCursor::before(next(cursor.until) - KEPT_LATE_MAX);
    let ahead = visit
        .console
        .api
        .store
        .follow_events(visit.workspace, &filter, from, now, EVENTS_MAX)
        .await;
    let ahead = ahead.map_err(Refused::away)?;
    let until = (ahead.seen.at - Millis::from_millis(1))
        .min(now)
        .max(cursor.until);
    let mut kinds = news(&ahead.events, cursor);
    if visit.query.has("phones") && phones != cursor.phones {
        kinds.insert(Kind::Phones);
    }
    let horizon = until - KEPT_LATE_MAX;
    let seen = digest(
        ahead
            .events
            .iter()
            .filter(|event| event.place.at > horizon && event.place.at <= until),
    );
    Ok((
        kinds,
        Cursor {
            until,
            seen,
            phones,
        },
    ))
}

/// The kinds of what is new among the events since some time before `cursor`.
fn news(events: &[Event], cursor: Cursor) -> BTreeSet<Kind> {
    if events.len() >= EVENTS_MAX {
        return Kind::ALL.into();
    }
    let is_known = |event: &&Event| event.place.at <= cursor.until;
    let was_kept_late = cursor.seen != 0 && digest(events.iter().filter(is_known)) != cursor.seen;
    let told = events
        .iter()
        .filter(|event| was_kept_late || !is_known(event));
    told.flat_map(Kind::of).collect()
}

/// An agent is told of themselves alone.
fn worker(visit: &RequestContext<'_>) -> Option<WorkerSid> {
    match visit.session.role {
        Role::Agent(own) => Some(own),
        Role::Administrator => visit.query.text("worker").parse().ok(),
    }
}

fn next(moment: Timestamp) -> Timestamp {
    moment + Millis::from_millis(1)
}

/// A number that differs when the events do, in whatever order; never 0, which stands for not knowing.
fn digest<'e>(events: impl Iterator<Item = &'e Event>) -> u64 {
    let last_half = |event: &Event| {
        let [.., b8, b9, b10, b11, b12, b13, b14, b15] = event.sid().to_bytes();
        u64::from_be_bytes([b8, b9, b10, b11, b12, b13, b14, b15])
    };
    // Every id goes through a multiplication, so that neighbours do not cancel each other out.
    let mixed = |event: &Event| {
        last_half(event)
            .wrapping_add(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    events.map(mixed).fold(1, u64::wrapping_add).max(1)
}

/// What was seen: every event up to a moment, of which those that were there are known by their digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    until: Timestamp,
    /// Of the last [`KEPT_LATE_MAX`] before; 0: not known.
    seen: u64,
    /// The telephones' revision.
    phones: u64,
}

/// `<milliseconds>-<digest>-<revision>`
impl Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}-{:x}-{:x}",
            self.until.as_millis(),
            self.seen,
            self.phones
        )
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('-');
        let mut hex = || parts.next().ok_or(());
        let until = hex()?.parse().map_err(|_| ())?;
        let [seen, phones] =
            [hex()?, hex()?].map(|part| u64::from_str_radix(part, 16).map_err(|_| ()));
        Ok(Self {
            until: Timestamp::from_millis(until),
            seen: seen?,
            phones: phones?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was_sent() {
        let cursor = Cursor {
            until: Timestamp::from_millis(1_795_348_800_000),
            seen: u64::MAX,
            phones: 7,
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for wrong in ["", "1", "1-2", "x-1-1", "1-x-1", "1-1-"] {
            assert_eq!(wrong.parse::<Cursor>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn a_message_names_what_changed_and_always_carries_where_to_go_on() {
        let cursor = Cursor {
            until: Timestamp::from_millis(5),
            seen: 1,
            phones: 0,
        };
        let text = |kinds: &[Kind]| {
            let reply = message(&kinds.iter().copied().collect(), cursor).into_response();
            String::from_utf8(reply.into_body()).unwrap()
        };
        assert_eq!(
            text(&[]),
            "retry: 100\nid: 5-1-0\nevent: nothing\ndata:\n\n"
        );
        let both = text(&[Kind::Workers, Kind::Tasks]);
        assert!(
            both.contains("event: tasks\nid: 5-1-0\ndata:\n\nevent: workers\n"),
            "{both}"
        );
    }
}
