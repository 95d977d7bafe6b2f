//! A change of an item, read from a record of the table's stream.

use ids::WorkspaceSid;
use ids::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_dynamo::Item;
use task_router::model::{Task, Worker};
use task_router::router::events::{Part, PartChange};

use crate::{Error, configuration, items, keys};

/// A record of the stream in Lambda's form, without the fields that are not used. The library with
/// all events of Lambda would add seven seconds to the first build.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventRecord {
    /// Identifies the record.
    #[serde(rename = "eventID")]
    pub event_id: String,
    /// `INSERT`, `MODIFY` or `REMOVE`.
    pub event_name: String,
    /// What was written.
    #[serde(rename = "dynamodb")]
    pub change: StreamRecord,
}

/// The write in an [`EventRecord`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StreamRecord {
    /// Seconds since 1970. It may be absent.
    #[serde(default)]
    approximate_creation_date_time: f64,
    /// The item's key.
    #[serde(default, deserialize_with = "item_or_null")]
    pub keys: Item,
    /// The item after the write; empty if it was deleted.
    #[serde(default, deserialize_with = "item_or_null")]
    pub new_image: Item,
    /// The item before the write; empty if it is new.
    #[serde(default, deserialize_with = "item_or_null")]
    pub old_image: Item,
    /// The position in the stream: a number of 21 to 40 digits.
    pub sequence_number: Option<String>,
}

fn item_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Item, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The change of one stream record.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A Task was written.
    Task {
        /// Before the write; `None` if the Task is new.
        old: Option<Box<Task>>,
        /// After the write.
        new: Box<Task>,
    },
    /// A Worker was written.
    Worker {
        /// Before the write; `None` if the Worker is new.
        old: Option<Box<Worker>>,
        /// After the write.
        new: Box<Worker>,
    },
    /// A Worker was deleted.
    WorkerRemoved {
        /// Before its deletion.
        old: Box<Worker>,
    },
    /// A part of the configuration was written or deleted.
    Part(Box<PartChange>),
    /// Any other change. Nothing follows from it: an ended Task was deleted, or Events were stored.
    Other,
}

/// Reads a record. Deletions of Tasks and all items but Tasks, Workers and configuration are
/// [`Change::Other`].
pub fn change(record: &EventRecord) -> Result<Change, Error> {
    let Some(sk) = key(record, keys::SK) else {
        return Ok(Change::Other);
    };
    match sk {
        keys::TASK => Ok(match images(record)? {
            (old, Some(new)) => Change::Task { old, new },
            (_, None) => Change::Other,
        }),
        keys::WORKER => Ok(match images(record)? {
            (old, Some(new)) => Change::Worker { old, new },
            (Some(old), None) => Change::WorkerRemoved { old },
            (None, None) => Change::Other,
        }),
        other => part(record, other),
    }
}

/// Whether a Worker's write put the Worker on another ready list than the one before, if there was
/// one.
pub fn moved_to_another_list(record: &EventRecord) -> bool {
    let [old, new] =
        [&record.change.old_image, &record.change.new_image].map(|image| image.get(keys::BOARD_PK));
    new.is_some() && old != new
}

/// The time of the record's write, in whole seconds. It is the same each time the record is
/// delivered.
pub fn written_at(record: &EventRecord) -> Timestamp {
    // Far below 2^53, and a cast saturates.
    let seconds = record.change.approximate_creation_date_time as i64;
    Timestamp::from_millis(seconds.saturating_mul(1_000))
}

/// A change of configuration: an item of a Workspace's own partition.
fn part(record: &EventRecord, sk: &str) -> Result<Change, Error> {
    let Some(workspace_sid) = key(record, keys::PK).and_then(|pk| pk.parse::<WorkspaceSid>().ok())
    else {
        return Ok(Change::Other);
    };
    let old = part_of_image(record, sk, &record.change.old_image)?;
    let new = part_of_image(record, sk, &record.change.new_image)?;
    if old == new {
        return Ok(Change::Other);
    }
    let version = write_number(record);
    let at = written_at(record);
    Ok(Change::Part(Box::new(PartChange {
        workspace_sid,
        old,
        new,
        version,
        at,
    })))
}

fn part_of_image(record: &EventRecord, sk: &str, image: &Item) -> Result<Option<Part>, Error> {
    if image.is_empty() {
        return Ok(None);
    }
    configuration::part_of(sk, image.clone()).map_err(|source| corrupt(record, source))
}

/// The number of this write: the low 64 bits of the record's sequence number. It is unique, and
/// higher than the numbers of earlier writes in the same shard.
fn write_number(record: &EventRecord) -> u64 {
    let number = record
        .change
        .sequence_number
        .as_deref()
        .and_then(|number| number.parse::<u128>().ok());
    number.map_or(0, |number| (number & u128::from(u64::MAX)) as u64)
}

fn key<'r>(record: &'r EventRecord, name: &str) -> Option<&'r str> {
    match record.change.keys.get(name) {
        Some(serde_dynamo::AttributeValue::S(text)) => Some(text),
        _no_text => None,
    }
}

/// The old and the new image of an item.
type Images<T> = (Option<Box<T>>, Option<Box<T>>);

/// The old and the new image of the record, as far as it has them.
fn images<T: DeserializeOwned>(record: &EventRecord) -> Result<Images<T>, Error> {
    Ok((
        image(record, &record.change.old_image)?,
        image(record, &record.change.new_image)?,
    ))
}

fn image<T: DeserializeOwned>(record: &EventRecord, image: &Item) -> Result<Option<Box<T>>, Error> {
    if image.is_empty() {
        return Ok(None);
    }
    let read = items::read_image(image.clone()).map_err(|source| corrupt(record, source))?;
    Ok(Some(Box::new(read)))
}

fn corrupt(record: &EventRecord, source: serde_dynamo::Error) -> Error {
    Error::Corrupt {
        key: format!("stream record {}", record.event_id),
        source,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn record_is_read_in_lambdas_form() {
        let record: EventRecord = serde_json::from_value(json!({
            "awsRegion": "eu-central-1",
            "eventID": "1",
            "eventName": "INSERT",
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_348_800.0,
                "Keys": { "pk": { "S": "a" } },
                "NewImage": { "pk": { "S": "a" }, "n": { "N": "1" } },
                "OldImage": null,
                "SequenceNumber": "100000000000000000001",
                "SizeBytes": 10,
            },
        }))
        .unwrap();
        assert_eq!(key(&record, "pk"), Some("a"));
        assert_eq!(written_at(&record).as_millis(), 1_795_348_800_000);
        assert_eq!(record.change.new_image.len(), 2);
        assert!(record.change.old_image.is_empty());
        assert_eq!(
            write_number(&record),
            (100_000_000_000_000_000_001_u128 & u128::from(u64::MAX)) as u64
        );
    }

    /// The time may be absent, and the images are.
    #[test]
    fn record_of_keys_alone_is_read() {
        let record: EventRecord = serde_json::from_value(json!({
            "eventID": "1", "eventName": "REMOVE", "dynamodb": { "Keys": {} },
        }))
        .unwrap();
        assert_eq!(written_at(&record).as_millis(), 0);
        assert_eq!(change(&record).unwrap(), Change::Other);
    }
}
