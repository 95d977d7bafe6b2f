//! A disk that becomes full while the built program runs, and has space again.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::test_centre::EXAMPLE;

use crate::client::Client;

/// Tasks that are created before the disk is full, and after it.
const TASKS: usize = 5;

/// Polls of the Events, each of which takes a request; more means that they never come.
const POLLS_MAX: usize = 2_000;

async fn create_tasks(client: &Client, acknowledged: &mut BTreeSet<String>) {
    for _ in 0..TASKS {
        acknowledged.insert(client.create_task().await.unwrap());
    }
}

/// The Tasks about whose creation there is no Event.
async fn without_event(client: &Client, tasks: &BTreeSet<String>) -> BTreeSet<String> {
    let events = client.stored_events().await;
    let created = |event: &Value| {
        let is_about = event["event_type"] == "task.created" && event["resource_type"] == "task";
        is_about.then(|| event["resource_sid"].as_str().unwrap().to_owned())
    };
    let created: BTreeSet<String> = events.iter().filter_map(created).collect();
    tasks.difference(&created).cloned().collect()
}

/// A write is refused, a read is served. Nothing acknowledged is lost, not even by a kill; and the
/// process goes on as soon as there is space.
#[tokio::test]
async fn full_disk_refuses_writes_until_it_has_space() {
    let client = Client::new(EXAMPLE);
    let mut acknowledged = BTreeSet::new();
    let process = client.start_with_limits().await;
    create_tasks(&client, &mut acknowledged).await;
    process.limit_file_size(Some(0)).await;
    let (status, refused) = client.post_task().await.unwrap();
    assert_eq!(
        (status.as_u16(), &refused["code"]),
        (503, &json!(20_503)),
        "{refused}"
    );
    client.reads(&acknowledged).await;
    process.limit_file_size(None).await;
    create_tasks(&client, &mut acknowledged).await;
    let mut missing = acknowledged.clone();
    for _ in 0..POLLS_MAX {
        missing = without_event(&client, &acknowledged).await;
        if missing.is_empty() {
            break;
        }
    }
    assert!(missing.is_empty(), "without an Event: {missing:?}");
    process.kill().await;

    let process = client.start().await;
    client.reads(&acknowledged).await;
    process.interrupt().await;
}
