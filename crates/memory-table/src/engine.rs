//! The operations.

use std::collections::BTreeSet;
use std::sync::Arc;

use ids::time::Timestamp;
use serde_json::{Value, json};

use crate::Item;
use crate::error::Refusal;
use crate::expression::{self, Scope};
use crate::query;
use crate::table::{Key, KeySchema, Record, Schema, Table};

/// The one table, once it is created.
#[derive(Default)]
pub(crate) struct Database {
    table: Option<Table>,
}

/// A write that is decided and not yet carried out.
enum Write {
    /// The item is there from now on.
    Item(Key, Item),
    /// The item is gone from now on.
    Deletion(Key),
    /// A condition was checked, and nothing is written.
    Nothing,
}

impl Database {
    pub(crate) fn copy(&self) -> Self {
        Self {
            table: self.table.as_ref().map(Table::copy),
        }
    }

    pub(crate) fn records_after(&self, number: Option<u128>, limit: usize) -> Vec<Record> {
        self.table
            .as_ref()
            .map(|table| table.records_after(number, limit))
            .unwrap_or_default()
    }

    pub(crate) fn trim(&mut self, number: u128) {
        if let Some(table) = &mut self.table {
            table.trim(number);
        }
    }

    pub(crate) fn delete_expired(&mut self, now: Timestamp) -> usize {
        let table = self.table.as_mut();
        table.map_or(0, |table| table.delete_expired(now))
    }

    /// Answers a request, by the name of its operation.
    pub(crate) fn answer(
        &mut self,
        operation: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        let request: Item = serde_json::from_slice(body)
            .map_err(|error| Refusal::invalid(format!("expected JSON: {error}")))?;
        match operation {
            "CreateTable" => self.create_table(&request),
            "UpdateTimeToLive" => self.update_time_to_live(&request),
            "GetItem" => get_item(self.table()?, &request),
            "BatchGetItem" => batch_get_item(self.table()?, &request),
            "Query" => query::query(self.table()?, &request),
            "PutItem" => {
                let table = self.table_mut()?;
                let write = put(table, &request)?;
                carry_out(table, [write], now);
                Ok(json!({}))
            }
            "DeleteItem" => {
                let table = self.table_mut()?;
                let write = delete(table, &request)?;
                carry_out(table, [write], now);
                Ok(json!({}))
            }
            "UpdateItem" => update_item(self.table_mut()?, &request, now),
            "BatchWriteItem" => batch_write_item(self.table_mut()?, &request, now),
            "TransactWriteItems" => transact_write_items(self.table_mut()?, &request, now),
            other => Err(Refusal::invalid(format!(
                "the table in memory does not support {other}"
            ))),
        }
    }

    fn table(&self) -> Result<&Table, Refusal> {
        self.table.as_ref().ok_or(Refusal::NoTable)
    }

    fn table_mut(&mut self) -> Result<&mut Table, Refusal> {
        self.table.as_mut().ok_or(Refusal::NoTable)
    }

    fn create_table(&mut self, request: &Item) -> Result<Value, Refusal> {
        if self.table.is_some() {
            return Err(Refusal::TableExists);
        }
        let indexes = request
            .get("GlobalSecondaryIndexes")
            .and_then(Value::as_array);
        let index = |index: &Value| {
            let name = index.get("IndexName").and_then(Value::as_str);
            let name = name.ok_or_else(|| Refusal::invalid("an index has no IndexName"))?;
            let projection = index.pointer("/Projection/ProjectionType");
            let keys_only = projection.and_then(Value::as_str) == Some("KEYS_ONLY");
            Ok((name.to_owned(), key_schema(index, keys_only)?))
        };
        let schema = Schema {
            name: text(request, "TableName")?.to_owned(),
            keys: key_schema(&Value::Object(request.clone()), false)?,
            indexes: indexes
                .into_iter()
                .flatten()
                .map(index)
                .collect::<Result<_, Refusal>>()?,
        };
        let name = schema.name.clone();
        self.table = Some(Table::new(schema));
        Ok(json!({ "TableDescription": { "TableName": name, "TableStatus": "ACTIVE" } }))
    }

