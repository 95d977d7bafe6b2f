//! A layer that lets somebody else write first.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use dynamodb_in_process::Layer;

/// What somebody else does before a write goes out.
pub type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Each of the first writes waits until somebody else has written.
pub struct Interloper(Mutex<VecDeque<Meanwhile>>);

impl Interloper {
    /// One of `before_writes` happens before each write, as long as there are any.
    pub fn new(before_writes: Vec<Meanwhile>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(before_writes.into())))
    }
}

impl fmt::Debug for Interloper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interloper")
    }
}

impl Layer for Interloper {
    fn pass(&self, request: HttpRequest, next: SharedHttpConnector) -> HttpConnectorFuture {
        let writes =
            ["PutItem", "TransactWriteItems"].contains(&dynamodb_in_process::operation(&request));
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = if writes { waiting.pop_front() } else { None };
        HttpConnectorFuture::new(async move {
            if let Some(first) = first {
                first.await;
            }
            next.call(request).await
        })
    }
}
