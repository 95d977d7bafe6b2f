//! The items of the table: a value's own fields, plus the index keys that follow from its state.
//!
//! Attribute names are the field names of [`task_router::model`], shortened for Tasks and Workers
//! ([`compact`]). Ids and attributes are strings; moments are milliseconds since 1970.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use ids::time::{Millis, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use task_router::model::{Task, Worker, Workspace};

use crate::keys::{self, IndexKey, Key};
use crate::{Error, attributes, compact};

/// An item as the SDK represents it.
pub type Item = HashMap<String, AttributeValue>;

/// A Task's item: with the keys of its waiting list while it waits, and with a time to live once it
/// has ended.
pub fn of_task(task: &Task, workspace: &Workspace) -> Result<Item, Error> {
    let mut item = compact(task, &Key::task(task.sid))?;
    attributes::put_format(&mut item);
    let listing = keys::task_listing(task.workspace_sid, keys::listing_shard(task.sid));
    put_listing(
        &mut item,
        listing,
        keys::listing_sk(task.date_created, task.sid.text().as_str()),
    );
    if task.is_in_waiting_list()
        && let Some(position) = keys::waiting_key(workspace, task)
    {
        put_ready_keys(&mut item, position);
    }
    if task.assignment_status.is_end() {
        let kept = if task.removal.is_some() {
            Millis::ZERO
        } else {
            workspace.rules.ended_task_kept
        };
        keep_until(&mut item, task.date_updated + kept);
    }
    Ok(item)
}

/// A Worker's item: with the keys of its ready list while it has a free slot.
pub fn of_worker(worker: &Worker, workspace: &Workspace) -> Result<Item, Error> {
    let mut item = compact(worker, &Key::worker(worker.sid))?;
    attributes::put_format(&mut item);
    let listing = keys::worker_listing(worker.workspace_sid);
    put_listing(
        &mut item,
        listing,
        keys::listing_sk(worker.date_created, worker.sid.text().as_str()),
    );
    if let Some(key) = keys::free_key(workspace, worker) {
        put_ready_keys(&mut item, key);
    }
    Ok(item)
}

/// Whether both items are at the same place of the same list in the index `board`, or both in none.
pub fn same_index_entry(one: &Item, other: &Item) -> bool {
    [keys::BOARD_PK, keys::BOARD_SK]
        .into_iter()
        .all(|key| one.get(key) == other.get(key))
}

/// Any other item: the value's fields and the key.
pub fn with_key<T: Serialize>(value: &T, key: &Key) -> Result<Item, Error> {
    let item: Item = serde_dynamo::to_item(value).map_err(|source| corrupt(key, source))?;
    Ok(keyed(item, key))
}

fn compact<T: Serialize>(value: &T, key: &Key) -> Result<Item, Error> {
    let item: serde_dynamo::Item =
        serde_dynamo::to_item(value).map_err(|source| corrupt(key, source))?;
    let item = serde_dynamo::Item::from(compact::shrink(item.into_inner()));
    Ok(keyed(item.into(), key))
}

fn keyed(mut item: Item, key: &Key) -> Item {
    item.insert(keys::PK.to_owned(), text(&key.pk));
    item.insert(keys::SK.to_owned(), text(&key.sk));
    item
}

/// Deserializes an item. Attributes that are no fields of the value (keys of the table and the
/// indexes) are ignored.
pub fn read<T: DeserializeOwned>(item: Item) -> Result<T, Error> {
    let key = key_of(&item);
    read_image(item.into()).map_err(|source| corrupt(&key, source))
}

/// Deserializes an item of a stream record.
pub(crate) fn read_image<T: DeserializeOwned>(
    image: serde_dynamo::Item,
) -> serde_dynamo::Result<T> {
    let image = image.into_inner();
    let is_compact = match image.get(keys::SK) {
        Some(serde_dynamo::AttributeValue::S(sk)) => sk == keys::TASK || sk == keys::WORKER,
        Some(_) | None => false,
    };
    let image = if is_compact {
        compact::expand(image)
    } else {
        image
    };
    serde_dynamo::from_item(serde_dynamo::Item::from(image))
}

/// A string attribute.
pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A key as the SDK represents it.
pub fn key_attributes(key: &Key) -> Item {
    HashMap::from([
        (keys::PK.to_owned(), text(&key.pk)),
        (keys::SK.to_owned(), text(&key.sk)),
    ])
}

/// The key of an item.
pub(crate) fn key_of(item: &Item) -> Key {
    Key {
        pk: text_of(item, keys::PK).unwrap_or_default(),
        sk: text_of(item, keys::SK).unwrap_or_default(),
    }
}

/// The value of a string attribute.
pub(crate) fn text_of(item: &Item, name: &str) -> Option<String> {
    item.get(name)?.as_s().ok().cloned()
}

/// Sets an item's time to live. DynamoDB deletes an expired item some time after `end`.
pub(crate) fn keep_until(item: &mut Item, end: Timestamp) {
    item.insert(keys::TTL.to_owned(), number(end.as_secs()));
}

fn put_ready_keys(item: &mut Item, key: IndexKey) {
    item.insert(keys::BOARD_PK.to_owned(), text(key.pk));
    item.insert(keys::BOARD_SK.to_owned(), text(key.sk));
}

pub(crate) fn put_listing(item: &mut Item, pk: String, sk: String) {
    item.insert(keys::LISTING_PK.to_owned(), text(pk));
    item.insert(keys::LISTING_SK.to_owned(), text(sk));
}

pub(crate) fn corrupt(key: &Key, source: serde_dynamo::Error) -> Error {
    Error::Corrupt {
        key: format!("{}/{}", key.pk, key.sk),
        source,
    }
}
