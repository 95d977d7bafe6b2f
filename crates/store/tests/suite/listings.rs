//! The listings: what there is, whatever its state.

use std::collections::BTreeSet;

use ids::time::Timestamp;
use ids::{ActivitySid, TaskSid, WorkerSid};
use store::{Reading, keys};
use task_router::model::{Activity, Worker};
use task_router::router::Command;

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
        let worker = Worker {
            sid,
            friendly_name,
            date_created: after_secs(10 - age),
            ..maya.clone()
        };
        world.store.create_worker(&worker, workspace).await.unwrap();
        expected.push((10 - age, sid));
    }
    expected.sort_unstable();
    let expected: Vec<_> = expected.into_iter().map(|(_, sid)| sid).collect();
    assert_eq!(
        world.store.worker_sids(workspace.sid).await.unwrap(),
        expected
    );
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
    world
        .store
        .apply(&world.hung_up(&gone), NOON)
        .await
        .unwrap();
    expected.insert(gone.sid);
    expected.insert(world.offered("offered", "Maya", NOON).await.sid);
    let listed = world
        .store
        .task_sids(world.declared.workspace.sid)
        .await
        .unwrap();
    assert_eq!(listed.len(), expected.len());
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), expected);
    assert!(
        shards.len() > 8,
        "Tasks are spread over {} shards only",
        shards.len()
    );
}

#[tokio::test]
async fn another_workspace_has_a_listing_of_its_own() {
    let world = World::open().await;
    world.waiting("call", "en", NOON).await;
    let other = ids::WorkspaceSid::derive(&["other"]);
    assert_eq!(world.store.task_sids(other).await.unwrap(), []);
    assert_eq!(world.store.worker_sids(other).await.unwrap(), []);
}

/// The ids in the order they are read in, in parts of this size.
async fn walk(world: &World, limit: usize, forward: bool) -> Vec<TaskSid> {
    let way = if forward {
        Reading::Forward
    } else {
        Reading::Backward
    };
    let mut reading = way(None);
    let mut read = Vec::new();
    loop {
        let part = world
            .store
            .listed_tasks(world.declared.workspace.sid, &reading, limit)
            .await
            .unwrap();
        assert!(part.entries.len() <= limit);
        read.extend(part.entries.iter().map(|entry| entry.sid));
        match part.entries.last() {
            Some(last) if part.has_more => {
                reading = way(Some((last.created, last.sid.to_string())))
            }
            Some(_) | None => return read,
        }
    }
}

#[tokio::test]
async fn tasks_of_all_shards_are_read_in_one_order_part_by_part_and_either_way() {
    let world = World::open().await;
    let mut made: Vec<(Timestamp, TaskSid)> = Vec::new();
    for number in 0..60 {
        // Several in one millisecond.
        let task = world
            .waiting(&format!("call {number}"), "en", after_secs(number / 7))
            .await;
        made.push((task.date_created, task.sid));
    }
    made.sort_unstable();
    let mut expected: Vec<TaskSid> = made.into_iter().map(|(_, sid)| sid).collect();
    for limit in [1, 7, 59, 60, 1_000] {
        assert_eq!(walk(&world, limit, true).await, expected, "{limit}");
    }
    expected.reverse();
    for limit in [7, 1_000] {
        assert_eq!(walk(&world, limit, false).await, expected, "{limit}");
    }
    let half: Vec<TaskSid> = expected.split_off(30);
    let read = world.store.tasks(&half).await.unwrap();
    assert_eq!(
        read.iter().map(|task| task.sid).collect::<Vec<_>>(),
        half,
        "in the order asked for"
    );
}

#[tokio::test]
async fn reading_goes_on_behind_a_place_where_nothing_stands_any_more() {
    let world = World::open().await;
    let workspace = world.declared.workspace.sid;
    let all = world
        .store
        .listed_workers(workspace, &Reading::Forward(None), 10)
        .await
        .unwrap()
        .entries;
    let [first, second, third] = all[..] else {
        panic!("the example has other Workers: {all:?}")
    };
    let second_place = Some((second.created, second.sid.to_string()));
    let gone = world.store.worker(second.sid).await.unwrap().unwrap();
    world.store.delete_worker(&gone).await.unwrap();
    for (reading, expected) in [
        (Reading::Forward(second_place.clone()), third),
        (Reading::Backward(second_place), first),
    ] {
        let part = world
            .store
            .listed_workers(workspace, &reading, 10)
            .await
            .unwrap();
        assert_eq!(
            (part.entries, part.has_more),
            (vec![expected], false),
            "{reading:?}"
        );
    }
}

/// Many at once: who is as they should be is not written, and the others are what time and configuration make of them.
#[tokio::test]
async fn workers_are_brought_to_what_the_workspace_says_and_nobody_else_is_written() {
    let world = World::open().await;
    let before = world.workspace().await;
    let sids = world.store.worker_sids(before.sid).await.unwrap();
    let mut unchanged = world
        .store
        .advance_workers(&before, &sids, NOON)
        .await
        .unwrap();
    // A batch comes in any order.
    unchanged.sort_by_key(|worker| sids.iter().position(|sid| *sid == worker.sid));
    assert_eq!(unchanged, world.store.workers(&sids).await.unwrap());

    let mut after = (*before).clone();
    after.task_queues.remove(&world.queue("Hindi"));
    after.activities.remove(&world.activity("Available"));
    world.store.save_workspace(&after, NOON).await.unwrap();
    let later = after_secs(5);
    let advanced = world
        .store
        .advance_workers(&*world.workspace().await, &sids, later)
        .await
        .unwrap();
    for worker in &advanced {
        assert_eq!(
            (worker.activity_sid, worker.version),
            (after.default_activity_sid, 1)
        );
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
    after.activities.insert(
        lunch,
        Activity {
            sid: lunch,
            friendly_name: "Lunch".to_owned(),
            available: false,
        },
    );
    world.store.save_workspace(&after, NOON).await.unwrap();
    let maya = world.worker_sid("Maya");
    let event = Command::ActivitySet {
        worker: maya,
        activity: lunch,
        reject_pending: false,
    };
    world.store.fresh_workspace(after.sid, NOON).await.unwrap();
    world.store.apply(&event, NOON).await.unwrap();
    let advanced = world
        .store
        .advance_workers(&known, &[maya], NOON)
        .await
        .unwrap();
    assert_eq!(advanced[0].activity_sid, lunch);
}
