//! The event source mapping of a DynamoDB stream, as a state machine without IO.
//!
//! - The stream has shards, each for a range of partition keys. A shard that splits ends, and its two
//!   children take over its range. The records of a child are delivered when its parent's are handled.
//! - A shard has `ParallelizationFactor` lanes. The records of one item are in one lane, in order. A
//!   lane has one batch in flight.
//! - A failed batch is delivered again: from the record that the function reports
//!   (`ReportBatchItemFailures`), or, after an error of the function, in two halves one after the
//!   other (`BisectBatchOnFunctionError`).
//! - A failed record that has reached `MaximumRecordAgeInSeconds`, or its attempts, leaves the lane for
//!   the on-failure destination.
//!
//! Source: AWS Lambda's developer guide, "Using AWS Lambda with Amazon DynamoDB".

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use serde_json::Value;
use store::keys;

use crate::lambda::Outcome;

/// The pause before a failed batch is delivered again: the first one, and the maximum. It doubles
/// with each attempt.
const RETRY_PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// Records that are not handled yet; more are an endless loop.
const BACKLOG_MAX: usize = 100_000;

/// What `template.yaml` says about the mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Most records of a batch.
    pub batch_size: usize,
    /// Lanes of a shard.
    pub lanes: usize,
    /// Whether the batch of a function that failed is halved.
    pub bisects: bool,
    /// Retries of a batch; `None` without a limit.
    pub retries_max: Option<u32>,
    /// Age at which a failed record is discarded.
    pub record_age_max: Duration,
    /// The prefix of the partition keys that the filter excludes.
    pub excluded_prefix: String,
}

impl Settings {
    /// Reads the properties of an `AWS::Lambda::EventSourceMapping`.
    pub fn read(properties: &Value) -> Self {
        let filters = properties["FilterCriteria"]["Filters"].as_array().unwrap();
        assert_eq!(filters.len(), 1, "one filter is understood: {filters:?}");
        let pattern: Value = serde_json::from_str(filters[0]["Pattern"].as_str().unwrap()).unwrap();
        let excluded = pattern.pointer("/dynamodb/Keys/pk/S/0/anything-but/prefix");
        assert_eq!(
            properties["FunctionResponseTypes"][0], "ReportBatchItemFailures",
            "other answers are not understood"
        );
        let seconds = properties["MaximumRecordAgeInSeconds"].as_u64().unwrap();
        Self {
            batch_size: properties["BatchSize"].as_u64().unwrap() as usize,
            lanes: properties["ParallelizationFactor"].as_u64().unwrap_or(1) as usize,
            bisects: properties["BisectBatchOnFunctionError"] == true,
            retries_max: properties["MaximumRetryAttempts"]
                .as_i64()
                .and_then(|attempts| u32::try_from(attempts).ok()),
            record_age_max: Duration::from_secs(seconds),
            excluded_prefix: excluded.and_then(Value::as_str).unwrap().to_owned(),
        }
    }
}

/// A record and the moment at which it was read.
#[derive(Debug, Clone, PartialEq)]
struct Record {
    value: Value,
    arrived: Instant,
}

impl Record {
    fn sequence_number(&self) -> &str {
        self.value["dynamodb"]["SequenceNumber"].as_str().unwrap()
    }
}

/// One invocation of the function.
#[derive(Debug)]
pub struct Batch {
    shard: usize,
    lane: usize,
    attempt: u32,
    records: Vec<Record>,
}

impl Batch {
    /// Its records, as the function gets them.
    pub fn records(&self) -> Vec<Value> {
        self.records
            .iter()
            .map(|record| record.value.clone())
            .collect()
    }

    /// The id of its shard.
    pub fn shard_id(&self) -> String {
        format!("shardId-{:020}", self.shard)
    }
}

/// Records that were discarded together.
#[derive(Debug, PartialEq)]
pub struct Discarded {
    /// The shard that they were in.
    pub shard_id: String,
    /// Deliveries of the batch.
    pub attempts: u32,
    /// The records.
    pub records: Vec<Value>,
}

