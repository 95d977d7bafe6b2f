//! Somebody who wants to be told of events: what is posted, in which order, and what becomes of it when they do not take it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use ids::time::{Clock, Millis};
use ids::{CallSid, EventSid, TaskSid};
use shared::webhook::signature::{SIGNATURE_HEADER, Signed, verify};
use store::EventFilter;
use task_router::model::{EventType, Workspace};
use tests::story::SLACK;
use tests::test_centre::TestCentre;
use tokio::net::TcpListener;

/// Until the fourth delivery: 2, 4 and 8 s, and a second.
const TAKEN_AFTER: Millis = Millis::from_secs(15);

/// Until the seventh delivery has failed, after pauses of 2, 4, 8, 16 and twice 30 s, and a second.
const GIVEN_UP_AFTER: Millis = Millis::from_secs(91);

/// A call that goes well, as it is told of its Task (taskrouter.md section 12.4), with what telephony adds to the Task.
const A_GOOD_CALL: [&str; 9] = [
    "workflow.entered",
    "task-queue.entered",
    "task.created",
    "workflow.target-matched",
    "reservation.created",
    "reservation.accepted",
    "task.updated",
    "task.completed",
    "reservation.completed",
];

/// A request the listener got.
#[derive(Debug, Clone)]
struct Told {
    headers: HeaderMap,
    form: Vec<(String, String)>,
    taken: bool,
}

impl Told {
    fn said(&self, name: &str) -> &str {
        self.form
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }
}

#[derive(Clone)]
struct Listener {
    url: String,
    told: Arc<Mutex<Vec<Told>>>,
    /// How often it still refuses what is about a Task.
    refusals: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Listener {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/events?who=us", listener.local_addr().unwrap());
        let listening = Self {
            url,
            told: Arc::default(),
            refusals: Arc::default(),
        };
        let site = axum::Router::new()
            .route("/events", post(hear))
            .with_state(listening.clone());
        tokio::spawn(async move { axum::serve(listener, site).await.unwrap() });
        listening
    }

    /// The example centre, whose Workspace tells this listener of these types, of all if there are none.
    async fn test_centre(&self, filter: &[EventType]) -> TestCentre {
        let test_centre = TestCentre::example().await;
        let was = workspace(&test_centre).await;
        // The fragment is neither sent nor signed.
        let event_callback_url = Some(format!("{}#rc=0", self.url));
        let now = Workspace {
            event_callback_url,
            events_filter: filter.to_vec(),
            ..was
        };
        test_centre
            .centre
            .store
            .save_workspace(&now, test_centre.clock.now())
            .await
            .unwrap();
        test_centre.centre.settle().await;
        self.told.lock().unwrap().clear();
        test_centre
    }

    fn refuses(&self, task: TaskSid, times: u32) {
        self.refusals
            .lock()
            .unwrap()
            .insert(task.to_string(), times);
    }

