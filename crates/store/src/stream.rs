//! A change as the table's stream tells it.

use aws_lambda_events::event::dynamodb::EventRecord;
use ids::WorkspaceSid;
use ids::time::Timestamp;
use serde::de::DeserializeOwned;
use task_router::model::{Task, Worker};
use task_router::router::events::{Part, PartChange};

use crate::{Error, configuration, items, keys};

/// What one stream record says.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A Task was written.
    Task {
        /// Before; `None` if it is new.
        old: Option<Box<Task>>,
        /// After.
        new: Box<Task>,
    },
    /// A Worker was written.
    Worker {
        /// Before; `None` if they are new.
        old: Option<Box<Worker>>,
        /// After.
        new: Box<Worker>,
    },
    /// A Worker was removed.
    WorkerRemoved {
        /// As they were.
        old: Box<Worker>,
    },
    /// A part of the configuration was written or removed.
    Part(Box<PartChange>),
    /// Something nothing follows from: an ended Task was cleaned up, events were stored.
    Other,
}

/// Reads a record. Items of no interest, and removals of Tasks, are [`Change::Other`].
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

/// When the record's write happened, in whole seconds; the same each time the record comes.
pub fn written_at(record: &EventRecord) -> Timestamp {
    Timestamp::from_millis(
        record
            .change
            .approximate_creation_date_time
            .timestamp_millis(),
    )
}

/// A change of configuration, which is what lives in a Workspace's own partition.
fn part(record: &EventRecord, sk: &str) -> Result<Change, Error> {
    let Some(workspace_sid) = key(record, keys::PK).and_then(|pk| pk.parse::<WorkspaceSid>().ok())
    else {
        return Ok(Change::Other);
    };
    let read = |image: &serde_dynamo::Item| -> Result<Option<Part>, Error> {
        if image.is_empty() {
            return Ok(None);
        }
        configuration::part_of(sk, image.clone()).map_err(corrupt(record))
    };
    let (old, new) = (
        read(&record.change.old_image)?,
        read(&record.change.new_image)?,
    );
    if old == new {
        return Ok(Change::Other);
    }
    let (version, at) = (write_number(record), written_at(record));
    Ok(Change::Part(Box::new(PartChange {
        workspace_sid,
        old,
        new,
        version,
        at,
    })))
}

/// A number of this write alone, higher than those before it in the same shard: the end of its sequence number.
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

/// An item's two images.
type Images<T> = (Option<Box<T>>, Option<Box<T>>);

/// Old and new image, as far as there are such.
fn images<T: DeserializeOwned>(record: &EventRecord) -> Result<Images<T>, Error> {
    let image = |image: &serde_dynamo::Item| match image.is_empty() {
        true => Ok(None),
        false => items::read_image(image.clone())
            .map(|read| Some(Box::new(read)))
            .map_err(corrupt(record)),
    };
    Ok((
        image(&record.change.old_image)?,
        image(&record.change.new_image)?,
    ))
}

fn corrupt(record: &EventRecord) -> impl Fn(serde_dynamo::Error) -> Error {
    let key = format!("stream record {}", record.event_id);
    move |source| Error::Corrupt {
        key: key.clone(),
        source,
    }
}
