//! The listings: what there is, whatever its state.

use std::collections::BTreeSet;

use shared::model::{Activity, ActivitySid, Worker, WorkerSid};
use shared::router::Event;
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

#[tokio::test]
async fn listings_are_read_page_by_page_and_an_entry_that_is_gone_is_a_place_all_the_same() {
    let world = World::open().await;
    let sid = world.declared.workspace.sid;
    for number in 0..40 {
        world.waiting(&format!("call {number}"), "en", NOON).await;
    }
    let mut listed = Vec::new();
    for shard in 0..keys::LISTING_SHARDS {
        let mut after = None;
        loop {
            let page = world.store.task_page(sid, shard, after, 2).await.unwrap();
            after = page.last().copied();
            listed.extend(page.iter().map(|entry| entry.sid));
            if page.len() < 2 {
                break;
            }
        }
    }
    assert_eq!(listed, world.store.task_sids(sid).await.unwrap());

    let first = world.store.worker_page(sid, None, 1).await.unwrap();
    let maya = world.store.worker(first[0].sid).await.unwrap().unwrap();
    world.store.delete_worker(&maya).await.unwrap();
    let rest = world.store.worker_page(sid, Some(first[0]), 10).await.unwrap();
    let rest: Vec<_> = rest.into_iter().map(|entry| entry.sid).collect();
    assert_eq!(rest, world.store.worker_sids(sid).await.unwrap());
    assert_eq!(rest.len(), 2);
}

/// Many at once: who is as they should be is not written, and the others are what time and configuration make of them.
#[tokio::test]
async fn workers_are_brought_to_what_the_workspace_says_and_nobody_else_is_written() {
    let world = World::open().await;
    let before = world.workspace().await;
    let sids = world.store.worker_sids(before.sid).await.unwrap();
    let unchanged = world.store.advance_workers(&before, &sids, NOON).await.unwrap();
    assert_eq!(unchanged, world.store.workers(&sids).await.unwrap());

    let mut after = (*before).clone();
    after.task_queues.remove(&world.queue("Hindi"));
    after.activities.remove(&world.activity("Available"));
    world.store.save_workspace(&after, NOON).await.unwrap();
    let later = after_secs(5);
    let advanced = world.store.advance_workers(&*world.workspace().await, &sids, later).await.unwrap();
    for worker in &advanced {
        assert_eq!((worker.activity_sid, worker.version), (after.default_activity_sid, 1));
        assert_eq!(worker.date_status_changed, later);
        assert!(!worker.roster.queues().contains(&world.queue("Hindi")));
    }
    assert_eq!(advanced.len(), 3);
}

/// The Workspace a process knows may be older than an Activity somebody has just gone to.
#[tokio::test]
async fn an_activity_that_is_newer_than_the_workspace_known_is_no_activity_that_is_gone() {
    let world = World::open().await;
    let known = world.workspace().await;
    let (mut after, lunch) = ((*known).clone(), ActivitySid::derive(&["lunch"]));
    after.activities.insert(lunch, Activity { sid: lunch, friendly_name: "Lunch".to_owned(), available: false });
    world.store.save_workspace(&after, NOON).await.unwrap();
    let maya = world.worker_sid("Maya");
    let event = Event::ActivitySet { worker: maya, activity: lunch, reject_pending: false };
    world.store.fresh_workspace(after.sid, NOON).await.unwrap();
    world.store.apply(&event, NOON).await.unwrap();
    let advanced = world.store.advance_workers(&known, &[maya], NOON).await.unwrap();
    assert_eq!(advanced[0].activity_sid, lunch);
}
