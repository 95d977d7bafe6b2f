//! Two versions of the program on one table: what a newer one has added stays when this one writes.

use aws_sdk_dynamodb::types::AttributeValue;
use store::items::{key_attributes, text};
use store::keys::{self, Key};
use store::{Error, WorkerChange};
use task_router::model::{PartId, Worker, Workspace};
use task_router::router::Outcome;

use crate::world::{NOON, World, after_secs};

/// An attribute that no version of this program has.
const NEWER: &str = "added_by_a_newer_version";

/// A newer version adds its attribute to an item that this version has written, and may raise the
/// item's format.
async fn newer_version_writes(world: &World, key: &Key, format: Option<u32>) {
    let update = world
        .client
        .update_item()
        .table_name(&world.table)
        .set_key(Some(key_attributes(key)))
        .expression_attribute_names("#newer", NEWER)
        .expression_attribute_values(":newer", text("kept"));
    let update = match format {
        None => update.update_expression("SET #newer = :newer"),
        Some(format) => update
            .update_expression("SET #newer = :newer, fv = :fv")
            .expression_attribute_values(":fv", AttributeValue::N(format.to_string())),
    };
    update.send().await.unwrap();
}

/// The newer version's attribute is there, with its value.
async fn keeps_newer(world: &World, key: &Key) -> bool {
    world.item(key).await.unwrap().get(NEWER) == Some(&text("kept"))
}

#[tokio::test]
async fn old_version_keeps_newer_attributes() {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    let worker = world.worker("Maya").await;
    let [task_key, worker_key] = [Key::task(task.sid), Key::worker(worker.sid)];
    for key in [&task_key, &worker_key] {
        newer_version_writes(&world, key, None).await;
    }
    assert!(
        world
            .item(&task_key)
            .await
            .unwrap()
            .contains_key(keys::BOARD_PK)
    );

    // A transaction of both, and a write of the Task alone.
    let offer = world.offer(&task, &worker, NOON).await;
    let workspace = world.workspace().await;
    world.store.commit(&offer, &workspace).await.unwrap();
    for key in [&task_key, &worker_key] {
        assert!(keeps_newer(&world, key).await);
        assert!(
            !world.item(key).await.unwrap().contains_key(keys::BOARD_PK),
            "an attribute of this version is removed when its state ends"
        );
    }
    newer_version_writes(&world, &task_key, None).await;
    let hung_up = world.hung_up(&task);
    let ended = world.store.apply(&hung_up, after_secs(1)).await.unwrap();
    assert_eq!(ended.outcome, Outcome::Changed);
    let rename = |worker| Worker {
        friendly_name: "Maja".to_owned(),
        ..worker
    };
    let renamed = world
        .store
        .change_worker(worker.sid, &workspace, after_secs(2), rename)
        .await
        .unwrap();
    assert!(matches!(renamed, WorkerChange::Written { .. }));
    assert!(keeps_newer(&world, &task_key).await && keeps_newer(&world, &worker_key).await);
}

#[tokio::test]
async fn old_version_keeps_newer_configuration() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let mut parts: Vec<PartId> = workspace.parts().collect();
    parts.push(PartId::Workspace);
    let keys: Vec<Key> = parts
        .into_iter()
        .map(|part| Key::configuration(workspace.sid, part))
        .collect();
    for key in &keys {
        newer_version_writes(&world, key, None).await;
    }
    let before = world.workspace().await;
    let mut after = Workspace::clone(&before);
    after.friendly_name += ", renamed";
    for activity in after.activities.values_mut() {
        activity.friendly_name += ", renamed";
    }
    for queue in after.task_queues.values_mut() {
        queue.friendly_name += ", renamed";
    }
    for channel in after.task_channels.values_mut() {
        channel.friendly_name += ", renamed";
    }
    for workflow in after.workflows.values_mut() {
        workflow.friendly_name += ", renamed";
    }
    let replaced = world
        .store
        .replace_workspace(Some(&before), &after, after_secs(1))
        .await;
    replaced.unwrap();
    assert!(world.workspace().await.friendly_name.ends_with(", renamed"));
    for key in &keys {
        assert!(keeps_newer(&world, key).await, "{key:?}");
    }
}

/// An item whose format only a newer version knows is read and not written.
#[tokio::test]
async fn newer_format_is_not_written() {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    let worker = world.worker("Maya").await;
    let offer = world.offer(&task, &worker, NOON).await;
    newer_version_writes(
        &world,
        &Key::task(task.sid),
        Some(store::attributes::FORMAT + 1),
    )
    .await;
    let before = world.item(&Key::task(task.sid)).await;
    let workspace = world.workspace().await;
    let committed = world.store.commit(&offer, &workspace).await;
    assert!(matches!(committed, Err(Error::Conflict)), "{committed:?}");
    assert_eq!(world.item(&Key::task(task.sid)).await, before);
    assert_eq!(world.store.task(task.sid).await.unwrap(), Some(task));
}
