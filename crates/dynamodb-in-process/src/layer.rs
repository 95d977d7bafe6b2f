//! Layers between the SDK and the engine. A layer sees each request and its answer, and may change,
//! delay or refuse either.

use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// A layer.
pub trait Layer: fmt::Debug + Send + Sync {
    /// Answers a request; `next.call(request)` forwards it. Called once for each attempt of the
    /// SDK.
    fn pass(&self, request: HttpRequest, next: SharedHttpConnector) -> HttpConnectorFuture;
}

/// A connection to the engine with a layer around it.
#[derive(Debug)]
pub struct Layered<C> {
    inner: C,
    layer: Arc<dyn Layer>,
}

impl<C> Layered<C> {
    /// Puts `layer` around `inner`, which may have layers itself.
    pub fn new(inner: C, layer: Arc<dyn Layer>) -> Self {
        Self { inner, layer }
    }
}

impl<C: HttpClient> HttpClient for Layered<C> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        parts: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, parts);
        SharedHttpConnector::new(Layered {
            inner,
            layer: Arc::clone(&self.layer),
        })
    }
}

impl HttpConnector for Layered<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.layer.pass(request, self.inner.clone())
    }
}
