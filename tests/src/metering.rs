//! A meter on the table: what every operation costs, as DynamoDB bills it, and which partitions it
//! writes.
//!
//! Each request is sent with `ReturnConsumedCapacity: INDEXES`, and the engine's own numbers count.
//! They do not say how a transaction's units are spread over kinds of items; that follows from the
//! items' sizes, which the meter tracks: each KB or part of it is a unit, two units in a
//! transaction, for the larger of the old item and the new one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use store::compact::name_of;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use cordboard::embedded_dynamodb::{EmbeddedDynamoDb, Place};
use dynamodb_in_process::{Layer, Layered};
use dynoxide::types::{Item, item_size, write_capacity_units};
use serde_json::{Value, json};

/// Operations that are not metered: those of the table's stream, which Lambda's triggers read free
/// of charge, and those that set up the table.
const FREE: [&str; 6] = [
    "ListStreams",
    "DescribeStream",
    "GetShardIterator",
    "GetRecords",
    "UpdateTimeToLive",
    "DescribeTimeToLive",
];

/// The factor of a transactional write over a plain one.
const TRANSACTION_FACTOR: f64 = 2.0;

/// A layer around the table that records each operation and its cost.
#[derive(Debug, Default, Clone)]
pub struct Meter(Arc<Mutex<Account>>);

#[derive(Debug, Default)]
struct Account {
    indexes: Vec<Index>,
    /// All items, by primary key.
    items: BTreeMap<(String, String), Value>,
    operations: Vec<Operation>,
    in_flight: usize,
}

#[derive(Debug)]
struct Index {
    name: String,
    partition_key: String,
    sort_key: String,
    keys_only: bool,
}

/// One operation and its cost.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Operation {
    /// `Query`, `TransactWriteItems`, …
    pub name: String,
    /// Whether no other operation was in flight when it began. The number of these is the number of
    /// sequential round trips.
    pub begins_round_trip: bool,
    /// Whether it succeeded; an operation with a failed condition did not.
    pub done: bool,
    /// Read units.
    pub read_units: f64,
    /// Write units by kind of item, or by index.
    pub write_units: BTreeMap<String, f64>,
    /// What was read: an index, a whole partition, or a kind of item; empty for a write.
    pub read_from: String,
    /// The number of items read.
    pub items_read: u64,
    /// The items written.
    pub written: Vec<Written>,
}

/// An item that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// `TASK`, `WORKER`, …: its sort key up to the first `#`.
    pub kind: String,
    /// Its attributes; null if it was deleted.
    pub item: Value,
    /// Its size as DynamoDB counts it, bytes; 0 if it was deleted.
    pub bytes: usize,
    /// The partitions of the table and its indexes that the write changes.
    pub partitions: BTreeSet<String>,
}

impl Operation {
    /// The sum of its write units.
    pub fn all_write_units(&self) -> f64 {
        self.write_units.values().sum()
    }
}

impl Written {
    /// A readable label: `TASK reserved 2`, with status, if it has one, and version.
    pub fn label(&self) -> String {
        let parts = [
            self.item[name_of("assignment_status")]["S"].as_str(),
            self.item["version"]["N"].as_str(),
        ];
        let parts: String = parts
            .into_iter()
            .flatten()
            .map(|text| format!(" {text}"))
            .collect();
        format!("{}{parts}", self.kind)
    }

    /// The sizes of its attributes, names included, in bytes, largest first.
    pub fn weights(&self) -> Vec<(usize, String)> {
        let attributes = self.item.as_object().into_iter().flatten();
        let weigh =
            |(name, value): (&String, &Value)| (size(&json!({ name: value })), name.clone());
        let mut weights: Vec<_> = attributes.map(weigh).collect();
        weights.sort_unstable_by(|one, other| other.cmp(one));
        weights
    }
}

impl Meter {
    /// A temporary table, and a meter on it.
    pub async fn on_table() -> (EmbeddedDynamoDb, Arc<Self>) {
        let meter = Arc::new(Self::default());
        let layer = Arc::clone(&meter) as Arc<dyn Layer>;
        let layers = |engine| SharedHttpClient::new(Layered::new(engine, layer));
        let table = EmbeddedDynamoDb::open_through(Place::Temporary, layers)
            .await
            .unwrap();
        (table, meter)
    }

    /// The operations since the last call.
    pub fn take(&self) -> Vec<Operation> {
        std::mem::take(&mut self.account().operations)
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.0.lock().unwrap()
    }
}

