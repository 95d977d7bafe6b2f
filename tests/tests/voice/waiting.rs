//! What a waiting caller hears.

use ids::time::Millis;
use shared::webhook::path;
use store::RecentWaits;
use task_router::model::EndReason;
use task_router::router::{Answer, Command};
use task_router::statistics::WaitTimes;
use tests::centre::{self, ENGLISH, NOON};

use crate::golden;
use crate::world::{CALLER, World, task_of};

/// Two who called before the caller does.
const EARLIER: [&str; 2] = [
    "CA00000000000000000000000000000011",
    "CA00000000000000000000000000000012",
];

fn wait_music() -> String {
    path::wait_music(Some(task_of(CALLER)), "en")
}

#[tokio::test]
async fn a_caller_hears_the_place_in_line_and_what_is_left_of_the_usual_wait() {
    let world = World::open().await;
    for call_sid in EARLIER {
        world
            .caller(
                "/enqueue-call?attempt=1",
                &[("CallSid", call_sid), ("Digits", "1")],
            )
            .await;
        world
            .store
            .apply(
                &Command::NoWorkerFound {
                    task: task_of(call_sid),
                },
                NOON,
            )
            .await
            .unwrap();
        world.pass(Millis::from_secs(1));
    }
    world
        .caller("/enqueue-call?attempt=1", &[("Digits", "1")])
        .await;
    golden::check(
        "wait-music.third-in-line",
        &world.caller(&wait_music(), &[]).await,
    );

    let waits = RecentWaits::new(ENGLISH, &WaitTimes::of(150), NOON);
    world.store.save_recent_waits(&[waits]).await.unwrap();
    for (passed, golden) in [
        (0, "wait-music.with-expected-wait"),
        (100, "wait-music.with-short-expected-wait"),
        // Longer than usual by now: nothing that could only be wrong.
        (51, "wait-music.third-in-line"),
    ] {
        world.pass(Millis::from_secs(passed));
        golden::check(
            golden,
            &world.caller(&wait_music(), &[("QueuePosition", "1")]).await,
        );
    }
}

#[tokio::test]
async fn the_first_in_line_is_first_while_a_worker_is_rung_and_hears_no_place_once_one_answered() {
    let world = World::open().await;
    let task = world.offer().await;
    golden::check(
        "wait-music.first-round",
        &world.caller(&wait_music(), &[("QueueTime", "0")]).await,
    );
    golden::check(
        "wait-music.first-in-line",
        &world.caller(&wait_music(), &[("QueueTime", "20")]).await,
    );
    golden::check(
        "wait-music.hindi",
        &world
            .caller(&path::wait_music(Some(task.sid), "hi"), &[])
            .await,
    );
    let accepted = Command::Answered {
        task: task.sid,
        reservation: task.reservations[0].sid,
        answer: Answer::Accept,
    };
    world.store.apply(&accepted, NOON).await.unwrap();
    golden::check(
        "wait-music.music-alone",
        &world.caller(&wait_music(), &[]).await,
    );
}

#[tokio::test]
async fn a_caller_whose_task_ended_or_is_gone_does_not_wait_for_ever() {
    let world = World::open().await;
    golden::check(
        "wait-music.task-is-gone",
        &world.caller(&wait_music(), &[]).await,
    );
    world
        .store
        .create_task(&centre::waiting_task(), &centre::workspace())
        .await
        .unwrap();
    let gone = Command::CallerGone {
        task: task_of(CALLER),
        reason: EndReason::LeftQueue,
        carrier_queue: None,
    };
    world.store.apply(&gone, NOON).await.unwrap();
    golden::check(
        "wait-music.task-is-gone",
        &world.caller(&wait_music(), &[]).await,
    );
}

#[tokio::test]
async fn in_hosted_taskrouter_the_place_is_the_carriers() {
    let world = World::open().await;
    let url = path::wait_music(None, "en");
    golden::check(
        "wait-music.third-in-line",
        &world.caller(&url, &[("QueuePosition", "3")]).await,
    );
    golden::check("wait-music.music-alone", &world.caller(&url, &[]).await);
}

#[tokio::test]
async fn whatever_fails_there_is_music() {
    for remembered in [true, false] {
        let world = World::without_table(remembered).await;
        golden::check(
            "wait-music.music-alone",
            &world.caller(&wait_music(), &[]).await,
        );
    }
}

#[tokio::test]
async fn the_music_needs_no_signature_and_may_be_kept() {
    let world = World::with(|_| {}, |voice| voice.checks.verify_signatures = true).await;
    let music = world.browse(path::MUSIC).await;
    assert_eq!((music.status, music.content_type), (200, "audio/wav"));
    assert!(music.body.starts_with(b"RIFF"));
    assert_eq!(
        music.headers,
        [("cache-control", "public, max-age=86400".to_owned())]
    );
    assert_eq!(world.browse(&wait_music()).await.status, 403);
}
