//! DynamoDB's API over ordered maps in memory, for routing tests: a story has a table of its own,
//! and a thousand stories take seconds.
//!
//! It answers the requests that the SDK has built, as `dynamodb-in-process` does with SQLite below
//! it. It has the part of the API that the store uses: one table with string keys, sparse indexes,
//! conditions, updates, queries, transactions, and a stream with both images. A request that it
//! does not know is refused, never answered in part. Two limits of DynamoDB are left out, because a
//! story is small: a page ends at `Limit` alone, and items have no largest size.
//!
//! A [`copy`](MemoryTable::copy) shares the items, so the table of a configuration is made once and
//! copied for each story. The tests compare its answers with those of the embedded engine.

mod engine;
mod error;
mod expression;
mod query;
mod table;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use dynamodb_in_process::answer_request;
use ids::time::Clock;
use serde_json::{Map, Value};

use engine::Database;
pub use table::Record;

/// The status of a request that was carried out.
const OK: u16 = 200;

/// The attributes of an item, each in DynamoDB's JSON.
type Item = Map<String, Value>;

/// A table in memory. Clones are the same table.
#[derive(Clone)]
pub struct MemoryTable {
    database: Arc<Mutex<Database>>,
    clock: Arc<dyn Clock>,
    on_write: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl MemoryTable {
    /// A database without a table. The clock gives the records of the stream their moments.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            database: Arc::default(),
            clock,
            on_write: None,
        }
    }

    /// Another table with the same items and with this clock. Its stream begins empty.
    #[must_use]
    pub fn copy(&self, clock: Arc<dyn Clock>) -> Self {
        Self {
            database: Arc::new(Mutex::new(self.database().copy())),
            clock,
            on_write: None,
        }
    }

    /// Calls `on_write` after each request that has written.
    #[must_use]
    pub fn on_write(self, on_write: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            on_write: Some(Arc::new(on_write)),
            ..self
        }
    }

    /// The records of the stream after this one, oldest first, at most `limit`.
    pub fn records_after(&self, number: Option<u128>, limit: usize) -> Vec<Record> {
        self.database().records_after(number, limit)
    }

    /// Deletes the records of the stream up to this one.
    pub fn trim(&self, number: u128) {
        self.database().trim(number);
    }

    /// Deletes the items whose time to live has passed. Returns their number.
    pub fn delete_expired(&self) -> usize {
        let now = self.clock.now();
        self.database().delete_expired(now)
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        answer_request(request, self.on_write.as_deref(), |operation, body| {
            let now = self.clock.now();
            let answered = self.database().answer(operation, body, now);
            match answered {
                Ok(answer) => (OK, answer.to_string()),
                Err(refusal) => (refusal.status(), refusal.to_json().to_string()),
            }
        })
    }

    fn database(&self) -> MutexGuard<'_, Database> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryTable")
    }
}

impl HttpConnector for MemoryTable {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            // As in `dynamodb-in-process`: code that reads in a loop must not block a thread.
            tokio::task::yield_now().await;
            this.answer(&request)
        })
    }
}

impl HttpClient for MemoryTable {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _parts: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
