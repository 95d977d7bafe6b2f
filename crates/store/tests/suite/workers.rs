//! Workers: made, changed and removed outside the course of events.

use std::collections::BTreeSet;

use ids::WorkerSid;
use serde_json::json;
use store::{Error, WorkerChange};
use task_router::model::Worker;

use crate::world::{NOON, World, attributes};

/// A batch is a hundred.
const MORE_THAN_A_BATCH: usize = 120;

#[tokio::test]
async fn a_worker_is_made_once() {
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
async fn a_worker_is_removed_as_they_were_read_or_not_at_all() {
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
        "there is nobody left"
    );
}

#[tokio::test]
async fn a_change_is_written_with_the_next_version_and_the_roster_that_follows() {
    let world = World::open().await;
    let (maya, leela) = (world.worker("Maya").await, world.worker("Leela").await);
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
        (now.version, &now.roster),
        (maya.version + 1, &leela.roster)
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
async fn a_change_that_changes_nothing_writes_nothing() {
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
    let nobody = WorkerSid::derive(&["nobody"]);
    let change = world
        .store
        .change_worker(nobody, &workspace, NOON, |worker| worker)
        .await
        .unwrap();
    assert_eq!(change, WorkerChange::NoSuchWorker);
}

#[tokio::test]
async fn a_name_belongs_to_one_worker_whatever_its_letters() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    let (sid, friendly_name) = (WorkerSid::derive(&["namesake"]), "mAYA".to_owned());
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
async fn more_workers_than_one_batch_holds_are_read_and_those_who_are_gone_left_out() {
    let world = World::open().await;
    let (maya, workspace) = (world.worker("Maya").await, world.workspace().await);
    let mut sids = vec![WorkerSid::derive(&["nobody"]), maya.sid];
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
