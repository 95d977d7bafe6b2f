//! Configuration: the Workspace and its cache, voice settings, declarations, and recent wait times.

use std::sync::Arc;

use ids::time::Millis;
use ids::{ActivitySid, TaskQueueSid, WorkspaceSid};
use serde_json::json;
use store::{CONFIGURATION_KEPT, RecentWaits};
use task_router::model::{Activity, Ledger, QueueMembership, Readiness, Worker, Workspace};
use task_router::statistics::WaitTimes;

use crate::world::{NOON, World, after_secs, attributes};

/// A Workspace without its ledger, which the store adds.
fn undated(workspace: &Workspace) -> Workspace {
    Workspace {
        ledger: Ledger::default(),
        ..workspace.clone()
    }
}

#[tokio::test]
async fn workspace_is_read_as_written() {
    let world = World::empty().await;
    let workspace = &world.declared.workspace;
    assert_eq!(
        world
            .store
            .fresh_workspace(workspace.sid, NOON)
            .await
            .unwrap(),
        None
    );
    world.store.save_workspace(workspace, NOON).await.unwrap();
    assert_eq!(undated(&*world.workspace().await), undated(workspace));
}

#[tokio::test]
async fn workspace_of_several_pages_is_read_whole() {
    let world = World::empty().await;
    let mut workspace = world.declared.workspace.clone();
    for number in 0..170 {
        let sid = ActivitySid::derive(&[&number.to_string()]);
        let friendly_name = format!("{number} {}", "x".repeat(8_000));
        workspace.activities.insert(
            sid,
            Activity {
                sid,
                friendly_name,
                available: false,
            },
        );
    }
    world.store.save_workspace(&workspace, NOON).await.unwrap();
    assert_eq!(undated(&*world.workspace().await), undated(&workspace));
}

/// The Readinesses stay: they are hints, and not parts that a write replaces.
#[tokio::test]
async fn missing_parts_are_deleted() {
    let world = World::open().await;
    let before = world.workspace().await;
    assert!(!before.ready_lists.is_empty());
    let mut after = (*before).clone();
    after.task_queues.remove(&world.queue("Hindi"));
    after.activities.remove(&world.activity("Unavailable"));
    after.ready_lists.clear();
    world.store.save_workspace(&after, NOON).await.unwrap();
    let read = world.workspace().await;
    assert_eq!(
        (&read.task_queues, &read.activities),
        (&after.task_queues, &after.activities)
    );
    assert_eq!(read.ready_lists, before.ready_lists);
}

#[tokio::test]
async fn workspace_is_cached_for_a_moment() {
    let world = World::open().await;
    let other_process = world.another_store(Vec::new());
    let sid = world.declared.workspace.sid;
    let known = world
        .store
        .fresh_workspace(sid, NOON)
        .await
        .unwrap()
        .unwrap();
    let mut changed = (*known).clone();
    changed.friendly_name = "Another".to_owned();
    other_process.save_workspace(&changed, NOON).await.unwrap();
    let just_before = NOON + Millis::from_millis(CONFIGURATION_KEPT.as_millis() - 1);
    let kept = world
        .store
        .workspace(sid, just_before)
        .await
        .unwrap()
        .unwrap();
    assert!(Arc::ptr_eq(&kept, &known));
    let read = world
        .store
        .workspace(sid, NOON + CONFIGURATION_KEPT)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(read.friendly_name, "Another");
}

#[tokio::test]
async fn newer_task_is_read_past_the_cache() {
    let world = World::open().await;
    let other_process = world.another_store(Vec::new());
    let sid = world.declared.workspace.sid;
    let workflow = world.declared.voice_settings.workflow_sid;
    let mut task = world.new_task("before", "en", NOON).await;
    let known = world
        .store
        .fresh_workspace(sid, NOON)
        .await
        .unwrap()
        .unwrap();
    let kept = world
        .store
        .workspace_for(sid, [&task], NOON)
        .await
        .unwrap()
        .unwrap();
    assert!(Arc::ptr_eq(&kept, &known));
    let mut changed = (*known).clone();
    let version = changed.workflows[&workflow].version + 1;
    changed.workflows.get_mut(&workflow).unwrap().version = version;
    other_process.save_workspace(&changed, NOON).await.unwrap();
    task.workflow_version = version;
    let read = world
        .store
        .workspace_for(sid, [&task], NOON)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(read.workflows[&workflow].version, version);
}

