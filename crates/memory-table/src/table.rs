//! One table: its items, its sparse indexes and its stream.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ids::time::Timestamp;
use serde_json::{Value, json};

use crate::Item;
use crate::error::Refusal;

/// The first sequence number: DynamoDB's have 21 to 40 digits.
const FIRST_NUMBER: u128 = 100_000_000_000_000_000_000;

/// The key of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) hash: String,
    pub(crate) range: String,
}

/// The keys of the table or of an index, and what a query of it returns.
#[derive(Debug)]
pub(crate) struct KeySchema {
    pub(crate) hash: String,
    pub(crate) range: String,
    pub(crate) keys_only: bool,
}

/// The definition of a table.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) name: String,
    pub(crate) keys: KeySchema,
    pub(crate) indexes: BTreeMap<String, KeySchema>,
}

/// A partition of an index: the items by sort key, and by the key in the table.
type Partition = BTreeMap<(String, Key), Arc<Item>>;

/// A table.
pub(crate) struct Table {
    pub(crate) schema: Arc<Schema>,
    pub(crate) ttl: Option<String>,
    items: BTreeMap<String, BTreeMap<String, Arc<Item>>>,
    indexes: BTreeMap<String, BTreeMap<String, Partition>>,
    stream: VecDeque<Change>,
    /// The number of the next record.
    next: u128,
}

/// A write, in the stream.
struct Change {
    number: u128,
    at: Timestamp,
    key: Key,
    old: Option<Arc<Item>>,
    new: Option<Arc<Item>>,
}

/// A record of the stream.
#[derive(Debug, Clone)]
pub struct Record {
    /// The position in the stream.
    pub number: u128,
    /// The partition key of the item that was written.
    pub partition_key: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// The record as it is in a Lambda event.
    pub event: Value,
}

impl Table {
    pub(crate) fn new(schema: Schema) -> Self {
        let indexes = schema.indexes.keys().cloned();
        Self {
            indexes: indexes.map(|name| (name, BTreeMap::new())).collect(),
            schema: Arc::new(schema),
            ttl: None,
            items: BTreeMap::new(),
            stream: VecDeque::new(),
            next: FIRST_NUMBER,
        }
    }

