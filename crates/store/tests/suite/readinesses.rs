//! How readinesses come and go, and that nobody who has one is missed.

use ids::time::{Millis, Timestamp};
use store::READINESS_KEPT;
use task_router::model::{Readiness, Workspace};

use crate::world::{NOON, World, after_secs};

const KEPT_SECS: u64 = READINESS_KEPT.as_secs();

/// As long as a readiness that nobody has stays known.
const FORGOTTEN_SECS: u64 = KEPT_SECS + 600;

/// What a sweep does that has just looked at every Worker.
async fn tend(world: &World, readiness: &Readiness, is_stood_on: bool, now: Timestamp) {
    let workspace = world.workspace().await;
    world
        .store
        .tend_readiness(&workspace, readiness, is_stood_on, now)
        .await
        .unwrap();
}

async fn is_known(world: &World, readiness: &Readiness) -> bool {
    world
        .workspace()
        .await
        .boards
        .contains_key(&readiness.key())
}

fn note(workspace: &Workspace, readiness: &Readiness) -> Option<Timestamp> {
    workspace.empty_ready_lists.get(&readiness.key()).copied()
}

/// The readiness of Maya, who has gone home; nobody else has it.
async fn left_alone() -> (World, Readiness) {
    let world = World::open().await;
    let readiness = world.idle_readiness(&world.worker("Maya").await).await;
    world.set_activity("Maya", "Offline", NOON).await;
    (world, readiness)
}

#[tokio::test]
async fn a_readiness_that_nobody_has_had_for_long_is_forgotten() {
    let (world, readiness) = left_alone().await;
    for (secs, known) in [
        (0, true),
        (60, true),
        (FORGOTTEN_SECS - 1, true),
        (FORGOTTEN_SECS, false),
    ] {
        tend(&world, &readiness, false, after_secs(secs)).await;
        assert_eq!(is_known(&world, &readiness).await, known, "after {secs} s");
    }
    world
        .set_activity("Maya", "Available", after_secs(FORGOTTEN_SECS + 1))
        .await;
    assert!(
        is_known(&world, &readiness).await,
        "who comes back makes it known"
    );
}

#[tokio::test]
async fn who_comes_back_to_a_readiness_that_may_soon_be_forgotten_makes_it_known_anew() {
    for (secs, noted) in [(KEPT_SECS - 1, true), (KEPT_SECS, false)] {
        let (world, readiness) = left_alone().await;
        tend(&world, &readiness, false, NOON).await;
        world
            .set_activity("Maya", "Available", after_secs(secs))
            .await;
        assert_eq!(
            note(&*world.workspace().await, &readiness),
            noted.then_some(NOON),
            "after {secs} s"
        );
        // A sweep that read the Workers before she came.
        tend(&world, &readiness, false, after_secs(FORGOTTEN_SECS)).await;
        assert!(is_known(&world, &readiness).await, "after {secs} s");
        assert_eq!(
            world.free_beside(&world.worker("Maya").await).await,
            ["Maya"]
        );
    }
}

#[tokio::test]
async fn a_sweep_forgets_nothing_that_was_made_known_since_it_looked() {
    let (world, readiness) = left_alone().await;
    tend(&world, &readiness, false, NOON).await;
    let (seen, late) = (world.workspace().await, after_secs(FORGOTTEN_SECS));
    world
        .store
        .save_readiness(seen.sid, &readiness)
        .await
        .unwrap();
    world
        .store
        .tend_readiness(&seen, &readiness, false, late)
        .await
        .unwrap();
    assert!(
        is_known(&world, &readiness).await,
        "whoever made it known is about to write a Worker"
    );
    assert_eq!(note(&*world.workspace().await, &readiness), None);
    // Nor does it bring back what another sweep has forgotten.
    tend(&world, &readiness, false, NOON).await;
    tend(&world, &readiness, false, late).await;
    world
        .store
        .tend_readiness(&seen_without_note(&seen), &readiness, false, late)
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
async fn a_board_on_which_somebody_is_seen_again_is_no_longer_noted_as_empty() {
    let (world, readiness) = left_alone().await;
    tend(&world, &readiness, false, NOON).await;
    let half = Millis::from_secs(KEPT_SECS / 2).as_secs();
    for (secs, expected) in [(half - 1, Some(NOON)), (half, None)] {
        tend(&world, &readiness, true, after_secs(secs)).await;
        assert_eq!(
            note(&*world.workspace().await, &readiness),
            expected,
            "after {secs} s"
        );
    }
}
