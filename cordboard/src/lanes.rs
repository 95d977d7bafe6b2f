//! Lanes: stream records of different items are handled in parallel, as an event source mapping
//! does with `ParallelizationFactor`.
//!
//! The lane of a record follows from the partition key of its item, so the records of one item are
//! in one lane and in order. Lanes do not wait for each other: a failed record delays only those
//! behind it in its lane. This module decides what is handled next; [`crate::centre`] handles it.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;

use ids::time::{Millis, Timestamp};
use serde_json::{Map, Value};

use crate::embedded_dynamodb::SequenceNumber;
use crate::stream_reader::{Page, StreamRecord};

/// Number of lanes, as `ParallelizationFactor` in `template.yaml`.
pub const LANES_DEFAULT: NonZeroUsize = NonZeroUsize::new(10).expect("10 is not zero");

/// Maximum number of records in a batch. `BatchSize` in `template.yaml` is larger. Here progress is
/// made by batches: a process that is killed again and again repeats a batch that it cannot finish.
/// So the first batch of a process has one record, and each later one may have one more.
pub const BATCH_RECORDS_MAX: usize = 10;

/// The batches of a process after each of which progress is written. Later it is written at an
/// interval, which a process that is killed at once would never reach.
const START_BATCHES: usize = 100;

/// Maximum number of records held in all lanes: a batch for each of the lanes that AWS would have.
/// The stream keeps the others, so a burst does not fill the memory. At 200 records a second, half
/// of this collects behind a lane that retries for as long as it may.
const HELD_MAX: usize = 1_000;

/// Maximum number of deliveries of a record. After the last one the record is a dead letter, so that
/// it does not block its lane. On AWS its age decides (`MaximumRecordAgeInSeconds` in
/// `template.yaml`).
const RECORD_ATTEMPTS_MAX: u32 = 5;

/// Maximum number of deliveries that fail because the database does, on a full disk for example. No
/// other record could be handled either. With `REDELIVERY_DELAY` these are the 15 minutes of
/// `MaximumRecordAgeInSeconds` in `template.yaml`.
const DATABASE_ATTEMPTS_MAX: u32 = 900;

/// Backoff before a failed record is retried, long enough to outlast a short failure.
const REDELIVERY_DELAY: Millis = Millis::from_secs(1);

/// The records that were read and not yet handled.
pub struct Lanes {
    lanes: Vec<Lane>,
    /// With the moment of their writes.
    unhandled: BTreeMap<SequenceNumber, Timestamp>,
    /// The last record that was read.
    read: Option<SequenceNumber>,
    /// The position that [`Lanes::take_trimmable`] returned last.
    trimmed: Option<SequenceNumber>,
    /// Batches that were handled since the start, up to `START_BATCHES`.
    handled_batches: usize,
}

#[derive(Default)]
struct Lane {
    /// Unhandled records in the stream's order. A batch in flight is still among them.
    records: VecDeque<StreamRecord>,
    state: State,
    attempts: Attempts,
}

/// Failed deliveries of the first record of a lane, by what was to blame.
#[derive(Default)]
struct Attempts {
    record: u32,
    database: u32,
}

/// What a failed delivery is blamed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The record: it would fail again.
    Record,
    /// The database failed meanwhile, so the record may be handled later.
    Database,
}

/// The state of a lane.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    /// Its first records are being handled.
    InFlight,
    /// Its first record failed and is retried at this moment.
    RetryAt(Timestamp),
}

/// The next records of one lane.
#[derive(Debug)]
pub struct Batch {
    /// The place in the lanes to which the result is reported.
    pub place: Place,
    /// The event `{"Records":[…]}` of an event source mapping.
    pub event: Value,
}

/// The place of a batch in the lanes.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The lane's number, from 0.
    pub lane: usize,
    records: usize,
}

impl Lanes {
    /// Creates this number of empty lanes.
    pub fn new(count: NonZeroUsize) -> Self {
        Self {
            lanes: std::iter::repeat_with(Lane::default)
                .take(count.get())
                .collect(),
            unhandled: BTreeMap::new(),
            read: None,
            trimmed: None,
            handled_batches: 0,
        }
    }

