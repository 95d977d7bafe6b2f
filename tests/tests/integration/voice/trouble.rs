//! Invalid requests, a browser's preview, and an unavailable table.

use shared::webhook::{MAX_BODY_BYTES, path};
use tests::centre::WORKFLOW;

use super::golden;
use super::world::{CALLER, World, task_of};

const PRESSED: [(&str, &str); 1] = [("Digits", "1")];

/// A bounded number of times.
#[tokio::test]
async fn unavailable_table_is_retried_with_apology() {
    let world = World::without_table(false).await;
    golden::check(
        "incoming-call.store-down",
        &world.caller("/incoming-call", &[]).await,
    );
    golden::check(
        "incoming-call.store-down-for-good",
        &world.caller("/incoming-call?retry=3", &[]).await,
    );
    golden::check(
        "enqueue-call.store-down",
        &world.caller("/enqueue-call?attempt=2", &PRESSED).await,
    );
    // The cached voice settings are used: the caller hears the centre's own language, Hindi only.
    let world = World::without_table(true).await;
    golden::check(
        "incoming-call.store-down-after-it-was-up",
        &world.caller("/incoming-call", &[]).await,
    );
}

#[tokio::test]
async fn missing_configuration_is_a_failure() {
    let world = World::with(
        |centre| centre.workspace_sid = "WS00000000000000000000000000000009".parse().unwrap(),
        |_| {},
    )
    .await;
    golden::check(
        "enqueue-call.not-set-up",
        &world.caller("/enqueue-call?attempt=1", &PRESSED).await,
    );
}

#[tokio::test]
async fn call_without_matching_filter_ends() {
    let world = World::open().await;
    let mut workspace = tests::centre::workspace();
    let workflow = workspace.workflows.get_mut(&WORKFLOW).unwrap();
    workflow.configuration.filters.clear();
    workflow.configuration.default_filter = None;
    world
        .store
        .save_workspace(&workspace, tests::centre::NOON)
        .await
        .unwrap();
    golden::check(
        "enqueue-call.no-place",
        &world.caller("/enqueue-call?attempt=1", &PRESSED).await,
    );
    assert_eq!(world.task().await, None);
}

#[tokio::test]
async fn invalid_request_names_its_parameter() {
    let world = World::open().await;
    let long = "a".repeat(MAX_BODY_BYTES);
    for (url, more, status, sentence) in [
        (
            "/incoming-call?attempt=x",
            &[][..],
            400,
            "attempt cannot be understood: expected a whole number from 0 to 255",
        ),
        (
            "/incoming-call",
            &[("CallStatus", "asleep")],
            400,
            "CallStatus cannot be understood: expected one of queued",
        ),
        (
            "/enqueue-call",
            &[("Digits", "one")],
            400,
            "Digits cannot be understood",
        ),
        (
            "/wait-music?TaskSid=1",
            &[],
            400,
            "TaskSid cannot be understood: expected WT followed by",
        ),
        ("/worker-call", &[], 400, "TaskSid is missing"),
        (
            "/worker-call/status?TaskSid=WT00000000000000000000000000000001",
            &[],
            400,
            "ReservationSid is missing",
        ),
        ("/queue-exit", &[], 400, "QueueResult is missing"),
        ("/queue-exit/recorded", &[], 400, "RecordingUrl is missing"),
        (
            "/queue-exit",
            &[("Padding", long.as_str())],
            413,
            "the body has ",
        ),
    ] {
        let reply = world.caller(url, more).await;
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(
            (reply.status, reply.content_type),
            (status, "text/plain; charset=utf-8"),
            "{url}: {body}"
        );
        assert!(body.starts_with(sentence), "{url}: {body}");
    }
}

#[tokio::test]
async fn browser_preview_changes_nothing() {
    let world = World::with(|_| {}, |voice| voice.checks.twiml_preview = true).await;
    let task = world.offer().await;
    let reservation = task.reservations[0].sid;
    let before = (world.task().await, world.alice().await);
    golden::check(
        "incoming-call.first-attempt",
        &world.browse("/incoming-call").await,
    );
    golden::check("enqueue-call.preview", &world.browse("/enqueue-call").await);
    golden::check("wait-music.music-alone", &world.browse("/wait-music").await);
    golden::check(
        "worker-call.answered",
        &world
            .browse(&path::worker_call(task.sid, reservation))
            .await,
    );
    for url in [
        path::worker_call_status(task.sid, reservation) + "&CallStatus=completed",
        path::worker_call_ended(task.sid, reservation),
        path::queue_exit(Some(task_of(CALLER)), "en"),
        path::timed_out(Some(task_of(CALLER)), "en"),
        path::recorded(Some(task_of(CALLER)), "en"),
        path::ASSIGNMENT.to_owned(),
    ] {
        assert!(world.browse(&url).await.status < 300, "{url}");
    }
    assert_eq!((world.task().await, world.alice().await), before);
    assert_eq!(
        world
            .store
            .task(task_of("CA00000000000000000000000000000000"))
            .await
            .unwrap(),
        None
    );
}
