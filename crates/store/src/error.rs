//! What can go wrong between us and the table.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

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

/// Why a transaction is canceled when somebody else wrote first, or is writing now.
const LOST_RACES: [&str; 2] = ["ConditionalCheckFailed", "TransactionConflict"];

/// Why a transaction is canceled when there are too many requests.
const THROTTLES: [&str; 2] = ["ThrottlingError", "ProvisionedThroughputExceeded"];

impl Error {
    /// Why a transaction was not written. A canceled one names a reason for each of its items: a lost race counts before
    /// everything else, since writing the same again would lose it again. One that gives no reason is taken for a lost race:
    /// to reload is right whatever it was.
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
        let any_of = |codes: &[&str]| reasons.iter().any(|reason| codes.contains(reason));
        if reasons.is_empty() || any_of(&LOST_RACES) {
            return Self::Conflict;
        }
        let says = DisplayErrorContext(&error).to_string();
        if any_of(&THROTTLES) {
            Self::Throttled(says)
        } else {
            Self::Unavailable(says)
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
            ) => Self::Throttled(DisplayErrorContext(error).to_string()),
            Some(_) | None => Self::Unavailable(DisplayErrorContext(error).to_string()),
        }
    }
}