    /// Ignores the records up to this one: an earlier process has handled them.
    #[must_use]
    pub fn after(self, handled: Option<SequenceNumber>) -> Self {
        Self {
            read: handled,
            trimmed: handled,
            ..self
        }
    }

    /// Whether this process has handled so few batches that progress is written after each.
    pub fn is_starting(&self) -> bool {
        self.handled_batches < START_BATCHES
    }

    /// The number of records that may be added now.
    pub fn room(&self) -> usize {
        HELD_MAX.saturating_sub(self.unhandled.len())
    }

    /// Adds the next records of the stream. Records that were added before, by this process or an
    /// earlier one, are ignored: the newest record is never trimmed, so it may be read again.
    pub fn put(&mut self, page: Page) {
        for record in page.records {
            if self.read.is_some_and(|read| record.number <= read) {
                continue;
            }
            self.unhandled.insert(record.number, record.written_at);
            let lane = lane_of(&record.partition_key, self.lanes.len());
            self.lanes[lane].records.push_back(record);
        }
        self.read = self.read.max(page.last);
    }

    /// Takes the next batch of every lane that is due.
    pub fn due(&mut self, now: Timestamp) -> Vec<Batch> {
        (0..self.lanes.len())
            .filter_map(|lane| self.next(lane, now))
            .collect()
    }

    /// Takes the next batch of one lane. `None`: it is empty, delayed, or has a batch in flight.
    pub fn next(&mut self, lane: usize, now: Timestamp) -> Option<Batch> {
        let number = lane;
        let records_max = BATCH_RECORDS_MAX.min(self.handled_batches + 1);
        let lane = self.lanes.get_mut(number)?;
        if !lane.is_due(now) {
            return None;
        }
        lane.state = State::InFlight;
        let records: Vec<Value> = lane
            .records
            .iter()
            .take(records_max)
            .map(|record| record.event.clone())
            .collect();
        let place = Place {
            lane: number,
            records: records.len(),
        };
        // Not `json!`, which would serialize the records.
        let event = Map::from_iter([("Records".to_owned(), Value::Array(records))]);
        Some(Batch {
            place,
            event: Value::Object(event),
        })
    }

    /// Reports that all records of a batch were handled.
    pub fn handled(&mut self, place: Place) {
        self.handled_batches = START_BATCHES.min(self.handled_batches + 1);
        self.remove(place.lane, place.records);
    }

    /// Reports that the records of a batch before `record` were handled and `record` failed; `None`
    /// or another record: the first one failed. It is retried after `REDELIVERY_DELAY`; after
    /// `RECORD_ATTEMPTS_MAX` attempts, or `DATABASE_ATTEMPTS_MAX` if the database is to blame, it is
    /// a dead letter, which is logged and dropped.
    pub fn failed(
        &mut self,
        place: Place,
        record: Option<SequenceNumber>,
        blame: Blame,
        now: Timestamp,
    ) {
        let Some(lane) = self.lanes.get(place.lane) else {
            return;
        };
        let handled = lane
            .records
            .iter()
            .take(place.records)
            .position(|held| Some(held.number) == record)
            .unwrap_or(0);
        self.remove(place.lane, handled);
        let lane = &mut self.lanes[place.lane];
        let is_retried = match blame {
            Blame::Record => {
                lane.attempts.record += 1;
                lane.attempts.record < RECORD_ATTEMPTS_MAX
            }
            Blame::Database => {
                lane.attempts.database += 1;
                lane.attempts.database < DATABASE_ATTEMPTS_MAX
            }
        };
        if is_retried {
            lane.state = State::RetryAt(now + REDELIVERY_DELAY);
            return;
        }
        let record = lane.records.front().map(|record| record.number);
        tracing::error!(?record, ?blame, "dead letter: stream record dropped");
        self.remove(place.lane, 1);
    }

