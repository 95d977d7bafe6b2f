//! The welcome, the menu, and the Task's creation.

use ids::WorkflowSid;
use ids::time::Timestamp;
use runtime::voice::Router;
use serde_json::json;
use shared::menu::LastResort;
use task_router::model::{AssignmentStatus, EndReason};
use task_router::router::Command;
use tests::centre::NOON;

use super::golden;
use super::world::{CALLER, World, task_of};

#[tokio::test]
async fn menu_is_repeated_a_bounded_number_of_times() {
    let world = World::open().await;
    for (url, golden) in [
        ("/incoming-call", "incoming-call.first-attempt"),
        ("/incoming-call?attempt=2", "incoming-call.second-attempt"),
        ("/incoming-call?attempt=3", "incoming-call.last-attempt"),
        (
            "/incoming-call?attempt=255",
            "incoming-call.last-attempt-or-later",
        ),
    ] {
        golden::check(
            golden,
            &world.caller(url, &[("CallStatus", "ringing")]).await,
        );
    }
}

#[tokio::test]
async fn key_selects_language_or_repeats_menu() {
    for (url, digits, golden) in [
        ("/enqueue-call?attempt=1", "1", "enqueue-call.english"),
        ("/enqueue-call?attempt=3", "2", "enqueue-call.hindi"),
        ("/enqueue-call?attempt=1", "9", "enqueue-call.wrong-key"),
        (
            "/enqueue-call?attempt=3",
            "9",
            "enqueue-call.wrong-key-at-last",
        ),
        ("/enqueue-call?attempt=1", "", "enqueue-call.no-input"),
        (
            "/enqueue-call?attempt=3",
            "",
            "enqueue-call.no-input-at-last",
        ),
    ] {
        golden::check(
            golden,
            &World::open().await.caller(url, &[("Digits", digits)]).await,
        );
    }
}

#[tokio::test]
async fn repeated_webhook_keeps_first_choice() {
    let world = World::open().await;
    for digits in ["1", "2"] {
        let reply = world
            .caller("/enqueue-call?attempt=1", &[("Digits", digits)])
            .await;
        golden::check("enqueue-call.english", &reply);
    }
}

#[tokio::test]
async fn default_language_is_used_without_choice() {
    let choose = |centre: &mut shared::voice_settings::VoiceSettings| {
        centre.menu.on_no_input = LastResort::Choose("hi".to_owned());
        centre.menu.on_wrong_key = LastResort::Choose("hi".to_owned());
    };
    let world = World::with(choose, |_| {}).await;
    golden::check(
        "incoming-call.choosing-at-last",
        &world.caller("/incoming-call?attempt=3", &[]).await,
    );
    golden::check(
        "enqueue-call.hindi",
        &world
            .caller("/enqueue-call?attempt=3", &[("Digits", "9")])
            .await,
    );
    assert_eq!(
        world
            .task()
            .await
            .unwrap()
            .attributes
            .text("selected_language"),
        Some("hi")
    );
}

#[tokio::test]
async fn task_has_the_calls_attributes() {
    let world = World::open().await;
    let more = [
        ("Digits", "1"),
        ("Caller", "+17075550142"),
        ("Called", ""),
        ("FromCity", "Tomales"),
    ];
    world.caller("/enqueue-call?attempt=1", &more).await;
    let task = world.task().await.unwrap();
    assert_eq!(
        serde_json::Value::Object(task.attributes.as_object().clone()),
        json!({
            "selected_language": "en",
            "call_sid": CALLER,
            "account_sid": "AC00000000000000000000000000000001",
            "from": "+17075550142",
            "to": "+17075550183",
            "caller": "+17075550142",
            "direction": "inbound",
            "call_status": "in-progress",
            "api_version": "2010-04-01",
        })
    );
    let made = (
        task.assignment_status,
        task.channel.as_str(),
        task.timeout.as_secs(),
        task.date_created,
    );
    assert_eq!(made, (AssignmentStatus::Pending, "voice", 86_400, NOON));
}

/// The same answer and no second Task, also after the Task has ended.
#[tokio::test]
async fn repeated_webhook_is_idempotent() {
    let world = World::open().await;
    let press = || world.caller("/enqueue-call?attempt=1", &[("Digits", "1")]);
    let first = press().await;
    let made = world.task().await.unwrap();
    world.pass(ids::time::Millis::from_secs(5));
    assert_eq!(press().await, first);
    assert_eq!(world.task().await.unwrap(), made);

    let caller_gone = Command::CallerGone {
        task: made.sid,
        reason: EndReason::Hangup,
        carrier_queue: None,
    };
    world
        .store
        .apply(
            &caller_gone,
            Timestamp::from_millis(NOON.as_millis() + 6_000),
        )
        .await
        .unwrap();
    assert_eq!(press().await, first);
    assert_eq!(
        world.task().await.unwrap().assignment_status,
        AssignmentStatus::Canceled
    );
}

#[tokio::test]
async fn hosted_taskrouter_creates_the_task() {
    let workflow_sid = WorkflowSid::from_bytes([0x22; 16]);
    let world = World::with(
        |_| {},
        |voice| voice.router = Router::Twilio { workflow_sid },
    )
    .await;
    golden::check(
        "enqueue-call.hosted",
        &world
            .caller("/enqueue-call?attempt=1", &[("Digits", "2")])
            .await,
    );
    assert_eq!(world.store.task(task_of(CALLER)).await.unwrap(), None);
}