#[tokio::test]
async fn voice_settings_are_cached_for_a_moment() {
    let world = World::empty().await;
    assert_eq!(world.store.voice_settings(NOON).await.unwrap(), None);
    world
        .store
        .save_voice_settings(&world.declared.voice_settings)
        .await
        .unwrap();
    assert_eq!(
        *world.store.voice_settings(NOON).await.unwrap().unwrap(),
        world.declared.voice_settings
    );
    let mut changed = world.declared.voice_settings.clone();
    changed.phone_number = "+17075550199".to_owned();
    world
        .another_store(Vec::new())
        .save_voice_settings(&changed)
        .await
        .unwrap();
    assert_eq!(
        *world.store.voice_settings(NOON).await.unwrap().unwrap(),
        world.declared.voice_settings
    );
    assert_eq!(
        *world
            .store
            .voice_settings(NOON + CONFIGURATION_KEPT)
            .await
            .unwrap()
            .unwrap(),
        changed
    );
}

/// The Readiness is registered before the first Worker who has it is written.
#[tokio::test]
async fn new_readiness_is_registered() {
    let world = World::open().await;
    let nothing = attributes(&json!({ "languages": [] }));
    let forget = |worker| Worker {
        attributes: nothing.clone(),
        ..worker
    };
    let maya = world.worker("Maya").await;
    let none = QueueMembership::new(Vec::new());
    let readiness = Readiness {
        queues: none.clone(),
        ..world.idle_readiness(&maya).await
    };
    assert!(
        !world
            .workspace()
            .await
            .ready_lists
            .contains_key(&readiness.key())
    );
    world
        .store
        .change_worker(maya.sid, &*world.workspace().await, NOON, forget)
        .await
        .unwrap();
    assert_eq!(world.worker("Maya").await.queue_membership, none);
    assert!(
        world
            .workspace()
            .await
            .ready_lists
            .contains_key(&readiness.key())
    );
}

#[tokio::test]
async fn registering_a_readiness_is_idempotent() {
    let world = World::open().await;
    let before = world.workspace().await.ready_lists.clone();
    let maya = world.worker("Maya").await;
    world
        .store
        .save_readiness(maya.workspace_sid, &world.idle_readiness(&maya).await)
        .await
        .unwrap();
    assert_eq!(world.workspace().await.ready_lists, before);
}

#[tokio::test]
async fn declaration_is_stored_and_deleted() {
    let world = World::empty().await;
    let maya = world.worker_sid("Maya");
    assert_eq!(world.store.declaration(maya).await.unwrap(), None);
    for digest in ["one", "two"] {
        world
            .store
            .save_declaration(maya, Some(digest))
            .await
            .unwrap();
        assert_eq!(
            world.store.declaration(maya).await.unwrap().as_deref(),
            Some(digest)
        );
    }
    world.store.save_declaration(maya, None).await.unwrap();
    assert_eq!(world.store.declaration(maya).await.unwrap(), None);
    world.store.save_declaration(maya, None).await.unwrap();
}

#[tokio::test]
async fn unchanged_wait_times_are_not_written() {
    let secs = |secs| Some(Millis::from_secs(secs));
    let world = World::empty().await;
    let english = world.queue("English");
    let hindi = world.queue("Hindi");
    let expected = async |queue, secs| {
        world
            .store
            .expected_wait(queue, after_secs(secs))
            .await
            .unwrap()
    };
    assert_eq!(expected(english, 0).await, None);
    let save = async |counted: &[(TaskQueueSid, u32)], secs| {
        let waits = counted.iter().map(|(queue, waited)| {
            RecentWaits::new(*queue, &WaitTimes::of(*waited), after_secs(secs))
        });
        world
            .store
            .save_recent_waits(&waits.collect::<Vec<_>>())
            .await
            .unwrap();
    };
    save(&[(english, 15), (hindi, 60)], 1).await;
    save(&[(english, 15), (hindi, 90)], 1_801).await;
    assert_eq!(
        (expected(english, 1_802).await, expected(hindi, 1_802).await),
        (secs(15), secs(90))
    );
    // An unchanged average is not written again, and so it expires.
    assert_eq!(
        (expected(english, 3_601).await, expected(hindi, 3_601).await),
        (None, secs(90))
    );
}

#[tokio::test]
async fn missing_workspace_is_none() {
    let world = World::open().await;
    assert_eq!(
        world
            .store
            .workspace(WorkspaceSid::derive(&["other"]), NOON)
            .await
            .unwrap(),
        None
    );
}
