//! The history of the table: its stream, read at the moment of each write.
//!
//! The history yields the records delivered to `routing`, the replica that lags behind and answers
//! index reads, and the picture of all Tasks and Workers that the invariants check.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dynoxide::Database;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use ids::time::{Millis, Timestamp};
use ids::{TaskSid, WorkerSid};
use serde_json::{Value, json};
use store::keys;
use store::stream::{self, Change, EventRecord};
use task_router::model::{Task, Worker};
use tokio::sync::Notify;

use crate::invariants::events::Expected;
use crate::invariants::{self, Invariant};
use crate::invocation;
use crate::table::TABLE;
use crate::world::World;

/// All writes so far.
pub struct History {
    database: Database,
    replica: Database,
    /// Not a watch channel, which wakes its waiters in random order.
    grew: Notify,
    state: Mutex<State>,
}

struct State {
    iterator: String,
    writes: usize,
    picture: Picture,
    /// The Events that the writes so far imply.
    expected_events: Expected,
    /// All records, oldest first.
    records: Vec<Value>,
    /// Records that the indexes have not received, by the moment they will, then by their order.
    lagging: BTreeMap<(Timestamp, usize), Value>,
    /// When the indexes receive the newest record of each item.
    seen_at: BTreeMap<String, Timestamp>,
}

/// A snapshot of all Tasks and Workers in the table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// By SID.
    pub tasks: BTreeMap<TaskSid, Task>,
    /// By SID.
    pub workers: BTreeMap<WorkerSid, Worker>,
}

impl History {
    /// A history of two databases whose tables are empty: the table itself and its lagging replica.
    ///
    /// # Errors
    /// A message when the table has no stream.
    pub fn new(database: Database, replica: Database) -> Result<Arc<Self>, String> {
        let iterator = first_iterator(&database)?;
        let state = State {
            iterator,
            writes: 0,
            picture: Picture::default(),
            expected_events: Expected::default(),
            records: Vec::new(),
            lagging: BTreeMap::new(),
            seen_at: BTreeMap::new(),
        };
        Ok(Arc::new(Self {
            database,
            replica,
            grew: Notify::new(),
            state: Mutex::new(state),
        }))
    }

    /// The table's database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The database that answers index reads.
    pub fn replica(&self) -> &Database {
        &self.replica
    }

    /// The current Tasks and Workers.
    pub fn picture(&self) -> Picture {
        self.state().picture.clone()
    }

    /// Reads the picture without copying it.
    pub fn read<T>(&self, look: impl FnOnce(&Picture) -> T) -> T {
        look(&self.state().picture)
    }

    /// Number of writes so far; a transaction counts once.
    pub fn writes(&self) -> usize {
        self.state().writes
    }

    /// The records from index `from` on.
    pub fn records_from(&self, from: usize) -> Vec<Value> {
        self.state()
            .records
            .get(from..)
            .unwrap_or_default()
            .to_vec()
    }

    /// Reads the newest records from the stream, and checks the invariants.
    pub fn record_write(&self, world: &World) {
        let records = match self.new_records() {
            Ok(records) => records,
            Err(error) => {
                return world.violated(Invariant::Simulation, format_args!("stream: {error}"));
            }
        };
        if records.is_empty() {
            return;
        }
        let mut state = self.state();
        state.writes += 1;
        let before = state.picture.clone();
        for mut record in records {
            set_moment(&mut record, state.records.len(), world.now());
            state.lag(world, &record);
            match serde_json::from_value::<EventRecord>(record.clone()) {
                Ok(event) => state.picture.follow(world, &event),
                Err(error) => world.violated(
                    Invariant::Simulation,
                    format_args!("stream record: {error}"),
                ),
            }
            state.records.push(record);
        }
        invariants::after_write(world, &before, &state.picture);
        let State {
            picture,
            expected_events,
            ..
        } = &mut *state;
        expected_events.follow(&before, picture);
        self.grew.notify_waiters();
    }

    /// The Events that the writes so far imply.
    pub fn expected_events(&self) -> Expected {
        self.state().expected_events.clone()
    }

