//! Conditional writes of configuration, and deletion of Workspaces.

use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, TaskQueueSid, WorkspaceSid};
use store::{Error, Store};
use task_router::model::{Activity, ChannelUse, Expression, PartId, TaskQueue, Workspace};

use crate::world::{NOON, World};

const LATER: Timestamp = Timestamp::from_millis(NOON.as_millis() + 60_000);

fn queue(name: &str) -> TaskQueue {
    TaskQueue {
        sid: TaskQueueSid::derive(&[name]),
        friendly_name: name.to_owned(),
        target_workers: "1==1".parse::<Expression>().ok(),
        max_reserved_workers: 1,
        task_order: task_router::model::TaskOrder::Fifo,
        reservation_activity_sid: None,
        assignment_activity_sid: None,
    }
}

fn with_queue(workspace: &Workspace, name: &str) -> Workspace {
    let mut workspace = workspace.clone();
    let queue = queue(name);
    workspace.task_queues.insert(queue.sid, queue);
    workspace
}

/// A Workspace that is not stored yet, with one Activity.
fn second() -> Workspace {
    let sid = ActivitySid::derive(&["second"]);
    let mut workspace = Workspace::new(WorkspaceSid::derive(&["second"]), "Second", sid);
    workspace.activities.insert(
        sid,
        Activity {
            sid,
            friendly_name: "Offline".to_owned(),
            available: false,
        },
    );
    workspace
}

async fn fresh(store: &Store, sid: WorkspaceSid) -> Option<Workspace> {
    store
        .fresh_workspace(sid, LATER)
        .await
        .unwrap()
        .as_deref()
        .cloned()
}

#[tokio::test]
async fn stale_configuration_write_is_a_conflict() {
    let world = World::open().await;
    let read = world.workspace().await;
    let first = world.another_store(Vec::new());
    let saved = first
        .replace_workspace(Some(&read), &with_queue(&read, "A"), LATER)
        .await
        .unwrap();
    assert_eq!(saved.ledger.revision, read.ledger.revision + 1);
    let other = with_queue(&read, "B");
    assert!(matches!(
        world
            .store
            .replace_workspace(Some(&read), &other, LATER)
            .await,
        Err(Error::Conflict)
    ));
    let now = fresh(&world.store, read.sid).await.unwrap();
    assert_eq!(now, saved, "the second write changed nothing");
    world
        .store
        .replace_workspace(Some(&now), &with_queue(&now, "B"), LATER)
        .await
        .unwrap();
    assert_eq!(
        fresh(&first, read.sid).await.unwrap().task_queues.len(),
        read.task_queues.len() + 2
    );
}

#[tokio::test]
async fn unchanged_parts_are_not_written() {
    let world = World::open().await;
    let read = world.workspace().await;
    let saved = world
        .store
        .replace_workspace(Some(&read), &read, LATER)
        .await
        .unwrap();
    assert_eq!(
        (&saved, fresh(&world.store, read.sid).await.as_ref()),
        (&*read, Some(&*read))
    );
}

#[tokio::test]
async fn each_part_has_its_own_dates() {
    let world = World::open().await;
    let read = world.workspace().await;
    let is_declared = |part: &PartId| match part {
        PartId::TaskChannel(name) => read.task_channels[name].usage == ChannelUse::Used,
        PartId::Activity(_) | PartId::TaskQueue(_) | PartId::Workflow(_) | PartId::Workspace => {
            true
        }
    };
    assert_eq!(
        read.ledger.declared,
        read.parts().filter(is_declared).collect(),
        "the example declares every part but four standard TaskChannels"
    );
    let hindi = world.queue("Hindi");
    let mut after = with_queue(&read, "A");
    after
        .task_queues
        .get_mut(&hindi)
        .unwrap()
        .max_reserved_workers = 5;
    world
        .store
        .replace_workspace(Some(&read), &after, LATER)
        .await
        .unwrap();
    let now = fresh(&world.store, read.sid).await.unwrap();
    let dates = |sid| {
        let dates = now.ledger.dates[&PartId::TaskQueue(sid)];
        (dates.date_created, dates.date_updated)
    };
    assert_eq!(dates(hindi), (NOON, LATER));
    assert_eq!(dates(world.queue("English")), (NOON, NOON));
    assert_eq!(dates(queue("A").sid), (LATER, LATER));
    assert!(now.ledger.declared.contains(&PartId::TaskQueue(hindi)));
    assert!(
        !now.ledger
            .declared
            .contains(&PartId::TaskQueue(queue("A").sid))
    );
}

