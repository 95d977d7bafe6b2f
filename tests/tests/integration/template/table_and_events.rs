//! The table, compared with the keys of `store`, and the files under `events/`.

use serde_json::{Value, json};
use store::keys;
use tests::template::texts;

use super::{Check, Project, shown};

/// The fewest event files of a function: one that succeeds, one that does not.
const EVENTS_PER_FUNCTION_MIN: usize = 2;
/// Fictitious phone numbers, the only ones in samples: +1 707 555 01xx.
const SAMPLE_NUMBERS: &str = "+170755501";

/// The kinds of throughput of a table and of an index, with their fields.
const THROUGHPUT: [(&str, [&str; 2]); 2] = [
    (
        "WarmThroughput",
        ["ReadUnitsPerSecond", "WriteUnitsPerSecond"],
    ),
    (
        "OnDemandThroughput",
        ["MaxReadRequestUnits", "MaxWriteRequestUnits"],
    ),
];

pub(crate) const CHECKS: &[Check] = &[table, events];

fn table(project: &Project) -> Vec<String> {
    let table = project.template.resource("Table").unwrap_or(&Value::Null);
    let properties = &table["Properties"];
    let mut problems = Vec::new();
    let mut expect = |found: &Value, expected: Value, sentence: &str| {
        if *found != expected {
            problems.push(format!(
                "{sentence}: {} instead of {}",
                shown(found),
                shown(&expected)
            ));
        }
    };
    expect(
        &table["DeletionPolicy"],
        json!("Retain"),
        "the table is not retained when the stack is deleted",
    );
    expect(
        &table["UpdateReplacePolicy"],
        json!("Retain"),
        "the table is not retained when it is replaced",
    );
    expect(
        &properties["BillingMode"],
        json!("PAY_PER_REQUEST"),
        "the table is not billed on demand",
    );
    let view = &properties["StreamSpecification"]["StreamViewType"];
    expect(
        view,
        json!("NEW_AND_OLD_IMAGES"),
        &format!("the table's stream carries {}", shown(view)),
    );
    expect(
        &properties["KeySchema"],
        key_schema(keys::PK, keys::SK),
        "the table's key is not the one of store::keys",
    );
    expect(
        &properties["DeletionProtectionEnabled"],
        json!(true),
        "the table can be deleted by mistake",
    );
    expect(
        &properties["TableName"],
        json!("TableName"),
        "the table is not named by the parameter of the functions",
    );
    let indexes = json!([
        index(keys::BOARD, keys::BOARD_PK, keys::BOARD_SK, "ALL"),
        index(
            keys::LISTING,
            keys::LISTING_PK,
            keys::LISTING_SK,
            "KEYS_ONLY"
        ),
    ]);
    expect(
        &without_throughput(&properties["GlobalSecondaryIndexes"]),
        indexes,
        "the table's indexes are not those of store::keys",
    );
    expect(
        &properties["TimeToLiveSpecification"]["AttributeName"],
        json!(keys::TTL),
        "the table cleans up by another attribute than store::keys",
    );
    expect(
        &properties["TimeToLiveSpecification"]["Enabled"],
        json!(true),
        "the table's old items are never deleted",
    );
    let recovery = &properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
    expect(
        recovery,
        json!(true),
        "the table cannot be brought back to an earlier moment",
    );
    problems.extend(throughput(properties));
    problems
}

/// An index that is throttled throttles the table, so each has the same throughput.
fn throughput(table: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let indexes = table["GlobalSecondaryIndexes"].as_array();
    for index in indexes.into_iter().flatten() {
        for (kind, fields) in THROUGHPUT {
            let found = texts(&index[kind]);
            let named: Vec<&String> = keys_below(&index[kind]);
            let complete = fields
                .iter()
                .all(|field| named.iter().any(|name| name == field));
            if found != texts(&table[kind]) || found.is_empty() || !complete {
                let name = shown(&index["IndexName"]);
                problems.push(format!(
                    "the throughput of the index {name} is not that of the table: {kind}"
                ));
            }
        }
    }
    problems
}

/// The names of all fields in a part of the template, at any depth.
fn keys_below(part: &Value) -> Vec<&String> {
    match part {
        Value::Object(fields) => {
            let below = fields.values().flat_map(keys_below);
            fields.keys().chain(below).collect()
        }
        Value::Array(items) => items.iter().flat_map(keys_below).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn without_throughput(indexes: &Value) -> Value {
    let mut indexes = indexes.clone();
    for index in indexes.as_array_mut().into_iter().flatten() {
        if let Some(fields) = index.as_object_mut() {
            fields.retain(|name, _| !THROUGHPUT.iter().any(|(kind, _)| name == kind));
        }
    }
    indexes
}

fn key_schema(hash: &str, range: &str) -> Value {
    json!([{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": range, "KeyType": "RANGE"}])
}

fn index(name: &str, hash: &str, range: &str, projection: &str) -> Value {
    json!({"IndexName": name, "KeySchema": key_schema(hash, range), "Projection": {"ProjectionType": projection}})
}

fn events(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for event in &project.events {
        let name = &event.name;
        if !project.functions.contains_key(event.function()) || name.split('.').count() != 2 {
            problems.push(format!(
                "events/{name}.json is not named <function>.<situation>.json after a folder of functions/"
            ));
        }
        match &event.payload {
            Err(error) => problems.push(format!("events/{name}.json: {error}")),
            Ok(payload) => problems.extend(real_numbers(&payload.to_string()).map(|number| {
                format!("events/{name}.json has the phone number {number}; samples use {SAMPLE_NUMBERS}xx")
            })),
        }
    }
    for folder in project.functions.keys() {
        let count = project
            .events
            .iter()
            .filter(|event| event.function() == folder)
            .count();
        if count < EVENTS_PER_FUNCTION_MIN {
            problems.push(format!("functions/{folder} has {count} files in events/, fewer than {EVENTS_PER_FUNCTION_MIN}"));
        }
    }
    problems
}

/// Phone numbers in a text, plain or percent-encoded, that are not fictitious.
fn real_numbers(text: &str) -> impl Iterator<Item = String> {
    let text = text.replace("%2B", "+");
    let numbers: Vec<String> = text
        .split('+')
        .skip(1)
        .map(|rest| {
            rest.chars()
                .take_while(char::is_ascii_digit)
                .collect::<String>()
        })
        .filter(|digits| digits.len() > 7 && !format!("+{digits}").starts_with(SAMPLE_NUMBERS))
        .collect();
    numbers.into_iter()
}
