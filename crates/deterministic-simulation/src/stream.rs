//! The table's stream, handed to `routing` as an event source mapping does: a shard's records in order, one batch at a time,
//! again from the first that failed; the shards independently of one another.

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

/// Items are spread over so many shards.
pub const SHARDS: usize = 2;

/// Records in one batch.
const BATCH_RECORDS_MAX: usize = 10;

/// Deliveries of a record before it is given up, as `MaximumRetryAttempts` in `template.yaml`.
const ATTEMPTS_MAX: u32 = 5;

/// Delivers one shard's records for ever.
pub async fn deliver_shard(
    world: Arc<World>,
    history: Arc<History>,
    routing: Arc<Routing>,
    shard: usize,
) {
    let mut read = 0;
    let mut waiting = VecDeque::new();
    let mut attempts = 0;
    loop {
        for record in history.records_from(read) {
            read += 1;
            if shard_of(&record) == shard {
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
        let handled = deliver(&world, &routing, &batch).await;
        attempts = if handled > 0 { 0 } else { attempts + 1 };
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
        for record in batch
            .into_iter()
            .filter(|_| world.strikes(world.faults.twice / 4.0))
        {
            tokio::spawn(deliver_later(
                Arc::clone(&world),
                Arc::clone(&routing),
                record,
            ));
        }
    }
}

/// Hands one batch over; how many of its records were handled.
pub async fn deliver(world: &World, routing: &Routing, batch: &[Value]) -> usize {
    let incoming = match Incoming::try_from(json!({ "Records": batch })) {
        Ok(incoming) => incoming,
        Err(error) => {
            world.violated(
                Invariant::Simulation,
                format_args!("routing refused its event: {error}"),
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

/// A record that comes once more, long after its successors perhaps.
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

fn shard_of(record: &Value) -> usize {
    let mut hash = DefaultHasher::new();
    item_of(record).hash(&mut hash);
    usize::try_from(hash.finish() % SHARDS as u64).unwrap_or_default()
}
