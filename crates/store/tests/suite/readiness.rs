//! The lifecycle of a Readiness: it is registered, expires and is deleted, and no Worker who has it
//! is missed.

use ids::time::{Millis, Timestamp};
use store::{READINESS_KEPT, ReadyListSeen};
use task_router::model::{Readiness, Workspace};

use crate::world::{NOON, World, after_secs};

const KEPT_SECS: u64 = READINESS_KEPT.as_secs();

/// The time after which a Readiness without Workers is deleted.
const DELETED_SECS: u64 = KEPT_SECS + 600;

/// What a sweep does when it has read every Worker.
async fn tend(world: &World, readiness: &Readiness, seen: ReadyListSeen, now: Timestamp) {
    let workspace = world.workspace().await;
    world
        .store
        .tend_readiness(&workspace, readiness, seen, now)
        .await
        .unwrap();
}

async fn is_known(world: &World, readiness: &Readiness) -> bool {
    world
        .workspace()
        .await
        .ready_lists
        .contains_key(&readiness.key())
}

fn note(workspace: &Workspace, readiness: &Readiness) -> Option<Timestamp> {
    workspace.empty_ready_lists.get(&readiness.key()).copied()
}

/// The Readiness of Maya, who is offline; no other Worker has it.
async fn without_workers() -> (World, Readiness) {
    let world = World::open().await;
    let readiness = world.idle_readiness(&world.worker("Maya").await).await;
    world.set_activity("Maya", "Offline", NOON).await;
    (world, readiness)
}

#[tokio::test]
async fn unused_readiness_is_deleted() {
    let (world, readiness) = without_workers().await;
    for (secs, known) in [
        (0, true),
        (60, true),
        (DELETED_SECS - 1, true),
        (DELETED_SECS, false),
    ] {
        tend(&world, &readiness, ReadyListSeen::Empty, after_secs(secs)).await;
        assert_eq!(is_known(&world, &readiness).await, known, "after {secs} s");
    }
    world
        .set_activity("Maya", "Available", after_secs(DELETED_SECS + 1))
        .await;
    assert!(
        is_known(&world, &readiness).await,
        "a Worker who returns registers it"
    );
}

#[tokio::test]
async fn returning_worker_registers_readiness() {
    for (secs, noted) in [(KEPT_SECS - 1, true), (KEPT_SECS, false)] {
        let (world, readiness) = without_workers().await;
        tend(&world, &readiness, ReadyListSeen::Empty, NOON).await;
        world
            .set_activity("Maya", "Available", after_secs(secs))
            .await;
        assert_eq!(
            note(&*world.workspace().await, &readiness),
            noted.then_some(NOON),
            "after {secs} s"
        );
        // A sweep that read the Workers before Maya returned.
        tend(
            &world,
            &readiness,
            ReadyListSeen::Empty,
            after_secs(DELETED_SECS),
        )
        .await;
        assert!(is_known(&world, &readiness).await, "after {secs} s");
        assert_eq!(
            world.free_workers_like(&world.worker("Maya").await).await,
            ["Maya"]
        );
    }
}

#[tokio::test]
async fn sweep_keeps_newly_registered_readiness() {
    let (world, readiness) = without_workers().await;
    tend(&world, &readiness, ReadyListSeen::Empty, NOON).await;
    let seen = world.workspace().await;
    let late = after_secs(DELETED_SECS);
    world
        .store
        .save_readiness(seen.sid, &readiness)
        .await
        .unwrap();
    world
        .store
        .tend_readiness(&seen, &readiness, ReadyListSeen::Empty, late)
        .await
        .unwrap();
    assert!(
        is_known(&world, &readiness).await,
        "the process that registered it is about to write a Worker"
    );
    assert_eq!(note(&*world.workspace().await, &readiness), None);
    // It does not restore what another sweep has deleted, either.
    tend(&world, &readiness, ReadyListSeen::Empty, NOON).await;
    tend(&world, &readiness, ReadyListSeen::Empty, late).await;
    world
        .store
        .tend_readiness(
            &seen_without_note(&seen),
            &readiness,
            ReadyListSeen::Empty,
            late,
        )
        .await
        .unwrap();
    assert!(!is_known(&world, &readiness).await);
}

fn seen_without_note(workspace: &Workspace) -> Workspace {
    Workspace {
        empty_ready_lists: std::collections::BTreeMap::new(),
        ..workspace.clone()
    }
}

#[tokio::test]
async fn note_is_removed_when_a_worker_returns() {
    let (world, readiness) = without_workers().await;
    tend(&world, &readiness, ReadyListSeen::Empty, NOON).await;
    let half = Millis::from_secs(KEPT_SECS / 2).as_secs();
    for (secs, expected) in [(half - 1, Some(NOON)), (half, None)] {
        tend(
            &world,
            &readiness,
            ReadyListSeen::Occupied,
            after_secs(secs),
        )
        .await;
        assert_eq!(
            note(&*world.workspace().await, &readiness),
            expected,
            "after {secs} s"
        );
    }
}