    /// Notes that a record will not be delivered any more.
    pub fn give_up(&self, world: &World, record: &Value) {
        let item = item_of(record);
        world.note(format_args!(
            "record of {item} is dropped after too many attempts"
        ));
        let partition = item
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned();
        self.state().expected_events.give_up(partition);
    }

    /// Completes when there are more than `records` records.
    pub async fn until_longer_than(&self, records: usize) {
        loop {
            let grows = self.grew.notified();
            if self.state().records.len() > records {
                return;
            }
            grows.await;
        }
    }

    /// Delivers the records to the indexes that are due by now.
    pub fn catch_up(&self, world: &World) {
        let now = world.now();
        let mut state = self.state();
        let later = state.lagging.split_off(&(now + Millis::from_millis(1), 0));
        let due = std::mem::replace(&mut state.lagging, later);
        for record in due.into_values() {
            if let Err(error) = self.replicate(&record) {
                world.violated(Invariant::Simulation, format_args!("indexes: {error}"));
            }
        }
    }

    fn replicate(&self, record: &Value) -> Result<(), String> {
        let failed = |error: &dyn std::fmt::Display| error.to_string();
        match record.pointer("/dynamodb/NewImage") {
            Some(image) => {
                let put = serde_json::from_value(json!({ "TableName": TABLE, "Item": image }));
                let put = put.map_err(|error| failed(&error))?;
                self.replica
                    .put_item(put)
                    .map(|_| ())
                    .map_err(|error| failed(&error))
            }
            None => {
                let delete = json!({ "TableName": TABLE, "Key": record.pointer("/dynamodb/Keys") });
                let delete = serde_json::from_value(delete).map_err(|error| failed(&error))?;
                self.replica
                    .delete_item(delete)
                    .map(|_| ())
                    .map_err(|error| failed(&error))
            }
        }
    }

    fn new_records(&self) -> Result<Vec<Value>, String> {
        let request = GetRecordsRequest {
            shard_iterator: self.state().iterator.clone(),
            limit: None,
        };
        let read = self
            .database
            .get_records(request)
            .map_err(|error| error.to_string())?;
        if let Some(next) = read.next_shard_iterator {
            self.state().iterator = next;
        }
        let records: Result<Vec<Value>, _> =
            read.records.iter().map(serde_json::to_value).collect();
        records.map_err(|error| error.to_string())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Schedules a record for the indexes, which receive the records of one item in order.
    fn lag(&mut self, world: &World, record: &Value) {
        let is_indexed = ["/dynamodb/NewImage", "/dynamodb/OldImage"]
            .iter()
            .filter_map(|image| record.pointer(image))
            .any(|image| {
                image.get(keys::BOARD_PK).is_some() || image.get(keys::LISTING_PK).is_some()
            });
        if !is_indexed {
            return;
        }
        let lag = if world.calm_since().is_some() {
            1
        } else if world.strikes(world.faults.stale) {
            world.number(100, 4_000)
        } else {
            world.number(1, 30)
        };
        let item = item_of(record);
        let at = world.now() + Millis::from_millis(lag);
        let at = self.seen_at.get(&item).map_or(at, |before| at.max(*before));
        self.seen_at.insert(item, at);
        self.lagging
            .insert((at, self.records.len()), record.clone());
    }
}

impl Picture {
    fn follow(&mut self, world: &World, record: &EventRecord) {
        match stream::change(record) {
            Ok(Change::Task { new, .. }) => {
                world.note(format_args!(
                    "{} writes {}",
                    invocation::name(),
                    Shown(&*new)
                ));
                self.tasks.insert(new.sid, *new);
            }
            Ok(Change::Worker { new, .. }) => {
                world.note(format_args!(
                    "{} writes {}",
                    invocation::name(),
                    Shown(&*new)
                ));
                self.workers.insert(new.sid, *new);
            }
            Ok(Change::WorkerRemoved { .. } | Change::Part(_) | Change::Other) => {
                self.forget(world, record)
            }
            Err(error) => world.violated(
                Invariant::Simulation,
                format_args!("stream record: {error}"),
            ),
        }
    }

