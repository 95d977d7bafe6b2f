//! Event (taskrouter.md section 12.5).

use ids::time::Timestamp;
use ids::{AccountSid, EventSid, WorkspaceSid};
use serde::Serialize;
use serde_json::{Map, Value};
use store::EventFilter;
use task_router::router::events::{Event, EventCursor, EventType, Parameter, ResourceType};

use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::{Paging, SortKey};
use crate::parameters::Parameters;
use crate::request_context::RequestContext;
use crate::time_range::TimeRange;
use crate::view::View;

/// `GET …/Events`, newest first; filters `Minutes`, `StartDate`, `EndDate`, `EventType`, `TaskSid`,
/// `WorkerSid`, `TaskQueueSid`, `WorkflowSid`, `ReservationSid`, `TaskChannel`, `Sid`. A page that
/// is not the last may have fewer entries than `PageSize`.
pub async fn list(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let filter = filter(&context.query, context.now)?;
    let before = paging.after::<EventSid>()?.map(EventCursor::of_sid);
    let sid: Option<EventSid> = context.query.sid("Sid")?;
    let workspace = context.workspace().await?.sid;
    let store = &context.api.store;
    let (events, next) = match sid {
        Some(sid) => {
            let found = store
                .event(workspace, sid)
                .await?
                .filter(|event| filter.shows(event));
            (found.into_iter().collect(), None)
        }
        None => {
            let page = store
                .events(workspace, &filter, before, paging.size())
                .await?;
            (page.events, page.next)
        }
    };
    let entries: Vec<Value> = events
        .iter()
        .map(|event| render(&context.view, event))
        .collect::<Result<_, _>>()?;
    let next = next.map(|cursor: EventCursor| SortKey::new(cursor.at, cursor.sid()));
    Ok(paging.answer_part("events", &url(&context.view, workspace), entries, next))
}

/// `GET …/Events/{Sid}`
pub async fn fetch(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace: WorkspaceSid = context.sid("WorkspaceSid")?;
    let sid: EventSid = context.sid("Sid")?;
    let event = context
        .api
        .store
        .event(workspace, sid)
        .await?
        .ok_or_else(|| context.not_found())?;
    Ok(Answer::ok(render(&context.view, &event)?))
}

fn filter(query: &Parameters, now: Timestamp) -> Result<EventFilter, ApiError> {
    let range = TimeRange::read(query, now)?;
    Ok(EventFilter {
        event_type: query.parsed("EventType", |text| {
            text.parse::<EventType>().map_err(|error| error.to_string())
        })?,
        task_sid: query.sid("TaskSid")?,
        worker_sid: query.sid("WorkerSid")?,
        task_queue_sid: query.sid("TaskQueueSid")?,
        workflow_sid: query.sid("WorkflowSid")?,
        reservation_sid: query.sid("ReservationSid")?,
        task_channel: query.text("TaskChannel").map(str::to_owned),
        ..EventFilter::between(range.from, range.until)
    })
}

/// The URL of a Workspace's Events.
fn url(view: &View, workspace: WorkspaceSid) -> String {
    format!("{}/Events", view.workspace(workspace))
}

#[derive(Serialize)]
struct EventResource {
    account_sid: AccountSid,
    actor_sid: WorkspaceSid,
    actor_type: &'static str,
    actor_url: String,
    description: String,
    event_data: Map<String, Value>,
    event_date: String,
    event_date_ms: i64,
    event_type: EventType,
    resource_sid: String,
    resource_type: &'static str,
    resource_url: String,
    sid: EventSid,
    source: &'static str,
    /// Always null: an Event is derived from a write, which need not have been requested by a
    /// client.
    source_ip_address: Option<String>,
    workspace_sid: WorkspaceSid,
    url: String,
}

/// The JSON of an Event.
pub(super) fn render(view: &View, event: &Event) -> serde_json::Result<Value> {
    let workspace = event.workspace_sid;
    serde_json::to_value(EventResource {
        account_sid: view.account_sid,
        actor_sid: workspace,
        actor_type: "workspace",
        actor_url: view.workspace(workspace),
        description: event.description(),
        event_data: event.event_data(view.account_sid),
        event_date: event.at().to_iso8601(),
        event_date_ms: event.at().as_millis(),
        event_type: event.event_type,
        resource_sid: event.resource_sid(),
        resource_type: event.resource_type().as_str(),
        resource_url: resource_url(view, event),
        sid: event.sid(),
        source: "twilio",
        source_ip_address: None,
        workspace_sid: workspace,
        url: format!("{}/{}", url(view, workspace), event.sid()),
    })
}

fn resource_url(view: &View, event: &Event) -> String {
    let home = view.workspace(event.workspace_sid);
    let sid = event.resource_sid();
    match event.resource_type() {
        ResourceType::Workspace => home,
        ResourceType::Activity => format!("{home}/Activities/{sid}"),
        ResourceType::Worker => format!("{home}/Workers/{sid}"),
        ResourceType::TaskChannel => format!("{home}/TaskChannels/{sid}"),
        ResourceType::TaskQueue => format!("{home}/TaskQueues/{sid}"),
        ResourceType::Workflow => format!("{home}/Workflows/{sid}"),
        ResourceType::Task => format!("{home}/Tasks/{sid}"),
        ResourceType::Reservation => {
            let task = event.parameters.get(Parameter::TaskSid).unwrap_or_default();
            format!("{home}/Tasks/{task}/Reservations/{sid}")
        }
    }
}