    /// Ends a batch: removes its first records, which were handled.
    fn remove(&mut self, lane: usize, records: usize) {
        let Some(lane) = self.lanes.get_mut(lane) else {
            return;
        };
        lane.state = State::Idle;
        let records = records.min(lane.records.len());
        if records > 0 {
            lane.attempts = Attempts::default();
        }
        for record in lane.records.drain(..records) {
            self.unhandled.remove(&record.number);
        }
    }

    /// The moment at which the next failed record is retried.
    pub fn retry_at(&self) -> Option<Timestamp> {
        let retries = self.lanes.iter().filter_map(|lane| match lane.state {
            State::RetryAt(at) => Some(at),
            State::Idle | State::InFlight => None,
        });
        retries.min()
    }

    /// When the oldest record that was not handled was written, to the second; `None` if all were
    /// handled.
    pub fn oldest_unhandled(&self) -> Option<Timestamp> {
        self.unhandled.values().next().copied()
    }

    /// The record up to which the stream can be trimmed: all up to it were handled, in every lane.
    /// `None` if there is none, or none since the last call.
    pub fn take_trimmable(&mut self) -> Option<SequenceNumber> {
        let position = match self.unhandled.keys().next() {
            Some(first) => Some(first.saturating_sub(1)),
            None => self.read,
        };
        let position = position.filter(|position| Some(*position) > self.trimmed)?;
        self.trimmed = Some(position);
        Some(position)
    }

    /// Reports that the stream could not be trimmed: the next call of [`Lanes::take_trimmable`]
    /// returns a position again.
    pub fn retry_trim(&mut self) {
        self.trimmed = None;
    }
}

impl Lane {
    fn is_due(&self, now: Timestamp) -> bool {
        let is_free = match self.state {
            State::Idle => true,
            State::InFlight => false,
            State::RetryAt(at) => at <= now,
        };
        is_free && !self.records.is_empty()
    }
}

