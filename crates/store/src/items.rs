//! What everything looks like in the table: the model's own fields, plus the keys that follow from its state.
//!
//! Attribute names are the field names of [`task_router::model`], for Tasks and Workers in short ([`compact`]); ids and attributes
//! are text, moments are milliseconds since 1970.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use ids::time::{Millis, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use task_router::model::{Task, Worker, Workspace};

use crate::keys::{self, IndexKey, Key};
use crate::{Error, compact};

/// An item as the SDK has it.
pub type Item = HashMap<String, AttributeValue>;

/// A Task's item: on the board of its line while it waits there, and with an end of life once it has ended.
pub fn of_task(task: &Task, workspace: &Workspace) -> Result<Item, Error> {
    let mut item = compact(task, &Key::task(task.sid))?;
    let listing = keys::task_listing(task.workspace_sid, keys::listing_shard(task.sid));
    put_listing(
        &mut item,
        listing,
        keys::listing_sk(task.date_created, task.sid.text().as_str()),
    );
    if let Some(place) = keys::waiting_key(workspace, task).filter(|_| task.is_in_waiting_list()) {
        put_ready_list(&mut item, place);
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

/// A Worker's item: on the board of their readiness while they could take something.
pub fn of_worker(worker: &Worker, workspace: &Workspace) -> Result<Item, Error> {
    let mut item = compact(worker, &Key::worker(worker.sid))?;
    let listing = keys::worker_listing(worker.workspace_sid);
    put_listing(
        &mut item,
        listing,
        keys::listing_sk(worker.date_created, worker.sid.text().as_str()),
    );
    if let Some(place) = keys::free_key(workspace, worker) {
        put_ready_list(&mut item, place);
    }
    Ok(item)
}

/// Do both stand at the same place of the same board, or both on none?
pub fn same_place(one: &Item, other: &Item) -> bool {
    [keys::BOARD_PK, keys::BOARD_SK]
        .into_iter()
        .all(|key| one.get(key) == other.get(key))
}

/// Anything else: its fields and its key.
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

/// The value an item holds; attributes that are not its fields (keys, indexes) are passed over.
pub fn read<T: DeserializeOwned>(item: Item) -> Result<T, Error> {
    let key = key_of(&item);
    read_image(item.into()).map_err(|source| corrupt(&key, source))
}

/// The value of an item as the stream has it.
pub(crate) fn read_image<T: DeserializeOwned>(
    image: serde_dynamo::Item,
) -> serde_dynamo::Result<T> {
    let image = image.into_inner();
    let is_compact = |sk: &str| matches!(sk, keys::TASK | keys::WORKER);
    let image = match image.get(keys::SK) {
        Some(serde_dynamo::AttributeValue::S(sk)) if is_compact(sk) => compact::expand(image),
        Some(_) | None => image,
    };
    serde_dynamo::from_item(serde_dynamo::Item::from(image))
}

/// A text attribute.
pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A key as the SDK wants it.
pub fn key_attributes(key: &Key) -> Item {
    HashMap::from([
        (keys::PK.to_owned(), text(&key.pk)),
        (keys::SK.to_owned(), text(&key.sk)),
    ])
}

/// The key an item has.
pub(crate) fn key_of(item: &Item) -> Key {
    let shown = |name: &str| {
        item.get(name)
            .and_then(|value| value.as_s().ok())
            .cloned()
            .unwrap_or_default()
    };
    Key {
        pk: shown(keys::PK),
        sk: shown(keys::SK),
    }
}

/// Gives an item an end of life; DynamoDB cleans it up some time after.
pub(crate) fn keep_until(item: &mut Item, end: Timestamp) {
    item.insert(keys::TTL.to_owned(), number(end.as_secs()));
}

fn put_ready_list(item: &mut Item, place: IndexKey) {
    item.insert(keys::BOARD_PK.to_owned(), text(place.pk));
    item.insert(keys::BOARD_SK.to_owned(), text(place.sk));
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
