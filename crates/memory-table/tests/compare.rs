//! The table in memory answers as the embedded engine does: random requests, with the expressions
//! of the store, to both.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, KeysAndAttributes, Put, ReturnValue, Select, TransactWriteItem, Update,
};
use dynamodb_in_process::InProcess;
use ids::time::{Clock, Timestamp};
use memory_table::MemoryTable;

const TABLE: &str = "table";

/// Requests of one run.
const REQUESTS: usize = 600;

/// Partitions, and sort keys in each: so few that requests meet.
const KEYS: u8 = 3;

type Item = HashMap<String, AttributeValue>;

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_348_800_000)
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A request, which can be sent to several tables.
#[derive(Debug, Clone)]
enum Request {
    PutNew(Item),
    PutNext(Item, u64),
    Update(Item, u64),
    Count(Item),
    Delete(Item),
    Transact(Vec<(Item, u64)>, Item),
    Query(QueryOf),
    Get(Vec<Item>),
}

#[derive(Debug, Clone)]
struct QueryOf {
    index: Option<&'static str>,
    partition: String,
    range: Option<(&'static str, String)>,
    is_forward: bool,
    limit: i32,
    counts: bool,
}

fn key(dice: &mut fastrand::Rng) -> Item {
    HashMap::from([
        ("pk".to_owned(), text(format!("P{}", dice.u8(..KEYS)))),
        ("sk".to_owned(), text(format!("S{}", dice.u8(..KEYS)))),
    ])
}

fn item(dice: &mut fastrand::Rng) -> Item {
    let mut item = key(dice);
    item.insert("version".to_owned(), number(dice.u64(1..4)));
    if dice.bool() {
        item.insert("board_pk".to_owned(), text(format!("B{}", dice.u8(..2))));
        item.insert("board_sk".to_owned(), text(format!("{}", dice.u8(..9))));
    }
    if dice.bool() {
        item.insert("listing_pk".to_owned(), text("L"));
        item.insert("listing_sk".to_owned(), text(format!("{}", dice.u8(..9))));
    }
    item
}

fn request(dice: &mut fastrand::Rng) -> Request {
    match dice.u8(..10) {
        0 => Request::PutNew(item(dice)),
        1 => Request::PutNext(item(dice), dice.u64(1..4)),
        2 | 3 => Request::Update(item(dice), dice.u64(1..4)),
        4 => Request::Count(key(dice)),
        5 => Request::Delete(key(dice)),
        6 => {
            let mut keys = std::collections::BTreeSet::new();
            let writes: Vec<Item> = (0..3).map(|_| item(dice)).collect();
            // A transaction may not write an item twice.
            let mut writes: Vec<Item> = writes
                .into_iter()
                .filter(|item| keys.insert(format!("{:?}{:?}", item["pk"], item["sk"])))
                .collect();
            let last = writes.pop().unwrap();
            let writes = writes.into_iter().map(|item| (item, dice.u64(1..3)));
            Request::Transact(writes.collect(), last)
        }
        7 => Request::Get((0..2).map(|_| key(dice)).collect()),
        _ => Request::Query(query(dice)),
    }
}

fn query(dice: &mut fastrand::Rng) -> QueryOf {
    let (index, partition) = match dice.u8(..3) {
        0 => (None, format!("P{}", dice.u8(..KEYS))),
        1 => (Some("board"), format!("B{}", dice.u8(..2))),
        _ => (Some("listing"), "L".to_owned()),
    };
    let value = match index {
        None => format!("S{}", dice.u8(..KEYS)),
        Some(_) => format!("{}", dice.u8(..9)),
    };
    let range = dice.choice(["<", ">", "=", "BETWEEN"]).unwrap();
    QueryOf {
        index,
        partition,
        range: dice.bool().then_some((range, value)),
        is_forward: dice.bool(),
        limit: dice.i32(1..6),
        counts: dice.bool(),
    }
}

/// An answer, or the code of the error.
fn shown<T: Debug, E: ProvideErrorMetadata, R>(answer: Result<T, SdkError<E, R>>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => format!("{:?}", error.code()),
    }
}

fn sorted(items: Vec<Item>) -> Vec<String> {
    items.into_iter().map(one).collect()
}

fn one(item: Item) -> String {
    let sorted: std::collections::BTreeMap<_, _> = item.into_iter().collect();
    format!("{sorted:?}")
}

