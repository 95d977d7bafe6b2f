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
    async fn laboratory(&self, filter: &[EventType]) -> TestCentre {
        let laboratory = TestCentre::example().await;
        let was = workspace(&laboratory).await;
        // The fragment is neither sent nor signed.
        let event_callback_url = Some(format!("{}#rc=0", self.url));
        let now = Workspace {
            event_callback_url,
            events_filter: filter.to_vec(),
            ..was
        };
        laboratory
            .centre
            .store
            .save_workspace(&now, laboratory.clock.now())
            .await
            .unwrap();
        laboratory.centre.settle().await;
        self.told.lock().unwrap().clear();
        laboratory
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

async fn workspace(laboratory: &TestCentre) -> Workspace {
    let sid = laboratory.contact_centre.workspace.sid;
    let found = laboratory
        .centre
        .store
        .fresh_workspace(sid, laboratory.clock.now())
        .await
        .unwrap();
    found.unwrap().as_ref().clone()
}

fn task_of(caller: CallSid) -> TaskSid {
    TaskSid::derive(&[&caller.to_string()])
}

/// Somebody calls and chooses a language; the phone of their Worker rings.
async fn caller(laboratory: &TestCentre, from: &str, key: &str) -> CallSid {
    let caller = laboratory.dial(from).await;
    laboratory.centre.settle().await;
    laboratory.press(caller, key).await;
    laboratory.advance(SLACK).await;
    caller
}

/// A call from the first ring to the end of the conversation.
async fn good_call(laboratory: &TestCentre, from: &str, key: &str) -> TaskSid {
    let caller = caller(laboratory, from, key).await;
    for phone in laboratory.ringing().await.into_values() {
        laboratory.at_phone(phone, "answer").await;
    }
    laboratory.advance(Millis::from_secs(30)).await;
    laboratory.at_phone(caller, "hangup").await;
    laboratory.advance(SLACK).await;
    task_of(caller)
}

#[tokio::test]
async fn a_call_is_told_in_order_signed_and_as_it_can_be_read() {
    let listener = Listener::start().await;
    let laboratory = listener.laboratory(&[]).await;
    let task = good_call(&laboratory, "+17075550190", "1").await;
    let types = listener.taken_about(task);
    assert_eq!(&types[..9], A_GOOD_CALL, "{types:?}");
    assert_eq!(types.last().map(String::as_str), Some("task.updated"));
    for told in listener.all() {
        let signature = told.headers[SIGNATURE_HEADER].to_str().unwrap();
        verify(
            &laboratory.account.auth_token,
            &listener.url,
            Signed::Form(&told.form),
            signature,
        )
        .unwrap();
        assert_eq!(told.headers["i-twilio-idempotency-token"], told.said("Sid"));
        let sid: EventSid = told.said("Sid").parse().unwrap();
        let workspace = laboratory.contact_centre.workspace.sid;
        let kept = laboratory
            .centre
            .store
            .event(workspace, sid)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(kept.form(laboratory.account.account_sid), told.form);
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
    laboratory.close().await;
}

#[tokio::test]
async fn what_is_refused_comes_again_first_and_holds_up_no_other_task() {
    let listener = Listener::start().await;
    let laboratory = listener.laboratory(&[]).await;
    let refused = laboratory.dial("+17075550190").await;
    listener.refuses(task_of(refused), 3);
    laboratory.centre.settle().await;
    laboratory.press(refused, "1").await;
    laboratory.centre.settle().await;
    assert_eq!(listener.taken_about(task_of(refused)), [""; 0]);
    // Meanwhile, somebody else's call.
    let other = laboratory.dial("+17075550191").await;
    laboratory.centre.settle().await;
    laboratory.press(other, "2").await;
    laboratory.centre.settle().await;
    assert_eq!(
        &listener.taken_about(task_of(other))[..5],
        &A_GOOD_CALL[..5]
    );
    assert_eq!(
        listener.taken_about(task_of(refused)),
        [""; 0],
        "it waits for its first event"
    );
    laboratory.advance(TAKEN_AFTER).await;
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
    laboratory.close().await;
}

#[tokio::test]
async fn what_is_never_taken_is_given_up_and_what_is_behind_it_is_told() {
    let listener = Listener::start().await;
    let laboratory = listener.laboratory(&[]).await;
    let refused = laboratory.dial("+17075550190").await;
    listener.refuses(task_of(refused), cordboard::queues::RECEIVES_MAX);
    laboratory.centre.settle().await;
    laboratory.press(refused, "1").await;
    laboratory.advance(GIVEN_UP_AFTER).await;
    assert_eq!(
        &listener.taken_about(task_of(refused))[..4],
        &A_GOOD_CALL[1..5]
    );
    laboratory.close().await;
}

#[tokio::test]
async fn only_the_types_of_the_filter_are_told() {
    let listener = Listener::start().await;
    let laboratory = listener
        .laboratory(&[EventType::TaskCreated, EventType::ReservationAccepted])
        .await;
    let task = good_call(&laboratory, "+17075550190", "1").await;
    assert_eq!(
        listener.taken_about(task),
        ["task.created", "reservation.accepted"]
    );
    assert_eq!(listener.all().len(), 2);
    laboratory.close().await;
}

#[tokio::test]
async fn without_a_callback_nobody_is_told_and_everything_can_be_read() {
    let listener = Listener::start().await;
    let laboratory = TestCentre::example().await;
    let begun = laboratory.clock.now();
    let task = good_call(&laboratory, "+17075550190", "1").await;
    assert!(listener.all().is_empty());
    let filter = EventFilter {
        task_sid: Some(task),
        ..EventFilter::between(begun, laboratory.clock.now())
    };
    let workspace = laboratory.contact_centre.workspace.sid;
    let page = laboratory
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
    laboratory.close().await;
}

#[tokio::test]
async fn a_callback_that_cannot_be_asked_is_left_alone() {
    let laboratory = TestCentre::example().await;
    let was = workspace(&laboratory).await;
    let now = Workspace {
        event_callback_url: Some("not a url".to_owned()),
        ..was
    };
    laboratory
        .centre
        .store
        .save_workspace(&now, laboratory.clock.now())
        .await
        .unwrap();
    let caller = caller(&laboratory, "+17075550190", "1").await;
    assert_eq!(
        laboratory.task(caller).await.unwrap().reservations[0].worker_name,
        "Maya"
    );
    laboratory.close().await;
}
