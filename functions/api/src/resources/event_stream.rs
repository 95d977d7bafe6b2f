//! Events as they happen, as server-sent events: an addition to TaskRouter, whose Workers' clients have such a stream of their own.
//!
//! `id:` is the event's SID, `event:` its type, `data:` the JSON of the Events resource. An answer waits for the first event, hands over
//! what there is, and ends; a client of server-sent events comes again by itself and says with `Last-Event-ID` where it stands. So
//! nothing is kept between two answers, and a function that lives for one request serves the stream as well as a server does.
//!
//! An event is held back for [`HELD_BACK`]: one that is stored late, after others that happened after it, still finds its place before
//! them. So the id alone says what a client has seen.

use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ids::time::{Millis, Timestamp};
use ids::{EventSid, WorkspaceSid};
use store::EventFilter;
use task_router::router::events::{EVENT_KEPT, Event, EventCursor};

use super::{event, worker};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::request_context::RequestContext;

/// How long an event is held back, so that those stored out of order are handed over in order. The look that all share may be
/// [`store::LOOK_EVERY`] old.
pub const HELD_BACK: Millis = Millis::from_secs(2);

/// Streams one process serves at once. Those that are up to date share one look at the table.
const STREAMS_MAX: usize = 100;

/// Seconds an answer waits for its first event: a request may last 29 s.
const WAIT_SECS_MAX: u32 = 20;

/// How often is looked for something new.
const POLL_EVERY: Duration = Duration::from_secs(1);

/// Events of one answer; the client comes again for more.
const EVENTS_MAX: usize = 500;

/// How soon the client should come again, in milliseconds.
const RETRY_MILLIS: u32 = 250;

/// Where a client says where it stands: the header, and for clients that cannot send it a parameter of the same name.
const LAST_EVENT_ID: &str = "Last-Event-ID";

static STREAMS: AtomicUsize = AtomicUsize::new(0);

/// `GET …/EventStream`: everything that happens in the Workspace. `Wait`: seconds to wait for something to happen, 20 unless said.
pub async fn of_workspace(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?.sid;
    stream(
        context,
        workspace,
        EventFilter::between(context.now, context.now),
    )
    .await
}

/// `GET …/Workers/{WorkerSid}/EventStream`: what happens to a Worker and to their Reservations.
pub async fn of_worker(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let worker = worker::find(context, "WorkerSid").await?;
    let filter = EventFilter {
        worker_sid: Some(worker.sid),
        ..EventFilter::between(context.now, context.now)
    };
    stream(context, worker.workspace_sid, filter).await
}

async fn stream(
    context: &RequestContext<'_>,
    workspace: WorkspaceSid,
    filter: EventFilter,
) -> Result<Answer, ApiError> {
    let wait = context
        .query
        .whole_number("Wait", 0..=WAIT_SECS_MAX)?
        .unwrap_or(WAIT_SECS_MAX);
    let mut seen = last_seen(context)?;
    let _seat = Seat::take()?;
    for poll in 0..=wait {
        let now = context.api.clock.now();
        let until = EventCursor::before(now - HELD_BACK + Millis::from_millis(1));
        let ahead = context
            .api
            .store
            .follow_events(workspace, &filter, seen, now, EVENTS_MAX)
            .await?;
        let ready = ahead.events.iter().take_while(|event| event.place < until);
        let shown: Vec<&Event> = ready.take(EVENTS_MAX).collect();
        if let Some(last) = shown.last() {
            return written(context, shown.iter().copied(), last.place);
        }
        // What was looked through has no event for this client, up to that moment.
        seen = seen.max(EventCursor::before(ahead.seen.min(until).at));
        if poll < wait {
            tokio::time::sleep(POLL_EVERY).await;
        }
    }
    written(context, std::iter::empty(), seen)
}

/// The last event the client has seen; before any, the present moment.
fn last_seen(context: &RequestContext<'_>) -> Result<EventCursor, ApiError> {
    let header = context
        .headers
        .get(LAST_EVENT_ID)
        .map(|id| id.to_str().unwrap_or_default());
    let id = header
        .filter(|id| !id.is_empty())
        .or(context.query.text(LAST_EVENT_ID));
    let Some(id) = id else {
        return Ok(EventCursor::before(context.now));
    };
    let sid: EventSid = id
        .parse()
        .map_err(|error| ApiError::parameter(LAST_EVENT_ID, format!("{error}")))?;
    Ok(EventCursor::of_sid(sid).max(oldest(context.now)))
}

fn oldest(now: Timestamp) -> EventCursor {
    EventCursor::before(now - EVENT_KEPT)
}

/// The events as text, and at the end where the client stands, which an id without an event tells it.
fn written<'e>(
    context: &RequestContext<'_>,
    events: impl Iterator<Item = &'e Event>,
    seen: EventCursor,
) -> Result<Answer, ApiError> {
    let mut text = format!("retry: {RETRY_MILLIS}\n\n");
    for event in events {
        let data = event::render(&context.view, event)?;
        // Writing to a text does not fail; JSON has no line breaks.
        let _infallible = write!(
            text,
            "id: {}\nevent: {}\ndata: {data}\n\n",
            event.sid(),
            event.event_type
        );
    }
    let _infallible = write!(text, "id: {}\n\n", seen.sid());
    Ok(Answer::event_stream(text))
}

/// One of the streams that may be open at once.
struct Seat;

impl Seat {
    fn take() -> Result<Self, ApiError> {
        if STREAMS.fetch_add(1, Ordering::Relaxed) < STREAMS_MAX {
            return Ok(Self);
        }
        STREAMS.fetch_sub(1, Ordering::Relaxed);
        Err(ApiError::TooManyStreams {
            streams: STREAMS_MAX,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        STREAMS.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_streams_are_open_at_once_and_one_that_ends_makes_room() {
        let mut seats: Vec<Seat> = (0..STREAMS_MAX)
            .map(|_| Seat::take().unwrap_or_else(|_| panic!("there is room")))
            .collect();
        assert!(Seat::take().is_err());
        drop(seats.pop());
        assert!(Seat::take().is_ok());
    }
}
