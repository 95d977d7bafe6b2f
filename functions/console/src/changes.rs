//! The long poll of a browser's open pages. The answer names the kinds of resource that changed and
//! the Workers that the changes are about, without data. A page then fetches its own address.
//!
//! A browser opens six connections to a host, so its tabs share one poll: one tab sends it and
//! passes the answers on (`console.js`). The next request names the [`Cursor`] of the last answer,
//! so no change is missed between the two. Events are followed with
//! [`store::Store::follow_events`], as the API's event stream does.
//!
//! In one process, where waiting costs nothing, the answer is held until an Event is published, for
//! [`HOLD`] at most. In the cloud each second of an answer that is held would cost an invocation and
//! two reads of the sixteen Event shards. There the answer is given at once, and the browser asks
//! again after [`POLL_EVERY`].

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::Duration;

use http::{StatusCode, header};
use ids::WorkerSid;
use ids::time::{Millis, Timestamp};
use serde_json::json;
use store::{EventFilter, KEPT_LATE_MAX};
use task_router::router::events::{Event, EventCursor, Parameter};
use tokio::time::Instant;

use crate::console::Refused;
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::session::Role;

/// The address of the long poll.
pub const PATH: &str = "/console/changes";

/// Timeout of the long poll, after which a browser that went away is noticed.
const HOLD: Duration = Duration::from_secs(20);

/// How long a browser waits between two polls whose answers are not held. With 3 s, an open page
/// costs less than a dollar a month (`docs/guide/deploy.md`).
pub const POLL_EVERY: Millis = Millis::from_secs(3);

/// Polling interval for changes of the simulated telephones, which are in memory.
const POLL_PHONES_EVERY: Duration = Duration::from_millis(200);

/// The pause before a long poll that follows another one, so that a busy centre is not polled
/// without pause. The server pauses, because browsers slow down the timers of hidden tabs.
const PAUSE: Duration = Duration::from_millis(100);

/// The query parameter of a long poll that follows another one.
const PACED: &str = "paced";

/// Maximum number of Workers that an answer names; more count as all.
const WORKERS_MAX: usize = 50;

/// Maximum age of a cursor. An older one, of a browser that was suspended, is answered with all
/// kinds. A hidden tab's timers may fire once a minute.
const CURSOR_AGE_MAX: Millis = Millis::from_secs(150);

/// Maximum number of Events that one poll reads. At the limit all kinds count as changed.
const EVENTS_MAX: usize = 200;

/// The changes that refresh a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// The simulated telephones.
    Phones,
    /// Tasks and their Reservations.
    Tasks,
    /// Workers and their Reservations.
    Workers,
    /// Tasks, Workers and configuration.
    Everything,
    /// One Worker and that Worker's Reservations.
    Worker(WorkerSid),
}

/// The kind of resource that changed; its name is part of the event that refreshes a page.
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

    /// The kinds that an Event changes, by the first word of its type.
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
    /// The htmx triggers that refresh the live region.
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
            .map(|kind| format!("changes:{}", kind.name()))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Where the changes of a page begin, and which of them concern it.
pub struct Follow {
    /// The cursor of the moment at which the page was rendered.
    pub since: String,
    /// The Worker that the changes must be about; `None`: any.
    pub worker: Option<WorkerSid>,
    /// Whether changes of the simulated telephones are followed.
    pub phones: bool,
}

impl Follow {
    /// What a page with this [`Watch`] follows.
    pub fn new(context: &RequestContext<'_>, watch: Watch) -> Self {
        // An Event that is stored late may have a moment before the page's and not be on the page.
        let since = Cursor {
            until: context.now - KEPT_LATE_MAX,
            seen: 0,
            phones: phones_revision(context),
        };
        Self {
            since: since.to_string(),
            worker: match watch {
                Watch::Worker(worker) => Some(worker),
                Watch::Phones | Watch::Tasks | Watch::Workers | Watch::Everything => None,
            },
            phones: watch == Watch::Phones,
        }
    }
}