    fn all(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    /// What was taken about a Task, by type.
    fn taken_about(&self, task: TaskSid) -> Vec<String> {
        let told = self
            .all()
            .into_iter()
            .filter(|told| told.taken && told.said("TaskSid") == task.to_string());
        told.map(|told| told.said("EventType").to_owned()).collect()
    }
}

async fn hear(State(listener): State<Listener>, headers: HeaderMap, body: String) -> StatusCode {
    let form = form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let mut told = Told {
        headers,
        form,
        taken: true,
    };
    if let Some(left) = listener
        .refusals
        .lock()
        .unwrap()
        .get_mut(told.said("TaskSid"))
        .filter(|left| **left > 0)
    {
        *left -= 1;
        told.taken = false;
    }
    let status = if told.taken {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    };
    listener.told.lock().unwrap().push(told);
    status
}

async fn workspace(test_centre: &TestCentre) -> Workspace {
    let sid = test_centre.contact_centre.workspace.sid;
    let found = test_centre
        .centre
        .store
        .fresh_workspace(sid, test_centre.clock.now())
        .await
        .unwrap();
    found.unwrap().as_ref().clone()
}

fn task_of(caller: CallSid) -> TaskSid {
    TaskSid::derive(&[&caller.to_string()])
}

/// Somebody calls and chooses a language; the phone of their Worker rings.
async fn caller(test_centre: &TestCentre, from: &str, key: &str) -> CallSid {
    let caller = test_centre.dial(from).await;
    test_centre.centre.settle().await;
    test_centre.press(caller, key).await;
    test_centre.advance(SLACK).await;
    caller
}

/// A call from the first ring to the end of the conversation.
async fn good_call(test_centre: &TestCentre, from: &str, key: &str) -> TaskSid {
    let caller = caller(test_centre, from, key).await;
    for phone in test_centre.ringing().await.into_values() {
        test_centre.at_phone(phone, "answer").await;
    }
    test_centre.advance(Millis::from_secs(30)).await;
    test_centre.at_phone(caller, "hangup").await;
    test_centre.advance(SLACK).await;
    task_of(caller)
}

/// Each delivered form equals the stored Event.
#[tokio::test]
async fn events_are_delivered_in_order_and_signed() {
    let listener = Listener::start().await;
    let test_centre = listener.test_centre(&[]).await;
    let task = good_call(&test_centre, "+17075550190", "1").await;
    let types = listener.taken_about(task);
    assert_eq!(&types[..9], A_GOOD_CALL, "{types:?}");
    assert_eq!(types.last().map(String::as_str), Some("task.updated"));
    for told in listener.all() {
        let signature = told.headers[SIGNATURE_HEADER].to_str().unwrap();
        verify(
            &test_centre.account.auth_token,
            &listener.url,
            Signed::Form(&told.form),
            signature,
        )
        .unwrap();
        assert_eq!(told.headers["i-twilio-idempotency-token"], told.said("Sid"));
        let sid: EventSid = told.said("Sid").parse().unwrap();
        let workspace = test_centre.contact_centre.workspace.sid;
        let kept = test_centre
            .centre
            .store
            .event(workspace, sid)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(kept.form(test_centre.account.account_sid), told.form);
    }
    let workers: Vec<String> = listener
        .all()
        .iter()
        .map(|told| told.said("EventDescription").to_owned())
        .collect();
    assert!(
        workers.contains(&"Worker Maya updated to Wrap-Up Activity".to_owned()),
        "{workers:?}"
    );
    test_centre.close().await;
}

/// The refused Event is retried, under the same SID, before later Events of its Task.
#[tokio::test]
async fn refused_event_delays_only_its_task() {
    let listener = Listener::start().await;
    let test_centre = listener.test_centre(&[]).await;
    let refused = test_centre.dial("+17075550190").await;
    listener.refuses(task_of(refused), 3);
    test_centre.centre.settle().await;
    test_centre.press(refused, "1").await;
    test_centre.centre.settle().await;
    assert_eq!(listener.taken_about(task_of(refused)), [""; 0]);
    // Meanwhile, somebody else's call.
    let other = test_centre.dial("+17075550191").await;
    test_centre.centre.settle().await;
    test_centre.press(other, "2").await;
    test_centre.centre.settle().await;
    assert_eq!(
        &listener.taken_about(task_of(other))[..5],
        &A_GOOD_CALL[..5]
    );
    assert_eq!(
        listener.taken_about(task_of(refused)),
        [""; 0],
        "it waits for its first event"
    );
    test_centre.advance(TAKEN_AFTER).await;
    assert_eq!(
        &listener.taken_about(task_of(refused))[..5],
        &A_GOOD_CALL[..5]
    );
    let all = listener.all();
    let first: Vec<&Told> = all
        .iter()
        .filter(|told| told.said("TaskSid") == task_of(refused).to_string())
        .collect();
    assert!(
        first[..4]
            .iter()
            .all(|told| told.said("Sid") == first[0].said("Sid")),
        "the same event, under the same id"
    );
    assert!(
        first[..4]
            .iter()
            .all(|told| told.headers["i-twilio-idempotency-token"] == first[0].said("Sid"))
    );
    test_centre.close().await;
}

/// After the last delivery has failed, the next Event of the Task is delivered.
#[tokio::test]
async fn undeliverable_event_is_dropped() {
    let listener = Listener::start().await;
    let test_centre = listener.test_centre(&[]).await;
    let refused = test_centre.dial("+17075550190").await;
    listener.refuses(task_of(refused), cordboard::queues::RECEIVES_MAX);
    test_centre.centre.settle().await;
    test_centre.press(refused, "1").await;
    test_centre.advance(GIVEN_UP_AFTER).await;
    assert_eq!(
        &listener.taken_about(task_of(refused))[..4],
        &A_GOOD_CALL[1..5]
    );
    test_centre.close().await;
}

#[tokio::test]
async fn events_filter_limits_the_types() {
    let listener = Listener::start().await;
    let test_centre = listener
        .test_centre(&[EventType::TaskCreated, EventType::ReservationAccepted])
        .await;
    let task = good_call(&test_centre, "+17075550190", "1").await;
    assert_eq!(
        listener.taken_about(task),
        ["task.created", "reservation.accepted"]
    );
    assert_eq!(listener.all().len(), 2);
    test_centre.close().await;
}

#[tokio::test]
async fn events_are_stored_without_a_callback() {
    let listener = Listener::start().await;
    let test_centre = TestCentre::example().await;
    let begun = test_centre.clock.now();
    let task = good_call(&test_centre, "+17075550190", "1").await;
    assert!(listener.all().is_empty());
    let filter = EventFilter {
        task_sid: Some(task),
        ..EventFilter::between(begun, test_centre.clock.now())
    };
    let workspace = test_centre.contact_centre.workspace.sid;
    let page = test_centre
        .centre
        .store
        .events(workspace, &filter, None, 100)
        .await
        .unwrap();
    let mut types: Vec<&str> = page
        .events
        .iter()
        .map(|event| event.event_type.as_str())
        .collect();
    types.reverse();
    assert_eq!(&types[..9], A_GOOD_CALL, "{types:?}");
    assert_eq!(page.next, None);
    test_centre.close().await;
}

#[tokio::test]
async fn invalid_callback_url_is_ignored() {
    let test_centre = TestCentre::example().await;
    let was = workspace(&test_centre).await;
    let now = Workspace {
        event_callback_url: Some("not a url".to_owned()),
        ..was
    };
    test_centre
        .centre
        .store
        .save_workspace(&now, test_centre.clock.now())
        .await
        .unwrap();
    let caller = caller(&test_centre, "+17075550190", "1").await;
    assert_eq!(
        test_centre.task(caller).await.unwrap().reservations[0].worker_name,
        "Maya"
    );
    test_centre.close().await;
}