    fn update_time_to_live(&mut self, request: &Item) -> Result<Value, Refusal> {
        let given = request
            .get("TimeToLiveSpecification")
            .cloned()
            .unwrap_or_default();
        let name = given.get("AttributeName").and_then(Value::as_str);
        let is_enabled = given.get("Enabled").and_then(Value::as_bool) == Some(true);
        self.table_mut()?.ttl = name.filter(|_| is_enabled).map(str::to_owned);
        Ok(json!({ "TimeToLiveSpecification": given }))
    }
}

fn key_schema(definition: &Value, keys_only: bool) -> Result<KeySchema, Refusal> {
    let elements = definition.get("KeySchema").and_then(Value::as_array);
    let named = |kind: &str| {
        let mut elements = elements.into_iter().flatten();
        let element = elements.find(|element| element["KeyType"] == kind);
        let name = element.and_then(|element| element["AttributeName"].as_str());
        name.map(str::to_owned)
            .ok_or_else(|| Refusal::invalid(format!("KeySchema: expected a {kind} key")))
    };
    Ok(KeySchema {
        hash: named("HASH")?,
        range: named("RANGE")?,
        keys_only,
    })
}

fn get_item(table: &Table, request: &Item) -> Result<Value, Refusal> {
    let key = table.key_of(object(request, "Key")?)?;
    Ok(match table.get(&key) {
        Some(item) => json!({ "Item": Item::clone(item) }),
        None => json!({}),
    })
}

fn batch_get_item(table: &Table, request: &Item) -> Result<Value, Refusal> {
    let mut found = Vec::new();
    let mut read = BTreeSet::new();
    for (name, wanted) in object(request, "RequestItems")? {
        expect_table(table, name)?;
        let keys = wanted.get("Keys").and_then(Value::as_array);
        for key in keys.into_iter().flatten() {
            let key = key
                .as_object()
                .ok_or_else(|| Refusal::invalid("Keys: expected objects"))?;
            let key = table.key_of(key)?;
            found.extend(table.get(&key).map(|item| Value::Object(Item::clone(item))));
            if !read.insert(key) {
                return Err(Refusal::invalid("the list of keys contains duplicates"));
            }
        }
    }
    let mut responses = Item::new();
    responses.insert(table.schema.name.clone(), Value::Array(found));
    Ok(json!({ "Responses": responses, "UnprocessedKeys": {} }))
}

/// The write of a PutItem, or of a Put in a transaction.
fn put(table: &Table, request: &Item) -> Result<Write, Refusal> {
    let item = object(request, "Item")?;
    let key = table.key_of(item)?;
    check(table, &key, request)?;
    Ok(Write::Item(key, item.clone()))
}

fn delete(table: &Table, request: &Item) -> Result<Write, Refusal> {
    let key = table.key_of(object(request, "Key")?)?;
    check(table, &key, request)?;
    Ok(Write::Deletion(key))
}

/// The item after an update, and the names that the update sets or removes.
fn updated(table: &Table, request: &Item) -> Result<(Key, Item, Vec<String>), Refusal> {
    let key_attributes = object(request, "Key")?;
    let key = table.key_of(key_attributes)?;
    check(table, &key, request)?;
    let old = table.get(&key);
    let mut item = old.map_or_else(|| key_attributes.clone(), |old| Item::clone(old));
    let update = text(request, "UpdateExpression")?;
    let touched = expression::update(update, &Scope::of(request), &mut item)?;
    Ok((key, item, touched))
}

fn check(table: &Table, key: &Key, request: &Item) -> Result<(), Refusal> {
    let Some(condition) = request.get("ConditionExpression").and_then(Value::as_str) else {
        return Ok(());
    };
    let item = table.get(key).map(Arc::as_ref);
    if expression::holds(condition, &Scope::of(request), item)? {
        Ok(())
    } else {
        Err(Refusal::ConditionFailed)
    }
}

