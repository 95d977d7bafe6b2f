//! The table with faults: the SDK's requests reach the embedded engine late, never, or without an
//! answer.
//!
//! Every request waits twice, before it takes effect and before its answer arrives. Between any two
//! requests of a function, other functions can therefore make theirs.

use std::fmt;
use std::sync::Arc;

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use dynamodb_in_process::{InProcess, operation};

use crate::disk::Fault;
use crate::history::History;
use crate::invocation;
use crate::world::World;

/// The name of the one table.
pub const TABLE: &str = "cordboard";

/// Required by the SDK, and ignored.
const ANY: &str = "local";

/// The SDK's client with the timeouts and retries of production.
pub fn client(world: &Arc<World>, history: &Arc<History>) -> aws_sdk_dynamodb::Client {
    let faulty = FaultyHttp {
        world: Arc::clone(world),
        history: Arc::clone(history),
        table: InProcess::new(history.database().clone()),
        indexes: InProcess::new(history.replica().clone()),
    };
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(ANY))
        .credentials_provider(Credentials::new(ANY, ANY, None, None, "simulation"))
        .timeout_config(runtime::aws::time_limits())
        .retry_config(RetryConfig::standard())
        // The default partition is shared by all clients of the process, so runs would influence
        // one another.
        .retry_partition(RetryPartition::custom(ANY).build())
        // Signatures are not checked here, and computing them takes a tenth of a run.
        .allow_no_auth()
        .auth_scheme_preference([AuthSchemeId::from("no_auth")])
        .http_client(faulty)
        .endpoint_url("http://table.invalid");
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

#[derive(Clone)]
struct FaultyHttp<C = InProcess> {
    world: Arc<World>,
    history: Arc<History>,
    table: C,
    /// The lagging replica that answers index reads.
    indexes: C,
}

/// The fault of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Served,
    Refused,
    LostBefore,
    LostAfter,
    KilledBefore,
    KilledAfter,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    Contention,
    Throttling,
}

impl<C> fmt::Debug for FaultyHttp<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaultyHttp")
    }
}

impl HttpClient for FaultyHttp {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        parts: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(FaultyHttp {
            world: Arc::clone(&self.world),
            history: Arc::clone(&self.history),
            table: self.table.http_connector(settings, parts),
            indexes: self.indexes.http_connector(settings, parts),
        })
    }
}

impl HttpConnector for FaultyHttp<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(this.exchange(request))
    }
}

impl FaultyHttp<SharedHttpConnector> {
    async fn exchange(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let operation = operation(&request).to_owned();
        let fate = self.fate(&operation);
        if fate != Fate::Served {
            self.world
                .note(format_args!("{} {operation}: {fate:?}", invocation::name()));
        }
        self.wait().await;
        match fate {
            Fate::Refused => return refusal(&operation, self.why_refused()),
            Fate::KilledBefore => invocation::kill().await,
            Fate::LostBefore => std::future::pending().await,
            Fate::Served | Fate::LostAfter | Fate::KilledAfter => {}
        }
        let answer = self.carry_out(&operation, request).await;
        match fate {
            Fate::KilledAfter => invocation::kill().await,
            Fate::LostAfter => std::future::pending().await,
            Fate::Served | Fate::Refused | Fate::LostBefore | Fate::KilledBefore => {}
        }
        self.wait().await;
        answer
    }

    fn fate(&self, operation: &str) -> Fate {
        let world = &self.world;
        let faults = &self.world.faults;
        if world.strikes(faults.killed) {
            if world.happens(0.5) {
                Fate::KilledBefore
            } else {
                Fate::KilledAfter
            }
        } else if world.strikes(faults.lost_before) {
            Fate::LostBefore
        } else if world.strikes(faults.lost_after) {
            Fate::LostAfter
        } else if operation != "CreateTable" && world.strikes(faults.refused) {
            Fate::Refused
        } else {
            Fate::Served
        }
    }

    fn why_refused(&self) -> Refused {
        if self.world.happens(0.5) {
            Refused::Throttling
        } else {
            Refused::Contention
        }
    }

    async fn wait(&self) {
        let longest = if self.world.strikes(self.world.faults.slow) {
            700
        } else {
            8
        };
        self.world.pass(1, longest).await;
    }

    /// Executes a request at one moment, and lets the history read what it wrote.
    async fn carry_out(
        &self,
        operation: &str,
        request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        if let Some(fault) = self.world.disk_fault(operation) {
            self.world.note(format_args!(
                "{} {operation}: the disk is {fault:?}",
                invocation::name()
            ));
            return failure(fault);
        }
        let reads_an_index = operation == "Query" && names_an_index(&request);
        if reads_an_index {
            self.history.catch_up(&self.world);
            return self.indexes.call(request).await;
        }
        let answer = self.table.call(request).await;
        if matches!(
            operation,
            "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems" | "BatchWriteItem"
        ) {
            self.history.record_write(&self.world);
        }
        answer
    }
}

fn names_an_index(request: &HttpRequest) -> bool {
    let body = request.body().bytes().unwrap_or_default();
    body.windows(INDEX_NAME.len())
        .any(|window| window == INDEX_NAME)
}

const INDEX_NAME: &[u8] = b"\"IndexName\"";

/// DynamoDB's answer to throttling, or to contention with another transaction over the same items.
fn refusal(operation: &str, refused_because: Refused) -> Result<HttpResponse, ConnectorError> {
    let body = match (refused_because, operation) {
        (Refused::Contention, "TransactWriteItems") => {
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]","CancellationReasons":[{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"}]}"#
        }
        (Refused::Throttling, "TransactWriteItems") => {
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [ThrottlingError]","CancellationReasons":[{"Code":"ThrottlingError","Message":"Throughput exceeds the current capacity of your table or index."}]}"#
        }
        (Refused::Contention, "PutItem" | "UpdateItem" | "DeleteItem") => {
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"Transaction is ongoing for the item"}"#
        }
        (Refused::Contention | Refused::Throttling, _) => {
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of configured provisioned throughput for the table was exceeded."}"#
        }
    };
    answer(400, body.to_owned())
}

/// The engine's answer when the disk fails.
fn failure(fault: Fault) -> Result<HttpResponse, ConnectorError> {
    let message = fault.message();
    let body = format!(
        r#"{{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"{message}"}}"#
    );
    answer(500, body)
}

fn answer(status: u16, body: String) -> Result<HttpResponse, ConnectorError> {
    let status = status
        .try_into()
        .map_err(|error| ConnectorError::other(Box::new(error), None))?;
    Ok(HttpResponse::new(status, SdkBody::from(body)))
}
