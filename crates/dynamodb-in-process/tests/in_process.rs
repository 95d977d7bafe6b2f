//! The SDK's clients over a database in this process.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot continue panics"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use aws_sdk_dynamodbstreams::types::ShardIteratorType;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use dynamodb_in_process::{InProcess, Layer, Layered};

const TABLE: &str = "things";

async fn engine() -> InProcess {
    let engine = InProcess::new(dynoxide::Database::memory().unwrap());
    store::schema::create_table(&dynamodb_in_process::client(engine.clone()), TABLE)
        .await
        .unwrap();
    engine
}

fn item(pk: &str) -> HashMap<String, AttributeValue> {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    HashMap::from([
        ("pk".to_owned(), text(pk)),
        ("sk".to_owned(), text("THING")),
    ])
}

fn put_once(pk: &str) -> Put {
    let put = Put::builder().table_name(TABLE).set_item(Some(item(pk)));
    put.condition_expression("attribute_not_exists(pk)")
        .build()
        .unwrap()
}

#[tokio::test]
async fn written_item_is_read_back() {
    let table = dynamodb_in_process::client(engine().await);
    table
        .put_item()
        .table_name(TABLE)
        .set_item(Some(item("one")))
        .send()
        .await
        .unwrap();
    let found = table
        .get_item()
        .table_name(TABLE)
        .set_key(Some(item("one")))
        .consistent_read(true)
        .send()
        .await;
    assert_eq!(found.unwrap().item, Some(item("one")));
}

#[tokio::test]
async fn failed_condition_is_the_sdks_error() {
    let table = dynamodb_in_process::client(engine().await);
    let put = |pk| table.put_item().table_name(TABLE).set_item(Some(item(pk)));
    put("one").send().await.unwrap();
    let error = put("one")
        .condition_expression("attribute_not_exists(pk)")
        .send()
        .await
        .unwrap_err();
    assert!(
        error
            .into_service_error()
            .is_conditional_check_failed_exception()
    );
}

#[tokio::test]
async fn canceled_transaction_names_its_reasons() {
    let table = dynamodb_in_process::client(engine().await);
    table
        .put_item()
        .table_name(TABLE)
        .set_item(Some(item("two")))
        .send()
        .await
        .unwrap();
    let writes = ["one", "two"].map(|pk| TransactWriteItem::builder().put(put_once(pk)).build());
    let error = table
        .transact_write_items()
        .set_transact_items(Some(writes.to_vec()))
        .send()
        .await
        .unwrap_err();
    let error = error.into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
        canceled,
    ) = error
    else {
        panic!("{error}")
    };
    let codes: Vec<_> = canceled
        .cancellation_reasons()
        .iter()
        .filter_map(|reason| reason.code())
        .collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    let one = table
        .get_item()
        .table_name(TABLE)
        .set_key(Some(item("one")))
        .send()
        .await
        .unwrap();
    assert_eq!(one.item, None);
}

/// A layer that loses answers makes the SDK send a transaction twice. Where no answer is lost, no
/// transaction is repeated, and the engine need not cache tokens.
#[tokio::test]
async fn repeated_transaction_is_deduplicated() {
    for (has_tokens, is_deduplicated) in [(true, true), (false, false)] {
        let engine = engine().await;
        let engine = if has_tokens {
            engine
        } else {
            engine.without_request_tokens()
        };
        let table = dynamodb_in_process::client(engine);
        let write = TransactWriteItem::builder().put(put_once("one")).build();
        let transaction = table
            .transact_write_items()
            .transact_items(write)
            .client_request_token("the same");
        transaction.clone().send().await.unwrap();
        assert_eq!(transaction.send().await.is_ok(), is_deduplicated);
    }
}

