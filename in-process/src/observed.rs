//! A layer that shows every request and its answer to somebody.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::operation;

/// One request and its answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// `PutItem`, `Query`, …
    pub operation: String,
    /// The request's JSON.
    pub request: Vec<u8>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The answer's JSON; empty if it comes in pieces, as from a socket.
    pub answer: Vec<u8>,
}

/// Who looks on.
pub trait Observer: std::fmt::Debug + Send + Sync {
    /// An answer came. Called once for each try the SDK makes; not for one without an answer.
    fn saw(&self, exchange: Exchange);
}

/// Another client, observed.
#[derive(Debug)]
pub struct Observed<C> {
    inner: C,
    observer: Arc<dyn Observer>,
}

impl<C> Observed<C> {
    /// `inner`, with `observer` looking on.
    pub fn new(inner: C, observer: Arc<dyn Observer>) -> Self {
        Self { inner, observer }
    }
}

impl<C: HttpClient> HttpClient for Observed<C> {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, parts);
        SharedHttpConnector::new(Observed { inner, observer: Arc::clone(&self.observer) })
    }
}

impl HttpConnector for Observed<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = operation(&request).to_owned();
        let asked = request.body().bytes().unwrap_or_default().to_vec();
        let (answer, observer) = (self.inner.call(request), Arc::clone(&self.observer));
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            observer.saw(Exchange {
                operation,
                request: asked,
                status: answer.status().as_u16(),
                answer: answer.body().bytes().unwrap_or_default().to_vec(),
            });
            Ok(answer)
        })
    }
}
