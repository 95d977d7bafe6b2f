//! The stream: one record for each write, with both images, and none for a refused write.

use std::collections::HashMap;

use aws_sdk_dynamodbstreams::types::{AttributeValue, Record, ShardIteratorType};

use crate::world::{NOON, World, after_secs};

#[tokio::test]
async fn task_write_is_a_record_with_both_images() {
    let world = World::open().await;
    let task = world.new_task("call", "en", NOON).await;
    world.create(&task).await;
    world
        .store
        .apply(&world.hung_up(&task), after_secs(1))
        .await
        .unwrap();
    let records = records_of(&world, &task.sid.to_string()).await;
    let statuses: Vec<_> = records
        .iter()
        .map(|record| {
            let change = record.dynamodb().unwrap();
            (status(change.old_image()), status(change.new_image()))
        })
        .collect();
    let text = |status: &str| Some(status.to_owned());
    assert_eq!(
        statuses,
        [(None, text("pending")), (text("pending"), text("canceled"))]
    );
}

#[tokio::test]
async fn refused_write_has_no_record() {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    let decision = world.offer(&task, &world.worker("Maya").await, NOON).await;
    let before = records_of(&world, &task.sid.to_string()).await.len();
    world.create(&task).await;
    world.set_activity("Maya", "Offline", NOON).await;
    world
        .store
        .commit(&decision, &*world.workspace().await)
        .await
        .unwrap_err();
    assert_eq!(
        records_of(&world, &task.sid.to_string()).await.len(),
        before
    );
}

#[tokio::test]
async fn each_item_of_a_transaction_has_a_record() {
    let world = World::open().await;
    let maya = world.worker_sid("Maya").to_string();
    let before = records_of(&world, &maya).await.len();
    let task = world.offered("call", "Maya", NOON).await;
    assert_eq!(
        records_of(&world, &task.sid.to_string()).await.len(),
        3,
        "created, put in its waiting list, offered"
    );
    assert_eq!(records_of(&world, &maya).await.len(), before + 1);
}

/// The records of the items of this partition, oldest first.
async fn records_of(world: &World, pk: &str) -> Vec<Record> {
    let listed = world
        .streams
        .list_streams()
        .table_name(&world.table)
        .send()
        .await
        .unwrap();
    let arn = listed.streams()[0].stream_arn().unwrap();
    let described = world
        .streams
        .describe_stream()
        .stream_arn(arn)
        .send()
        .await
        .unwrap();
    let mut found = Vec::new();
    for shard in described.stream_description().unwrap().shards() {
        let iterator = world
            .streams
            .get_shard_iterator()
            .stream_arn(arn)
            .shard_id(shard.shard_id().unwrap());
        let iterator = iterator
            .shard_iterator_type(ShardIteratorType::TrimHorizon)
            .send()
            .await
            .unwrap();
        let mut next = iterator.shard_iterator;
        while let Some(iterator) = next {
            let read = world
                .streams
                .get_records()
                .shard_iterator(iterator)
                .send()
                .await
                .unwrap();
            let records = read.records.unwrap_or_default();
            next = if records.is_empty() {
                None
            } else {
                read.next_shard_iterator
            };
            found.extend(records.into_iter().filter(|record| is_about(record, pk)));
        }
    }
    found
}

fn is_about(record: &Record, pk: &str) -> bool {
    let keys = record.dynamodb().and_then(|change| change.keys());
    keys.and_then(|keys| keys.get("pk"))
        .and_then(|pk| pk.as_s().ok())
        .is_some_and(|found| found == pk)
}

fn status(image: Option<&HashMap<String, AttributeValue>>) -> Option<String> {
    image?
        .get(store::compact::name_of("assignment_status"))?
        .as_s()
        .ok()
        .cloned()
}
