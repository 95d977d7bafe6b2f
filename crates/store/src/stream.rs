//! A change of an item, read from a record of the table's stream.

use aws_lambda_events::event::dynamodb::EventRecord;
use ids::WorkspaceSid;
use ids::time::Timestamp;
use serde::de::DeserializeOwned;
use task_router::model::{Task, Worker};
use task_router::router::events::{Part, PartChange};

use crate::{Error, configuration, items, keys};

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
    Timestamp::from_millis(
        record
            .change
            .approximate_creation_date_time
            .timestamp_millis(),
    )
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

fn part_of_image(
    record: &EventRecord,
    sk: &str,
    image: &serde_dynamo::Item,
) -> Result<Option<Part>, Error> {
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

fn image<T: DeserializeOwned>(
    record: &EventRecord,
    image: &serde_dynamo::Item,
) -> Result<Option<Box<T>>, Error> {
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
