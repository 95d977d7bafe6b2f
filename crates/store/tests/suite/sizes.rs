//! Items of the largest allowed size, and larger ones.

use serde_json::json;
use store::Error;
use task_router::model::{
    ATTRIBUTES_CHARS_MAX, CONFIGURATION_BYTES_MAX, Configuration, Task, Worker, Workspace,
};

use crate::world::{NOON, World};

/// More than the 400 KB that an item may have.
const TOO_LARGE_BYTES: usize = 410_000;

#[tokio::test]
async fn largest_attributes_are_stored_whole() {
    let world = World::open().await;
    let known =
        json!({ "selected_language": "en", "note": "नमस्ते ".repeat(ATTRIBUTES_CHARS_MAX / 8) });
    let task = world.new_task_about("call", &known, NOON).await;
    let task = world.put_in_waiting_list(&task).await;
    assert_eq!(
        world.store.task(task.sid).await.unwrap(),
        Some(task.clone())
    );
    assert_eq!(world.waiting_page("English", None, 1).await, [task]);
}

#[tokio::test]
async fn page_of_large_tasks_is_full() {
    let world = World::open().await;
    let known =
        json!({ "selected_language": "en", "note": "x".repeat(ATTRIBUTES_CHARS_MAX - 100) });
    for number in 0..100 {
        let task = world
            .new_task_about(&number.to_string(), &known, NOON)
            .await;
        world.put_in_waiting_list(&task).await;
    }
    assert_eq!(world.waiting_in("English").await.len(), 100);
}

#[tokio::test]
async fn too_large_item_is_refused() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    let grow = |worker| Worker {
        friendly_name: "x".repeat(TOO_LARGE_BYTES),
        ..worker
    };
    let refused = world
        .store
        .change_worker(maya.sid, &*world.workspace().await, NOON, grow)
        .await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    assert_eq!(world.worker("Maya").await, maya);
}

#[tokio::test]
async fn too_large_item_cancels_its_transaction() {
    let world = World::open().await;
    let task: Task = world.waiting("call", "en", NOON).await;
    let mut decision = world.offer(&task, &world.worker("Maya").await, NOON).await;
    decision.workers[0].friendly_name = "x".repeat(TOO_LARGE_BYTES);
    let refused = world
        .store
        .commit(&decision, &*world.workspace().await)
        .await;
    assert!(refused.is_err());
    assert_eq!(world.store.task(task.sid).await.unwrap(), Some(task));
}

/// A configuration of the largest allowed size, different for each `mark`.
fn longest_configuration(world: &World, mark: &str) -> Configuration {
    let filter = |number: usize| {
        let expression = format!(
            "selected_language == \"{mark} {number} {}\"",
            "न".repeat(220)
        );
        json!({ "filter_friendly_name": mark, "expression": expression,
                "targets": [{ "queue": world.queue("English").to_string() }] })
    };
    let text = |filters: usize| {
        json!({ "filters": (0..filters).map(filter).collect::<Vec<_>>() }).to_string()
    };
    let filters = CONFIGURATION_BYTES_MAX / (text(11).len() - text(10).len()) - 2;
    let text = text(filters);
    assert!(text.len() > CONFIGURATION_BYTES_MAX * 99 / 100);
    Configuration::parse(&text).unwrap()
}

/// The Workspace with this configuration in place of that of its only Workflow.
fn with_configuration(before: &Workspace, configuration: &Configuration) -> Workspace {
    let mut after = before.clone();
    for workflow in after.workflows.values_mut() {
        let next = task_router::model::Workflow {
            configuration: configuration.clone(),
            ..workflow.clone()
        };
        let (next, superseded) = next.replacing(workflow, false);
        after
            .superseded
            .extend(superseded.map(|earlier| ((workflow.sid, workflow.version), earlier)));
        *workflow = next;
    }
    after
}

/// Neither the largest configuration nor those it supersedes are cut.
#[tokio::test]
async fn largest_configuration_is_stored_whole() {
    let world = World::open().await;
    let mut expected = Workspace::clone(&*world.workspace().await);
    for mark in ["one", "two"] {
        expected = with_configuration(&expected, &longest_configuration(&world, mark));
        world.store.save_workspace(&expected, NOON).await.unwrap();
    }
    let kept = |read: &Workspace| (read.workflows.clone(), read.superseded.clone());
    assert_eq!(kept(&*world.workspace().await), kept(&expected));
    // A process without a cache reads the same.
    let read = world
        .another_store(Vec::new())
        .fresh_workspace(expected.sid, NOON)
        .await
        .unwrap();
    assert_eq!(kept(&read.unwrap()), kept(&expected));
    assert_eq!(expected.superseded.len(), 2);
}

/// A reader sees the old configuration or the new one while it is written.
#[tokio::test]
async fn large_configuration_is_never_mixed() {
    let world = World::open().await;
    let before = Workspace::clone(&*world.workspace().await);
    let first = with_configuration(&before, &longest_configuration(&world, "one"));
    let second = with_configuration(&first, &longest_configuration(&world, "two"));
    world.store.save_workspace(&first, NOON).await.unwrap();
    let reader = world.another_store(Vec::new());
    let current = |read: &Workspace| {
        read.workflows
            .values()
            .next()
            .unwrap()
            .configuration
            .clone()
    };
    let writes = tokio::spawn({
        let store = world.store.clone();
        let second = second.clone();
        async move { store.save_workspace(&second, NOON).await }
    });
    let mut seen = Vec::new();
    while !writes.is_finished() {
        let read = reader
            .fresh_workspace(first.sid, NOON)
            .await
            .unwrap()
            .unwrap();
        seen.push(current(&read));
    }
    writes.await.unwrap().unwrap();
    assert!(
        seen.iter()
            .all(|seen| *seen == current(&first) || *seen == current(&second))
    );
    let read = reader
        .fresh_workspace(first.sid, NOON)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(current(&read), current(&second));
    assert_eq!(read.superseded, second.superseded);
}
