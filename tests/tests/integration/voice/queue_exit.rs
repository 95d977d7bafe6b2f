//! The webhooks of a caller who leaves the queue.

use shared::menu::Voicemail;
use shared::webhook::path;
use task_router::model::{AssignmentStatus, EndReason};
use task_router::router::{Answer, Command};
use tests::centre::{self, NOON};

use super::golden;
use super::world::{CALLER, World, task_of};

const QUEUE: (&str, &str) = ("QueueSid", "QU00000000000000000000000000000001");

fn queue_exit() -> String {
    path::queue_exit(Some(task_of(CALLER)), "en")
}

/// Every queue result before an answer: the document with and without voicemail, and the reason of
/// the Task's end.
#[tokio::test]
async fn each_queue_result_ends_the_task() {
    let hangup = Some("hangup");
    let left = Some("left queue");
    for (result, golden, with_voicemail, reason) in [
        ("hangup", "queue-exit.nothing", "queue-exit.nothing", hangup),
        (
            "leave",
            "queue-exit.timed-out",
            "queue-exit.voicemail",
            left,
        ),
        // Connected although no Reservation is accepted: the caller is queued again, so that the
        // call is not lost.
        (
            "bridged",
            "queue-exit.waits-on",
            "queue-exit.waits-on",
            None,
        ),
        (
            "bridging-in-process",
            "queue-exit.waits-on",
            "queue-exit.waits-on",
            None,
        ),
        (
            "redirected",
            "queue-exit.nothing",
            "queue-exit.nothing",
            left,
        ),
        (
            "redirected-from-bridged",
            "queue-exit.nothing",
            "queue-exit.nothing",
            left,
        ),
        (
            "queue-full",
            "queue-exit.error",
            "queue-exit.voicemail",
            left,
        ),
        ("error", "queue-exit.error", "queue-exit.voicemail", left),
        (
            "system-error",
            "queue-exit.error",
            "queue-exit.voicemail",
            left,
        ),
    ] {
        for (voicemail, golden) in [
            (None, golden),
            (
                Some(Voicemail {
                    max_length_secs: 90,
                }),
                with_voicemail,
            ),
        ] {
            let world = World::with(|centre| centre.menu.voicemail = voicemail, |_| {}).await;
            world
                .store
                .create_task(&centre::waiting_task(), &centre::workspace())
                .await
                .unwrap();
            for _ in 0..2 {
                golden::check(
                    golden,
                    &world
                        .caller(&queue_exit(), &[("QueueResult", result), QUEUE])
                        .await,
                );
                let task = world.task().await.unwrap();
                assert_eq!(
                    task.reason.as_ref().map(EndReason::as_str),
                    reason,
                    "{result}"
                );
                assert_eq!(
                    task.carrier_queue_sid.is_some(),
                    reason.is_some(),
                    "{result}"
                );
            }
        }
    }
}

/// The Worker's slot is free afterwards.
#[tokio::test]
async fn conversation_end_completes_the_task() {
    for result in ["bridged", "hangup", "redirected-from-bridged"] {
        let world = World::open().await;
        let task = world.offer().await;
        let accepted = Command::Answered {
            task: task.sid,
            reservation: task.reservations[0].sid,
            answer: Answer::Accept,
        };
        world.store.apply(&accepted, NOON).await.unwrap();
        let reply = world
            .caller(&queue_exit(), &[("QueueResult", result), QUEUE])
            .await;
        golden::check(
            if result == "bridged" {
                "queue-exit.bridged"
            } else {
                "queue-exit.nothing"
            },
            &reply,
        );
        let task = world.task().await.unwrap();
        assert_eq!(
            task.assignment_status,
            AssignmentStatus::Completed,
            "{result}"
        );
        assert!(world.alice().await.open_reservations.is_empty(), "{result}");
    }
}

/// So that the carrier's queue can be deleted.
#[tokio::test]
async fn ended_task_stores_the_carrier_queue() {
    let world = World::open().await;
    world
        .store
        .create_task(&centre::waiting_task(), &centre::workspace())
        .await
        .unwrap();
    let ended = Command::StatusSet {
        task: task_of(CALLER),
        status: AssignmentStatus::Canceled,
        reason: EndReason::WorkflowTimeout,
        attributes: None,
    };
    world.store.apply(&ended, NOON).await.unwrap();
    world
        .caller(&queue_exit(), &[("QueueResult", "redirected"), QUEUE])
        .await;
    let task = world.task().await.unwrap();
    assert_eq!(task.reason, Some(EndReason::WorkflowTimeout));
    assert_eq!(
        task.carrier_queue_sid.map(|sid| sid.to_string()).as_deref(),
        Some(QUEUE.1)
    );
}