#[tokio::test]
async fn stream_has_the_written_item() {
    let engine = engine().await;
    let table = dynamodb_in_process::client(engine.clone());
    let streams = dynamodb_in_process::streams(engine);
    table
        .put_item()
        .table_name(TABLE)
        .set_item(Some(item("one")))
        .send()
        .await
        .unwrap();
    let listed = streams
        .list_streams()
        .table_name(TABLE)
        .send()
        .await
        .unwrap();
    let arn = listed.streams()[0].stream_arn().unwrap();
    let described = streams
        .describe_stream()
        .stream_arn(arn)
        .send()
        .await
        .unwrap();
    let shard = described.stream_description().unwrap().shards()[0]
        .shard_id()
        .unwrap();
    let iterator = streams.get_shard_iterator().stream_arn(arn).shard_id(shard);
    let iterator = iterator
        .shard_iterator_type(ShardIteratorType::TrimHorizon)
        .send()
        .await
        .unwrap();
    let read = streams
        .get_records()
        .shard_iterator(iterator.shard_iterator().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(read.records().len(), 1);
}

/// Forwards the first request and refuses all others.
#[derive(Debug, Default)]
struct Recorder {
    seen: Mutex<Vec<String>>,
}

impl Layer for Recorder {
    fn pass(&self, request: HttpRequest, next: SharedHttpConnector) -> HttpConnectorFuture {
        let mut seen = self.seen.lock().unwrap();
        seen.push(dynamodb_in_process::operation(&request).to_owned());
        if seen.len() == 1 {
            next.call(request)
        } else {
            HttpConnectorFuture::ready(Err(ConnectorError::user("refused by the layer".into())))
        }
    }
}

#[tokio::test]
async fn layer_may_refuse_requests() {
    let recorder = Arc::new(Recorder::default());
    let engine = engine().await;
    let table =
        dynamodb_in_process::client(Layered::new(engine.clone(), Arc::clone(&recorder) as _));
    table
        .put_item()
        .table_name(TABLE)
        .set_item(Some(item("one")))
        .send()
        .await
        .unwrap();
    let refused = table
        .put_item()
        .table_name(TABLE)
        .set_item(Some(item("two")))
        .send()
        .await
        .unwrap_err();
    assert!(
        matches!(refused, SdkError::DispatchFailure(_)),
        "{refused:?}"
    );
    assert_eq!(*recorder.seen.lock().unwrap(), ["PutItem", "PutItem"]);
    let table = dynamodb_in_process::client(engine);
    let found = async |pk| {
        table
            .get_item()
            .table_name(TABLE)
            .set_key(Some(item(pk)))
            .send()
            .await
            .unwrap()
            .item
    };
    assert_eq!(
        (found("one").await, found("two").await),
        (Some(item("one")), None)
    );
}

/// Reads use the reader's connection and see what the other one has written before.
#[tokio::test]
async fn reader_sees_earlier_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.sqlite");
    let open = || dynoxide::Database::new(&path.to_string_lossy()).unwrap();
    let engine = InProcess::new(open()).with_reader(open());
    let table = dynamodb_in_process::client(engine);
    store::schema::create_table(&table, TABLE).await.unwrap();
    for pk in ["one", "two"] {
        let put = table.put_item().table_name(TABLE);
        put.set_item(Some(item(pk))).send().await.unwrap();
        let get = table.get_item().table_name(TABLE);
        let found = get.set_key(Some(item(pk))).send().await.unwrap();
        assert_eq!(found.item, Some(item(pk)));
    }
}

/// A reader of another file shows which requests it gets: reads of items alone.
#[tokio::test]
async fn writes_and_streams_bypass_the_reader() {
    let with_items = dynamodb_in_process::client(engine().await);
    let other = dynoxide::Database::memory().unwrap();
    let elsewhere = dynamodb_in_process::client(InProcess::new(other.clone()));
    store::schema::create_table(&elsewhere, TABLE)
        .await
        .unwrap();
    let database = dynoxide::Database::memory().unwrap();
    let split = dynamodb_in_process::client(InProcess::new(database).with_reader(other));
    store::schema::create_table(&split, TABLE).await.unwrap();
    for table in [&with_items, &split] {
        let put = table.put_item().table_name(TABLE);
        put.set_item(Some(item("one"))).send().await.unwrap();
    }
    let found = async |table: &aws_sdk_dynamodb::Client| {
        let get = table.get_item().table_name(TABLE);
        get.set_key(Some(item("one"))).send().await.unwrap().item
    };
    assert_eq!(found(&with_items).await, Some(item("one")));
    assert_eq!(found(&split).await, None);
}
