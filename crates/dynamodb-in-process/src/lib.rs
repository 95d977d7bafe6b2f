//! AWS's own SDK over a DynamoDB engine in this process, without a socket.
//!
//! [`InProcess`] takes the requests that the SDK has built, passes them to the engine and returns
//! its answer. They are not signed: the engine checks no signature. So a test runs the code of the
//! cloud, down to the serialized request. Only the network is left out, so nothing depends on ports
//! or on when a socket is ready. A [`Layer`] around it sees every request and its answer, and may
//! change them.
//!
//! ```
//! # async fn shown() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = dynamodb_in_process::InProcess::new(dynoxide::Database::memory()?);
//! let table = dynamodb_in_process::client(engine.clone());
//! let its_stream = dynamodb_in_process::streams(engine);
//! # Ok(())
//! # }
//! ```

mod dispatch;
mod layer;

use std::fmt;
use std::sync::Arc;

use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use dynoxide::Database;

use dispatch::Tokens;

pub use dispatch::is_write;
pub use layer::{Layer, Layered};

/// Region and credentials, which the SDK requires; the engine accepts any.
const ANY: &str = "local";

/// The address that the SDK requires. It is never connected to.
const NO_ADDRESS: &str = "http://in-process.invalid";

/// The status of a request that was carried out.
const OK: u16 = 200;

/// The header with the operation's name.
const TARGET: &str = "x-amz-target";

/// A connection of the SDK to a database in this process.
#[derive(Clone)]
pub struct InProcess {
    database: Database,
    reader: Option<Database>,
    tokens: Tokens,
    on_write: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// An SDK client of the table over `http`: an [`InProcess`], or layers around one.
pub fn client(http: impl HttpClient + 'static) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(ANY))
        // The engine checks no signature, so none is computed.
        .allow_no_auth()
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(http)
        .endpoint_url(NO_ADDRESS);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// An SDK client of the table's stream over `http`.
pub fn streams(http: impl HttpClient + 'static) -> aws_sdk_dynamodbstreams::Client {
    let config = aws_sdk_dynamodbstreams::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(ANY))
        .allow_no_auth()
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(http)
        .endpoint_url(NO_ADDRESS);
    aws_sdk_dynamodbstreams::Client::from_conf(config.build())
}

/// An SDK client of the table for an engine at an address. The engine must accept all credentials.
pub fn client_at(http: impl HttpClient + 'static, endpoint: &str) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(ANY))
        .credentials_provider(credentials())
        .http_client(http)
        .endpoint_url(endpoint);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// An SDK client of the table's stream for an engine at an address.
pub fn streams_at(
    http: impl HttpClient + 'static,
    endpoint: &str,
) -> aws_sdk_dynamodbstreams::Client {
    let config = aws_sdk_dynamodbstreams::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(ANY))
        .credentials_provider(credentials())
        .http_client(http)
        .endpoint_url(endpoint);
    aws_sdk_dynamodbstreams::Client::from_conf(config.build())
}

/// The operation of a request: `PutItem` for `DynamoDB_20120810.PutItem`; empty if it names none.
pub fn operation(request: &HttpRequest) -> &str {
    let target = request.headers().get(TARGET).unwrap_or_default();
    target
        .rsplit_once('.')
        .map_or(target, |(_service, operation)| operation)
}

/// The answer of an engine in this process: `answer` returns status and body for an operation and its
/// body. `on_write` is called after each request that has written.
///
/// # Errors
/// The request has no body.
pub fn answer_request(
    request: &HttpRequest,
    on_write: Option<&(dyn Fn() + Send + Sync)>,
    answer: impl FnOnce(&str, &[u8]) -> (u16, String),
) -> Result<HttpResponse, ConnectorError> {
    let body = request
        .body()
        .bytes()
        .ok_or_else(|| ConnectorError::user("the request has no body".into()))?;
    let operation = operation(request);
    let (status, answer) = answer(operation, body);
    if let Some(on_write) = on_write
        && status == OK
        && is_write(operation)
    {
        on_write();
    }
    let status = status
        .try_into()
        .map_err(|error| ConnectorError::other(Box::new(error), None))?;
    Ok(HttpResponse::new(status, SdkBody::from(answer)))
}

impl InProcess {
    /// A connection to this database.
    pub fn new(database: Database) -> Self {
        Self {
            database,
            reader: None,
            tokens: Tokens::Passed,
            on_write: None,
        }
    }

    /// Calls `on_write` after each request that has written, so that a reader of the stream need
    /// not poll.
    #[must_use]
    pub fn on_write(self, on_write: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            on_write: Some(Arc::new(on_write)),
            ..self
        }
    }

    /// Reads items with `reader`, another connection to the same file, so that a read does not wait
    /// for the requests before it: the engine executes one at a time on each. It sees every write
    /// that was answered before the read began. The table must not change once it was read.
    #[must_use]
    pub fn with_reader(self, reader: Database) -> Self {
        Self {
            reader: Some(reader),
            ..self
        }
    }

    /// Withholds the SDK's client request tokens. Only for connections without a layer that may
    /// lose an answer: then no transaction is sent twice, and the engine need not deduplicate. It
    /// would cache each token for ten minutes and search all of them in every other transaction.
    #[must_use]
    pub fn without_request_tokens(self) -> Self {
        Self {
            tokens: Tokens::Withheld,
            ..self
        }
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        answer_request(request, self.on_write.as_deref(), |operation, body| {
            let database = match &self.reader {
                Some(reader) if dispatch::is_read(operation) => reader,
                Some(_) | None => &self.database,
            };
            dispatch::dispatch(database, self.tokens, operation, body)
        })
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            // The engine answers immediately. A network would let other tasks run in between, and
            // code that reads in a loop must not block a thread.
            tokio::task::yield_now().await;
            this.answer(&request)
        })
    }
}

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _parts: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

fn credentials() -> Credentials {
    Credentials::new(ANY, ANY, None, None, "in process")
}
