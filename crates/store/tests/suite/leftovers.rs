//! Ended Tasks that DynamoDB's time to live has not taken away yet: whoever lists Tasks removes them.

use ids::TaskSid;
use ids::time::{Millis, Timestamp};
use task_router::model::{Task, Workspace};

use crate::world::{NOON, World, after_secs};

/// For how long the example's ended Tasks can be read.
const KEPT_SECS: u64 = 300;

async fn ended(world: &World, cause: &str, at: Timestamp) -> TaskSid {
    let task = world.waiting(cause, "en", NOON).await;
    world.store.apply(&world.hung_up(&task), at).await.unwrap();
    task.sid
}

/// What is shown, and what is still in the table afterwards, of these Tasks.
async fn shown_and_left(
    world: &World,
    workspace: &Workspace,
    sids: &[TaskSid],
    now: Timestamp,
) -> (Vec<TaskSid>, Vec<TaskSid>) {
    let sid = |task: &Task| task.sid;
    let shown = world
        .store
        .readable_tasks(workspace, sids, now)
        .await
        .unwrap();
    let left = world.store.tasks(sids).await.unwrap();
    (
        shown.iter().map(sid).collect(),
        left.iter().map(sid).collect(),
    )
}

#[tokio::test]
async fn a_task_that_ended_too_long_ago_to_be_read_is_removed_by_who_lists_it_and_no_other_is() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let waits = world.waiting("waits", "en", NOON).await.sid;
    let (earlier, later) = (
        ended(&world, "earlier", NOON).await,
        ended(&world, "later", after_secs(1)).await,
    );
    let all = [earlier, waits, later];
    let just_before = after_secs(KEPT_SECS) - Millis::from_millis(1);
    assert_eq!(
        shown_and_left(&world, &workspace, &all, just_before).await,
        (all.to_vec(), all.to_vec())
    );
    let others = vec![waits, later];
    assert_eq!(
        shown_and_left(&world, &workspace, &all, after_secs(KEPT_SECS)).await,
        (others.clone(), others)
    );
}

#[tokio::test]
async fn a_task_that_nobody_may_read_stays_until_the_sweep_has_seen_it() {
    let world = World::open().await;
    let mut workspace = (*world.workspace().await).clone();
    workspace.rules.ended_task_kept = Millis::ZERO;
    let gone = ended(&world, "gone", NOON).await;
    assert_eq!(
        shown_and_left(&world, &workspace, &[gone], after_secs(179)).await,
        (vec![], vec![gone])
    );
    assert_eq!(
        shown_and_left(&world, &workspace, &[gone], after_secs(180)).await,
        (vec![], vec![])
    );
}

#[tokio::test]
async fn one_reading_removes_a_hundred() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let mut all = Vec::new();
    for number in 0..130 {
        all.push(ended(&world, &format!("call {number}"), NOON).await);
    }
    for left in [30, 0] {
        let (shown, still_there) =
            shown_and_left(&world, &workspace, &all, after_secs(KEPT_SECS)).await;
        assert_eq!((shown.len(), still_there.len()), (0, left));
    }
}
