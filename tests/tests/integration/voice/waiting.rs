//! Wait music and announcements.

use ids::time::Millis;
use shared::webhook::path;
use store::RecentWaits;
use task_router::model::EndReason;
use task_router::router::{Answer, Command};
use task_router::statistics::WaitTimes;
use tests::centre::{self, ENGLISH, NOON};

use super::golden;
use super::world::{CALLER, World, task_of};

/// Two earlier callers.
const EARLIER: [&str; 2] = [
    "CA00000000000000000000000000000011",
    "CA00000000000000000000000000000012",
];

fn wait_music() -> String {
    path::wait_music(Some(task_of(CALLER)), "en")
}

/// The usual wait is reduced by the time waited; once it is exceeded, it is not announced.
#[tokio::test]
async fn caller_hears_position_and_expected_wait() {
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

    let available = Command::ActivitySet {
        worker: centre::ALICE,
        activity: centre::AVAILABLE,
        reject_pending: false,
    };
    world.store.apply(&available, NOON).await.unwrap();
    let waits = RecentWaits::new(ENGLISH, &WaitTimes::of(150), NOON);
    world.store.save_recent_waits(&[waits]).await.unwrap();
    for (passed, golden) in [
        (0, "wait-music.with-expected-wait"),
        (100, "wait-music.with-short-expected-wait"),
        // The caller has waited longer than usual: no expected wait is announced.
        (51, "wait-music.third-in-line"),
    ] {
        world.pass(Millis::from_secs(passed));
        golden::check(
            golden,
            &world.caller(&wait_music(), &[("QueuePosition", "1")]).await,
        );
    }
}

/// The usual wait says nothing about a time at which all Workers are offline, as Alice is here.
#[tokio::test]
async fn no_wait_is_announced_without_workers() {
    let world = World::open().await;
    world
        .caller("/enqueue-call?attempt=1", &[("Digits", "1")])
        .await;
    let waits = RecentWaits::new(ENGLISH, &WaitTimes::of(40), NOON);
    world.store.save_recent_waits(&[waits]).await.unwrap();
    golden::check(
        "wait-music.first-in-line",
        &world.caller(&wait_music(), &[]).await,
    );
}

/// The caller is first in line while the Worker's phone rings; after the accept, music alone is
/// played.
#[tokio::test]
async fn position_is_announced_until_accepted() {
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
async fn caller_of_ended_task_leaves_the_queue() {
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
    let caller_gone = Command::CallerGone {
        task: task_of(CALLER),
        reason: EndReason::LeftQueue,
        carrier_queue: None,
    };
    world.store.apply(&caller_gone, NOON).await.unwrap();
    golden::check(
        "wait-music.task-is-gone",
        &world.caller(&wait_music(), &[]).await,
    );
}

#[tokio::test]
async fn hosted_position_is_the_carriers() {
    let world = World::open().await;
    let url = path::wait_music(None, "en");
    golden::check(
        "wait-music.third-in-line",
        &world.caller(&url, &[("QueuePosition", "3")]).await,
    );
    golden::check("wait-music.music-alone", &world.caller(&url, &[]).await);
}

#[tokio::test]
async fn music_plays_without_the_table() {
    for remembered in [true, false] {
        let world = World::without_table(remembered).await;
        golden::check(
            "wait-music.music-alone",
            &world.caller(&wait_music(), &[]).await,
        );
    }
}

#[tokio::test]
async fn music_is_public_and_cached() {
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
