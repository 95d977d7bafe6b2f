//! Streams of Events as server-sent events, by long poll. An addition to TaskRouter, whose Worker
//! clients have an event stream of their own.
//!
//! `id:` is the Event's SID, `event:` its type, `data:` the JSON of the Events resource. A request
//! is a long poll: it waits for the first Event, answers with the Events there are, and ends. A
//! client of server-sent events reconnects by itself and sends its cursor in `Last-Event-ID`. So no
//! state is kept between two requests, and a Lambda function serves the stream as well as a server
//! does.
//!
//! An Event is delivered only when it is at least [`HELD_BACK`] old. An Event that is stored late,
//! after later Events, is then still delivered in order, and the cursor alone says what a client
//! has received.

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

/// The age at which an Event is delivered, so that Events stored out of order are delivered in
/// order. The cached poll that all streams share may be [`store::LOOK_EVERY`] old.
pub const HELD_BACK: Millis = Millis::from_secs(2);

/// Concurrent streams of one process. Streams that are up to date share one poll of the table.
const STREAMS_MAX: usize = 100;

/// Seconds that a long poll waits for its first Event. A request may last 29 s.
const WAIT_SECS_MAX: u32 = 20;

/// The interval of a long poll's reads.
const POLL_EVERY: Duration = Duration::from_secs(1);

/// Events of one answer. The client reconnects for more.
const EVENTS_MAX: usize = 500;

/// The delay in milliseconds after which a client should reconnect.
const RETRY_MILLIS: u32 = 250;

/// The client's cursor: a header, and a query parameter of the same name for clients that cannot
/// set headers.
const LAST_EVENT_ID: &str = "Last-Event-ID";

/// The number of open streams.
static STREAMS: AtomicUsize = AtomicUsize::new(0);

/// `GET …/EventStream`: the Events of the Workspace. `Wait`: seconds to wait for the first Event,
/// 20 by default.
pub async fn of_workspace(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?.sid;
    stream(
        context,
        workspace,
        EventFilter::between(context.now, context.now),
    )
    .await
}

/// `GET …/Workers/{WorkerSid}/EventStream`: the Events of a Worker and of their Reservations.
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
    let mut cursor = requested_cursor(context)?;
    let _open = OpenStream::open()?;
    for poll in 0..=wait {
        let now = context.api.clock.now();
        let until = EventCursor::before(now - HELD_BACK + Millis::from_millis(1));
        let found = context
            .api
            .store
            .follow_events(workspace, &filter, cursor, now, EVENTS_MAX)
            .await?;
        let due = found.events.iter().take_while(|event| event.place < until);
        let delivered: Vec<&Event> = due.take(EVENTS_MAX).collect();
        if let Some(last) = delivered.last() {
            return render(context, delivered.iter().copied(), last.place);
        }
        // Up to this moment there is no Event for this client, so the cursor advances without one.
        cursor = cursor.max(EventCursor::before(found.seen.min(until).at));
        if poll < wait {
            tokio::time::sleep(POLL_EVERY).await;
        }
    }
    render(context, std::iter::empty(), cursor)
}

/// The cursor that the client sent; without one, the present moment. A cursor older than the stored
/// Events is moved to the oldest.
fn requested_cursor(context: &RequestContext<'_>) -> Result<EventCursor, ApiError> {
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

/// The Events as text, and at the end the client's new cursor: an id without an event.
fn render<'e>(
    context: &RequestContext<'_>,
    events: impl Iterator<Item = &'e Event>,
    cursor: EventCursor,
) -> Result<Answer, ApiError> {
    let mut text = format!("retry: {RETRY_MILLIS}\n\n");
    for event in events {
        let data = event::render(&context.view, event)?;
        // Writing to a String cannot fail. Compact JSON contains no line break.
        let _infallible = write!(
            text,
            "id: {}\nevent: {}\ndata: {data}\n\n",
            event.sid(),
            event.event_type
        );
    }
    let _infallible = write!(text, "id: {}\n\n", cursor.sid());
    Ok(Answer::event_stream(text))
}

/// An open stream, counted until it is dropped.
struct OpenStream;

impl OpenStream {
    /// Opens one more stream.
    ///
    /// # Errors
    /// [`ApiError::TooManyStreams`] when [`STREAMS_MAX`] are open.
    fn open() -> Result<Self, ApiError> {
        if STREAMS.fetch_add(1, Ordering::Relaxed) < STREAMS_MAX {
            return Ok(Self);
        }
        STREAMS.fetch_sub(1, Ordering::Relaxed);
        Err(ApiError::TooManyStreams {
            streams: STREAMS_MAX,
        })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        STREAMS.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred streams may be open; one that ends frees its place.
    #[test]
    fn open_streams_are_limited() {
        let mut streams: Vec<OpenStream> = (0..STREAMS_MAX)
            .map(|_| {
                OpenStream::open()
                    .unwrap_or_else(|_| panic!("expected fewer streams than the limit"))
            })
            .collect();
        assert!(OpenStream::open().is_err());
        drop(streams.pop());
        assert!(OpenStream::open().is_ok());
    }
}
