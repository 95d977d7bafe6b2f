//! The binaries in Lambda's environment: each is started with the environment variables of
//! `template.yaml`, gets its files of `events/`, and answers. Only AWS itself is simulated.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use cordboard::cli::Replay;
use cordboard::replay_command::{Replayed, Replaying};
use ids::time::{Clock, Millis};
use runtime::SystemClock;
use runtime::aws::Access;
use serde_json::{Value, json};
use store::EventFilter;
use store::items;
use task_router::model::AssignmentStatus;
use task_router::router::events::Parameter;
use tests::deployment::Deployment;
use tests::lambda::lambda_json;
use tests::{centre, project};
use tokio::sync::{mpsc, oneshot};

/// The expected outcome of an event.
enum Expected {
    /// An HTTP answer: status, prefix of the content type, fragments of the body.
    Http(u16, &'static str, &'static [&'static str]),
    /// A batch without a failed item.
    AllHandled,
    /// A batch in which this item failed and is redelivered.
    ItemFailed(&'static str),
}
use Expected::{AllHandled, Http, ItemFailed};

const XML: &str = "text/xml";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain";
const HTML: &str = "text/html";

/// Every event, in the order in which they are sent: one sequence over one table. The caller who
/// presses 1 is third in the waiting list; the Task is not offered.
const SEQUENCE: &[(&str, Expected)] = &[
    (
        "incoming-call.first-ring",
        Http(
            200,
            XML,
            &[
                "<Gather numDigits=\"1\"",
                "/enqueue-call?attempt=1",
                "hi-IN",
            ],
        ),
    ),
    (
        "incoming-call.signed-get",
        Http(
            200,
            XML,
            &["<Gather numDigits=\"1\"", "/enqueue-call?attempt=1"],
        ),
    ),
    (
        "incoming-call.bad-signature",
        Http(403, TEXT, &["X-Twilio-Signature"]),
    ),
    (
        "incoming-call.browser",
        Http(403, TEXT, &["X-Twilio-Signature"]),
    ),
    (
        "enqueue-call.bad-signature",
        Http(403, TEXT, &["X-Twilio-Signature"]),
    ),
    (
        "enqueue-call.digit-one",
        Http(
            200,
            XML,
            &[WAITS, ">WTfe440123f0abb9b572ad4e09649deb7e</Enqueue>"],
        ),
    ),
    (
        "enqueue-call.digit-two",
        Http(200, XML, &["<Enqueue", "language=hi"]),
    ),
    (
        "enqueue-call.unknown-digit",
        Http(
            200,
            XML,
            &["not in the menu", "<Gather", "/enqueue-call?attempt=2"],
        ),
    ),
    (
        "enqueue-call.no-input",
        Http(200, XML, &["<Gather", "/enqueue-call?attempt=2"]),
    ),
    (
        "wait-music.third-in-line",
        Http(
            200,
            XML,
            &["<Play>/wait-music/music.wav</Play>", "number 3 in line"],
        ),
    ),
    (
        "wait-music.signed-get",
        Http(
            200,
            XML,
            &["<Play>/wait-music/music.wav</Play>", "number 3 in line"],
        ),
    ),
    ("wait-music.music", Http(200, "audio/", &["RIFF", "WAVE"])),
    (
        "wait-music.bad-signature",
        Http(403, TEXT, &["X-Twilio-Signature"]),
    ),
    (
        "assignment.reservation-created",
        Http(
            200,
            JSON,
            &[
                "\"dequeue\"",
                centre::NUMBER,
                "WA00000000000000000000000000000003",
            ],
        ),
    ),
    ("assignment.missing-task", Http(400, TEXT, &["TaskSid"])),
    (
        "assignment.bad-signature",
        Http(403, TEXT, &["X-Twilio-Signature"]),
    ),
    (
        "worker-call.answered",
        Http(200, XML, &["<Say", "<Hangup/>"]),
    ),
    ("worker-call.connecting", Http(200, XML, &["<Response/>"])),
    ("worker-call.no-answer", Http(204, "", &[])),
    ("worker-call.hang-up", Http(200, XML, &["<Hangup/>"])),
    (
        "worker-call.bad-signature",
        Http(403, TEXT, &["X-Twilio-Signature"]),
    ),
    (
        "api.fetch-task",
        Http(
            200,
            JSON,
            &[
                "\"assignment_status\":\"pending\"",
                "WTfe440123f0abb9b572ad4e09649deb7e",
            ],
        ),
    ),
    // The example has no flows: an apology, and a retry.
    (
        "flow-step.handed-over",
        Http(200, XML, &["<Say", "<Redirect>/flows/main?"]),
    ),
    (
        "flow-step.unknown-version",
        Http(200, XML, &["<Say", "<Redirect>/flow-step?"]),
    ),
    (
        "flow-step.bad-signature",
        Http(403, TEXT, &["X-Twilio-Signature"]),
    ),
    ("queue-exit.timed-out", Http(200, XML, &["<Say"])),
    // No Worker has accepted the Task: the caller waits on.
    ("queue-exit.bridged", Http(200, XML, &["</Enqueue>"])),
    ("queue-exit.hang-up", Http(200, XML, &["<Response"])),
    (
        "queue-exit.bad-signature",
        Http(403, TEXT, &["X-Twilio-Signature"]),
    ),
    (
        "api.worker-goes-available",
        Http(
            200,
            JSON,
            &["\"activity_name\":\"Available\"", "\"available\":true"],
        ),
    ),
    (
        "api.list-workspaces",
        Http(
            200,
            JSON,
            &["Customer Contact Center", "\"key\":\"workspaces\""],
        ),
    ),
    ("api.no-credentials", Http(401, JSON, &["20003"])),
    (
        "console.sign-in-page",
        Http(
            200,
            HTML,
            &["<h1>Sign in to Cordboard</h1>", "/console/assets/htmx."],
        ),
    ),
    ("console.not-signed-in", Http(303, "", &[])),
    ("console.forged-form", Http(401, HTML, &["sign in first"])),
    ("routing.task-created", AllHandled),
    ("routing.same-record-twice", AllHandled),
    ("routing.reservation-created", AllHandled),
    ("routing.worker-available", AllHandled),
    ("routing.reservation-timed-out", AllHandled),
    (
        "routing.not-a-timer",
        ItemFailed("059f36b4-87a3-44ab-83d2-661975830a7d"),
    ),
    ("routing.sweep", AllHandled),
    ("routing.statistics", AllHandled),
    ("callbacks.reservation-created", AllHandled),
    (
        "callbacks.not-a-callback",
        ItemFailed("059f36b4-87a3-44ab-83d2-661975830a7d"),
    ),
];

const WAITS: &str =
    "waitUrl=\"/wait-music?TaskSid=WTfe440123f0abb9b572ad4e09649deb7e&amp;language=en\"";

#[test]
fn every_event_is_in_the_sequence() {
    let files: BTreeSet<String> = project::events()
        .into_iter()
        .map(|event| event.name)
        .collect();
    let sequence: BTreeSet<String> = SEQUENCE
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(files, sequence);
}

#[tokio::test]
async fn binaries_answer_their_events() {
    let mut world = Deployment::open().await;
    centre::enqueue_two_callers(&world.store()).await;
    for (name, expected) in SEQUENCE {
        let payload = event(name);
        check(name, expected, &invoke(&mut world, name, &payload).await);
        if let Some(encoded) = as_api_gateway_sends_it(&payload) {
            check(
                &format!("{name}, in Base64"),
                expected,
                &invoke(&mut world, name, &encoded).await,
            );
        }
    }
    world.close().await;
}

#[tokio::test]
async fn reservation_record_sends_callback_and_timer() {
    let mut world = Deployment::open().await;
    expect(&mut world, "routing.reservation-created", &AllHandled).await;
    let callback = event("callbacks.reservation-created");
    assert_eq!(
        world.messages_to("CallbacksQueue"),
        [callback["Records"][0]["body"].as_str().unwrap()]
    );
    let timer = event("routing.reservation-timed-out");
    assert_eq!(
        world.messages_to("TimersQueue"),
        [timer["Records"][0]["body"].as_str().unwrap()]
    );
    world.close().await;
}

/// Its visibility timeout is shortened, instead of the queue's own timeout.
#[tokio::test]
async fn failed_message_is_retried_with_backoff() {
    for name in ["routing.not-a-timer", "callbacks.not-a-callback"] {
        let mut world = Deployment::open().await;
        for (receives, secs) in [("1", 2), ("3", 8)] {
            let mut message = event(name);
            message["Records"][0]["attributes"]["ApproximateReceiveCount"] = json!(receives);
            let handle = message["Records"][0]["receiptHandle"]
                .as_str()
                .unwrap()
                .to_owned();
            invoke(&mut world, name, &message).await;
            assert_eq!(world.hidden().pop(), Some((handle, secs)), "{name}");
        }
        world.close().await;
    }
}

/// The functions share only the table and the stream that delivers its records to `routing`; here,
/// the test delivers them.
#[tokio::test]
async fn binaries_handle_a_whole_call() {
    let mut world = Deployment::open().await;
    let task = centre::waiting_task().sid;
    expect(
        &mut world,
        "api.worker-goes-available",
        &Http(200, JSON, &["\"available\":true"]),
    )
    .await;
    expect(
        &mut world,
        "enqueue-call.digit-one",
        &Http(200, XML, &[WAITS]),
    )
    .await;

    let written = world.store().task(task).await.unwrap().unwrap();
    let mut record = event("routing.task-created");
    record["Records"][0]["dynamodb"]["NewImage"] =
        lambda_json(&items::of_task(&written, &centre::workspace()).unwrap());
    check(
        "the Task in the stream",
        &AllHandled,
        &world.invoke("routing", &record).await,
    );
    assert_eq!(world.status_of(task).await, AssignmentStatus::Reserved);

    expect(
        &mut world,
        "worker-call.answered",
        &Http(
            200,
            XML,
            &["<Dial", ">WTfe440123f0abb9b572ad4e09649deb7e</Queue>"],
        ),
    )
    .await;
    expect(
        &mut world,
        "worker-call.connecting",
        &Http(200, XML, &["<Response/>"]),
    )
    .await;
    assert_eq!(world.status_of(task).await, AssignmentStatus::Assigned);

    expect(
        &mut world,
        "worker-call.hang-up",
        &Http(200, XML, &["<Hangup/>"]),
    )
    .await;
    expect(
        &mut world,
        "queue-exit.bridged",
        &Http(200, XML, &["<Response"]),
    )
    .await;
    assert!(world.status_of(task).await.is_end());
    let log = world.close().await;
    assert!(
        log.contains(r#""CallsOffered":1"#) && log.contains(r#""CloudWatchMetrics""#),
        "routing writes no metric:\n{log}"
    );
}

/// Sends the event to its function and checks the answer.
async fn expect(world: &mut Deployment, name: &str, expected: &Expected) {
    check(name, expected, &invoke(world, name, &event(name)).await);
}

/// Sends a payload to the function named in the event's name.
async fn invoke(world: &mut Deployment, name: &str, payload: &Value) -> Value {
    world
        .invoke(name.split('.').next().unwrap_or_default(), payload)
        .await
}

fn event(name: &str) -> Value {
    let event = project::events()
        .into_iter()
        .find(|event| event.name == name);
    event
        .unwrap_or_else(|| panic!("there is no events/{name}.json"))
        .payload
        .unwrap()
}

/// The event with its body in Base64, as API Gateway sends it; the files have text, which is
/// readable. `None` for an event without a body.
fn as_api_gateway_sends_it(payload: &Value) -> Option<Value> {
    let mut encoded = payload.clone();
    encoded["body"] = json!(BASE64.encode(payload.get("body")?.as_str()?));
    encoded["isBase64Encoded"] = json!(true);
    Some(encoded)
}

fn check(name: &str, expected: &Expected, answer: &Value) {
    match expected {
        AllHandled => assert_eq!(*answer, json!({"batchItemFailures": []}), "{name}"),
        ItemFailed(item) => assert_eq!(
            *answer,
            json!({"batchItemFailures": [{"itemIdentifier": item}]}),
            "{name}"
        ),
        Http(status, content_type, fragments) => {
            assert_eq!(answer["statusCode"], json!(status), "{name}: {answer}");
            let found = answer["headers"]["content-type"]
                .as_str()
                .unwrap_or_default();
            assert!(
                found.starts_with(content_type),
                "{name}: {found} is not {content_type}"
            );
            let body = body_of(answer);
            for fragment in *fragments {
                assert!(
                    body.contains(fragment),
                    "{name}: no {fragment:?} in\n{body}"
                );
            }
        }
    }
}

fn body_of(answer: &Value) -> String {
    let body = answer["body"].as_str().unwrap_or_default();
    match answer["isBase64Encoded"].as_bool() {
        Some(true) => String::from_utf8_lossy(&BASE64.decode(body).unwrap()).into_owned(),
        Some(false) | None => body.to_owned(),
    }
}

/// S3 and Lambda, as far as a replay uses them: objects by path, and invocations that wait for the
/// test.
struct ObjectsAndInvocations {
    endpoint: String,
    invocations: mpsc::Receiver<(Value, oneshot::Sender<Value>)>,
}

#[derive(Clone)]
struct Served {
    objects: Arc<BTreeMap<String, String>>,
    invoke: mpsc::Sender<(Value, oneshot::Sender<Value>)>,
}

impl ObjectsAndInvocations {
    async fn start(objects: BTreeMap<String, String>) -> Self {
        let (invoke, invocations) = mpsc::channel(1);
        let served = Served {
            objects: Arc::new(objects),
            invoke,
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let routes = axum::Router::new()
            .route(
                "/2015-03-31/functions/{name}/invocations",
                axum::routing::post(Self::invoke),
            )
            .fallback(Self::object)
            .with_state(served);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            endpoint,
            invocations,
        }
    }

    async fn invoke(State(served): State<Served>, event: String) -> String {
        let (answer, answered) = oneshot::channel();
        let event = serde_json::from_str(&event).unwrap();
        served.invoke.send((event, answer)).await.unwrap();
        answered.await.unwrap().to_string()
    }

    async fn object(State(served): State<Served>, uri: Uri) -> (StatusCode, String) {
        match served.objects.get(uri.path()) {
            Some(object) => (StatusCode::OK, object.clone()),
            None => (StatusCode::NOT_FOUND, String::new()),
        }
    }

    /// Runs a replay; its invocations of routing are those of the stack.
    async fn replay(&mut self, stack: &mut Deployment, options: &Replay) -> Replayed {
        let replaying = Replaying {
            access: Access::new("eu-central-1", "AKIDEXAMPLE", "secret", None),
            sqs: stack.sqs(),
            s3_endpoint: Some(self.endpoint.clone()),
            lambda_endpoint: Some(self.endpoint.clone()),
        };
        let mut replay = pin!(replaying.run(options));
        loop {
            tokio::select! {
                replayed = &mut replay => return replayed.unwrap(),
                Some((event, answer)) = self.invocations.recv() => {
                    let _replay_ended = answer.send(stack.invoke("routing", &event).await);
                }
            }
        }
    }
}

/// The types of the Events about Tasks, newest first.
async fn events_of_call(stack: &Deployment) -> Vec<String> {
    let now = SystemClock.now();
    let all = EventFilter::between(now - Millis::from_secs(3_600), now);
    let store = stack.store();
    let page = store.events(centre::WORKSPACE, &all, None, 100).await;
    let events = page.unwrap().events;
    events
        .iter()
        .filter(|event| event.parameters.get(Parameter::TaskSid).is_some())
        .map(|event| event.event_type.as_str().to_owned())
        .collect()
}

/// Records that cannot be handled become dead letters. When their cause is mended, a replay handles
/// them: no Event is missing.
#[tokio::test]
async fn replay_completes_dead_letters_of_the_stream() {
    let call = "enqueue-call.digit-two";
    let event = |name: &str| {
        let mut events = project::events().into_iter();
        events
            .find(|event| event.name == name)
            .unwrap()
            .payload
            .unwrap()
    };
    let mut undisturbed = Deployment::open().await;
    undisturbed.invoke("enqueue-call", &event(call)).await;
    undisturbed.settle().await;
    let expected = events_of_call(&undisturbed).await;
    assert!(
        expected.contains(&"task.created".to_owned()),
        "{expected:?}"
    );
    undisturbed.close().await;

    let mut stack = Deployment::open().await;
    stack.settle().await;
    stack.invoke("enqueue-call", &event(call)).await;
    let records = json!({ "Records": stack.take_records().await });
    let whole = stack.poison_workspace().await;
    let answer = stack.invoke("routing", &records).await;
    assert_ne!(
        answer,
        json!({ "batchItemFailures": [] }),
        "the records fail"
    );
    assert_eq!(events_of_call(&stack).await, Vec::<String>::new());

    let key = "aws/lambda/5fea7756/shardId-1/2026/12/01/a batch.json";
    let object = json!({ "payload": records.to_string() }).to_string();
    let path = "/dead-letters/".to_owned() + &key.replace(' ', "%20");
    let mut aws = ObjectsAndInvocations::start(BTreeMap::from([(path, object)])).await;
    let message = json!({ "bucket": { "name": "dead-letters" }, "object": { "key": key } });
    stack.add_dead_letter("ChangesDeadLetters", &message.to_string(), None);
    let options = Replay {
        dead_letters: stack.queue_url("ChangesDeadLetters"),
        to: None,
        function: Some("routing".to_owned()),
    };
    let replayed = aws.replay(&mut stack, &options).await;
    assert_eq!(
        replayed,
        Replayed { done: 0, failed: 1 },
        "the cause is there"
    );

    stack.mend_workspace(whole).await;
    // The records of the poisoned item itself: no version of the program could read them.
    let _of_the_poison = stack.take_records().await;
    stack.dead_letters_reappear();
    let replayed = aws.replay(&mut stack, &options).await;
    assert_eq!(replayed, Replayed { done: 1, failed: 0 });
    stack.settle().await;
    assert_eq!(events_of_call(&stack).await, expected);
    stack.dead_letters_reappear();
    let replayed = aws.replay(&mut stack, &options).await;
    assert_eq!(replayed, Replayed::default(), "nothing is left");
    stack.close().await;
}

/// A dead letter of a FIFO queue returns with its group, so that its order is kept.
#[tokio::test]
async fn replay_returns_messages_to_their_queue() {
    let mut stack = Deployment::open().await;
    for number in 0..12 {
        let body = format!("notice {number}");
        stack.add_dead_letter("EventsQueueDeadLetters", &body, Some("WT1"));
    }
    let options = Replay {
        dead_letters: stack.queue_url("EventsQueueDeadLetters"),
        to: Some(stack.queue_url("EventsQueue")),
        function: None,
    };
    let mut aws = ObjectsAndInvocations::start(BTreeMap::new()).await;
    let replayed = aws.replay(&mut stack, &options).await;
    assert_eq!(
        replayed,
        Replayed {
            done: 12,
            failed: 0
        }
    );
    let sent = stack.messages_with_groups_to("EventsQueue");
    let expected = (0..12).map(|number| (format!("notice {number}"), Some("WT1".to_owned())));
    assert_eq!(sent, expected.collect::<Vec<_>>());
    stack.close().await;
}
