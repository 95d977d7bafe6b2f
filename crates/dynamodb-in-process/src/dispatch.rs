//! Dispatch of an operation, by its name and JSON, to the engine's method with that name.

use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Whether the engine gets the SDK's client request token, by which it deduplicates a transaction
/// that is sent twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tokens {
    Passed,
    Withheld,
}

/// Status and JSON of the answer to a request.
pub(crate) fn dispatch(
    database: &Database,
    tokens: Tokens,
    operation: &str,
    body: &[u8],
) -> (u16, String) {
    match run(database, tokens, operation, body) {
        Ok(answer) => (200, answer),
        Err(error) => (error.status_code(), error.to_json()),
    }
}

/// Whether an operation changes items, and so adds to the table's stream.
pub fn is_write(operation: &str) -> bool {
    matches!(
        operation,
        "PutItem" | "DeleteItem" | "UpdateItem" | "BatchWriteItem" | "TransactWriteItems"
    )
}

/// Whether an operation reads items, and nothing else.
pub(crate) fn is_read(operation: &str) -> bool {
    matches!(
        operation,
        "GetItem" | "Query" | "Scan" | "BatchGetItem" | "TransactGetItems"
    )
}

fn run(
    database: &Database,
    tokens: Tokens,
    operation: &str,
    body: &[u8],
) -> Result<String, DynoxideError> {
    match operation {
        "CreateTable" => call(body, |request| database.create_table(request)),
        "DeleteTable" => call(body, |request| database.delete_table(request)),
        "DescribeTable" => call(body, |request| database.describe_table(request)),
        "ListTables" => call(body, |request| database.list_tables(request)),
        "UpdateTable" => call(body, |request| database.update_table(request)),
        "UpdateTimeToLive" => call(body, |request| database.update_time_to_live(request)),
        "DescribeTimeToLive" => call(body, |request| database.describe_time_to_live(request)),
        "PutItem" => call(body, |request| database.put_item(request)),
        "GetItem" => call(body, |request| database.get_item(request)),
        "DeleteItem" => call(body, |request| database.delete_item(request)),
        "UpdateItem" => call(body, |request| database.update_item(request)),
        "Query" => call(body, |request| database.query(request)),
        "Scan" => call(body, |request| database.scan(request)),
        "BatchGetItem" => call(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => call(body, |request| database.batch_write_item(request)),
        "TransactWriteItems" => call(body, |request| {
            database.transact_write_items(tokens.in_request(request))
        }),
        "TransactGetItems" => call(body, |request| database.transact_get_items(request)),
        "ListStreams" => call(body, |request| database.list_streams(request)),
        "DescribeStream" => call(body, |request| database.describe_stream(request)),
        "GetShardIterator" => call(body, |request| database.get_shard_iterator(request)),
        "GetRecords" => call(body, |request| database.get_records(request)),
        other => Err(DynoxideError::ValidationException(format!(
            "the embedded DynamoDB does not support {other}"
        ))),
    }
}

impl Tokens {
    fn in_request(self, request: TransactWriteItemsRequest) -> TransactWriteItemsRequest {
        match self {
            Self::Passed => request,
            Self::Withheld => TransactWriteItemsRequest {
                client_request_token: None,
                ..request
            },
        }
    }
}

fn call<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    action: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<String, DynoxideError> {
    let request = serde_json::from_slice(body)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
    let answer = action(request)?;
    serde_json::to_string(&answer)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
