//! A layer that lets another process write first, to cause contention.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use dynamodb_in_process::Layer;

/// The write of another process, before a write of the store under test is sent.
pub type CompetingWrite = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Each of the first writes waits until its competing write has finished.
pub struct CompetingWrites(Mutex<VecDeque<CompetingWrite>>);

impl CompetingWrites {
    /// One of `before_writes` runs before each write, as long as there are any.
    pub fn new(before_writes: Vec<CompetingWrite>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(before_writes.into())))
    }
}

impl fmt::Debug for CompetingWrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CompetingWrites")
    }
}

impl Layer for CompetingWrites {
    fn pass(&self, request: HttpRequest, next: SharedHttpConnector) -> HttpConnectorFuture {
        let writes = ["PutItem", "UpdateItem", "TransactWriteItems"]
            .contains(&dynamodb_in_process::operation(&request));
        let mut competing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = if writes { competing.pop_front() } else { None };
        HttpConnectorFuture::new(async move {
            if let Some(first) = first {
                first.await;
            }
            next.call(request).await
        })
    }
}