/// The lane of an item's records.
fn lane_of(partition_key: &str, lanes: usize) -> usize {
    // Its keys are constants: the same item has the same lane in every process.
    let mut hasher = DefaultHasher::new();
    partition_key.hash(&mut hasher);
    let lanes = u64::try_from(lanes).unwrap_or(u64::MAX);
    usize::try_from(hasher.finish() % lanes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);

    /// The lanes of a process that has handled many batches.
    fn lanes(count: usize) -> Lanes {
        Lanes {
            handled_batches: START_BATCHES,
            ..Lanes::new(NonZeroUsize::new(count).unwrap())
        }
    }

    fn record(number: SequenceNumber, partition_key: &str) -> StreamRecord {
        StreamRecord {
            number,
            partition_key: partition_key.to_owned(),
            written_at: NOON,
            event: json!(number as u64),
        }
    }

    /// A page of records with the numbers from `first` on, of these items.
    fn page(first: SequenceNumber, items: &[&str]) -> Page {
        let records: Vec<StreamRecord> = (first..)
            .zip(items)
            .map(|(number, item)| record(number, item))
            .collect();
        let last = records.last().map(|record| record.number);
        Page { records, last }
    }

    /// The sequence numbers in a batch.
    fn numbers(batch: &Batch) -> Vec<u64> {
        let records = batch.event["Records"].as_array().unwrap();
        records
            .iter()
            .map(|record| record.as_u64().unwrap())
            .collect()
    }

    /// Two items that are in different lanes.
    fn strangers(lanes: usize) -> (String, String) {
        let first = "item 0".to_owned();
        let other = (1..)
            .map(|number| format!("item {number}"))
            .find(|other| lane_of(other, lanes) != lane_of(&first, lanes))
            .unwrap();
        (first, other)
    }

    #[test]
    fn items_records_share_a_lane_in_order() {
        let mut lanes = lanes(10);
        let items: Vec<String> = (0..50).map(|item| format!("item {}", item % 25)).collect();
        let items: Vec<&str> = items.iter().map(String::as_str).collect();
        lanes.put(page(1, &items));
        let batches = lanes.due(NOON);
        assert!(batches.len() > 5, "{} lanes are used", batches.len());
        for batch in &batches {
            let found = numbers(batch);
            assert!(found.is_sorted(), "{found:?}");
            for number in found.iter().filter(|number| **number <= 25) {
                assert!(found.contains(&(number + 25)), "{number} is alone");
            }
        }
        assert_eq!(
            batches
                .iter()
                .map(|batch| numbers(batch).len())
                .sum::<usize>(),
            50
        );
    }

    #[test]
    fn one_lane_keeps_the_streams_order() {
        let mut lanes = lanes(1);
        lanes.put(page(1, &["A", "B", "A"]));
        let batches = lanes.due(NOON);
        assert_eq!(batches.iter().map(numbers).collect::<Vec<_>>(), [[1, 2, 3]]);
    }

    #[test]
    fn busy_lane_does_not_delay_another() {
        let mut lanes = lanes(4);
        let (slow, quick) = strangers(4);
        lanes.put(page(1, &[&slow]));
        assert_eq!(lanes.due(NOON).len(), 1);
        lanes.put(page(2, &[&slow, &quick]));
        let batches = lanes.due(NOON);
        assert_eq!(batches.iter().map(numbers).collect::<Vec<_>>(), [[3]]);
        assert!(lanes.due(NOON).is_empty(), "both lanes are in flight");
    }

    #[test]
    fn free_lane_continues_without_the_others() {
        let mut lanes = lanes(4);
        let (slow, quick) = strangers(4);
        lanes.put(page(1, &[&slow, &quick]));
        let started = lanes.due(NOON);
        lanes.put(page(3, &[&quick]));
        let done = started
            .iter()
            .find(|batch| numbers(batch) == [2])
            .unwrap()
            .place;
        assert!(lanes.next(done.lane, NOON).is_none(), "it is in flight");
        lanes.handled(done);
        assert_eq!(numbers(&lanes.next(done.lane, NOON).unwrap()), [3]);
    }

    #[test]
    fn failed_record_delays_only_its_lane() {
        let mut lanes = lanes(4);
        let (failing, other) = strangers(4);
        lanes.put(page(1, &[&failing, &failing, &failing]));
        let batch = lanes.due(NOON).remove(0);
        lanes.failed(batch.place, Some(2), Blame::Record, NOON);
        lanes.put(page(4, &[&other]));
        let now = NOON + Millis::from_millis(999);
        let batches = lanes.due(now);
        assert_eq!(batches.iter().map(numbers).collect::<Vec<_>>(), [[4]]);
        assert_eq!(lanes.retry_at(), Some(NOON + REDELIVERY_DELAY));
        let batches = lanes.due(NOON + REDELIVERY_DELAY);
        assert_eq!(batches.iter().map(numbers).collect::<Vec<_>>(), [[2, 3]]);
        assert_eq!(lanes.retry_at(), None);
    }

    #[test]
    fn record_is_a_dead_letter_after_five_attempts() {
        let mut lanes = lanes(1);
        lanes.put(page(1, &["A", "A"]));
        let mut now = NOON;
        for attempt in 1..=RECORD_ATTEMPTS_MAX {
            let batch = lanes.next(0, now).unwrap();
            assert_eq!(numbers(&batch), [1, 2], "attempt {attempt}");
            lanes.failed(batch.place, Some(1), Blame::Record, now);
            now += REDELIVERY_DELAY;
        }
        let batch = lanes.next(0, now).unwrap();
        assert_eq!(numbers(&batch), [2], "the dead letter blocks no record");
        lanes.failed(batch.place, Some(2), Blame::Record, now);
        assert!(
            lanes.retry_at().is_some(),
            "the next record has attempts of its own"
        );
    }

    /// It is a dead letter after as long as on AWS, and has its other attempts until then.
    #[test]
    fn failing_database_does_not_drop_the_record() {
        let mut lanes = lanes(1);
        lanes.put(page(1, &["A", "A"]));
        let mut now = NOON;
        for attempt in 1..=DATABASE_ATTEMPTS_MAX {
            let batch = lanes.next(0, now).unwrap();
            assert_eq!(numbers(&batch), [1, 2], "attempt {attempt}");
            lanes.failed(batch.place, Some(1), Blame::Database, now);
            now += REDELIVERY_DELAY;
        }
        assert_eq!(now, NOON + Millis::from_secs(900));
        assert_eq!(numbers(&lanes.next(0, now).unwrap()), [2]);
    }

    #[test]
    fn first_batches_are_small() {
        let mut lanes = Lanes::new(NonZeroUsize::MIN);
        lanes.put(page(1, &["A"; 100]));
        let mut sizes = Vec::new();
        while let Some(batch) = lanes.next(0, NOON) {
            assert!(lanes.is_starting());
            sizes.push(numbers(&batch).len());
            lanes.handled(batch.place);
        }
        assert_eq!(sizes[..4], [1, 2, 3, 4]);
        assert_eq!(sizes[9..], [10, 10, 10, 10, 10, 5]);
    }

    #[test]
    fn unknown_failure_retries_the_batch() {
        let mut lanes = lanes(1);
        lanes.put(page(1, &["A", "A"]));
        let batch = lanes.next(0, NOON).unwrap();
        lanes.failed(batch.place, None, Blame::Record, NOON);
        let batch = lanes.next(0, NOON + REDELIVERY_DELAY).unwrap();
        assert_eq!(numbers(&batch), [1, 2]);
    }

    #[test]
    fn lag_is_the_age_of_the_oldest_record() {
        let mut lanes = lanes(1);
        assert_eq!(lanes.oldest_unhandled(), None);
        let later = NOON + Millis::from_secs(9);
        let mut page = page(1, &["A", "A"]);
        page.records[1].written_at = later;
        lanes.put(page);
        let batch = lanes.next(0, NOON).unwrap();
        assert_eq!(lanes.oldest_unhandled(), Some(NOON));
        lanes.failed(batch.place, Some(2), Blame::Record, NOON);
        assert_eq!(lanes.oldest_unhandled(), Some(later));
        let batch = lanes.next(0, NOON + REDELIVERY_DELAY).unwrap();
        lanes.handled(batch.place);
        assert_eq!(lanes.oldest_unhandled(), None);
    }

    #[test]
    fn trims_up_to_the_slowest_lane() {
        let mut lanes = lanes(4);
        assert_eq!(lanes.take_trimmable(), None);
        let (slow, quick) = strangers(4);
        lanes.put(page(10, &[&quick, &slow, &quick]));
        let batches = lanes.due(NOON);
        let (quick, slow): (Vec<_>, Vec<_>) =
            batches.iter().partition(|batch| numbers(batch) == [10, 12]);
        lanes.handled(quick[0].place);
        assert_eq!(lanes.take_trimmable(), Some(10));
        assert_eq!(lanes.take_trimmable(), None, "it was trimmed");
        lanes.handled(slow[0].place);
        assert_eq!(lanes.take_trimmable(), Some(12));
        lanes.retry_trim();
        assert_eq!(lanes.take_trimmable(), Some(12), "it was not trimmed");
        lanes.put(Page {
            records: Vec::new(),
            last: Some(15),
        });
        assert_eq!(lanes.take_trimmable(), Some(15), "records without a lane");
    }

    #[test]
    fn record_of_earlier_process_is_ignored() {
        let mut lanes = lanes(2).after(Some(1));
        lanes.put(page(1, &["A", "A"]));
        let batch = lanes.due(NOON).remove(0);
        assert_eq!(numbers(&batch), [2]);
        assert_eq!(lanes.take_trimmable(), None, "it was trimmed");
    }

    #[test]
    fn record_that_is_read_again_is_ignored() {
        let mut lanes = lanes(2);
        lanes.put(page(1, &["A"]));
        lanes.put(page(1, &["A"]));
        let batch = lanes.due(NOON).remove(0);
        assert_eq!(numbers(&batch), [1]);
        lanes.handled(batch.place);
        lanes.put(page(1, &["A"]));
        assert!(lanes.due(NOON).is_empty());
    }

    #[test]
    fn held_records_are_limited() {
        let mut lanes = lanes(2);
        assert_eq!(lanes.room(), HELD_MAX);
        lanes.put(page(1, &["A", "B", "C"]));
        assert_eq!(lanes.room(), HELD_MAX - 3);
    }
}
