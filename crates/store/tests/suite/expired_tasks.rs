//! Expired Tasks that DynamoDB's time to live has not deleted yet: a reader that lists Tasks
//! deletes them.

use ids::TaskSid;
use ids::time::{Millis, Timestamp};
use task_router::model::Workspace;

use crate::world::{NOON, World, after_secs};

/// The seconds for which the example's ended Tasks can be read.
const KEPT_SECS: u64 = 300;

async fn ended(world: &World, cause: &str, at: Timestamp) -> TaskSid {
    let task = world.waiting(cause, "en", NOON).await;
    world.store.apply(&world.hung_up(&task), at).await.unwrap();
    task.sid
}

/// The Tasks that are returned, and the Tasks that are still in the table afterwards.
async fn returned_and_stored(
    world: &World,
    workspace: &Workspace,
    sids: &[TaskSid],
    now: Timestamp,
) -> (Vec<TaskSid>, Vec<TaskSid>) {
    let returned = world
        .store
        .readable_tasks(workspace, sids, now)
        .await
        .unwrap();
    let stored = world.store.tasks(sids).await.unwrap();
    (
        returned.iter().map(|task| task.sid).collect(),
        stored.iter().map(|task| task.sid).collect(),
    )
}

/// Only an ended Task that can no longer be read is deleted.
#[tokio::test]
async fn expired_task_is_deleted_when_listed() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let waits = world.waiting("waits", "en", NOON).await.sid;
    let earlier = ended(&world, "earlier", NOON).await;
    let later = ended(&world, "later", after_secs(1)).await;
    let all = [earlier, waits, later];
    let just_before = after_secs(KEPT_SECS) - Millis::from_millis(1);
    assert_eq!(
        returned_and_stored(&world, &workspace, &all, just_before).await,
        (all.to_vec(), all.to_vec())
    );
    let others = vec![waits, later];
    assert_eq!(
        returned_and_stored(&world, &workspace, &all, after_secs(KEPT_SECS)).await,
        (others.clone(), others)
    );
}

#[tokio::test]
async fn ended_task_stays_until_the_sweep_ran() {
    let world = World::open().await;
    let mut workspace = (*world.workspace().await).clone();
    workspace.rules.ended_task_kept = Millis::ZERO;
    let unreadable = ended(&world, "unreadable", NOON).await;
    assert_eq!(
        returned_and_stored(&world, &workspace, &[unreadable], after_secs(179)).await,
        (vec![], vec![unreadable])
    );
    assert_eq!(
        returned_and_stored(&world, &workspace, &[unreadable], after_secs(180)).await,
        (vec![], vec![])
    );
}

#[tokio::test]
async fn one_listing_deletes_100_tasks() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let mut all = Vec::new();
    for number in 0..130 {
        all.push(ended(&world, &format!("call {number}"), NOON).await);
    }
    for expected in [30, 0] {
        let (returned, stored) =
            returned_and_stored(&world, &workspace, &all, after_secs(KEPT_SECS)).await;
        assert_eq!((returned.len(), stored.len()), (0, expected));
    }
}
