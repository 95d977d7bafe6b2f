//! The slice of the carrier's REST API that moves calls (voice-webhooks.md section 8): Calls, Queues, Members.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use serde_json::Value;
use shared::model::ids::{CallSid, QueueSid};
use shared::model::time::{Millis, Timestamp};
use subtle::ConstantTimeEq;

use super::form::Form;
use super::page::page;
use super::resources;
use super::rest_error::RestError;
use crate::Carrier;
use crate::network::{
    Call, CallStatus, CallUpdate, EndAs, Input, MEMBERS_DEFAULT, NewCall, Output, Queue, Refusal, Reporter, Start,
    Target,
};
use crate::twiml::{Method, StatusEvent};

/// Characters of TwiML given with a request (voice-webhooks.md section 8).
const TWIML_CHARS_MAX: usize = 4_000;
/// Tones sent after an answer (voice-webhooks.md section 8).
const SEND_DIGITS_CHARS_MAX: usize = 32;
/// Seconds a phone may ring (voice-webhooks.md section 8).
const RING_SECS: std::ops::RangeInclusive<u64> = 1..=600;
/// Seconds a phone rings when the request does not say.
const RING_SECS_DEFAULT: u64 = 60;
/// Seconds a call may last: a day.
const TIME_LIMIT_SECS: std::ops::RangeInclusive<u64> = 1..=86_400;

type Body = Result<Bytes, BytesRejection>;
type Reply = Result<(StatusCode, Json<Value>), RestError>;

/// The routes below `/2010-04-01/Accounts/{AccountSid}`, behind Basic authentication.
pub(super) fn routes(carrier: &Arc<Carrier>) -> Router<Arc<Carrier>> {
    let account = "/2010-04-01/Accounts/{account}";
    let path = |rest: &str| format!("{account}{rest}");
    Router::new()
        .route(&path("/Calls.json"), get(list_calls).post(create_call))
        .route(&path("/Calls/{call}"), get(fetch_call).post(update_call))
        .route(&path("/Queues.json"), get(list_queues).post(create_queue))
        .route(&path("/Queues/{queue}"), get(fetch_queue).post(update_queue).delete(delete_queue))
        .route(&path("/Queues/{queue}/Members.json"), get(list_members))
        .route(&path("/Queues/{queue}/Members/{member}"), get(fetch_member).post(dequeue_member))
        .method_not_allowed_fallback(async || RestError::method_not_allowed())
        .route_layer(middleware::from_fn_with_state(Arc::clone(carrier), authenticate))
}

/// User name: the account SID; password: the auth token. Both compared in constant time.
async fn authenticate(State(carrier): State<Arc<Carrier>>, request: Request, next: Next) -> Response {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = header.and_then(|header| header.strip_prefix("Basic ")).unwrap_or_default();
    let pair = base64::engine::general_purpose::STANDARD.decode(given.trim()).unwrap_or_default();
    let account = carrier.account_sid().to_string();
    let expected = format!("{account}:{}", carrier.auth_token());
    if !bool::from(pair.ct_eq(expected.as_bytes())) {
        return RestError::unauthorized().into_response();
    }
    let path = request.uri().path();
    if path.split('/').nth(3) != Some(account.as_str()) {
        return RestError::not_found(path).into_response();
    }
    next.run(request).await
}

async fn create_call(State(carrier): State<Arc<Carrier>>, body: Body) -> Reply {
    let new = read_new_call(&read_form(body)?)?;
    let outputs = accept(&carrier, Input::CreateCall(Box::new(new)))?;
    let created = outputs.into_iter().find_map(|output| match output {
        Output::CallCreated(sid) => Some(sid),
        Output::Fetch(_) | Output::QueueCreated(_) | Output::Dequeued(_) | Output::Refused(_) => None,
    });
    show_call(&carrier, created, StatusCode::CREATED)
}

