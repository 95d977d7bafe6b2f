//! A disk that is full, or that cannot be read.

use std::sync::atomic::AtomicI64;

use api::ApiKeys;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use dynamodb_in_process::{Layer, Layered, is_write, operation};
use http_client::http::Request;
use http_client::{basic_authorization, request};
use serde_json::Value;
use store::EventFilter;

use super::*;

/// Redeliveries of a record for which the disk is full: more than a record gets that fails by itself.
const REDELIVERIES: usize = 20;

/// A disk, as the engine's answers show it.
#[derive(Debug, Default)]
struct Disk {
    is_full: AtomicBool,
    is_unreadable: AtomicBool,
}

#[derive(Debug)]
struct OnDisk(Arc<Disk>);

impl Layer for OnDisk {
    fn pass(&self, request: HttpRequest, next: SharedHttpConnector) -> HttpConnectorFuture {
        let disk = &self.0;
        let reason = if is_write(operation(&request)) && disk.is_full.load(Ordering::Relaxed) {
            "backend: database or disk is full"
        } else if disk.is_unreadable.load(Ordering::Relaxed) {
            "backend: I/O error: disk I/O error"
        } else {
            return next.call(request);
        };
        let body = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError",
            "message": reason,
        });
        let answer = HttpResponse::new(500_u16.try_into().unwrap(), body.to_string().into());
        HttpConnectorFuture::ready(Ok(answer))
    }
}

/// A clock that only the test advances.
struct Advancing(AtomicI64);

impl Clock for Advancing {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

impl Advancing {
    fn second(&self) {
        self.0.fetch_add(1_000, Ordering::Relaxed);
    }
}

/// A settled centre on a disk, and its clock.
async fn open() -> (Arc<Centre>, Arc<Disk>, Arc<Advancing>) {
    let disk = Arc::new(Disk::default());
    let layer = Arc::new(OnDisk(Arc::clone(&disk)));
    let database = EmbeddedDynamoDb::open_through(Place::Temporary, |engine| {
        SharedHttpClient::new(Layered::new(engine.without_request_tokens(), layer))
    })
    .await
    .unwrap();
    let clock = Arc::new(Advancing(AtomicI64::new(NOON.as_millis())));
    let settings = Settings {
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        api_keys: ApiKeys::default(),
        ..settings(None)
    };
    let centre = Centre::open_on(database, settings, NOWHERE).await.unwrap();
    centre.settle().await;
    (centre, disk, clock)
}

/// The types of a Task's stored Events.
async fn stored_events(centre: &Centre, task: TaskSid) -> Vec<String> {
    let filter = EventFilter {
        task_sid: Some(task),
        ..EventFilter::between(NOON, centre.now())
    };
    let workspace = settings(None).contact_centre.workspace.sid;
    let page = centre.store.events(workspace, &filter, None, 100).await;
    let events = page.unwrap().events;
    events
        .iter()
        .map(|event| event.event_type.as_str().to_owned())
        .collect()
}

/// The record of an acknowledged Task is handled as soon as there is space, however long that takes:
/// nothing else would store its Events.
#[tokio::test(start_paused = true)]
async fn record_is_kept_while_the_disk_is_full() {
    let (centre, disk, clock) = open().await;
    let task = unseen_task(&centre).await;
    disk.is_full.store(true, Ordering::Relaxed);
    for _ in 0..REDELIVERIES {
        centre.settle().await;
        clock.second();
    }
    assert_eq!(status(&centre, task).await, AssignmentStatus::Pending);
    disk.is_full.store(false, Ordering::Relaxed);
    clock.second();
    centre.settle().await;
    assert_eq!(status(&centre, task).await, AssignmentStatus::Reserved);
    let events = stored_events(&centre, task).await;
    for expected in ["task.created", "reservation.created"] {
        assert!(events.iter().any(|event| event == expected), "{events:?}");
    }
}

/// Sends a request to the REST API; status and code of the answer.
async fn ask(centre: &Centre, method: &str, path: &str, form: &str) -> (u16, Value) {
    let Settings {
        account,
        contact_centre,
        ..
    } = settings(None);
    let workspace = contact_centre.workspace.sid;
    let user = account.account_sid.to_string();
    let builder = Request::builder()
        .method(method)
        .uri(format!("{NOWHERE}/v1/Workspaces/{workspace}{path}"))
        .header(
            "authorization",
            basic_authorization(&user, &account.auth_token).unwrap(),
        )
        .header("content-type", "application/x-www-form-urlencoded");
    let request = request(builder, form.as_bytes().to_vec()).unwrap();
    let answer = Box::pin(api::handle(Arc::clone(&centre.api), request)).await;
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    (answer.status().as_u16(), body["code"].clone())
}

/// A write is refused with a documented code and nothing is stored; reads go on; and writes go on
/// when there is space.
#[tokio::test(start_paused = true)]
async fn full_disk_refuses_writes_and_serves_reads() {
    let (centre, disk, _) = open().await;
    let task = unseen_task(&centre).await;
    let task = format!("/Tasks/{task}");
    disk.is_full.store(true, Ordering::Relaxed);
    let unavailable = (503, json!(20_503));
    assert_eq!(ask(&centre, "POST", "/Tasks", "").await, unavailable);
    let cancel = "AssignmentStatus=canceled";
    assert_eq!(ask(&centre, "POST", &task, cancel).await, unavailable);
    assert_eq!(ask(&centre, "GET", &task, "").await, (200, Value::Null));
    assert_eq!(ask(&centre, "GET", "/Tasks", "").await, (200, Value::Null));
    disk.is_full.store(false, Ordering::Relaxed);
    assert_eq!(ask(&centre, "POST", "/Tasks", "").await, (201, Value::Null));
    assert_eq!(
        ask(&centre, "POST", &task, cancel).await,
        (200, Value::Null)
    );
}

/// It is an error answer, and the next request is served.
#[tokio::test(start_paused = true)]
async fn read_error_is_an_error_answer() {
    let (centre, disk, _) = open().await;
    let task = format!("/Tasks/{}", unseen_task(&centre).await);
    disk.is_unreadable.store(true, Ordering::Relaxed);
    for (method, path) in [
        ("GET", task.as_str()),
        ("GET", "/Tasks"),
        ("POST", "/Tasks"),
    ] {
        let answer = ask(&centre, method, path, "").await;
        assert_eq!(answer, (503, json!(20_503)), "{method} {path}");
    }
    centre.settle().await;
    disk.is_unreadable.store(false, Ordering::Relaxed);
    assert_eq!(ask(&centre, "GET", &task, "").await, (200, Value::Null));
}