fn key_of(item: &Item) -> Item {
    let keys = item
        .iter()
        .filter(|(name, _)| *name == "pk" || *name == "sk");
    keys.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

async fn answer(table: &Client, request: Request) -> String {
    match request {
        Request::PutNew(item) => {
            let put = table.put_item().table_name(TABLE).set_item(Some(item));
            let put = put.condition_expression("attribute_not_exists(pk)");
            shown(put.send().await.map(|_| ()))
        }
        Request::PutNext(item, read) => {
            let put = table.put_item().table_name(TABLE).set_item(Some(item));
            let put = put
                .condition_expression("#version = :read")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":read", number(read));
            shown(put.send().await.map(|_| ()))
        }
        Request::Update(item, read) => {
            let update = table
                .update_item()
                .table_name(TABLE)
                .set_key(Some(key_of(&item)))
                .update_expression("SET #version = :version REMOVE #gone, board_pk")
                .condition_expression("(attribute_not_exists(#version) OR #version <= :read)")
                .expression_attribute_names("#version", "version")
                .expression_attribute_names("#gone", "gone")
                .expression_attribute_values(":version", item["version"].clone())
                .expression_attribute_values(":read", number(read));
            let update = update.return_values(ReturnValue::UpdatedOld);
            let old = update.send().await.map(|updated| {
                let old = updated.attributes.unwrap_or_default();
                old.get("version").cloned()
            });
            shown(old)
        }
        Request::Count(key) => {
            let update = table
                .update_item()
                .table_name(TABLE)
                .set_key(Some(key))
                .update_expression("ADD #calls :one SET #ttl = :ttl")
                .condition_expression("attribute_not_exists(#calls) OR #calls < :max")
                .expression_attribute_names("#calls", "calls")
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":max", number(3))
                .expression_attribute_values(":ttl", number(7));
            shown(update.send().await.map(|_| ()))
        }
        Request::Delete(key) => {
            let delete = table.delete_item().table_name(TABLE).set_key(Some(key));
            let delete =
                delete.condition_expression("attribute_exists(pk) AND NOT attribute_exists(calls)");
            shown(delete.send().await.map(|_| ()))
        }
        Request::Transact(writes, last) => transact(table, writes, last).await,
        Request::Query(query) => queried(table, &query).await,
        Request::Get(keys) => {
            let first = table.get_item().table_name(TABLE);
            let first = first.set_key(keys.first().cloned()).send().await;
            let first = first.map(|found| found.item.map(one));
            let keys = KeysAndAttributes::builder().set_keys(Some(keys));
            let both = table.batch_get_item();
            let both = both.request_items(TABLE, keys.build().unwrap());
            let both = both.send().await.map(|found| {
                let items = found.responses.unwrap_or_default().remove(TABLE);
                let mut items = sorted(items.unwrap_or_default());
                items.sort();
                items
            });
            format!("{} {}", shown(first), shown(both))
        }
    }
}

async fn transact(table: &Client, writes: Vec<(Item, u64)>, last: Item) -> String {
    let mut items = Vec::new();
    for (item, read) in writes {
        let update = Update::builder()
            .table_name(TABLE)
            .set_key(Some(key_of(&item)))
            .update_expression("SET #version = :version")
            .condition_expression("#version BETWEEN :one AND :read")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", item["version"].clone())
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":read", number(read));
        let update = update.build().unwrap();
        items.push(TransactWriteItem::builder().update(update).build());
    }
    let write = if last.contains_key("board_pk") {
        let delete = Delete::builder()
            .table_name(TABLE)
            .set_key(Some(key_of(&last)));
        TransactWriteItem::builder().delete(delete.build().unwrap())
    } else {
        let put = Put::builder().table_name(TABLE).set_item(Some(last));
        TransactWriteItem::builder().put(put.build().unwrap())
    };
    items.push(write.build());
    let sent = table.transact_write_items().set_transact_items(Some(items));
    match sent.send().await {
        Ok(_) => "written".to_owned(),
        Err(error) => {
            let error = error.into_service_error();
            let TransactWriteItemsError::TransactionCanceledException(canceled) = error else {
                return format!("{:?}", error.code());
            };
            let reasons = canceled.cancellation_reasons().iter();
            let codes: Vec<_> = reasons.map(|reason| reason.code()).collect();
            format!("{codes:?}")
        }
    }
}

