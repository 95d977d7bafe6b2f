//! Errors of the table.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

/// A request that the table did not execute.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process wrote first, or is writing now: reload and decide again.
    #[error("conflict: another process wrote first")]
    Conflict,
    /// The table still throttled the request after the SDK's retries. The source names the limit.
    #[error("the table throttles requests: {0}")]
    Throttled(String),
    /// The table did not execute the request: unreachable, missing or access denied. The source
    /// details which.
    #[error("the table is unavailable: {0}")]
    Unavailable(String),
    /// An item has content that this program does not write.
    #[error("item {key} cannot be read: {source}")]
    Corrupt {
        /// The item's keys.
        key: String,
        /// The deserialization error.
        source: serde_dynamo::Error,
    },
}

/// Cancellation reasons of a transaction that lost to another writer (contention).
const CONFLICTS: [&str; 2] = ["ConditionalCheckFailed", "TransactionConflict"];

/// Cancellation reasons of a throttled transaction.
const THROTTLES: [&str; 2] = ["ThrottlingError", "ProvisionedThroughputExceeded"];

impl Error {
    /// Converts the error of a transaction. A canceled transaction has a reason for each of its
    /// items. A conflict counts before all other reasons, because the same transaction would
    /// conflict again. A cancellation without reasons is taken for a conflict: reloading is right
    /// in any case.
    pub(crate) fn of_transaction<R: std::fmt::Debug + Send + Sync + 'static>(
        error: SdkError<TransactWriteItemsError, R>,
    ) -> Self {
        let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) =
            error.as_service_error()
        else {
            return error.into();
        };
        let reasons = canceled
            .cancellation_reasons()
            .iter()
            .filter_map(|reason| reason.code());
        let reasons: Vec<&str> = reasons.filter(|code| *code != "None").collect();
        let is_conflict = reasons.iter().any(|reason| CONFLICTS.contains(reason));
        if reasons.is_empty() || is_conflict {
            return Self::Conflict;
        }
        let is_throttled = reasons.iter().any(|reason| THROTTLES.contains(reason));
        let details = details(&error);
        if is_throttled {
            Self::Throttled(details)
        } else {
            Self::Unavailable(details)
        }
    }
}

impl<E, R> From<SdkError<E, R>> for Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        match error.code() {
            Some("ConditionalCheckFailedException" | "TransactionConflictException") => {
                Self::Conflict
            }
            Some(
                "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded"
                | "ThrottlingException"
                | "RequestThrottled",
            ) => Self::Throttled(details(&error)),
            Some(_) | None => Self::Unavailable(details(&error)),
        }
    }
}

/// An error and its causes on one line. The SDK's own `DisplayErrorContext` adds a debug dump with the
/// whole answer.
fn details(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<String> = chain.map(ToString::to_string).collect();
    texts.join(": ")
}
