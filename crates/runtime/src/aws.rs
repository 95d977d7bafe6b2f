//! The AWS clients, configured from the variables of the Lambda environment.
//!
//! `aws-config` is not used: a function gets region and credentials in variables, and a client made
//! from them starts in a few milliseconds.

use std::time::Duration;

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use store::Store;

use crate::sdk_http::SdkHttp;
use crate::{Env, EnvError};

/// Timeout of one attempt: a hundred times what DynamoDB needs.
const ATTEMPT_TIME_LIMIT: Duration = Duration::from_millis(1_000);

/// Timeout of a request with its retries: short enough that a function whose table hangs still has
/// time to apologise to the caller.
const OPERATION_TIME_LIMIT: Duration = Duration::from_millis(3_000);

/// Region and credentials of this process.
#[derive(Debug, Clone)]
pub struct Access {
    /// The region.
    pub region: Region,
    /// The credentials.
    pub credentials: Credentials,
}

impl Access {
    /// These credentials, in this region.
    pub fn new(region: &str, key_id: &str, secret: &str, token: Option<&str>) -> Self {
        let token = token.map(str::to_owned);
        Self {
            region: Region::new(region.to_owned()),
            credentials: Credentials::new(key_id, secret, token, None, "given"),
        }
    }

    /// Those of the Lambda environment.
    ///
    /// # Errors
    /// A variable is missing.
    pub fn from_env(env: &Env<'_>) -> Result<Self, EnvError> {
        let region: String = env.required("AWS_REGION", "an AWS region such as eu-west-1")?;
        let key_id: String = env.required("AWS_ACCESS_KEY_ID", "an access key id")?;
        let secret: String = env.required("AWS_SECRET_ACCESS_KEY", "a secret access key")?;
        let token: Option<String> = env.optional("AWS_SESSION_TOKEN", "a session token")?;
        let credentials = Credentials::new(key_id, secret, token, None, "environment");
        Ok(Self {
            region: Region::new(region),
            credentials,
        })
    }
}

/// The store on the table `TABLE_NAME`.
pub fn store(env: &Env<'_>) -> Result<Store, EnvError> {
    let table: String = env.required("TABLE_NAME", "the name of the DynamoDB table")?;
    let endpoint: Option<String> = env.optional("AWS_ENDPOINT_URL_DYNAMODB", "a URL")?;
    Ok(store_with(Access::from_env(env)?, endpoint, &table))
}

/// The store on a table, with these credentials, at an endpoint other than AWS's if one is given.
pub fn store_with(access: Access, endpoint: Option<String>, table: &str) -> Store {
    let mut config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(access.region)
        .credentials_provider(access.credentials)
        .timeout_config(time_limits())
        .http_client(SdkHttp::new());
    if let Some(endpoint) = endpoint {
        config = config.endpoint_url(endpoint);
    }
    Store::new(aws_sdk_dynamodb::Client::from_conf(config.build()), table)
}

/// A client of SQS.
pub fn sqs(env: &Env<'_>) -> Result<aws_sdk_sqs::Client, EnvError> {
    let endpoint: Option<String> = env.optional("AWS_ENDPOINT_URL_SQS", "a URL")?;
    Ok(sqs_with(Access::from_env(env)?, endpoint))
}

/// A client of SQS with these credentials, at an endpoint other than AWS's if one is given.
pub fn sqs_with(access: Access, endpoint: Option<String>) -> aws_sdk_sqs::Client {
    let mut config = aws_sdk_sqs::Config::builder()
        .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
        .region(access.region)
        .credentials_provider(access.credentials)
        .timeout_config(time_limits())
        .http_client(SdkHttp::new());
    if let Some(endpoint) = endpoint {
        config = config.endpoint_url(endpoint);
    }
    aws_sdk_sqs::Client::from_conf(config.build())
}

/// The domain of AWS's endpoints in a region: China's partition has its own.
pub fn dns_suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    }
}

/// The timeouts of requests to AWS.
pub fn time_limits() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIME_LIMIT)
        .operation_timeout(OPERATION_TIME_LIMIT)
        .build()
}

/// Makes ring the TLS provider of this process, for clients that use the default one. Does nothing
/// when called again.
pub fn install_tls() {
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
}