fn phones_revision(context: &RequestContext<'_>) -> u64 {
    context
        .console
        .phones
        .as_ref()
        .map_or(0, |phones| phones.revision())
}

/// Names what changed. Where waiting costs nothing, the answer is held until there is a change or
/// [`HOLD`] has passed.
pub async fn answer(context: &RequestContext<'_>) -> Result<Reply, Refused> {
    let store = &context.console.api.store;
    let waits_for_free = store.is_only_writer();
    if waits_for_free && context.query.has(PACED) {
        tokio::time::sleep(PAUSE).await;
    }
    let mut cursor = context.query.text("since").parse().unwrap_or(Cursor {
        until: context.now,
        seen: 0,
        phones: 0,
    });
    if !waits_for_free {
        let (changes, cursor) = poll(context, cursor).await?;
        return Ok(message(&changes, cursor, POLL_EVERY));
    }
    let until = Instant::now() + HOLD;
    let mut watch = store.watch_events();
    loop {
        let changes;
        (changes, cursor) = poll(context, cursor).await?;
        let left = until.saturating_duration_since(Instant::now());
        if !changes.kinds.is_empty() || left.is_zero() {
            return Ok(message(&changes, cursor, Millis::ZERO));
        }
        let pause = if context.query.has("phones") {
            left.min(POLL_PHONES_EVERY)
        } else {
            left
        };
        watch.next(pause).await;
    }
}

/// What changed between two cursors.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    kinds: BTreeSet<Kind>,
    /// The Workers that the changes are about; `None`: they may be about any.
    workers: Option<BTreeSet<WorkerSid>>,
}

impl Changes {
    /// Everything may have changed.
    fn all() -> Self {
        Self {
            kinds: Kind::ALL.into(),
            workers: None,
        }
    }
}

/// The answer; the browser polls again after `wait`.
fn message(changes: &Changes, cursor: Cursor, wait: Millis) -> Reply {
    let kinds: Vec<&str> = changes.kinds.iter().map(|kind| kind.name()).collect();
    let workers = changes
        .workers
        .as_ref()
        .filter(|workers| workers.len() <= WORKERS_MAX);
    let text = json!({
        "cursor": cursor.to_string(),
        "kinds": kinds,
        "wait_ms": wait.as_millis(),
        "workers": workers,
    });
    Reply::bytes(
        StatusCode::OK,
        "application/json",
        text.to_string().into_bytes(),
    )
    .with(header::CACHE_CONTROL, "no-store")
}

/// What changed after `cursor`, and the next cursor.
async fn poll(context: &RequestContext<'_>, cursor: Cursor) -> Result<(Changes, Cursor), Refused> {
    let now = context.console.api.clock.now();
    let phones = phones_revision(context);
    if now - CURSOR_AGE_MAX > cursor.until {
        // A list of changes would be useless to a browser that was suspended for hours.
        return Ok((
            Changes::all(),
            Cursor {
                until: now - KEPT_LATE_MAX,
                seen: 0,
                phones,
            },
        ));
    }
    let filter = EventFilter {
        worker_sid: own_worker(context),
        ..EventFilter::between(now, now)
    };
    let from = EventCursor::before(next(cursor.until) - KEPT_LATE_MAX);
    let ahead = context
        .console
        .api
        .store
        .follow_events(context.workspace, &filter, from, now, EVENTS_MAX)
        .await
        .map_err(Refused::unavailable)?;
    let until = (ahead.seen.at - Millis::from_millis(1))
        .min(now)
        .max(cursor.until);
    let mut changes = changes_after(&ahead.events, cursor);
    if context.query.has("phones") && phones != cursor.phones {
        changes.kinds.insert(Kind::Phones);
    }
    let horizon = until - KEPT_LATE_MAX;
    let seen = digest(
        ahead
            .events
            .iter()
            .filter(|event| event.place.at > horizon && event.place.at <= until),
    );
    Ok((
        changes,
        Cursor {
            until,
            seen,
            phones,
        },
    ))
}