    fn forget(&mut self, world: &World, record: &EventRecord) {
        let text = |name| match record.change.keys.get(name) {
            Some(serde_dynamo::AttributeValue::S(text)) => text.clone(),
            Some(_) | None => String::new(),
        };
        let pk = text(keys::PK);
        let sk = text(keys::SK);
        if record.event_name != "REMOVE" {
            return world.note(format_args!("{} writes {pk} {sk}", invocation::name()));
        }
        world.note(format_args!("{} removes {pk} {sk}", invocation::name()));
        if sk == keys::WORKER {
            self.workers.retain(|sid, _| sid.to_string() != pk);
        } else if sk == keys::TASK {
            self.tasks.retain(|sid, _| sid.to_string() != pk);
        }
    }
}

/// Sets the id, the sequence number of 21 digits and the moment of a record, which the embedded
/// engine does not take from the simulation.
fn set_moment(record: &mut Value, index: usize, now: Timestamp) {
    let number = format!("1{index:020}");
    record["eventID"] = json!(number);
    record["dynamodb"]["SequenceNumber"] = json!(number);
    record["dynamodb"]["ApproximateCreationDateTime"] = json!(now.as_secs());
}

/// Partition key and sort key of a record's item.
pub fn item_of(record: &Value) -> String {
    let text = |key: &str| {
        record
            .pointer(&format!("/dynamodb/Keys/{key}/S"))
            .and_then(Value::as_str)
            .unwrap_or("?")
    };
    format!("{} {}", text(keys::PK), text(keys::SK))
}

/// A Task or Worker as a line of the trace.
struct Shown<'a, T>(&'a T);

impl std::fmt::Display for Shown<'_, Task> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let task = self.0;
        write!(
            f,
            "{} v{} {}",
            short(task.sid),
            task.version,
            task.assignment_status.as_str()
        )?;
        if let Some(reason) = &task.reason {
            write!(f, " ({})", reason.as_str())?;
        }
        for offer in &task.reservations {
            let held = if offer.instruction.is_some() { "*" } else { "" };
            write!(
                f,
                ", {} {} {}{held}",
                short(offer.sid),
                offer.worker_name,
                offer.status.as_str()
            )?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Shown<'_, Worker> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let worker = self.0;
        write!(
            f,
            "{} v{} activity {}",
            worker.friendly_name,
            worker.version,
            short(worker.activity_sid)
        )?;
        for open in &worker.open_reservations {
            write!(f, ", {}", short(open.sid))?;
        }
        Ok(())
    }
}

/// An id in the trace: the prefix and four digits.
pub fn short(sid: impl std::fmt::Display) -> String {
    sid.to_string().chars().take(6).collect()
}

fn first_iterator(database: &Database) -> Result<String, String> {
    let streams = database
        .list_streams(serde_json::from_value(json!({ "TableName": TABLE })).unwrap_or_default());
    let streams =
        serde_json::to_value(streams.map_err(|error| error.to_string())?).unwrap_or_default();
    let arn = streams
        .pointer("/Streams/0/StreamArn")
        .and_then(Value::as_str)
        .ok_or("the table has no stream")?;
    let described = json!({ "StreamArn": arn });
    let described = database.describe_stream(serde_json::from_value(described).unwrap_or_default());
    let described =
        serde_json::to_value(described.map_err(|error| error.to_string())?).unwrap_or_default();
    let shard = described
        .pointer("/StreamDescription/Shards/0/ShardId")
        .and_then(Value::as_str);
    let request = GetShardIteratorRequest {
        stream_arn: arn.to_owned(),
        shard_id: shard.ok_or("the stream has no shard")?.to_owned(),
        shard_iterator_type: "TRIM_HORIZON".to_owned(),
        sequence_number: None,
    };
    let iterator = database
        .get_shard_iterator(request)
        .map_err(|error| error.to_string())?;
    iterator
        .shard_iterator
        .ok_or_else(|| "the stream gives no iterator".to_owned())
}
