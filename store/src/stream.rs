//! A change as the table's stream tells it.

use aws_lambda_events::event::dynamodb::EventRecord;
use serde::de::DeserializeOwned;
use shared::model::{Task, Worker};

use crate::{Error, items, keys};

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
    /// Something nothing follows from: configuration, a removal.
    Other,
}

/// Reads a record. Items that are neither Tasks nor Workers, and removals, are [`Change::Other`].
pub fn change(record: &EventRecord) -> Result<Change, Error> {
    let Some(serde_dynamo::AttributeValue::S(sk)) = record.change.keys.get(keys::SK) else { return Ok(Change::Other) };
    match sk.as_str() {
        keys::TASK => Ok(images(record)?.map_or(Change::Other, |Images { old, new }| Change::Task { old, new })),
        keys::WORKER => Ok(images(record)?.map_or(Change::Other, |Images { old, new }| Change::Worker { old, new })),
        _configuration => Ok(Change::Other),
    }
}

struct Images<T> {
    old: Option<Box<T>>,
    new: Box<T>,
}

/// Old and new image; `None` for a removal.
fn images<T: DeserializeOwned>(record: &EventRecord) -> Result<Option<Images<T>>, Error> {
    if record.change.new_image.is_empty() {
        return Ok(None);
    }
    let old = match record.change.old_image.is_empty() {
        true => None,
        false => Some(Box::new(read(&record.change.old_image, record)?)),
    };
    Ok(Some(Images { old, new: Box::new(read(&record.change.new_image, record)?) }))
}

fn read<T: DeserializeOwned>(image: &serde_dynamo::Item, record: &EventRecord) -> Result<T, Error> {
    let corrupt = |source| Error::Corrupt { key: format!("stream record {}", record.event_id), source };
    items::read_image(image.clone()).map_err(corrupt)
}
