//! What was written, in order: the table's stream, read in the very moment of each write.
//!
//! From it follow the records that are handed to `routing`, the lagging copy that index reads are answered from, and the
//! picture of all Tasks and Workers that the invariants are about.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lambda_events::event::dynamodb::EventRecord;
use dynoxide::Database;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use ids::time::{Millis, Timestamp};
use ids::{TaskSid, WorkerSid};
use serde_json::{Value, json};
use store::keys;
use store::stream::{self, Change};
use task_router::model::{Task, Worker};
use tokio::sync::Notify;

use crate::invariants::events::Expected;
use crate::invariants::{self, Invariant};
use crate::invocation;
use crate::table::TABLE;
use crate::world::World;

/// Everything written so far.
pub struct History {
    database: Database,
    replica: Database,
    /// Not a watch channel: that one wakes by lot.
    grew: Notify,
    state: Mutex<State>,
}

struct State {
    iterator: String,
    writes: usize,
    picture: Picture,
    /// What the writes so far must tell.
    expected_events: Expected,
    /// All records, oldest first.
    records: Vec<Value>,
    /// Records the indexes have not seen: by the moment they will, then by order.
    lagging: BTreeMap<(Timestamp, usize), Value>,
    /// When the indexes see the newest record of an item.
    seen_at: BTreeMap<String, Timestamp>,
}

/// Tasks and Workers as the table has them now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// By id.
    pub tasks: BTreeMap<TaskSid, Task>,
    /// By id.
    pub workers: BTreeMap<WorkerSid, Worker>,
}

impl History {
    /// The history of these two databases, whose tables are there and empty: the table's and its lagging copy's.
    ///
    /// # Errors
    /// What the engine says when the table has no stream.
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

    /// The database index reads are answered from.
    pub fn replica(&self) -> &Database {
        &self.replica
    }

    /// Tasks and Workers as they are now.
    pub fn picture(&self) -> Picture {
        self.state().picture.clone()
    }

    /// Looks at the picture without copying it.
    pub fn read<T>(&self, look: impl FnOnce(&Picture) -> T) -> T {
        look(&self.state().picture)
    }

    /// Number of moments at which something was written so far.
    pub fn writes(&self) -> usize {
        self.state().writes
    }

    /// The records from number `from` on.
    pub fn records_from(&self, from: usize) -> Vec<Value> {
        self.state()
            .records
            .get(from..)
            .unwrap_or_default()
            .to_vec()
    }

    /// Takes note of what was just written, and checks it.
    pub fn look(&self, world: &World) {
        let records = match self.new_records() {
            Ok(records) => records,
            Err(error) => {
                return world.violated(Invariant::Simulation, format_args!("the stream: {error}"));
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
                    format_args!("a stream record: {error}"),
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

    /// What the writes so far must tell.
    pub fn expected_events(&self) -> Expected {
        self.state().expected_events.clone()
    }

    /// A record is not delivered any more.
    pub fn give_up(&self, world: &World, record: &Value) {
        let item = item_of(record);
        world.note(format_args!("record of {item} is given up"));
        let partition = item
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned();
        self.state().expected_events.give_up(partition);
    }

    /// Completes when there are more records than this.
    pub async fn until_longer_than(&self, records: usize) {
        loop {
            let grows = self.grew.notified();
            if self.state().records.len() > records {
                return;
            }
            grows.await;
        }
    }

    /// Lets the indexes see what they have to see by now.
    pub fn catch_up(&self, world: &World) {
        let now = world.now();
        let mut state = self.state();
        let later = state.lagging.split_off(&(now + Millis::from_millis(1), 0));
        let due = std::mem::replace(&mut state.lagging, later);
        for record in due.into_values() {
            if let Err(error) = self.replicate(&record) {
                world.violated(Invariant::Simulation, format_args!("the indexes: {error}"));
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
    /// Keeps a record for the indexes, which see those of one item in order.
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
        let lag = match () {
            () if world.calm_since().is_some() => 1,
            () if world.strikes(world.faults.stale) => world.number(100, 4_000),
            () => world.number(1, 30),
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
                format_args!("a stream record: {error}"),
            ),
        }
    }

    fn forget(&mut self, world: &World, record: &EventRecord) {
        let text = |name| match record.change.keys.get(name) {
            Some(serde_dynamo::AttributeValue::S(text)) => text.clone(),
            Some(_) | None => String::new(),
        };
        let (pk, sk) = (text(keys::PK), text(keys::SK));
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

/// A record has an id, a number of 21 digits, and a moment: the engine takes them from outside the simulation.
fn set_moment(record: &mut Value, index: usize, now: Timestamp) {
    let number = format!("1{index:020}");
    record["eventID"] = json!(number);
    record["dynamodb"]["SequenceNumber"] = json!(number);
    record["dynamodb"]["ApproximateCreationDateTime"] = json!(now.as_secs());
}

/// The partition key of a record's item and its sort key: one item.
pub fn item_of(record: &Value) -> String {
    let text = |key: &str| {
        record
            .pointer(&format!("/dynamodb/Keys/{key}/S"))
            .and_then(Value::as_str)
            .unwrap_or("?")
    };
    format!("{} {}", text(keys::PK), text(keys::SK))
}

/// A Task or Worker in a line of the trace.
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

/// An id as the trace shows it: the kind and four digits.
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
