//! The listings: what there is, whatever its state.

use std::collections::BTreeSet;

use shared::model::{Worker, WorkerSid};
use store::keys;

use crate::world::{NOON, World, after_secs};

#[tokio::test]
async fn workers_are_listed_oldest_first() {
    let world = World::empty().await;
    let mut expected = Vec::new();
    let workspace = &world.declared.workspace;
    let maya = world.declared.workers[0].to_worker(workspace.sid, NOON);
    for age in [3, 1, 2] {
        let sid = WorkerSid::derive(&[&age.to_string()]);
        let friendly_name = age.to_string();
        let worker = Worker { sid, friendly_name, date_created: after_secs(10 - age), ..maya.clone() };
        world.store.create_worker(&worker, workspace).await.unwrap();
        expected.push((10 - age, sid));
    }
    expected.sort_unstable();
    let expected: Vec<_> = expected.into_iter().map(|(_, sid)| sid).collect();
    assert_eq!(world.store.worker_sids(workspace.sid).await.unwrap(), expected);
}

#[tokio::test]
async fn every_task_is_listed_in_whatever_state_and_shard_it_is() {
    let world = World::open().await;
    let mut expected = BTreeSet::new();
    let mut shards = BTreeSet::new();
    for number in 0..40 {
        let task = world.waiting(&format!("call {number}"), "en", NOON).await;
        shards.insert(keys::listing_shard(task.sid));
        expected.insert(task.sid);
    }
    let gone = world.waiting("gone", "en", NOON).await;
    world.store.apply(&world.hung_up(&gone), NOON).await.unwrap();
    expected.insert(gone.sid);
    expected.insert(world.offered("offered", "Maya", NOON).await.sid);
    let listed = world.store.task_sids(world.declared.workspace.sid).await.unwrap();
    assert_eq!(listed.len(), expected.len());
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), expected);
    assert!(shards.len() > 8, "Tasks are spread over {} shards only", shards.len());
}

#[tokio::test]
async fn another_workspace_has_a_listing_of_its_own() {
    let world = World::open().await;
    world.waiting("call", "en", NOON).await;
    let other = shared::model::WorkspaceSid::derive(&["other"]);
    assert_eq!(world.store.task_sids(other).await.unwrap(), []);
    assert_eq!(world.store.worker_sids(other).await.unwrap(), []);
}