#[tokio::test]
async fn workflow_is_deleted_with_its_history() {
    let world = World::open().await;
    let read = world.workspace().await;
    let mut changed = (*read).clone();
    let workflow = changed.workflows.values_mut().next().unwrap();
    let sid = workflow.sid;
    let mut next = workflow.clone();
    next.configuration.filters.clear();
    let (next, superseded) = next.replacing(workflow, false);
    *workflow = next;
    changed.superseded.insert((sid, 0), superseded.unwrap());
    let changed = world
        .store
        .replace_workspace(Some(&read), &changed, LATER)
        .await
        .unwrap();
    assert!(
        fresh(&world.store, read.sid)
            .await
            .unwrap()
            .superseded
            .contains_key(&(sid, 0))
    );
    let mut without = changed.clone();
    without.workflows.clear();
    world
        .store
        .replace_workspace(Some(&changed), &without, LATER)
        .await
        .unwrap();
    let now = fresh(&world.store, read.sid).await.unwrap();
    assert!(now.workflows.is_empty() && now.superseded.is_empty());
}

#[tokio::test]
async fn many_parts_are_several_transactions() {
    let world = World::empty().await;
    let mut workspace = second();
    for number in 0..250 {
        workspace = with_queue(&workspace, &number.to_string());
    }
    let saved = world
        .store
        .replace_workspace(None, &workspace, NOON)
        .await
        .unwrap();
    assert_eq!(saved.ledger.revision, 3);
    assert_eq!(
        fresh(&world.store, workspace.sid).await,
        Some(saved.clone())
    );
    let mut none = saved.clone();
    none.task_queues.clear();
    world
        .store
        .replace_workspace(Some(&saved), &none, NOON)
        .await
        .unwrap();
    assert!(
        fresh(&world.store, workspace.sid)
            .await
            .unwrap()
            .task_queues
            .is_empty()
    );
}

#[tokio::test]
async fn interrupted_creation_can_be_repeated() {
    let world = World::empty().await;
    let workspace = second();
    world
        .store
        .replace_workspace(None, &workspace, NOON)
        .await
        .unwrap();
    // A Workspace's own fields are written last, so this is the state of an interrupted write.
    let key = store::items::key_attributes(&store::keys::Key::workspace(workspace.sid));
    world
        .client
        .delete_item()
        .table_name(&world.table)
        .set_key(Some(key))
        .send()
        .await
        .unwrap();
    assert_eq!(fresh(&world.store, workspace.sid).await, None);
    world
        .store
        .replace_workspace(None, &workspace, LATER)
        .await
        .unwrap();
    assert!(fresh(&world.store, workspace.sid).await.is_some());
}

#[tokio::test]
async fn workspaces_are_listed_oldest_first() {
    let world = World::open().await;
    world
        .store
        .replace_workspace(None, &second(), LATER)
        .await
        .unwrap();
    assert_eq!(
        world.store.workspace_sids().await.unwrap(),
        [world.declared.workspace.sid, second().sid]
    );
}

#[tokio::test]
async fn deleted_workspace_disappears_at_once() {
    let world = World::open().await;
    let read = world.workspace().await;
    let maya = world.worker_sid("Maya");
    let task = world.new_task("caller", "en", NOON).await;
    world.store.create_task(&task, &read).await.unwrap();
    world.store.remove_workspace(&read, LATER).await.unwrap();
    assert_eq!(fresh(&world.store, read.sid).await, None);
    assert_eq!(world.store.workspace_sids().await.unwrap(), []);
    assert_eq!(
        world.store.removed_workspace_sids().await.unwrap(),
        [read.sid]
    );
    let again = world
        .store
        .replace_workspace(None, &world.declared.workspace, LATER)
        .await;
    assert!(
        matches!(again, Err(Error::Conflict)),
        "the deletion has not finished"
    );

    let mut steps = 0;
    while world.store.clear_removed(read.sid, 2).await.unwrap() > 0 {
        steps += 1;
        assert!(steps < 100, "the deletion ends");
    }
    assert!(steps > 5, "two items a step: {steps}");
    assert_eq!(world.store.worker(maya).await.unwrap(), None);
    assert_eq!(
        world.store.worker_named(read.sid, "Maya").await.unwrap(),
        None
    );
    assert_eq!(world.store.declaration(maya).await.unwrap(), None);
    assert_eq!(world.store.task(task.sid).await.unwrap(), None);
    world.store.forget_removed(read.sid).await.unwrap();
    assert_eq!(world.store.removed_workspace_sids().await.unwrap(), []);
    let made = config::apply(&world.store, &world.declared, LATER + Millis::from_secs(60))
        .await
        .unwrap();
    assert!(!made.created.is_empty());
    assert_eq!(world.worker("Maya").await.sid, maya);
}

#[tokio::test]
async fn stale_workspace_is_not_deleted() {
    let world = World::open().await;
    let read = world.workspace().await;
    world
        .store
        .replace_workspace(Some(&read), &with_queue(&read, "A"), LATER)
        .await
        .unwrap();
    assert!(matches!(
        world.store.remove_workspace(&read, LATER).await,
        Err(Error::Conflict)
    ));
    assert!(fresh(&world.store, read.sid).await.is_some());
}
