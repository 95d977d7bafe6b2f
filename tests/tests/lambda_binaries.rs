//! The binaries in Lambda's environment: each is started with the environment variables of
//! `template.yaml`, gets its files of `events/`, and answers. Only AWS itself is simulated.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use store::items;
use task_router::model::AssignmentStatus;
use tests::deployment::Deployment;
use tests::lambda::lambda_json;
use tests::{centre, project};

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
    world.close().await;
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
