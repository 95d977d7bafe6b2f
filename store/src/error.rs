//! What can go wrong between us and the table.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// An answer of the table that is not the one we hoped for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else wrote first, or is writing now: reload and decide again.
    #[error("another write came first")]
    Conflict,
    /// The table takes no more for a moment, however often the SDK asked. The source says which limit.
    #[error("the table takes no more requests for a moment: {0}")]
    Throttled(String),
    /// The table did not do it: unreachable, not there, not allowed. The source says which.
    #[error("the table did not answer: {0}")]
    Unavailable(String),
    /// An item is not what this program writes.
    #[error("item {key} cannot be read: {source}")]
    Corrupt {
        /// Its keys.
        key: String,
        /// What is wrong with it.
        source: serde_dynamo::Error,
    },
}

impl<E, R> From<SdkError<E, R>> for Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        match error.code() {
            // A transaction is canceled by a failed condition or by a concurrent one; both mean: reload.
            Some(
                "ConditionalCheckFailedException" | "TransactionCanceledException" | "TransactionConflictException",
            ) => Self::Conflict,
            Some(
                "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded"
                | "ThrottlingException"
                | "RequestThrottled",
            ) => Self::Throttled(DisplayErrorContext(error).to_string()),
            Some(_) | None => Self::Unavailable(DisplayErrorContext(error).to_string()),
        }
    }
}