impl Layer for Meter {
    fn pass(&self, mut request: HttpRequest, next: SharedHttpConnector) -> HttpConnectorFuture {
        let name = dynamodb_in_process::operation(&request).to_owned();
        if FREE.contains(&&*name) {
            return next.call(request);
        }
        if name == "CreateTable" {
            self.account().indexes = indexes_of(&json_of(&request));
            return next.call(request);
        }
        let request_body = with_consumed_capacity(&mut request);
        let meter = self.clone();
        HttpConnectorFuture::new(async move {
            let begins_round_trip = meter.begin();
            let answer = next.call(request).await;
            let mut account = meter.account();
            account.in_flight -= 1;
            let answer = answer?;
            let response_body: Value = answer
                .body()
                .bytes()
                .and_then(|body| serde_json::from_slice(body).ok())
                .unwrap_or_default();
            let done = answer.status().is_success();
            let operation = account.bill(
                Operation {
                    name,
                    begins_round_trip,
                    done,
                    ..Operation::default()
                },
                &request_body,
                &response_body,
            );
            account.operations.push(operation);
            Ok::<_, ConnectorError>(answer)
        })
    }
}

impl Meter {
    fn begin(&self) -> bool {
        let mut account = self.account();
        account.in_flight += 1;
        account.in_flight == 1
    }
}

impl Account {
    fn bill(
        &mut self,
        operation: Operation,
        request_body: &Value,
        response_body: &Value,
    ) -> Operation {
        let Some((writes, factor)) = writes_of(&operation.name, request_body) else {
            return read(operation, request_body, response_body);
        };
        let mut operation = operation;
        let mut of_items = 0.0;
        for write in writes {
            let key = key_of(write);
            let before = self.items.get(&key).cloned().unwrap_or_default();
            let item = after(&before, write);
            let units = factor * write_capacity_units(size(&item).max(size(&before)));
            let kind = kind(&key.1);
            of_items += units;
            *operation.write_units.entry(kind.clone()).or_default() += units;
            let partitions = self.partitions(&key.0, &before, &item);
            operation.written.push(Written {
                kind,
                bytes: size(&item),
                item: item.clone(),
                partitions,
            });
            if operation.done {
                self.items.insert(key, item);
            }
        }
        if operation.done {
            add_indexes(&mut operation, of_items, response_body);
        }
        operation
    }
}

impl Account {
    fn partitions(&self, pk: &str, before: &Value, after: &Value) -> BTreeSet<String> {
        let mut partitions = BTreeSet::from([format!("table {pk}")]);
        for index in &self.indexes {
            let place = |item: &Value| {
                (
                    item[&index.partition_key].clone(),
                    item[&index.sort_key].clone(),
                )
            };
            if place(before) == place(after) && (index.keys_only || before == after) {
                continue;
            }
            let touched = [before, after]
                .map(|item| item[&index.partition_key]["S"].as_str().map(str::to_owned));
            partitions.extend(
                touched
                    .into_iter()
                    .flatten()
                    .map(|partition| format!("{} {partition}", index.name)),
            );
        }
        partitions
    }
}

/// Adds the request for the consumed capacity to a request, and returns the request's JSON.
fn with_consumed_capacity(request: &mut HttpRequest) -> Value {
    let mut request_body = json_of(request);
    request_body["ReturnConsumedCapacity"] = json!("INDEXES");
    let body = request_body.to_string();
    request
        .headers_mut()
        .insert("content-length", body.len().to_string());
    *request.body_mut() = SdkBody::from(body);
    request_body
}

fn json_of(request: &HttpRequest) -> Value {
    serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap()
}

fn indexes_of(create_table: &Value) -> Vec<Index> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let index = |index: &Value| Index {
        name: text(&index["IndexName"]),
        partition_key: text(&index["KeySchema"][0]["AttributeName"]),
        sort_key: text(&index["KeySchema"][1]["AttributeName"]),
        keys_only: index["Projection"]["ProjectionType"] == "KEYS_ONLY",
    };
    create_table["GlobalSecondaryIndexes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(index)
        .collect()
}

