//! The SDK's clients over a database in this process.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
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
async fn what_is_written_is_read_back() {
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
async fn a_failed_condition_is_the_error_the_sdk_knows() {
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
async fn a_canceled_transaction_says_which_condition_failed_and_writes_nothing() {
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

/// A layer that loses answers lets the SDK send a transaction twice. Where none is lost nobody does, and nothing is kept for it.
#[tokio::test]
async fn a_transaction_that_comes_twice_is_known_again_unless_nothing_is_lost() {
    for (losing_nothing, is_known_again) in [(false, true), (true, false)] {
        let engine = engine().await;
        let engine = if losing_nothing {
            engine.without_request_tokens()
        } else {
            engine
        };
        let table = dynamodb_in_process::client(engine);
        let write = TransactWriteItem::builder().put(put_once("one")).build();
        let transaction = table
            .transact_write_items()
            .transact_items(write)
            .client_request_token("the same");
        transaction.clone().send().await.unwrap();
        assert_eq!(transaction.send().await.is_ok(), is_known_again);
    }
}

#[tokio::test]
async fn the_stream_tells_what_was_written() {
    let engine = engine().await;
    let (table, streams) = (
        dynamodb_in_process::client(engine.clone()),
        dynamodb_in_process::streams(engine),
    );
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

/// Lets what it has seen pass; after that nothing.
#[derive(Debug, Default)]
struct Watchful {
    seen: Mutex<Vec<String>>,
}

impl Layer for Watchful {
    fn pass(&self, request: HttpRequest, next: SharedHttpConnector) -> HttpConnectorFuture {
        let mut seen = self.seen.lock().unwrap();
        seen.push(dynamodb_in_process::operation(&request).to_owned());
        match seen.len() {
            1 => next.call(request),
            _ => HttpConnectorFuture::ready(Err(ConnectorError::user("that is enough".into()))),
        }
    }
}

#[tokio::test]
async fn a_layer_sees_every_request_and_may_keep_it_from_the_engine() {
    let watchful = Arc::new(Watchful::default());
    let engine = engine().await;
    let table =
        dynamodb_in_process::client(Layered::new(engine.clone(), Arc::clone(&watchful) as _));
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
    assert_eq!(*watchful.seen.lock().unwrap(), ["PutItem", "PutItem"]);
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
