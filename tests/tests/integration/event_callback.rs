//! The event callback: what is posted, in which order, and how refused Events are retried.

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
use tests::test_centre::{EXAMPLE, TestCentre};
use tokio::net::TcpListener;

/// Until the fourth delivery: the backoff of 2, 4 and 8 s, and a second.
const ACCEPTED_AFTER: Millis = Millis::from_secs(15);

/// Until the seventh delivery has failed: the backoff of 2, 4, 8, 16 and twice 30 s, and a second.
const DROPPED_AFTER: Millis = Millis::from_secs(91);

/// The Events of a Task's successful call (taskrouter.md section 12.4), with those that telephony
/// adds.
const SUCCESSFUL_CALL: [&str; 9] = [
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

/// A recorded delivery.
#[derive(Debug, Clone)]
struct Delivery {
    headers: HeaderMap,
    form: Vec<(String, String)>,
    accepted: bool,
}

impl Delivery {
    fn parameter(&self, name: &str) -> &str {
        self.form
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }
}

#[derive(Clone)]
struct Listener {
    url: String,
    deliveries: Arc<Mutex<Vec<Delivery>>>,
    /// The number of deliveries about a Task that are still to be refused.
    refusals: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Listener {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/events?who=us", listener.local_addr().unwrap());
        let listening = Self {
            url,
            deliveries: Arc::default(),
            refusals: Arc::default(),
        };
        let site = axum::Router::new()
            .route("/events", post(receive))
            .with_state(listening.clone());
        tokio::spawn(async move { axum::serve(listener, site).await.unwrap() });
        listening
    }

    /// The example centre, whose Workspace delivers Events of these types to this listener; of all
    /// types if there are none.
    async fn test_centre(&self, filter: &[EventType]) -> TestCentre {
        let test_centre = TestCentre::example().await;
        let was = workspace(&test_centre).await;
        // The fragment of a URL is neither sent nor signed.
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
        self.deliveries.lock().unwrap().clear();
        test_centre
    }

    fn refuses(&self, task: TaskSid, times: u32) {
        self.refusals
            .lock()
            .unwrap()
            .insert(task.to_string(), times);
    }

    fn all(&self) -> Vec<Delivery> {
        self.deliveries.lock().unwrap().clone()
    }

    /// The types of the accepted Events of a Task.
    fn accepted_events(&self, task: TaskSid) -> Vec<String> {
        let deliveries = self.all().into_iter().filter(|delivery| {
            delivery.accepted && delivery.parameter("TaskSid") == task.to_string()
        });
        deliveries
            .map(|delivery| delivery.parameter("EventType").to_owned())
            .collect()
    }
}

async fn receive(State(listener): State<Listener>, headers: HeaderMap, body: String) -> StatusCode {
    let form = form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let mut delivery = Delivery {
        headers,
        form,
        accepted: true,
    };
    if let Some(left) = listener
        .refusals
        .lock()
        .unwrap()
        .get_mut(delivery.parameter("TaskSid"))
        .filter(|left| **left > 0)
    {
        *left -= 1;
        delivery.accepted = false;
    }
    let status = if delivery.accepted {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    };
    listener.deliveries.lock().unwrap().push(delivery);
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

/// A caller who chooses a language; the Worker's phone rings.
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

/// The queue of Events is in memory; what it holds is written with the progress of the stream.
#[tokio::test]
async fn waiting_events_survive_restart() {
    let listener = Listener::start().await;
    let folder = tempfile::tempdir().unwrap();
    let callback = format!("event_callback: {}#rc=0", listener.url);
    let set_up = EXAMPLE.replace("# event_callback: https://example.com/events", &callback);
    assert_ne!(set_up, EXAMPLE);
    let test_centre = TestCentre::open(&set_up, Some(folder.path().to_owned())).await;
    let delivered = good_call(&test_centre, "+17075550190", "1").await;
    let before = listener.accepted_events(delivered);
    assert_eq!(&before[..9], SUCCESSFUL_CALL, "{before:?}");

    let refused = test_centre.dial("+17075550191").await;
    listener.refuses(task_of(refused), u32::MAX);
    test_centre.centre.settle().await;
    test_centre.press(refused, "1").await;
    test_centre.advance(SLACK).await;
    test_centre.at_phone(refused, "hangup").await;
    test_centre.centre.settle().await;
    assert!(listener.accepted_events(task_of(refused)).is_empty());
    listener.refuses(task_of(refused), 0);
    let test_centre = test_centre
        .restarted(&set_up, folder.path().to_owned())
        .await;
    let types = listener.accepted_events(task_of(refused));
    assert_eq!(&types[..3], &SUCCESSFUL_CALL[..3], "{types:?}");
    assert!(types.contains(&"task.canceled".to_owned()), "{types:?}");
    assert_eq!(
        listener.accepted_events(delivered),
        before,
        "delivered Events are not repeated"
    );
    test_centre.close().await;
}

/// Each delivered form equals the stored Event.
#[tokio::test]
async fn events_are_delivered_in_order_and_signed() {
    let listener = Listener::start().await;
    let test_centre = listener.test_centre(&[]).await;
    let task = good_call(&test_centre, "+17075550190", "1").await;
    let types = listener.accepted_events(task);
    assert_eq!(&types[..9], SUCCESSFUL_CALL, "{types:?}");
    assert_eq!(types.last().map(String::as_str), Some("task.updated"));
    for delivery in listener.all() {
        let signature = delivery.headers[SIGNATURE_HEADER].to_str().unwrap();
        verify(
            &test_centre.account.auth_token,
            &listener.url,
            Signed::Form(&delivery.form),
            signature,
        )
        .unwrap();
        assert_eq!(
            delivery.headers["i-twilio-idempotency-token"],
            delivery.parameter("Sid")
        );
        let sid: EventSid = delivery.parameter("Sid").parse().unwrap();
        let workspace = test_centre.contact_centre.workspace.sid;
        let kept = test_centre
            .centre
            .store
            .event(workspace, sid)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(kept.form(test_centre.account.account_sid), delivery.form);
    }
    let workers: Vec<String> = listener
        .all()
        .iter()
        .map(|delivery| delivery.parameter("EventDescription").to_owned())
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
    assert_eq!(listener.accepted_events(task_of(refused)), [""; 0]);
    // Another call at the same time.
    let other = test_centre.dial("+17075550191").await;
    test_centre.centre.settle().await;
    test_centre.press(other, "2").await;
    test_centre.centre.settle().await;
    assert_eq!(
        &listener.accepted_events(task_of(other))[..5],
        &SUCCESSFUL_CALL[..5]
    );
    assert_eq!(
        listener.accepted_events(task_of(refused)),
        [""; 0],
        "it waits for its first event"
    );
    test_centre.advance(ACCEPTED_AFTER).await;
    assert_eq!(
        &listener.accepted_events(task_of(refused))[..5],
        &SUCCESSFUL_CALL[..5]
    );
    let all = listener.all();
    let first: Vec<&Delivery> = all
        .iter()
        .filter(|delivery| delivery.parameter("TaskSid") == task_of(refused).to_string())
        .collect();
    assert!(
        first[..4]
            .iter()
            .all(|delivery| delivery.parameter("Sid") == first[0].parameter("Sid")),
        "the same event, under the same id"
    );
    assert!(first[..4].iter().all(
        |delivery| delivery.headers["i-twilio-idempotency-token"] == first[0].parameter("Sid")
    ));
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
    test_centre.advance(DROPPED_AFTER).await;
    assert_eq!(
        &listener.accepted_events(task_of(refused))[..4],
        &SUCCESSFUL_CALL[1..5]
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
        listener.accepted_events(task),
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
    assert_eq!(&types[..9], SUCCESSFUL_CALL, "{types:?}");
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