/// The item after a write; null if it was deleted.
fn after(before: &Value, write: &Value) -> Value {
    let Some(expression) = write["UpdateExpression"].as_str() else {
        return write["Item"].clone();
    };
    let mut item = if before.is_null() {
        write["Key"].clone()
    } else {
        before.clone()
    };
    let (set, removed) = expression
        .split_once(" REMOVE ")
        .unwrap_or((expression, ""));
    let name = |placeholder: &str| {
        let name = &write["ExpressionAttributeNames"][placeholder];
        name.as_str()
            .unwrap_or_else(|| panic!("not metered: {expression}"))
            .to_owned()
    };
    for assignment in set
        .strip_prefix("SET ")
        .into_iter()
        .flat_map(|set| set.split(", "))
    {
        let (left, right) = assignment.split_once(" = ").unwrap();
        item[name(left)] = write["ExpressionAttributeValues"][right].clone();
    }
    for placeholder in removed
        .split(", ")
        .filter(|placeholder| !placeholder.is_empty())
    {
        item.as_object_mut().unwrap().remove(&name(placeholder));
    }
    item
}

/// The writes of an operation and the factor of their units; `None` if it reads.
fn writes_of<'a>(name: &str, request_body: &'a Value) -> Option<(Vec<&'a Value>, f64)> {
    match name {
        "PutItem" | "UpdateItem" | "DeleteItem" => Some((vec![request_body], 1.0)),
        "TransactWriteItems" => {
            let writes = request_body["TransactItems"]
                .as_array()
                .into_iter()
                .flatten();
            let write = |write: &'a Value| {
                let kinds = ["Put", "Update", "Delete", "ConditionCheck"].into_iter();
                kinds
                    .map(|kind| &write[kind])
                    .find(|write| !write.is_null())
            };
            Some((
                writes
                    .map(|item| write(item).unwrap_or_else(|| panic!("not metered: {item}")))
                    .collect(),
                TRANSACTION_FACTOR,
            ))
        }
        "GetItem" | "BatchGetItem" | "Query" | "Scan" => None,
        other => panic!("{other} is not metered"),
    }
}

fn read(mut operation: Operation, request_body: &Value, response_body: &Value) -> Operation {
    operation.read_units = bills_of(response_body)
        .iter()
        .filter_map(|bill| bill["CapacityUnits"].as_f64())
        .sum();
    let batch = response_body["Responses"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(_table, items)| items.as_array());
    operation.items_read = match response_body["ScannedCount"].as_u64() {
        Some(scanned) => scanned,
        None => {
            u64::from(!response_body["Item"].is_null())
                + batch.map(|items| items.len() as u64).sum::<u64>()
        }
    };
    operation.read_from = match request_body["IndexName"].as_str() {
        Some(index) => index.to_owned(),
        None => request_body["Key"]["sk"]["S"]
            .as_str()
            .map_or_else(|| "partition".to_owned(), kind),
    };
    operation
}

/// Adds the cost of the indexes. The engine's numbers for the table itself have to equal the
/// meter's.
fn add_indexes(operation: &mut Operation, of_items: f64, response_body: &Value) {
    let bills = bills_of(response_body);
    let of_table: f64 = bills
        .iter()
        .filter_map(|bill| bill["Table"]["CapacityUnits"].as_f64())
        .sum();
    assert_eq!(of_table, of_items, "the engine's bill for {operation:?}");
    for (index, bill) in bills
        .iter()
        .filter_map(|bill| bill["GlobalSecondaryIndexes"].as_object())
        .flatten()
    {
        let units = bill["CapacityUnits"].as_f64().unwrap_or_default();
        *operation
            .write_units
            .entry(format!("index {index}"))
            .or_default() += units;
    }
}

/// The consumed capacity per table: some operations answer with a list, others with one object.
fn bills_of(response_body: &Value) -> &[Value] {
    let bill = &response_body["ConsumedCapacity"];
    bill.as_array()
        .map_or(std::slice::from_ref(bill), Vec::as_slice)
}

fn key_of(write: &Value) -> (String, String) {
    let part = |name: &str| {
        let value = if write["Key"].is_null() {
            &write["Item"][name]
        } else {
            &write["Key"][name]
        };
        value["S"].as_str().unwrap_or_default().to_owned()
    };
    (part(store::keys::PK), part(store::keys::SK))
}

fn kind(sort_key: &str) -> String {
    // The sort key of an Events item has no kind: it begins with a moment.
    if sort_key.starts_with(|first: char| first.is_ascii_digit()) {
        return "EVENTS".to_owned();
    }
    sort_key.split('#').next().unwrap_or_default().to_owned()
}

/// An item's size as DynamoDB counts it, bytes; 0 for null.
fn size(item: &Value) -> usize {
    if item.is_null() {
        return 0;
    }
    item_size(&serde_json::from_value::<Item>(item.clone()).unwrap())
}