/// A batch that will be delivered again, alone.
#[derive(Debug)]
struct Retry {
    records: Vec<Record>,
    attempt: u32,
    due: Instant,
}

#[derive(Debug, Default)]
struct Lane {
    /// Parts of a failed batch, in order; they come before [`waiting`](Self::waiting).
    retries: VecDeque<Retry>,
    waiting: VecDeque<Record>,
    is_in_flight: bool,
}

impl Lane {
    fn is_drained(&self) -> bool {
        self.retries.is_empty() && self.waiting.is_empty() && !self.is_in_flight
    }
}

/// A shard: the records whose partition key's hash, modulo a power of two, has one value.
#[derive(Debug)]
struct Shard {
    parent: Option<usize>,
    /// How often its ancestors split.
    depth: u32,
    /// The value of the last `depth` bits of the hashes.
    bits: u64,
    has_ended: bool,
    lanes: Vec<Lane>,
}

impl Shard {
    fn new(parent: Option<usize>, depth: u32, bits: u64, lanes: usize) -> Self {
        Self {
            parent,
            depth,
            bits,
            has_ended: false,
            lanes: (0..lanes).map(|_| Lane::default()).collect(),
        }
    }

    fn holds(&self, hash: u64) -> bool {
        !self.has_ended && hash & ((1 << self.depth) - 1) == self.bits
    }

    fn is_drained(&self) -> bool {
        self.lanes.iter().all(Lane::is_drained)
    }
}

/// The state of the mapping.
#[derive(Debug)]
pub struct StreamSource {
    settings: Settings,
    /// Ended shards remain, because children wait for them.
    shards: Vec<Shard>,
}

impl StreamSource {
    /// A new mapping of a stream with one shard.
    pub fn new(settings: Settings) -> Self {
        let first = Shard::new(None, 0, 0, settings.lanes);
        Self {
            settings,
            shards: vec![first],
        }
    }

    /// Adds a record that was read from the stream, unless the filter excludes it.
    pub fn add(&mut self, value: Value, now: Instant) {
        let item = &value["dynamodb"]["Keys"];
        let partition = item[keys::PK]["S"].as_str().unwrap();
        if partition.starts_with(&self.settings.excluded_prefix) {
            return;
        }
        let partition_hash = hash(partition);
        let lane = hash(&item.to_string()) as usize % self.settings.lanes;
        let shards = self.shards.iter_mut();
        let mut shards = shards.filter(|shard| shard.holds(partition_hash));
        let shard = shards.next().expect("one open shard holds each key");
        let waiting = &mut shard.lanes[lane].waiting;
        assert!(waiting.len() < BACKLOG_MAX, "too many records");
        waiting.push_back(Record {
            value,
            arrived: now,
        });
    }

    /// Ends each open shard; two children take over its keys.
    pub fn split(&mut self) {
        for parent in 0..self.shards.len() {
            let shard = &mut self.shards[parent];
            if shard.has_ended {
                continue;
            }
            shard.has_ended = true;
            let (depth, bits) = (shard.depth, shard.bits);
            for bit in [0, 1] {
                let bits = bits | bit << depth;
                let lanes = self.settings.lanes;
                self.shards
                    .push(Shard::new(Some(parent), depth + 1, bits, lanes));
            }
        }
    }

    /// The next batch to deliver; `None` if nothing can be delivered now. Each batch is returned to
    /// [`finish`](Self::finish).
    pub fn next(&mut self, now: Instant) -> Option<Batch> {
        let size = self.settings.batch_size;
        for shard in 0..self.shards.len() {
            if !self.may_deliver(shard) {
                continue;
            }
            for (number, lane) in self.shards[shard].lanes.iter_mut().enumerate() {
                if let Some((records, attempt)) = take(lane, size, now) {
                    return Some(Batch {
                        shard,
                        lane: number,
                        attempt,
                        records,
                    });
                }
            }
        }
        None
    }