async fn queried(table: &Client, query: &QueryOf) -> String {
    let (pk, sk) = match query.index {
        None => ("pk", "sk"),
        Some("board") => ("board_pk", "board_sk"),
        Some(_) => ("listing_pk", "listing_sk"),
    };
    let mut condition = "#pk = :pk".to_owned();
    let mut request = table
        .query()
        .table_name(TABLE)
        .set_index_name(query.index.map(str::to_owned))
        .expression_attribute_names("#pk", pk)
        .expression_attribute_values(":pk", text(&query.partition))
        .scan_index_forward(query.is_forward)
        .limit(query.limit);
    if let Some((sign, value)) = &query.range {
        condition += &match *sign {
            "BETWEEN" => " AND #sk BETWEEN :sk AND :end".to_owned(),
            sign => format!(" AND #sk {sign} :sk"),
        };
        request = request
            .expression_attribute_names("#sk", sk)
            .expression_attribute_values(":sk", text(value));
        if *sign == "BETWEEN" {
            request = request.expression_attribute_values(":end", text("z"));
        }
    }
    if query.counts {
        request = request.select(Select::Count);
    }
    let mut pages = request
        .key_condition_expression(condition)
        .into_paginator()
        .send();
    let mut seen = Vec::new();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        count += page.count();
        seen.extend(sorted(page.items.unwrap_or_default()));
    }
    if query.index.is_some() {
        // Entries with one sort key have no order in an index.
        seen.sort();
    }
    format!("{count} {seen:?}")
}

#[tokio::test]
async fn answers_are_those_of_the_embedded_engine() {
    for seed in 0..8 {
        let memory = MemoryTable::new(Arc::new(Noon));
        let memory = dynamodb_in_process::client(memory);
        let engine = InProcess::new(dynoxide::Database::memory().unwrap());
        let engine = dynamodb_in_process::client(engine);
        for table in [&memory, &engine] {
            store::schema::create_table(table, TABLE).await.unwrap();
        }
        let mut dice = fastrand::Rng::with_seed(seed);
        for count in 0..REQUESTS {
            let request = request(&mut dice);
            let expected = answer(&engine, request.clone()).await;
            let found = answer(&memory, request.clone()).await;
            assert_eq!(found, expected, "seed {seed}, request {count}: {request:?}");
        }
    }
}

#[tokio::test]
async fn unknown_requests_are_refused() {
    let memory = MemoryTable::new(Arc::new(Noon));
    let table = dynamodb_in_process::client(memory);
    store::schema::create_table(&table, TABLE).await.unwrap();
    let scan = table.scan().table_name(TABLE).send().await;
    assert_eq!(shown(scan), "Some(\"ValidationException\")");
    let put = table.put_item().table_name(TABLE);
    let put = put.item("pk", text("P")).item("sk", text("S"));
    let put = put.condition_expression("size(pk) > :one");
    let put = put.expression_attribute_values(":one", number(1));
    let refused = shown(put.send().await.map(|_| ()));
    assert_eq!(refused, "Some(\"ValidationException\")");
}

#[tokio::test]
async fn copy_has_the_items_and_an_empty_stream() {
    let memory = MemoryTable::new(Arc::new(Noon));
    let table = dynamodb_in_process::client(memory.clone());
    store::schema::create_table(&table, TABLE).await.unwrap();
    let put = |client: Client, sk: &'static str| async move {
        let put = client.put_item().table_name(TABLE).item("pk", text("P"));
        put.item("sk", text(sk)).send().await.unwrap();
    };
    put(table.clone(), "first").await;
    let copy = memory.copy(Arc::new(Noon));
    let copied = dynamodb_in_process::client(copy.clone());
    put(copied, "second").await;
    let records = copy.records_after(None, 10);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].event["eventName"], "INSERT");
    assert_eq!(
        records[0].event["dynamodb"]["NewImage"]["sk"]["S"],
        "second"
    );
    assert!(copy.records_after(Some(records[0].number), 10).is_empty());
    assert_eq!(
        memory.records_after(None, 10).len(),
        1,
        "it has a stream of its own"
    );
    copy.trim(records[0].number);
    assert!(copy.records_after(None, 10).is_empty());
}
