//! The table's stream, delivered to `routing` as an event source mapping does: the records of a lane
//! in order, one batch at a time, with a retry from the first record that failed. Lanes are
//! independent of one another. On AWS there are `ParallelizationFactor` lanes in each shard, and all
//! records of an item are in one lane.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use routing::{Incoming, Routing};
use serde_json::{Value, json};

use crate::history::{History, item_of};
use crate::invariants::Invariant;
use crate::invocation::invoke;
use crate::world::World;

/// Number of lanes: enough for several searches at once, few enough that a batch has several
/// records.
pub const LANES: usize = 4;

/// Most records in one batch.
const BATCH_RECORDS_MAX: usize = 10;

/// Most deliveries of a record before it is dropped. On AWS its age decides
/// (`MaximumRecordAgeInSeconds` in `template.yaml`). Attempts that fail because the disk does are not
/// counted, as in the local program.
const ATTEMPTS_MAX: u32 = 5;

/// Delivers the records of one lane, forever.
pub async fn deliver_lane(
    world: Arc<World>,
    history: Arc<History>,
    routing: Arc<Routing>,
    lane: usize,
) {
    let mut read = 0;
    let mut waiting = VecDeque::new();
    let mut attempts = 0;
    loop {
        for record in history.records_from(read) {
            read += 1;
            if lane_of(&record) == lane {
                waiting.push_back(record);
            }
        }
        if waiting.is_empty() {
            history.until_longer_than(read).await;
            continue;
        }
        let late = world.strikes(world.faults.late / 4.0);
        world.pass(1, if late { 3_000 } else { 60 }).await;
        let batch: Vec<Value> = waiting.iter().take(BATCH_RECORDS_MAX).cloned().collect();
        let disk_failures = world.disk_failures();
        let handled = deliver(&world, &routing, &batch).await;
        if handled > 0 {
            attempts = 0;
        } else if world.disk_failures() == disk_failures {
            attempts += 1;
        }
        waiting.drain(..handled);
        if handled < batch.len() {
            if attempts >= ATTEMPTS_MAX {
                if let Some(record) = waiting.pop_front() {
                    history.give_up(&world, &record);
                }
                attempts = 0;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        for record in batch {
            if world.strikes(world.faults.twice / 4.0) {
                tokio::spawn(deliver_later(
                    Arc::clone(&world),
                    Arc::clone(&routing),
                    record,
                ));
            }
        }
    }
}

/// Delivers one batch. Returns the number of records that were handled.
pub async fn deliver(world: &World, routing: &Routing, batch: &[Value]) -> usize {
    let incoming = match Incoming::try_from(json!({ "Records": batch })) {
        Ok(incoming) => incoming,
        Err(error) => {
            world.violated(
                Invariant::Simulation,
                format_args!("routing refused the batch: {error}"),
            );
            return batch.len();
        }
    };
    match invoke(world, "stream", routing::handle(routing, incoming)).await {
        Ok(Ok(reply)) => match reply
            .pointer("/batchItemFailures/0/itemIdentifier")
            .and_then(Value::as_str)
        {
            None => batch.len(),
            Some(failed) => batch
                .iter()
                .position(|record| sequence_number(record) == failed)
                .unwrap_or(0),
        },
        Ok(Err(_)) | Err(_) => 0,
    }
}

/// Delivers a record a second time, possibly long after its successors.
async fn deliver_later(world: Arc<World>, routing: Arc<Routing>, record: Value) {
    world.pass(1, 40_000).await;
    deliver(&world, &routing, &[record]).await;
}

fn sequence_number(record: &Value) -> &str {
    record
        .pointer("/dynamodb/SequenceNumber")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn lane_of(record: &Value) -> usize {
    let mut hash = DefaultHasher::new();
    item_of(record).hash(&mut hash);
    usize::try_from(hash.finish() % LANES as u64).unwrap_or_default()
}
