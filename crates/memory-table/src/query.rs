//! Queries of the table and of its indexes.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::Item;
use crate::engine::text;
use crate::error::Refusal;
use crate::expression::{self, Scope};
use crate::table::{Key, KeySchema, Table};

/// An item of a partition: its sort key there, its key in the table, the item.
type Entry = (String, Key, Arc<Item>);

pub(crate) fn query(table: &Table, request: &Item) -> Result<Value, Refusal> {
    if request.contains_key("FilterExpression") {
        return Err(Refusal::invalid("a FilterExpression is not supported"));
    }
    let scope = Scope::of(request);
    let condition = expression::key_condition(text(request, "KeyConditionExpression")?, &scope)?;
    let index = request.get("IndexName").and_then(Value::as_str);
    let (schema, mut entries) = match index {
        None => (&table.schema.keys, table.partition(&condition.hash)),
        Some(name) => {
            let schema = table.schema.indexes.get(name);
            let schema = schema.ok_or_else(|| Refusal::invalid(format!("no index {name}")))?;
            (schema, table.index_partition(name, &condition.hash))
        }
    };
    if condition.hash_name != schema.hash
        || condition
            .range_name
            .as_ref()
            .is_some_and(|name| *name != schema.range)
    {
        return Err(Refusal::invalid("the key condition names other keys"));
    }
    entries.retain(|(range, _, _)| condition.contains(range));
    if request.get("ScanIndexForward").and_then(Value::as_bool) == Some(false) {
        entries.reverse();
    }
    if let Some(start) = request.get("ExclusiveStartKey").and_then(Value::as_object) {
        skip_to(&mut entries, &table.key_of(start)?);
    }
    page(table, schema, request, &scope, entries)
}

/// Removes the entries up to the one with this key.
fn skip_to(entries: &mut Vec<Entry>, start: &Key) {
    if let Some(found) = entries.iter().position(|(_, key, _)| key == start) {
        entries.drain(..=found);
    }
}

fn page(
    table: &Table,
    schema: &KeySchema,
    request: &Item,
    scope: &Scope<'_>,
    mut entries: Vec<Entry>,
) -> Result<Value, Refusal> {
    let limit = request.get("Limit").and_then(Value::as_u64);
    let limit = limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    let has_more = entries.len() > limit;
    entries.truncate(limit);
    let mut answer = Item::new();
    answer.insert("Count".to_owned(), json!(entries.len()));
    answer.insert("ScannedCount".to_owned(), json!(entries.len()));
    if has_more && let Some((_, _, last)) = entries.last() {
        let keys = keys_of(table, schema, last);
        answer.insert("LastEvaluatedKey".to_owned(), Value::Object(keys));
    }
    if request.get("Select").and_then(Value::as_str) != Some("COUNT") {
        let names = request.get("ProjectionExpression").and_then(Value::as_str);
        let names = names
            .map(|names| expression::names(names, scope))
            .transpose()?;
        let shown = |(_, _, item): &Entry| {
            let item = if schema.keys_only {
                keys_of(table, schema, item)
            } else {
                Item::clone(item)
            };
            Value::Object(match &names {
                Some(names) => item
                    .into_iter()
                    .filter(|(name, _)| names.contains(name))
                    .collect(),
                None => item,
            })
        };
        let items = entries.iter().map(shown).collect();
        answer.insert("Items".to_owned(), Value::Array(items));
    }
    Ok(Value::Object(answer))
}

/// The attributes of an item that are keys, of the table or of the index.
fn keys_of(table: &Table, schema: &KeySchema, item: &Item) -> Item {
    let keys = &table.schema.keys;
    let names = [&keys.hash, &keys.range, &schema.hash, &schema.range];
    let key = |name: &String| Some((name.clone(), item.get(name)?.clone()));
    names.into_iter().filter_map(key).collect()
}
