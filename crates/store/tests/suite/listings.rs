//! The listings of Workers and Tasks, whatever their state, and batch updates.

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
async fn tasks_of_all_states_are_listed() {
    let world = World::open().await;
    let mut expected = BTreeSet::new();
    let mut shards = BTreeSet::new();
    for number in 0..40 {
        let task = world.waiting(&format!("call {number}"), "en", NOON).await;
        shards.insert(keys::listing_shard(task.sid));
        expected.insert(task.sid);
    }
    let ended = world.waiting("ended", "en", NOON).await;
    world
        .store
        .apply(&world.hung_up(&ended), NOON)
        .await
        .unwrap();
    expected.insert(ended.sid);
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
async fn each_workspace_has_its_own_listing() {
    let world = World::open().await;
    world.waiting("call", "en", NOON).await;
    let other = ids::WorkspaceSid::derive(&["other"]);
    assert_eq!(world.store.task_sids(other).await.unwrap(), []);
    assert_eq!(world.store.worker_sids(other).await.unwrap(), []);
}

/// The ids in the order in which they are read, in pages of this size. `direction` makes a reading
/// of a cursor.
async fn read_all(
    world: &World,
    limit: usize,
    direction: fn(Option<(Timestamp, String)>) -> Reading,
) -> Vec<TaskSid> {
    let mut reading = direction(None);
    let mut read = Vec::new();
    loop {
        let page = world
            .store
            .listed_tasks(world.declared.workspace.sid, &reading, limit)
            .await
            .unwrap();
        assert!(page.entries.len() <= limit);
        read.extend(page.entries.iter().map(|entry| entry.sid));
        match page.entries.last() {
            Some(last) if page.has_more => {
                reading = direction(Some((last.created, last.sid.to_string())))
            }
            Some(_) | None => return read,
        }
    }
}

#[tokio::test]
async fn shards_are_merged_in_one_order() {
    let world = World::open().await;
    let mut created: Vec<(Timestamp, TaskSid)> = Vec::new();
    for number in 0..60 {
        // Several in one millisecond.
        let task = world
            .waiting(&format!("call {number}"), "en", after_secs(number / 7))
            .await;
        created.push((task.date_created, task.sid));
    }
    created.sort_unstable();
    let mut expected: Vec<TaskSid> = created.into_iter().map(|(_, sid)| sid).collect();
    for limit in [1, 7, 59, 60, 1_000] {
        assert_eq!(
            read_all(&world, limit, Reading::Forward).await,
            expected,
            "{limit}"
        );
    }
    expected.reverse();
    for limit in [7, 1_000] {
        assert_eq!(
            read_all(&world, limit, Reading::Backward).await,
            expected,
            "{limit}"
        );
    }
    let half: Vec<TaskSid> = expected.split_off(30);
    let read = world.store.tasks(&half).await.unwrap();
    assert_eq!(
        read.iter().map(|task| task.sid).collect::<Vec<_>>(),
        half,
        "in the requested order"
    );
}

#[tokio::test]
async fn cursor_of_deleted_worker_still_works() {
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
    let second_cursor = Some((second.created, second.sid.to_string()));
    let deleted = world.store.worker(second.sid).await.unwrap().unwrap();
    world.store.delete_worker(&deleted).await.unwrap();
    for (reading, expected) in [
        (Reading::Forward(second_cursor.clone()), third),
        (Reading::Backward(second_cursor), first),
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

/// A batch: Workers who are up to date are not written, and the others become what time and
/// configuration require.
#[tokio::test]
async fn only_outdated_workers_are_written() {
    let world = World::open().await;
    let before = world.workspace().await;
    let sids = world.store.worker_sids(before.sid).await.unwrap();
    let mut unchanged = world
        .store
        .advance_workers(&before, &sids, NOON)
        .await
        .unwrap();
    // A batch is read in any order.
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
        assert!(
            !worker
                .queue_membership
                .queues()
                .contains(&world.queue("Hindi"))
        );
    }
    assert_eq!(advanced.len(), 3);
}

/// A process may have cached a Workspace that is older than an Activity to which a Worker has just
/// moved.
#[tokio::test]
async fn activity_newer_than_cache_is_kept() {
    let world = World::open().await;
    let known = world.workspace().await;
    let mut after = (*known).clone();
    let lunch = ActivitySid::derive(&["lunch"]);
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
    let command = Command::ActivitySet {
        worker: maya,
        activity: lunch,
        reject_pending: false,
    };
    world.store.fresh_workspace(after.sid, NOON).await.unwrap();
    world.store.apply(&command, NOON).await.unwrap();
    let advanced = world
        .store
        .advance_workers(&known, &[maya], NOON)
        .await
        .unwrap();
    assert_eq!(advanced[0].activity_sid, lunch);
}