#[tokio::test]
async fn timeout_apologises_and_offers_voicemail() {
    let url = path::timed_out(Some(task_of(CALLER)), "en");
    let world = World::open().await;
    golden::check("queue-exit.timed-out", &world.caller(&url, &[]).await);
    golden::check(
        "queue-exit.timed-out-hindi",
        &world.caller(&path::timed_out(None, "hi"), &[]).await,
    );

    let voicemail = Some(Voicemail {
        max_length_secs: 90,
    });
    let world = World::with(|centre| centre.menu.voicemail = voicemail, |_| {}).await;
    golden::check("queue-exit.voicemail", &world.caller(&url, &[]).await);
    let message = [
        ("RecordingUrl", "https://example.com/recording"),
        ("RecordingDuration", "14"),
    ];
    let recorded = path::recorded(Some(task_of(CALLER)), "en");
    golden::check(
        "queue-exit.recorded",
        &world.caller(&recorded, &message).await,
    );
    assert_eq!(world.caller("/queue-exit/unknown", &[]).await.status, 404);
}

/// The recording is in the attributes of the caller's Task, and it is a Task in the TaskQueue that
/// the configuration names; one, however often the carrier repeats its request.
#[tokio::test]
async fn voicemail_becomes_a_task() {
    let world = World::with(
        |centre| centre.voicemail_task_queue_sid = Some(centre::ENGLISH),
        |_| {},
    )
    .await;
    let waiting = task_router::model::Task {
        priority: 7,
        ..centre::waiting_task()
    };
    let workspace = centre::workspace();
    world.store.create_task(&waiting, &workspace).await.unwrap();
    let ended = Command::CallerGone {
        task: task_of(CALLER),
        reason: EndReason::LeftQueue,
        carrier_queue: None,
    };
    world.store.apply(&ended, NOON).await.unwrap();
    let url = "https://example.com/recording";
    let message = [
        ("RecordingUrl", url),
        ("RecordingSid", "RE00000000000000000000000000000001"),
        ("RecordingDuration", "14"),
    ];
    let recorded = path::recorded(Some(task_of(CALLER)), "en");
    for _ in 0..2 {
        let reply = world.caller(&recorded, &message).await;
        golden::check("queue-exit.recorded", &reply);
    }
    let of_call = world.task().await.unwrap();
    assert_eq!(of_call.assignment_status, AssignmentStatus::Canceled);
    assert_eq!(of_call.attributes.text("recording_url"), Some(url));

    let tasks = world.store.task_sids(centre::WORKSPACE).await.unwrap();
    let others: Vec<_> = tasks
        .into_iter()
        .filter(|sid| *sid != of_call.sid)
        .collect();
    let [voicemail] = others[..] else {
        panic!("{others:?}")
    };
    let voicemail = world.store.task(voicemail).await.unwrap().unwrap();
    assert_eq!(
        (voicemail.task_queue_sid, voicemail.priority),
        (centre::ENGLISH, 7)
    );
    assert_eq!(voicemail.call_sid(), None);
    let attributes: serde_json::Value =
        serde_json::from_str(&voicemail.attributes.to_json()).unwrap();
    let expected = serde_json::json!({
        "type": "voicemail", "from": "+17075550142", "to": centre::NUMBER, "selected_language": "en",
        "recording_url": url, "recording_sid": "RE00000000000000000000000000000001",
        "recording_duration": 14, "task_sid": of_call.sid,
    });
    assert_eq!(attributes, expected);
}

#[tokio::test]
async fn hosted_caller_hears_the_same_without_task() {
    let world = World::open().await;
    let reply = world
        .caller(&path::queue_exit(None, "en"), &[("QueueResult", "error")])
        .await;
    golden::check("queue-exit.error", &reply);
}

/// The cached voice settings have Hindi only; a caller who chose English hears Hindi.
#[tokio::test]
async fn unavailable_table_keeps_connected_callers() {
    let world = World::without_table(true).await;
    let url = path::queue_exit(Some(task_of(CALLER)), "en");
    golden::check(
        "queue-exit.store-down",
        &world
            .caller(&url, &[("QueueResult", "bridged"), QUEUE])
            .await,
    );
    for result in ["hangup", "redirected", "redirected-from-bridged"] {
        assert_eq!(
            world
                .caller(&url, &[("QueueResult", result), QUEUE])
                .await
                .status,
            503,
            "{result}"
        );
    }
    let recorded = path::recorded(None, "hi");
    // The recording is at the carrier, and the request is repeated, so that its Task is not lost.
    let retried = world
        .caller(
            &recorded,
            &[("RecordingUrl", "https://example.com/recording")],
        )
        .await;
    golden::check("queue-exit.recorded-store-down", &retried);
}