    /// The same items, with an empty stream.
    pub(crate) fn copy(&self) -> Self {
        Self {
            schema: Arc::clone(&self.schema),
            ttl: self.ttl.clone(),
            items: self.items.clone(),
            indexes: self.indexes.clone(),
            stream: VecDeque::new(),
            next: self.next,
        }
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Arc<Item>> {
        self.items.get(&key.hash)?.get(&key.range)
    }

    /// The items of a partition of the table, by sort key.
    pub(crate) fn partition(&self, hash: &str) -> Vec<(String, Key, Arc<Item>)> {
        let items = self.items.get(hash).into_iter().flatten();
        let entry = |(range, item): (&String, &Arc<Item>)| {
            let key = Key {
                hash: hash.to_owned(),
                range: range.clone(),
            };
            (range.clone(), key, Arc::clone(item))
        };
        items.map(entry).collect()
    }

    /// The items of a partition of an index, by sort key.
    pub(crate) fn index_partition(&self, index: &str, hash: &str) -> Vec<(String, Key, Arc<Item>)> {
        let partition = self
            .indexes
            .get(index)
            .and_then(|partitions| partitions.get(hash));
        let entries = partition.into_iter().flatten();
        entries
            .map(|((range, key), item)| (range.clone(), key.clone(), Arc::clone(item)))
            .collect()
    }

    /// The key of an item or of a request.
    pub(crate) fn key_of(&self, item: &Item) -> Result<Key, Refusal> {
        let part = |name: &str| {
            let text = text_of(item, name).map(str::to_owned);
            text.ok_or_else(|| Refusal::invalid(format!("expected a string as the key {name}")))
        };
        Ok(Key {
            hash: part(&self.schema.keys.hash)?,
            range: part(&self.schema.keys.range)?,
        })
    }

    /// Writes or deletes an item. A write that changes nothing has no record in the stream.
    pub(crate) fn write(&mut self, key: Key, new: Option<Item>, now: Timestamp) {
        let new = new.map(Arc::new);
        let partition = self.items.entry(key.hash.clone()).or_default();
        let old = match &new {
            Some(new) => partition.insert(key.range.clone(), Arc::clone(new)),
            None => partition.remove(&key.range),
        };
        if partition.is_empty() {
            self.items.remove(&key.hash);
        }
        if old == new {
            return;
        }
        self.index(&key, old.as_deref(), new.as_ref());
        self.stream.push_back(Change {
            number: self.next,
            at: now,
            key,
            old,
            new,
        });
        self.next += 1;
    }

    fn index(&mut self, key: &Key, old: Option<&Item>, new: Option<&Arc<Item>>) {
        for (name, schema) in &self.schema.indexes {
            let Some(partitions) = self.indexes.get_mut(name) else {
                continue;
            };
            if let Some((hash, range)) = old.and_then(|old| entry_of(schema, old))
                && let Some(partition) = partitions.get_mut(&hash)
            {
                partition.remove(&(range, key.clone()));
                if partition.is_empty() {
                    partitions.remove(&hash);
                }
            }
            if let Some(new) = new
                && let Some((hash, range)) = entry_of(schema, new)
            {
                let partition = partitions.entry(hash).or_default();
                partition.insert((range, key.clone()), Arc::clone(new));
            }
        }
    }

    pub(crate) fn records_after(&self, number: Option<u128>, limit: usize) -> Vec<Record> {
        let first = number.map_or(0, |number| {
            self.stream
                .partition_point(|change| change.number <= number)
        });
        let changes = self.stream.iter().skip(first).take(limit);
        changes.map(|change| self.record(change)).collect()
    }

    pub(crate) fn trim(&mut self, number: u128) {
        while self
            .stream
            .front()
            .is_some_and(|change| change.number <= number)
        {
            self.stream.pop_front();
        }
    }

    pub(crate) fn delete_expired(&mut self, now: Timestamp) -> usize {
        let Some(ttl) = self.ttl.clone() else {
            return 0;
        };
        let mut expired = Vec::new();
        for (hash, partition) in &self.items {
            for (range, item) in partition {
                if seconds_of(item, &ttl).is_some_and(|at| at <= now.as_secs()) {
                    let (hash, range) = (hash.clone(), range.clone());
                    expired.push(Key { hash, range });
                }
            }
        }
        let count = expired.len();
        for key in expired {
            self.write(key, None, now);
        }
        count
    }

    fn record(&self, change: &Change) -> Record {
        let mut keys = Item::new();
        for (name, value) in [
            (&self.schema.keys.hash, &change.key.hash),
            (&self.schema.keys.range, &change.key.range),
        ] {
            keys.insert(name.clone(), json!({ "S": value }));
        }
        let mut images = Item::new();
        let number = change.number.to_string();
        images.insert(
            "ApproximateCreationDateTime".to_owned(),
            json!(change.at.as_secs()),
        );
        images.insert("Keys".to_owned(), Value::Object(keys));
        images.insert("SequenceNumber".to_owned(), json!(number));
        images.insert("StreamViewType".to_owned(), json!("NEW_AND_OLD_IMAGES"));
        for (name, image) in [("OldImage", &change.old), ("NewImage", &change.new)] {
            if let Some(image) = image {
                images.insert(name.to_owned(), Value::Object(Item::clone(image)));
            }
        }
        let event_name = match (&change.old, &change.new) {
            (None, _) => "INSERT",
            (Some(_), Some(_)) => "MODIFY",
            (Some(_), None) => "REMOVE",
        };
        let mut event = Item::new();
        event.insert("awsRegion".to_owned(), json!("local"));
        event.insert("eventID".to_owned(), json!(number));
        event.insert("eventName".to_owned(), json!(event_name));
        event.insert("eventSource".to_owned(), json!("aws:dynamodb"));
        event.insert("eventVersion".to_owned(), json!("1.1"));
        event.insert("dynamodb".to_owned(), Value::Object(images));
        Record {
            number: change.number,
            partition_key: change.key.hash.clone(),
            written_at: change.at,
            event: Value::Object(event),
        }
    }
}

/// The entry of an item in an index; `None`: the index is sparse.
fn entry_of(schema: &KeySchema, item: &Item) -> Option<(String, String)> {
    let hash = text_of(item, &schema.hash)?;
    let range = text_of(item, &schema.range)?;
    Some((hash.to_owned(), range.to_owned()))
}

pub(crate) fn text_of<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.get(name)?.get("S")?.as_str()
}

fn seconds_of(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.get("N")?.as_str()?.parse().ok()
}
