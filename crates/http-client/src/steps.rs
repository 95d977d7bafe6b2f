//! Tracks whether a request is connecting or waiting for the answer. Each step has its own timeout
//! ([`crate::Limits`]). `hyper` has no such timeouts for a single request, so the connector is
//! watched.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::watch;
use tower::{BoxError, Service};

tokio::task_local! {
    /// The request that the current task is sending.
    static REQUEST: Steps;
}

/// The current step of one request. A request over a reused connection never connects.
#[derive(Debug, Clone)]
pub(crate) struct Steps {
    connect_limit: Option<Duration>,
    is_connecting: Arc<watch::Sender<bool>>,
}

/// The error of a connection that was not open within its timeout.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {0:?}")]
struct NotConnected(Duration);

impl Steps {
    pub(crate) fn new(connect_limit: Option<Duration>) -> Self {
        Self {
            connect_limit,
            is_connecting: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Runs the exchange so that [`Watched`] knows which request its connector works for.
    pub(crate) async fn watch<T>(&self, exchange: impl Future<Output = T>) -> T {
        REQUEST.scope(self.clone(), exchange).await
    }

    /// Completes when the answer has been awaited for `limit`, without the time of connecting.
    /// Without a limit it never completes.
    pub(crate) async fn answer_overdue(&self, limit: Option<Duration>) {
        let Some(limit) = limit else {
            return std::future::pending().await;
        };
        let mut connecting = self.is_connecting.subscribe();
        // `self` owns the sender, so the channel is never closed.
        while connecting.wait_for(|is| !*is).await.is_ok() {
            if tokio::time::timeout(limit, connecting.wait_for(|is| *is))
                .await
                .is_err()
            {
                return;
            }
        }
    }

    /// Completes after `time`, and returns whether the request is connecting at that moment.
    pub(crate) async fn after(&self, time: Duration) -> bool {
        tokio::time::sleep(time).await;
        *self.is_connecting.borrow()
    }

    async fn connect<T>(
        self,
        connecting: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, BoxError> {
        let _until_dropped = Connecting::begin(&self.is_connecting);
        let Some(limit) = self.connect_limit else {
            return connecting.await;
        };
        tokio::time::timeout(limit, connecting)
            .await
            .unwrap_or_else(|_| Err(NotConnected(limit).into()))
    }
}

/// Marks a request as connecting until it is dropped, however the connecting ends.
struct Connecting<'a>(&'a watch::Sender<bool>);

impl<'a> Connecting<'a> {
    fn begin(is_connecting: &'a watch::Sender<bool>) -> Self {
        is_connecting.send_replace(true);
        Self(is_connecting)
    }
}

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

/// A connector that marks the request it works for as connecting.
#[derive(Debug, Clone)]
pub(crate) struct Watched<S>(pub S);

impl<S, R> Service<R> for Watched<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, destination: R) -> Self::Future {
        let connecting = self.0.call(destination);
        match REQUEST.try_with(Steps::clone) {
            Ok(request) => Box::pin(request.connect(connecting)),
            Err(_outside_of_a_request) => Box::pin(connecting),
        }
    }
}