    /// Whether everything is handled or discarded.
    pub fn is_idle(&self) -> bool {
        self.shards.iter().all(Shard::is_drained)
    }

    /// Takes the outcome of a batch. Returns what is discarded.
    pub fn finish(&mut self, batch: Batch, outcome: &Outcome, now: Instant) -> Option<Discarded> {
        let shard_id = batch.shard_id();
        let attempt = batch.attempt + 1;
        let parts = self.failed_parts(batch.records, outcome);
        let lane = &mut self.shards[batch.shard].lanes[batch.lane];
        lane.is_in_flight = false;
        let mut discarded = Vec::new();
        for records in parts.into_iter().rev() {
            // Halves of a batch begin again to count.
            let attempt = if records.len() == 1 { attempt } else { 1 };
            let (expired, kept) = if self.settings.retries_max.is_some_and(|max| attempt > max) {
                (records, Vec::new())
            } else {
                records.into_iter().partition(|record: &Record| {
                    now.duration_since(record.arrived) >= self.settings.record_age_max
                })
            };
            discarded.splice(0..0, expired.into_iter().map(|record| record.value));
            if !kept.is_empty() {
                lane.retries.push_front(Retry {
                    records: kept,
                    attempt,
                    due: now + pause(attempt),
                });
            }
        }
        (!discarded.is_empty()).then_some(Discarded {
            shard_id,
            attempts: attempt,
            records: discarded,
        })
    }

    fn may_deliver(&self, shard: usize) -> bool {
        let mut ancestor = self.shards[shard].parent;
        while let Some(parent) = ancestor {
            if !self.shards[parent].is_drained() {
                return false;
            }
            ancestor = self.shards[parent].parent;
        }
        true
    }

    /// The parts of a batch that are delivered again, in order.
    fn failed_parts(&self, mut records: Vec<Record>, outcome: &Outcome) -> Vec<Vec<Record>> {
        let failed = match outcome {
            Outcome::Error(_) if self.settings.bisects && records.len() > 1 => {
                let second = records.split_off(records.len() / 2);
                return vec![records, second];
            }
            Outcome::Error(_) => return vec![records],
            Outcome::Response(answer) => reported(answer),
        };
        // The lowest sequence number that was reported is the checkpoint. One that is not in the batch
        // makes the whole batch a failure.
        let is_unknown = |failed: &&String| {
            let mut known = records.iter().map(Record::sequence_number);
            !known.any(|number| number == failed.as_str())
        };
        if failed.iter().any(|failed| is_unknown(&failed)) {
            return vec![records];
        }
        let is_failed = |record: &Record| {
            failed
                .iter()
                .any(|failed| failed == record.sequence_number())
        };
        match records.iter().position(is_failed) {
            None => Vec::new(),
            // The failed record alone, so that it delays only what follows it while it is retried.
            Some(first) => {
                let mut rest = records.split_off(first);
                let behind = rest.split_off(1);
                [rest, behind]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect()
            }
        }
    }
}

/// The next records of a lane and their attempts so far, if it may deliver.
fn take(lane: &mut Lane, size: usize, now: Instant) -> Option<(Vec<Record>, u32)> {
    if lane.is_in_flight {
        return None;
    }
    if let Some(retry) = lane.retries.front() {
        if retry.due > now {
            return None;
        }
        let retry = lane.retries.pop_front()?;
        lane.is_in_flight = true;
        return Some((retry.records, retry.attempt));
    }
    if lane.waiting.is_empty() {
        return None;
    }
    let count = size.min(lane.waiting.len());
    lane.is_in_flight = true;
    Some((lane.waiting.drain(..count).collect(), 0))
}

/// The `itemIdentifier`s of an answer's `batchItemFailures`.
pub fn reported(answer: &Value) -> Vec<String> {
    let failures = answer["batchItemFailures"].as_array().into_iter().flatten();
    let items = failures.filter_map(|failure| failure["itemIdentifier"].as_str());
    items.map(str::to_owned).collect()
}