fn update_item(table: &mut Table, request: &Item, now: Timestamp) -> Result<Value, Refusal> {
    let (key, item, touched) = updated(table, request)?;
    let old = table.get(&key).map(|old| Item::clone(old));
    let wanted = request.get("ReturnValues").and_then(Value::as_str);
    let only = |image: &Item| {
        let touched = touched.iter().filter_map(|name| {
            let value = image.get(name)?;
            Some((name.clone(), value.clone()))
        });
        touched.collect::<Item>()
    };
    let returned = match wanted {
        None | Some("NONE") => None,
        Some("ALL_OLD") => old.clone(),
        Some("ALL_NEW") => Some(item.clone()),
        Some("UPDATED_OLD") => old.as_ref().map(only),
        Some("UPDATED_NEW") => Some(only(&item)),
        Some(other) => return Err(Refusal::invalid(format!("ReturnValues: got {other}"))),
    };
    carry_out(table, [Write::Item(key, item)], now);
    Ok(match returned {
        Some(attributes) => json!({ "Attributes": attributes }),
        None => json!({}),
    })
}

fn batch_write_item(table: &mut Table, request: &Item, now: Timestamp) -> Result<Value, Refusal> {
    let mut writes = Vec::new();
    for (name, wanted) in object(request, "RequestItems")? {
        expect_table(table, name)?;
        for write in wanted.as_array().into_iter().flatten() {
            let put_request = write.get("PutRequest").and_then(Value::as_object);
            let delete_request = write.get("DeleteRequest").and_then(Value::as_object);
            writes.push(match (put_request, delete_request) {
                (Some(request), None) => put(table, request)?,
                (None, Some(request)) => delete(table, request)?,
                (_, _) => return Err(Refusal::invalid("expected PutRequest or DeleteRequest")),
            });
        }
    }
    carry_out(table, writes, now);
    Ok(json!({ "UnprocessedItems": {} }))
}

fn transact_write_items(
    table: &mut Table,
    request: &Item,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let wanted = request.get("TransactItems").and_then(Value::as_array);
    let wanted = wanted.ok_or_else(|| Refusal::invalid("expected TransactItems"))?;
    let mut writes = Vec::with_capacity(wanted.len());
    let mut failed = Vec::with_capacity(wanted.len());
    for write in wanted {
        match transacted(table, write) {
            Ok(write) => {
                writes.push(write);
                failed.push(false);
            }
            Err(Refusal::ConditionFailed) => failed.push(true),
            Err(refusal) => return Err(refusal),
        }
    }
    if failed.contains(&true) {
        return Err(Refusal::TransactionCanceled(failed));
    }
    carry_out(table, writes, now);
    Ok(json!({}))
}

fn transacted(table: &Table, write: &Value) -> Result<Write, Refusal> {
    let part = |name: &str| write.get(name).and_then(Value::as_object);
    if let Some(request) = part("Put") {
        return put(table, request);
    }
    if let Some(request) = part("Update") {
        let (key, item, _touched) = updated(table, request)?;
        return Ok(Write::Item(key, item));
    }
    if let Some(request) = part("Delete") {
        return delete(table, request);
    }
    let request = part("ConditionCheck")
        .ok_or_else(|| Refusal::invalid("expected Put, Update, Delete or ConditionCheck"))?;
    let key = table.key_of(object(request, "Key")?)?;
    check(table, &key, request)?;
    Ok(Write::Nothing)
}

fn carry_out(table: &mut Table, writes: impl IntoIterator<Item = Write>, now: Timestamp) {
    for write in writes {
        match write {
            Write::Item(key, item) => table.write(key, Some(item), now),
            Write::Deletion(key) => table.write(key, None, now),
            Write::Nothing => {}
        }
    }
}

fn expect_table(table: &Table, name: &str) -> Result<(), Refusal> {
    if table.schema.name == name {
        Ok(())
    } else {
        Err(Refusal::NoTable)
    }
}

pub(crate) fn text<'r>(request: &'r Item, name: &str) -> Result<&'r str, Refusal> {
    let text = request.get(name).and_then(Value::as_str);
    text.ok_or_else(|| Refusal::invalid(format!("expected {name}")))
}

fn object<'r>(request: &'r Item, name: &str) -> Result<&'r Item, Refusal> {
    let object = request.get(name).and_then(Value::as_object);
    object.ok_or_else(|| Refusal::invalid(format!("expected {name}")))
}
