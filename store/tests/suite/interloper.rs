//! A layer that lets somebody else write first.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// What somebody else does before a write goes out.
pub type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A way to the table on which each of the first writes waits until somebody else has written.
#[derive(Clone)]
pub struct Interloper<C> {
    inner: C,
    before_writes: Arc<Mutex<VecDeque<Meanwhile>>>,
}

impl Interloper<SharedHttpClient> {
    /// One of `before_writes` happens before each write, as long as there are any.
    pub fn new(inner: SharedHttpClient, before_writes: Vec<Meanwhile>) -> Self {
        Self { inner, before_writes: Arc::new(Mutex::new(before_writes.into())) }
    }
}

impl<C> fmt::Debug for Interloper<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interloper")
    }
}

impl<C: HttpClient> HttpClient for Interloper<C> {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, parts);
        SharedHttpConnector::new(Interloper { inner, before_writes: Arc::clone(&self.before_writes) })
    }
}

impl HttpConnector for Interloper<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let writes = ["PutItem", "TransactWriteItems"].contains(&in_process::operation(&request));
        let mut waiting = self.before_writes.lock().unwrap_or_else(PoisonError::into_inner);
        let first = if writes { waiting.pop_front() } else { None };
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            if let Some(first) = first {
                first.await;
            }
            inner.call(request).await
        })
    }
}
