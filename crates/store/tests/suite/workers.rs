//! Workers: created, changed and deleted without a Command.

use std::collections::BTreeSet;

use ids::WorkerSid;
use serde_json::json;
use store::{Error, WorkerChange};
use task_router::model::Worker;

use crate::world::{NOON, World, attributes};

/// More items than one batch read has (100).
const MORE_THAN_A_BATCH: usize = 120;

#[tokio::test]
async fn existing_worker_is_not_overwritten() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    let twin = Worker {
        friendly_name: "Twin".to_owned(),
        ..maya.clone()
    };
    let again = world
        .store
        .create_worker(&twin, &*world.workspace().await)
        .await;
    assert!(matches!(again, Err(Error::Conflict)), "{again:?}");
    assert_eq!(world.worker("Maya").await, maya);
}

#[tokio::test]
async fn stale_worker_is_not_deleted() {
    let world = World::open().await;
    let stale = world.worker("Maya").await;
    world.set_activity("Maya", "Offline", NOON).await;
    assert!(matches!(
        world.store.delete_worker(&stale).await,
        Err(Error::Conflict)
    ));
    let maya = world.worker("Maya").await;
    world.store.delete_worker(&maya).await.unwrap();
    assert_eq!(world.store.worker(maya.sid).await.unwrap(), None);
    assert!(
        matches!(world.store.delete_worker(&maya).await, Err(Error::Conflict)),
        "it is deleted already"
    );
}

#[tokio::test]
async fn change_updates_version_and_membership() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    let leela = world.worker("Leela").await;
    let learned = attributes(&json!({ "languages": ["en", "hi"] }));
    let learn = |worker| Worker {
        attributes: learned.clone(),
        ..worker
    };
    let change = world
        .store
        .change_worker(maya.sid, &*world.workspace().await, NOON, learn)
        .await
        .unwrap();
    let now = world.worker("Maya").await;
    assert_eq!(
        (now.version, &now.queue_membership),
        (maya.version + 1, &leela.queue_membership)
    );
    assert_eq!(
        change,
        WorkerChange::Written {
            before: Box::new(maya),
            after: Box::new(now)
        }
    );
}

#[tokio::test]
async fn unchanged_worker_is_not_written() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    let workspace = world.workspace().await;
    let change = world
        .store
        .change_worker(maya.sid, &workspace, NOON, |worker| worker)
        .await
        .unwrap();
    assert_eq!(change, WorkerChange::Unchanged(Box::new(maya.clone())));
    assert_eq!(world.worker("Maya").await, maya);
    let missing = WorkerSid::derive(&["missing"]);
    let change = world
        .store
        .change_worker(missing, &workspace, NOON, |worker| worker)
        .await
        .unwrap();
    assert_eq!(change, WorkerChange::NoSuchWorker);
}

#[tokio::test]
async fn worker_names_are_unique_ignoring_case() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    let sid = WorkerSid::derive(&["namesake"]);
    let friendly_name = "mAYA".to_owned();
    let namesake = Worker {
        sid,
        friendly_name,
        ..maya.clone()
    };
    let taken = world
        .store
        .create_worker(&namesake, &*world.workspace().await)
        .await;
    assert!(matches!(taken, Err(Error::Conflict)), "{taken:?}");
    assert_eq!(world.store.worker(sid).await.unwrap(), None);
    assert_eq!(
        world
            .store
            .worker_named(maya.workspace_sid, "MAYA")
            .await
            .unwrap(),
        Some(maya.clone())
    );
    world.store.delete_worker(&maya).await.unwrap();
    assert_eq!(
        world
            .store
            .worker_named(maya.workspace_sid, "Maya")
            .await
            .unwrap(),
        None
    );
    world
        .store
        .create_worker(&namesake, &*world.workspace().await)
        .await
        .unwrap();
    assert_eq!(
        world
            .store
            .worker_named(maya.workspace_sid, "Maya")
            .await
            .unwrap(),
        Some(namesake)
    );
}

#[tokio::test]
async fn workers_are_read_in_several_batches() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    let workspace = world.workspace().await;
    let mut sids = vec![WorkerSid::derive(&["missing"]), maya.sid];
    for number in 0..MORE_THAN_A_BATCH {
        let friendly_name = format!("Worker {number}");
        let worker = Worker {
            sid: WorkerSid::derive(&[&friendly_name]),
            friendly_name,
            ..maya.clone()
        };
        world
            .store
            .create_worker(&worker, &workspace)
            .await
            .unwrap();
        sids.push(worker.sid);
    }
    let read = world.store.workers(&sids).await.unwrap();
    let read: BTreeSet<_> = read.into_iter().map(|worker| worker.sid).collect();
    assert_eq!(read, sids.into_iter().skip(1).collect());
}
