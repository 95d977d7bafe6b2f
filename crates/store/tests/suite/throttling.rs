//! Throttled and canceled transactions.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use dynamodb_in_process::Layer;
use serde_json::json;
use store::Error;

use crate::world::{NOON, World};

/// Cancels the first transactions, each for these reasons.
#[derive(Debug)]
struct Canceling(Mutex<VecDeque<Vec<&'static str>>>);

impl Canceling {
    fn new(reasons: &[&[&'static str]]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(
            reasons.iter().map(|reasons| reasons.to_vec()).collect(),
        )))
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Layer for Canceling {
    fn pass(&self, request: HttpRequest, next: SharedHttpConnector) -> HttpConnectorFuture {
        let is_transaction = dynamodb_in_process::operation(&request) == "TransactWriteItems";
        let reasons = if is_transaction {
            self.0.lock().unwrap().pop_front()
        } else {
            None
        };
        let Some(reasons) = reasons else {
            return next.call(request);
        };
        let reasons: Vec<_> = reasons.iter().map(|code| json!({ "Code": code })).collect();
        let body = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
            "CancellationReasons": reasons,
        });
        let answer = HttpResponse::new(400_u16.try_into().unwrap(), body.to_string().into());
        HttpConnectorFuture::ready(Ok(answer))
    }
}

/// The result of an offer, a transaction over a Task and a Worker, whose attempts are canceled for
/// these reasons; and the number of reasons that were not used.
async fn offer(reasons: &[&[&'static str]]) -> (Result<(), Error>, usize) {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    let decision = world.offer(&task, &world.worker("Maya").await, NOON).await;
    let canceling = Canceling::new(reasons);
    let store = world.store_over(Arc::clone(&canceling));
    let committed = store.commit(&decision, &*world.workspace().await).await;
    (committed, canceling.left())
}

#[tokio::test]
async fn throttled_transaction_is_retried() {
    for reasons in [
        ["ThrottlingError", "None"],
        ["None", "ProvisionedThroughputExceeded"],
    ] {
        let (committed, left) = offer(&[&reasons, &reasons]).await;
        assert!(committed.is_ok(), "{committed:?}");
        assert_eq!(left, 0);
    }
}

#[tokio::test]
async fn retries_end_with_throttled() {
    let reasons: &[&str] = &["ThrottlingError", "ThrottlingError"];
    let (committed, left) = offer(&[reasons; 9]).await;
    assert!(
        matches!(committed, Err(Error::Throttled(_))),
        "{committed:?}"
    );
    assert_eq!(left, 6, "it is sent three times");
}

#[tokio::test]
async fn conflict_counts_before_other_reasons() {
    for reasons in [
        ["ConditionalCheckFailed", "None"],
        ["ThrottlingError", "TransactionConflict"],
        ["None", "None"],
    ] {
        let (committed, _) = offer(&[&reasons]).await;
        assert!(
            matches!(committed, Err(Error::Conflict)),
            "{reasons:?}: {committed:?}"
        );
    }
}

#[tokio::test]
async fn other_cancellation_is_no_conflict() {
    let (committed, _) = offer(&[&["None", "ValidationError"]]).await;
    assert!(
        matches!(committed, Err(Error::Unavailable(_))),
        "{committed:?}"
    );
}