async fn fetch_call(State(carrier): State<Arc<Carrier>>, Path((_, call)): Path<(String, String)>) -> Reply {
    show_call(&carrier, Some(sid(&call)?), StatusCode::OK)
}

async fn update_call(
    State(carrier): State<Arc<Carrier>>,
    Path((_, call)): Path<(String, String)>,
    body: Body,
) -> Reply {
    let call = sid(&call)?;
    let update = read_call_update(&read_form(body)?)?;
    accept(&carrier, Input::UpdateCall(call, update))?;
    show_call(&carrier, Some(call), StatusCode::OK)
}

async fn list_calls(State(carrier): State<Arc<Carrier>>, RawQuery(query): RawQuery) -> Reply {
    let query = read_query(query);
    let filter = CallFilter::read(&query)?;
    let account = carrier.account_sid();
    let items = carrier.read(|network| {
        let calls = network.calls().into_iter().filter(|call| filter.takes(call));
        calls.map(|call| (call.sid.to_string(), resources::call(account, call))).collect()
    });
    let path = format!("{}/Calls.json", resources::account_path(account));
    Ok((StatusCode::OK, Json(page(&path, "calls", &query, items)?)))
}

async fn create_queue(State(carrier): State<Arc<Carrier>>, body: Body) -> Reply {
    let form = read_form(body)?;
    let name = form.text("FriendlyName").ok_or(Refusal::BadQueueName)?.to_owned();
    let max_size = queue_size(&form)?.unwrap_or(MEMBERS_DEFAULT);
    let outputs = accept(&carrier, Input::CreateQueue { name, max_size })?;
    let created = outputs.into_iter().find_map(|output| match output {
        Output::QueueCreated(sid) => Some(sid),
        Output::Fetch(_) | Output::CallCreated(_) | Output::Dequeued(_) | Output::Refused(_) => None,
    });
    show_queue(&carrier, created, StatusCode::CREATED)
}

async fn fetch_queue(State(carrier): State<Arc<Carrier>>, Path((_, queue)): Path<(String, String)>) -> Reply {
    show_queue(&carrier, Some(sid(&queue)?), StatusCode::OK)
}

async fn update_queue(
    State(carrier): State<Arc<Carrier>>,
    Path((_, queue)): Path<(String, String)>,
    body: Body,
) -> Reply {
    let queue = sid(&queue)?;
    let form = read_form(body)?;
    let (name, max_size) = (form.text("FriendlyName").map(str::to_owned), queue_size(&form)?);
    accept(&carrier, Input::UpdateQueue { queue, name, max_size })?;
    show_queue(&carrier, Some(queue), StatusCode::OK)
}

