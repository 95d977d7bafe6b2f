//! Reads the table's stream and carries out what the mapping decides ([`super::stream_source`]):
//! invokes the function, and writes discarded records to the bucket.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::functions::Function;
use super::moto::Client;
use super::stream_source::{Batch, Discarded, Settings, StreamSource};
use crate::dynamodb_local::stream::Stream;
use crate::lambda::Outcome;

/// The pause between two reads of the stream. Lambda reads a shard four times a second.
const READ_PAUSE: Duration = Duration::from_millis(100);

/// What the pump and its owner share.
#[derive(Default)]
pub struct Shared {
    is_idle: AtomicBool,
    must_split: AtomicBool,
}

impl Shared {
    /// Whether everything that was read is handled.
    pub fn is_idle(&self) -> bool {
        self.is_idle.load(Ordering::Relaxed)
    }

    /// Splits every open shard.
    pub fn split(&self) {
        self.must_split.store(true, Ordering::Relaxed);
    }
}

/// The event source mapping of the stream.
pub struct StreamPump {
    source: StreamSource,
    stream: Stream,
    function: Arc<Function>,
    bucket: (Client, String),
    shared: Arc<Shared>,
    in_flight: JoinSet<(Batch, Outcome)>,
    discarded: u64,
}

impl StreamPump {
    /// A mapping from this stream to this function, whose discarded records go to this bucket.
    pub fn new(
        settings: Settings,
        stream: Stream,
        function: Arc<Function>,
        bucket: (Client, String),
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            source: StreamSource::new(settings),
            stream,
            function,
            bucket,
            shared,
            in_flight: JoinSet::new(),
            discarded: 0,
        }
    }

    /// Works until it is aborted.
    pub async fn run(mut self) {
        let mut reads = tokio::time::interval(READ_PAUSE);
        loop {
            tokio::select! {
                _tick = reads.tick() => self.read().await,
                Some(ended) = self.in_flight.join_next() => {
                    let (batch, outcome) = ended.unwrap();
                    self.finish(batch, &outcome).await;
                }
            }
            self.deliver();
        }
    }

    async fn read(&mut self) {
        let records = self.stream.read().await;
        let now = Instant::now();
        if self.shared.must_split.swap(false, Ordering::Relaxed) {
            self.source.split();
        }
        let is_idle = records.is_empty() && self.source.is_idle();
        self.shared.is_idle.store(is_idle, Ordering::Relaxed);
        for record in records {
            self.source.add(record, now);
        }
    }

    fn deliver(&mut self) {
        while let Some(batch) = self.source.next(Instant::now()) {
            let function = Arc::clone(&self.function);
            self.in_flight.spawn(async move {
                let event = json!({ "Records": batch.records() });
                let outcome = function.invoke(&event).await;
                (batch, outcome)
            });
        }
    }

    async fn finish(&mut self, batch: Batch, outcome: &Outcome) {
        let Some(discarded) = self.source.finish(batch, outcome, Instant::now()) else {
            return;
        };
        self.discarded += 1;
        let key = format!("aws/lambda/day/{}/{}", discarded.shard_id, self.discarded);
        let (client, bucket) = &self.bucket;
        let object = on_failure_object(&discarded, outcome);
        client.put_object(bucket, &key, object.to_string()).await;
    }
}

/// What Lambda writes to a bucket as on-failure destination: the records, and why they are there.
fn on_failure_object(discarded: &Discarded, outcome: &Outcome) -> Value {
    let error = match outcome {
        Outcome::Error(error) => error["type"].clone(),
        Outcome::Response(_) => Value::Null,
    };
    let count = discarded.records.len();
    json!({
        "requestContext": {
            "condition": "RecordAgeExceeded",
            "approximateInvokeCount": discarded.attempts,
        },
        "responseContext": { "statusCode": 200, "functionError": error },
        "version": "1.0",
        "DDBStreamBatchInfo": { "shardId": discarded.shard_id, "batchSize": count },
        "payload": { "Records": discarded.records },
    })
}