fn pause(attempt: u32) -> Duration {
    let (first, max) = RETRY_PAUSE;
    let doublings = attempt.saturating_sub(1).min(16);
    max.min(first * 2_u32.pow(doublings))
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AGE: Duration = Duration::from_secs(900);

    fn settings() -> Settings {
        Settings {
            batch_size: 4,
            lanes: 1,
            bisects: true,
            retries_max: None,
            record_age_max: AGE,
            excluded_prefix: "EVENTS#".to_owned(),
        }
    }

    fn record(partition: &str, number: u32) -> Value {
        json!({"dynamodb": {
            "Keys": {"pk": {"S": partition}, "sk": {"S": "TASK"}},
            "SequenceNumber": number.to_string(),
        }})
    }

    fn source(settings: Settings, records: &[(&str, u32)], now: Instant) -> StreamSource {
        let mut source = StreamSource::new(settings);
        for (partition, number) in records {
            source.add(record(partition, *number), now);
        }
        source
    }

    fn numbers(batch: &Batch) -> Vec<u32> {
        let numbers = batch.records.iter();
        numbers
            .map(|record| record.sequence_number().parse().unwrap())
            .collect()
    }

    fn error() -> Outcome {
        Outcome::Error(json!({"type": "Runtime.ExitError"}))
    }

    fn failed(number: &str) -> Outcome {
        Outcome::Response(json!({"batchItemFailures": [{"itemIdentifier": number}]}))
    }

    fn handled() -> Outcome {
        Outcome::Response(json!({"batchItemFailures": []}))
    }

    /// The numbers of all batches while `outcome` decides; batches in retry are delivered when due.
    fn deliveries(
        source: &mut StreamSource,
        begun: Instant,
        outcome: impl Fn(&[u32]) -> Outcome,
    ) -> (Vec<Vec<u32>>, Vec<Discarded>) {
        let (mut seen, mut discarded) = (Vec::new(), Vec::new());
        let mut now = begun;
        while !source.is_idle() {
            let Some(batch) = source.next(now) else {
                now += Duration::from_millis(100);
                continue;
            };
            let batch_numbers = numbers(&batch);
            let outcome = outcome(&batch_numbers);
            seen.push(batch_numbers);
            discarded.extend(source.finish(batch, &outcome, now));
        }
        (seen, discarded)
    }

    #[test]
    fn lane_has_one_batch_in_flight() {
        let now = Instant::now();
        let records = [
            ("A", 1),
            ("A", 2),
            ("EVENTS#A", 3),
            ("A", 4),
            ("A", 5),
            ("A", 6),
        ];
        let mut source = source(settings(), &records, now);
        let first = source.next(now).unwrap();
        assert_eq!(numbers(&first), [1, 2, 4, 5]);
        assert!(source.next(now).is_none());
        assert_eq!(source.finish(first, &handled(), now), None);
        let second = source.next(now).unwrap();
        assert_eq!(numbers(&second), [6]);
        assert_eq!(source.finish(second, &handled(), now), None);
        assert!(source.is_idle());
    }

    #[test]
    fn records_of_an_item_share_a_lane() {
        let now = Instant::now();
        let many = Settings {
            lanes: 10,
            ..settings()
        };
        let keys: Vec<String> = (0..20).map(|number| format!("K{number}")).collect();
        let records: Vec<(&str, u32)> = (0..2)
            .flat_map(|round| {
                keys.iter()
                    .zip(0..)
                    .map(move |(key, number)| (key.as_str(), round * 100 + number))
            })
            .collect();
        let mut source = source(many, &records, now);
        let batches: Vec<Vec<u32>> = std::iter::from_fn(|| source.next(now))
            .map(|batch| numbers(&batch))
            .collect();
        assert!(batches.len() > 3, "{batches:?}");
        for batch in &batches {
            for number in batch.iter().filter(|number| **number >= 100) {
                assert!(
                    batch.contains(&(number - 100)) || batch.len() == 4,
                    "{batches:?}"
                );
            }
        }
    }

    #[test]
    fn batch_of_failed_function_is_halved() {
        let now = Instant::now();
        let mut source = source(settings(), &[("A", 1), ("A", 2), ("A", 3), ("A", 4)], now);
        let fails_twice = |batch: &[u32]| match batch {
            [1, 2, 3, 4] | [3, 4] => error(),
            _ => handled(),
        };
        let (seen, discarded) = deliveries(&mut source, now, fails_twice);
        assert_eq!(
            seen,
            [vec![1, 2, 3, 4], vec![1, 2], vec![3, 4], vec![3], vec![4]]
        );
        assert_eq!(discarded, []);
    }

    #[test]
    fn reported_record_is_the_checkpoint() {
        let now = Instant::now();
        let mut source = source(settings(), &[("A", 1), ("A", 2), ("A", 3)], now);
        let first = source.next(now).unwrap();
        assert_eq!(source.finish(first, &failed("2"), now), None);
        assert!(source.next(now).is_none(), "it is not due");
        let later = now + RETRY_PAUSE.0;
        let second = source.next(later).unwrap();
        assert_eq!(numbers(&second), [2], "1 is handled, and 3 follows 2");
        source.finish(second, &handled(), later);
        assert_eq!(numbers(&source.next(later).unwrap()), [3]);
    }

    #[test]
    fn unknown_identifier_fails_the_batch() {
        let now = Instant::now();
        let mut source = source(settings(), &[("A", 1), ("A", 2)], now);
        let first = source.next(now).unwrap();
        source.finish(first, &failed("77"), now);
        assert_eq!(numbers(&source.next(now + RETRY_PAUSE.0).unwrap()), [1, 2]);
    }

    #[test]
    fn poison_record_is_discarded_at_its_age() {
        let now = Instant::now();
        let mut source = source(settings(), &[("A", 1), ("A", 2), ("A", 3), ("A", 4)], now);
        let poisoned = |batch: &[u32]| {
            if batch.contains(&3) {
                error()
            } else {
                handled()
            }
        };
        let (seen, discarded) = deliveries(&mut source, now, poisoned);
        let attempts = seen.iter().filter(|batch| batch.contains(&3)).count();
        assert!(attempts > 10, "{attempts}");
        assert_eq!(
            seen.last(),
            Some(&vec![4]),
            "what follows it in its lane is handled then"
        );
        let values: Vec<&Value> = discarded.iter().flat_map(|one| &one.records).collect();
        assert_eq!(values, [&record("A", 3)]);
    }

    #[test]
    fn retries_are_limited() {
        let now = Instant::now();
        let limited = Settings {
            retries_max: Some(2),
            ..settings()
        };
        let mut source = source(limited, &[("A", 1)], now);
        let (seen, discarded) = deliveries(&mut source, now, |_| error());
        assert_eq!(seen.len(), 3);
        assert_eq!(discarded[0].attempts, 3);
    }

    #[test]
    fn children_wait_for_their_parent() {
        let now = Instant::now();
        let keys: Vec<String> = (0..8).map(|number| format!("K{number}")).collect();
        let mut source = StreamSource::new(settings());
        let add_all = |source: &mut StreamSource, from: u32| {
            for (key, number) in keys.iter().zip(from..) {
                source.add(record(key, number), now);
            }
        };
        add_all(&mut source, 100);
        source.split();
        add_all(&mut source, 200);
        let first = source.next(now).unwrap();
        assert_eq!(numbers(&first), [100, 101, 102, 103]);
        assert!(source.next(now).is_none(), "the parent is not drained");
        source.finish(first, &handled(), now);
        let second = source.next(now).unwrap();
        source.finish(second, &handled(), now);
        let children: Vec<Batch> = std::iter::from_fn(|| source.next(now)).collect();
        let shards: Vec<String> = children.iter().map(Batch::shard_id).collect();
        assert_eq!(children.len(), 2, "{shards:?}");
        assert_ne!(shards[0], shards[1]);
        assert!(
            children
                .iter()
                .flat_map(numbers)
                .all(|number| number >= 200)
        );
    }
}
