//! Items as large as they get, and larger.

use serde_json::json;
use shared::model::{ATTRIBUTES_CHARS_MAX, Task, Worker};
use store::Error;

use crate::world::{NOON, World};

/// More than an item may have: 400 KB.
const TOO_LARGE_BYTES: usize = 410_000;

#[tokio::test]
async fn a_task_with_as_many_attributes_as_may_be_is_kept_whole() {
    let world = World::open().await;
    let known = json!({ "selected_language": "en", "note": "नमस्ते ".repeat(ATTRIBUTES_CHARS_MAX / 8) });
    let task = world.new_task_about("call", &known, NOON).await;
    let task = world.put_in_line(&task).await;
    assert_eq!(world.store.task(task.sid).await.unwrap(), Some(task.clone()));
    assert_eq!(world.waiting_page("English", None, 1).await, [task]);
}

#[tokio::test]
async fn a_hundred_large_tasks_are_read_at_once() {
    let world = World::open().await;
    let known = json!({ "selected_language": "en", "note": "x".repeat(ATTRIBUTES_CHARS_MAX - 100) });
    for number in 0..100 {
        let task = world.new_task_about(&number.to_string(), &known, NOON).await;
        world.put_in_line(&task).await;
    }
    assert_eq!(world.waiting_in("English").await.len(), 100);
}

#[tokio::test]
async fn an_item_that_is_too_large_is_refused_and_what_was_there_stays() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    let grow = |worker| Worker { friendly_name: "x".repeat(TOO_LARGE_BYTES), ..worker };
    let refused = world.store.change_worker(maya.sid, &*world.workspace().await, NOON, grow).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    assert_eq!(world.worker("Maya").await, maya);
}

#[tokio::test]
async fn a_transaction_with_an_item_that_is_too_large_writes_none_of_the_others() {
    let world = World::open().await;
    let task: Task = world.waiting("call", "en", NOON).await;
    let mut decision = world.offer(&task, &world.worker("Maya").await, NOON).await;
    decision.workers[0].friendly_name = "x".repeat(TOO_LARGE_BYTES);
    let refused = world.store.commit(&decision, &*world.workspace().await).await;
    assert!(refused.is_err());
    assert_eq!(world.store.task(task.sid).await.unwrap(), Some(task));
}