async fn delete_queue(
    State(carrier): State<Arc<Carrier>>,
    Path((_, queue)): Path<(String, String)>,
) -> Result<StatusCode, RestError> {
    accept(&carrier, Input::DeleteQueue(sid(&queue)?))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_queues(State(carrier): State<Arc<Carrier>>, RawQuery(query): RawQuery) -> Reply {
    let (account, now) = (carrier.account_sid(), carrier.now());
    let items = carrier.read(|network| {
        let queues = network.queues().into_iter();
        queues.map(|queue| (queue.sid.to_string(), resources::queue(account, queue, now))).collect()
    });
    let path = format!("{}/Queues.json", resources::account_path(account));
    Ok((StatusCode::OK, Json(page(&path, "queues", &read_query(query), items)?)))
}

async fn list_members(
    State(carrier): State<Arc<Carrier>>,
    Path((_, queue)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Reply {
    let (account, now, queue) = (carrier.account_sid(), carrier.now(), sid::<QueueSid>(&queue)?);
    let items = carrier.read(|network| {
        let row = network.queue(queue)?;
        let members = row.members.iter().enumerate();
        let items = members.filter_map(|(index, member)| {
            Some((member.call.to_string(), resources::member(account, row, index, now)?))
        });
        Some(items.collect::<Vec<_>>())
    });
    let items = items.ok_or(Refusal::UnknownQueue(queue))?;
    let path = format!("{}/Queues/{queue}/Members.json", resources::account_path(account));
    Ok((StatusCode::OK, Json(page(&path, "queue_members", &read_query(query), items)?)))
}

async fn fetch_member(
    State(carrier): State<Arc<Carrier>>,
    Path((_, queue, member)): Path<(String, String, String)>,
) -> Reply {
    let member = find_member(&carrier, sid(&queue)?, member_sid(&member)?)?;
    Ok((StatusCode::OK, Json(member)))
}

/// Answers with the member as it waited before it was moved.
async fn dequeue_member(
    State(carrier): State<Arc<Carrier>>,
    Path((_, queue, member)): Path<(String, String, String)>,
    body: Body,
) -> Reply {
    let (queue, call) = (sid(&queue)?, member_sid(&member)?);
    let form = read_form(body)?;
    let target = target(&form, "Url", "Method")?;
    let target =
        target.ok_or_else(|| RestError::bad_request(21205, "Url: expected the document the call goes on with"))?;
    let shown = find_member(&carrier, queue, call)?;
    let call = shown.get("call_sid").and_then(Value::as_str).map(sid).transpose()?;
    accept(&carrier, Input::Dequeue { queue, call, target })?;
    Ok((StatusCode::OK, Json(shown)))
}

fn find_member(carrier: &Carrier, queue: QueueSid, call: Option<CallSid>) -> Result<Value, Refusal> {
    let (account, now) = (carrier.account_sid(), carrier.now());
    carrier.read(|network| {
        let row = network.queue(queue).ok_or(Refusal::UnknownQueue(queue))?;
        let index = row.members.iter().position(|member| call.is_none_or(|call| call == member.call));
        index.and_then(|index| resources::member(account, row, index, now)).ok_or(Refusal::NotAMember(queue))
    })
}

fn show_call(carrier: &Carrier, call: Option<CallSid>, status: StatusCode) -> Reply {
    let account = carrier.account_sid();
    let shown =
        carrier.read(|network| call.and_then(|call| network.call(call)).map(|call| resources::call(account, call)));
    let path = call.map(|call| format!("/Calls/{call}.json")).unwrap_or_default();
    shown.map(|shown| (status, Json(shown))).ok_or_else(|| RestError::not_found(&path))
}

fn show_queue(carrier: &Carrier, queue: Option<QueueSid>, status: StatusCode) -> Reply {
    let (account, now) = (carrier.account_sid(), carrier.now());
    let render = |queue: &Queue| resources::queue(account, queue, now);
    let shown = carrier.read(|network| queue.and_then(|queue| network.queue(queue)).map(render));
    let path = queue.map(|queue| format!("/Queues/{queue}.json")).unwrap_or_default();
    shown.map(|shown| (status, Json(shown))).ok_or_else(|| RestError::not_found(&path))
}

fn accept(carrier: &Carrier, input: Input) -> Result<Vec<Output>, Refusal> {
    let outputs = carrier.handle(input);
    match outputs.first() {
        Some(Output::Refused(refusal)) => Err(refusal.clone()),
        Some(Output::Fetch(_) | Output::CallCreated(_) | Output::QueueCreated(_) | Output::Dequeued(_)) | None => {
            Ok(outputs)
        }
    }
}

/// The id in a path's last part, `CA….json`.
fn sid<T: std::str::FromStr>(text: &str) -> Result<T, RestError> {
    text.trim_end_matches(".json").parse().map_err(|_| RestError::not_found(text))
}

/// `Front.json`, or a call.
fn member_sid(text: &str) -> Result<Option<CallSid>, RestError> {
    if text == "Front.json" {
        return Ok(None);
    }
    sid(text).map(Some)
}

fn read_form(body: Body) -> Result<Form, RestError> {
    let body = body.map_err(|rejection| RestError::unreadable(rejection.status(), rejection.body_text()))?;
    Ok(Form::read(&body))
}

fn read_query(query: Option<String>) -> Form {
    Form::read(query.unwrap_or_default().as_bytes())
}

fn read_new_call(form: &Form) -> Result<NewCall, RestError> {
    let to = form.text("To").ok_or_else(|| RestError::bad_request(21201, "No 'To' number is specified"))?;
    let from = form.text("From").ok_or_else(|| RestError::bad_request(21213, "'From' phone number is required"))?;
    let start = start(form)?;
    let start = start.ok_or_else(|| RestError::bad_request(21205, "Url parameter is required, or Twiml"))?;
    Ok(NewCall {
        to: to.to_owned(),
        from: form.text("CallerId").unwrap_or(from).to_owned(),
        start,
        fallback: target(form, "FallbackUrl", "FallbackMethod")?,
        reporter: reporter(form)?,
        ring_for: Millis::from_secs(seconds(form, "Timeout", RING_SECS)?.unwrap_or(RING_SECS_DEFAULT)),
        time_limit: seconds(form, "TimeLimit", TIME_LIMIT_SECS)?.map(Millis::from_secs),
        send_digits: send_digits(form)?,
    })
}

fn read_call_update(form: &Form) -> Result<CallUpdate, RestError> {
    if form.text("Url").is_some() && form.text("Twiml").is_some() {
        return Err(RestError::bad_request(20001, "Url and Twiml exclude each other"));
    }
    let end = match form.text("Status") {
        None => None,
        Some("canceled") => Some(EndAs::Canceled),
        Some("completed") => Some(EndAs::Completed),
        Some(_) => return Err(RestError::bad_request(20001, "Status: expected canceled or completed")),
    };
    Ok(CallUpdate {
        start: start(form)?,
        end,
        fallback: target(form, "FallbackUrl", "FallbackMethod")?,
        reporter: reporter(form)?,
        time_limit: seconds(form, "TimeLimit", TIME_LIMIT_SECS)?.map(Millis::from_secs),
    })
}

/// `Url` goes before `Twiml` (voice-webhooks.md section 8).
fn start(form: &Form) -> Result<Option<Start>, RestError> {
    if let Some(target) = target(form, "Url", "Method")? {
        return Ok(Some(Start::Url(target)));
    }
    if form.text("ApplicationSid").is_some() {
        return Err(RestError::bad_request(20001, "ApplicationSid is not simulated; give Url or Twiml"));
    }
    match form.text("Twiml") {
        Some(twiml) if twiml.chars().count() > TWIML_CHARS_MAX => {
            Err(RestError::bad_request(20001, format!("Twiml: expected at most {TWIML_CHARS_MAX} characters")))
        }
        twiml => Ok(twiml.map(|twiml| Start::Twiml(twiml.to_owned()))),
    }
}

fn target(form: &Form, url: &str, method: &str) -> Result<Option<Target>, RestError> {
    let read = form.text(method).map(|text| {
        Method::read(text).ok_or_else(|| RestError::bad_request(20001, format!("{method}: expected GET or POST")))
    });
    let method = read.transpose()?.unwrap_or_default();
    Ok(form.text(url).map(|url| Target { url: url.to_owned(), method }))
}

fn reporter(form: &Form) -> Result<Option<Reporter>, RestError> {
    let Some(target) = target(form, "StatusCallback", "StatusCallbackMethod")? else { return Ok(None) };
    let (events, unknown) = StatusEvent::read_list(form.all("StatusCallbackEvent"));
    if !unknown.is_empty() {
        let message = "StatusCallbackEvent: expected initiated, ringing, answered, completed";
        return Err(RestError::bad_request(20001, message));
    }
    Ok(Some(Reporter::new(target.url, target.method, events)))
}

fn send_digits(form: &Form) -> Result<Option<String>, RestError> {
    let Some(digits) = form.text("SendDigits") else { return Ok(None) };
    let usable = digits.chars().all(|key| key.is_ascii_digit() || "*#wW".contains(key));
    if !usable || digits.chars().count() > SEND_DIGITS_CHARS_MAX {
        let message = format!("SendDigits: expected at most {SEND_DIGITS_CHARS_MAX} of 0-9 * # w W");
        return Err(RestError::bad_request(20001, message));
    }
    Ok(Some(digits.to_owned()))
}

fn seconds(form: &Form, name: &str, range: std::ops::RangeInclusive<u64>) -> Result<Option<u64>, RestError> {
    let Some(text) = form.text(name) else { return Ok(None) };
    let number = text.parse().ok().filter(|number| range.contains(number));
    let expected = || {
        let message = format!("{name}: expected seconds from {} to {}", range.start(), range.end());
        RestError::bad_request(20001, message)
    };
    number.map(Some).ok_or_else(expected)
}

fn queue_size(form: &Form) -> Result<Option<u32>, RestError> {
    let size = form.text("MaxSize").map(|text| text.parse().map_err(|_| Refusal::BadQueueSize.into()));
    size.transpose()
}

/// What a list of calls is narrowed down to.
struct CallFilter {
    to: Option<String>,
    from: Option<String>,
    parent: Option<String>,
    status: Option<CallStatus>,
    start: [Option<Day>; 3],
    end: [Option<Day>; 3],
}

/// A day of a filter, as milliseconds at its beginning; a moment is compared by its day.
type Day = i64;

const DAY_MILLIS: i64 = 86_400_000;

impl CallFilter {
    fn read(query: &Form) -> Result<Self, RestError> {
        let text = |name: &str| query.text(name).map(str::to_owned);
        let status = query.text("Status").map(|text| {
            CallStatus::read(text).ok_or_else(|| RestError::bad_request(20001, "Status: not a status of a call"))
        });
        Ok(Self {
            to: text("To"),
            from: text("From"),
            parent: text("ParentCallSid"),
            status: status.transpose()?,
            start: [day(query, "StartTime")?, day(query, "StartTime<")?, day(query, "StartTime>")?],
            end: [day(query, "EndTime")?, day(query, "EndTime<")?, day(query, "EndTime>")?],
        })
    }

    fn takes(&self, call: &Call) -> bool {
        let parent = call.parent.map(|parent| parent.to_string());
        self.to.as_ref().is_none_or(|to| *to == call.to)
            && self.from.as_ref().is_none_or(|from| *from == call.from)
            && (self.parent.is_none() || self.parent == parent)
            && self.status.is_none_or(|status| status == call.status)
            && in_days(&self.start, Some(resources::start_time(call)))
            && in_days(&self.end, call.ended)
    }
}

/// The day itself, or up to it (`<`), or from it on (`>`), as the carrier reads them.
fn in_days([on, until, from]: &[Option<Day>; 3], moment: Option<Timestamp>) -> bool {
    let day = moment.map(|moment| moment.as_millis().div_euclid(DAY_MILLIS) * DAY_MILLIS);
    on.is_none_or(|on| day == Some(on))
        && until.is_none_or(|until| day.is_some_and(|day| day <= until))
        && from.is_none_or(|from| day.is_some_and(|day| day >= from))
}

fn day(query: &Form, name: &str) -> Result<Option<Day>, RestError> {
    let Some(text) = query.text(name) else { return Ok(None) };
    let moment = format!("{text}T00:00:00Z").parse::<Timestamp>().or_else(|_| text.parse());
    let moment = moment.map_err(|_| RestError::bad_request(20001, format!("{name}: expected YYYY-MM-DD")))?;
    Ok(Some(moment.as_millis().div_euclid(DAY_MILLIS) * DAY_MILLIS))
}