/// The changes by the Events that the browser does not know yet. `events` begin some time before
/// `cursor`, so that an Event that was stored late is found: it changes the digest.
fn changes_after(events: &[Event], cursor: Cursor) -> Changes {
    if events.len() >= EVENTS_MAX {
        return Changes::all();
    }
    let is_known = |event: &&Event| event.place.at <= cursor.until;
    let was_stored_late = cursor.seen != 0 && digest(events.iter().filter(is_known)) != cursor.seen;
    let unknown: Vec<&Event> = events
        .iter()
        .filter(|event| was_stored_late || !is_known(event))
        .collect();
    Changes {
        kinds: unknown.iter().flat_map(|event| Kind::of(event)).collect(),
        workers: Some(
            unknown
                .iter()
                .filter_map(|event| worker_of(event))
                .collect(),
        ),
    }
}

fn worker_of(event: &Event) -> Option<WorkerSid> {
    event.parameters.get(Parameter::WorkerSid)?.parse().ok()
}

/// The only Worker whose changes an agent may follow.
fn own_worker(context: &RequestContext<'_>) -> Option<WorkerSid> {
    match context.session.role() {
        Role::Agent(own) => Some(own),
        Role::Administrator => None,
    }
}

fn next(moment: Timestamp) -> Timestamp {
    moment + Millis::from_millis(1)
}

/// A digest of the Events that does not depend on their order. It is never 0, which means "not
/// known" in a [`Cursor`].
fn digest<'e>(events: impl Iterator<Item = &'e Event>) -> u64 {
    let last_half = |event: &Event| {
        let [.., b8, b9, b10, b11, b12, b13, b14, b15] = event.sid().to_bytes();
        u64::from_be_bytes([b8, b9, b10, b11, b12, b13, b14, b15])
    };
    // Each id is multiplied before the sum, so that neighbouring ids do not cancel each other out.
    let mixed = |event: &Event| {
        last_half(event)
            .wrapping_add(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    events.map(mixed).fold(1, u64::wrapping_add).max(1)
}

/// The Events that a browser knows: all up to a moment. The digest identifies those of the last
/// [`KEPT_LATE_MAX`], so that an Event that is stored late is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    until: Timestamp,
    /// Digest of the Events of the last [`KEPT_LATE_MAX`] before `until`; 0 if it is not known.
    seen: u64,
    /// [`revision`](crate::phones::Phones::revision) of the simulated telephones.
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
    fn cursor_survives_a_round_trip() {
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
    fn message_names_kinds_workers_and_cursor() {
        let cursor = Cursor {
            until: Timestamp::from_millis(5),
            seen: 1,
            phones: 0,
        };
        let text = |changes: &Changes| {
            let reply = message(changes, cursor, POLL_EVERY).into_response();
            String::from_utf8(reply.into_body()).unwrap()
        };
        assert_eq!(
            text(&Changes::default()),
            r#"{"cursor":"5-1-0","kinds":[],"wait_ms":3000,"workers":null}"#
        );
        let worker = WorkerSid::from_bytes([1; 16]);
        let both = Changes {
            kinds: [Kind::Workers, Kind::Tasks].into(),
            workers: Some([worker].into()),
        };
        assert_eq!(
            text(&both),
            format!(
                r#"{{"cursor":"5-1-0","kinds":["tasks","workers"],"wait_ms":3000,"workers":["{worker}"]}}"#
            )
        );
        let many = (0..=50).map(|number| WorkerSid::from_bytes([number; 16]));
        let many = Changes {
            workers: Some(many.collect()),
            ..both
        };
        assert!(text(&many).contains(r#""workers":null"#));
    }
}
