//! The way to the table: the SDK's requests reach the engine in this process, late, never, or in vain.
//!
//! Every request has two moments of waiting, one before the engine carries it out and one before the answer is there. So
//! between any two requests of a function other functions do theirs.

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

use crate::history::History;
use crate::invocation;
use crate::world::World;

/// The name of the one table.
pub const TABLE: &str = "cordboard";

/// The SDK wants them; nobody looks.
const ANY: &str = "local";

/// The SDK's client as functions have it: with the time limits and repetitions of production.
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
        // The default one is shared by everything in the process: one run would know of another.
        .retry_partition(RetryPartition::custom(ANY).build())
        // Nobody checks signatures here, and making them takes a tenth of a run.
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
    /// What the indexes know, which is less.
    indexes: C,
}

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Served,
    Refused,
    LostBefore,
    LostAfter,
    KilledBefore,
    KilledAfter,
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
            Fate::Refused => return refusal(&operation, self.world.happens(0.5)),
            Fate::KilledBefore => invocation::die().await,
            Fate::LostBefore => std::future::pending().await,
            Fate::Served | Fate::LostAfter | Fate::KilledAfter => {}
        }
        let answer = self.carry_out(&operation, request).await;
        match fate {
            Fate::KilledAfter => invocation::die().await,
            Fate::LostAfter => std::future::pending().await,
            Fate::Served | Fate::Refused | Fate::LostBefore | Fate::KilledBefore => {}
        }
        self.wait().await;
        answer
    }

    fn fate(&self, operation: &str) -> Fate {
        let (world, faults) = (&self.world, &self.world.faults);
        match () {
            () if world.strikes(faults.killed) => {
                if world.happens(0.5) {
                    Fate::KilledBefore
                } else {
                    Fate::KilledAfter
                }
            }
            () if world.strikes(faults.lost_before) => Fate::LostBefore,
            () if world.strikes(faults.lost_after) => Fate::LostAfter,
            () if operation != "CreateTable" && world.strikes(faults.refused) => Fate::Refused,
            () => Fate::Served,
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

    /// Served in one moment, in which the history learns what was written.
    async fn carry_out(
        &self,
        operation: &str,
        request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        let of_an_index = operation == "Query" && asks_an_index(&request);
        if of_an_index {
            self.history.catch_up(&self.world);
            return self.indexes.call(request).await;
        }
        let answer = self.table.call(request).await;
        if matches!(
            operation,
            "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems" | "BatchWriteItem"
        ) {
            self.history.look(&self.world);
        }
        answer
    }
}

fn asks_an_index(request: &HttpRequest) -> bool {
    let body = request.body().bytes().unwrap_or_default();
    body.windows(INDEX_NAME.len())
        .any(|window| window == INDEX_NAME)
}

const INDEX_NAME: &[u8] = b"\"IndexName\"";

/// What DynamoDB answers when it cannot now: too many requests, or another transaction over the same items.
fn refusal(operation: &str, throttled: bool) -> Result<HttpResponse, ConnectorError> {
    let body = match (throttled, operation) {
        (false, "TransactWriteItems") => {
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]","CancellationReasons":[{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"}]}"#
        }
        (true, "TransactWriteItems") => {
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [ThrottlingError]","CancellationReasons":[{"Code":"ThrottlingError","Message":"Throughput exceeds the current capacity of your table or index."}]}"#
        }
        (false, "PutItem" | "UpdateItem" | "DeleteItem") => {
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"Transaction is ongoing for the item"}"#
        }
        (true | false, _) => {
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of configured provisioned throughput for the table was exceeded."}"#
        }
    };
    let status = 400_u16
        .try_into()
        .map_err(|error| ConnectorError::other(Box::new(error), None))?;
    Ok(HttpResponse::new(status, SdkBody::from(body)))
}
