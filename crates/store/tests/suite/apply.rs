//! `apply`: load, decide, commit, under contention.

use ids::TaskSid;
use serde_json::json;
use store::{COMMIT_ATTEMPTS_MAX, Error, WorkerChange};
use task_router::model::{AssignmentStatus, Worker};
use task_router::router::effects::{self, Effect};
use task_router::router::{Command, Outcome, Refusal};

use crate::competing_writes::CompetingWrite;
use crate::world::{NOON, World, after_secs, attributes};

#[tokio::test]
async fn command_is_decided_and_committed() {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    let applied = world
        .store
        .apply(&world.hung_up(&task), after_secs(1))
        .await
        .unwrap();
    assert_eq!(applied.outcome, Outcome::Changed);
    assert_eq!(
        applied.task.as_ref().map(|task| task.assignment_status),
        Some(AssignmentStatus::Canceled)
    );
    assert_eq!(applied.task, world.store.task(task.sid).await.unwrap());
}

#[tokio::test]
async fn repeated_command_changes_nothing() {
    let world = World::open().await;
    let task = world.offered("call", "Maya", NOON).await;
    world
        .store
        .apply(&world.hung_up(&task), after_secs(1))
        .await
        .unwrap();
    let ended = world.store.task(task.sid).await.unwrap();
    let maya = world.worker("Maya").await;
    let again = world
        .store
        .apply(&world.hung_up(&task), after_secs(2))
        .await
        .unwrap();
    assert_ne!(again.outcome, Outcome::Changed);
    assert_eq!(world.store.task(task.sid).await.unwrap(), ended);
    assert_eq!(world.worker("Maya").await, maya);
}

#[tokio::test]
async fn command_about_missing_task_is_refused() {
    let world = World::open().await;
    let nothing = TaskSid::derive(&["nothing"]);
    let applied = world
        .store
        .apply(&Command::Advance { task: nothing }, NOON)
        .await
        .unwrap();
    assert_eq!(
        applied.outcome,
        Outcome::Refused(Refusal::NoSuchTask(nothing))
    );
}

#[tokio::test]
async fn end_of_offered_task_frees_its_worker() {
    let world = World::open().await;
    let task = world.offered("call", "Maya", NOON).await;
    assert_eq!(world.worker("Maya").await.open_reservations.len(), 1);
    world
        .store
        .apply(&world.hung_up(&task), after_secs(1))
        .await
        .unwrap();
    assert_eq!(world.worker("Maya").await.open_reservations, []);
}

#[tokio::test]
async fn conflicting_put_is_retried() {
    let world = World::open().await;
    let version = world.worker("Maya").await.version;
    let slow = world.another_store(vec![change_maya(&world, 1).await]);
    let applied = slow
        .apply(&world.activity_set("Maya", "Offline"), after_secs(1))
        .await
        .unwrap();
    assert_eq!(applied.outcome, Outcome::Changed);
    let maya = world.worker("Maya").await;
    assert_eq!(maya.activity_sid, world.activity("Offline"));
    assert_eq!(
        maya.attributes.get("shoe_size"),
        Some(&json!(1)),
        "the competing write is kept"
    );
    assert_eq!(maya.version, version + 2);
}

#[tokio::test]
async fn conflicting_transaction_is_retried() {
    let world = World::open().await;
    let task = world.offered("call", "Maya", NOON).await;
    let slow = world.another_store(vec![
        change_maya(&world, 1).await,
        change_maya(&world, 2).await,
    ]);
    let worker = world.worker_sid("Maya");
    let activity = world.activity("Offline");
    slow.apply(
        &Command::ActivitySet {
            worker,
            activity,
            reject_pending: true,
        },
        after_secs(1),
    )
    .await
    .unwrap();
    let maya = world.worker("Maya").await;
    assert_eq!(
        (maya.open_reservations, maya.activity_sid),
        (Vec::new(), activity)
    );
    assert_eq!(maya.attributes.get("shoe_size"), Some(&json!(2)));
    let task = world.store.task(task.sid).await.unwrap().unwrap();
    assert_eq!(task.assignment_status, AssignmentStatus::Pending);
}

#[tokio::test]
async fn stream_record_gives_slot_back() {
    let world = World::open().await;
    let offered = world.offered("call", "Maya", NOON).await;
    let slow = world.another_store(vec![change_maya(&world, 1).await]);
    slow.apply(&world.hung_up(&offered), after_secs(1))
        .await
        .unwrap();
    let canceled = world.store.task(offered.sid).await.unwrap().unwrap();
    assert_eq!(canceled.assignment_status, AssignmentStatus::Canceled);
    assert_eq!(
        world.worker("Maya").await.open_reservations.len(),
        1,
        "the write of her slot conflicted"
    );
    for expected in [Outcome::Changed, Outcome::AlreadySo] {
        for effect in effects::of_task(&*world.workspace().await, Some(&offered), &canceled) {
            let Effect::Release(release) = effect else {
                continue;
            };
            let given_back = world
                .store
                .apply(&Command::Released(release), after_secs(2))
                .await
                .unwrap();
            assert_eq!(given_back.outcome, expected);
        }
        assert_eq!(world.worker("Maya").await.open_reservations, []);
    }
}

#[tokio::test]
async fn outdated_command_writes_nothing() {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    let command = world.hung_up(&task);
    let competing = {
        let store = world.store.clone();
        let command = command.clone();
        async move { drop(store.apply(&command, after_secs(1)).await.unwrap()) }
    };
    let applied = world
        .another_store(vec![Box::pin(competing)])
        .apply(&command, after_secs(2))
        .await
        .unwrap();
    assert_ne!(applied.outcome, Outcome::Changed);
    assert_eq!(
        world.store.task(task.sid).await.unwrap().unwrap().version,
        task.version + 1
    );
}

#[tokio::test]
async fn retries_end_with_a_conflict() {
    let world = World::open().await;
    let mut others = Vec::new();
    for size in 0..COMMIT_ATTEMPTS_MAX {
        others.push(change_maya(&world, size).await);
    }
    let lost = world
        .another_store(others)
        .apply(&world.activity_set("Maya", "Offline"), NOON)
        .await;
    assert!(matches!(lost, Err(Error::Conflict)), "{lost:?}");
    assert_eq!(
        world.worker("Maya").await.activity_sid,
        world.activity("Available")
    );
}

#[tokio::test]
async fn conflicting_worker_change_is_retried() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    let slow = world.another_store(vec![change_maya(&world, 1).await]);
    let rename = |worker| Worker {
        friendly_name: "Maya B.".to_owned(),
        ..worker
    };
    let change = slow
        .change_worker(maya.sid, &*world.workspace().await, NOON, rename)
        .await
        .unwrap();
    assert!(matches!(change, WorkerChange::Written { .. }));
    let maya = world.worker("Maya").await;
    assert_eq!(
        (&*maya.friendly_name, maya.attributes.get("shoe_size")),
        ("Maya B.", Some(&json!(1)))
    );
}

/// Another process changes Maya's attributes.
async fn change_maya(world: &World, shoe_size: u32) -> CompetingWrite {
    let store = world.store.clone();
    let sid = world.worker_sid("Maya");
    let workspace = world.workspace().await;
    Box::pin(async move {
        let known = attributes(&json!({ "languages": ["en"], "shoe_size": shoe_size }));
        let change = |worker| Worker {
            attributes: known.clone(),
            ..worker
        };
        let change = store
            .change_worker(sid, &workspace, NOON, change)
            .await
            .unwrap();
        assert!(matches!(change, WorkerChange::Written { .. }));
    })
}
