//! Refused requests, in DynamoDB's JSON.

use serde_json::{Value, json};

/// The namespace of the exceptions.
const NAMESPACE: &str = "com.amazonaws.dynamodb.v20120810#";

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The condition of a write is false.
    ConditionFailed,
    /// A condition of a transaction is false: for each of its writes, whether it is the one's.
    TransactionCanceled(Vec<bool>),
    /// The table exists.
    TableExists,
    /// There is no such table.
    NoTable,
    /// The request is malformed, or uses what this table does not have.
    Invalid(String),
}

impl Refusal {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        400
    }

    /// The body of the answer.
    pub(crate) fn to_json(&self) -> Value {
        let (name, message) = match self {
            Self::ConditionFailed => (
                "ConditionalCheckFailedException",
                "The conditional request failed",
            ),
            Self::TransactionCanceled(failed) => return canceled(failed),
            Self::TableExists => ("ResourceInUseException", "the table exists"),
            Self::NoTable => ("ResourceNotFoundException", "there is no such table"),
            Self::Invalid(message) => ("ValidationException", message.as_str()),
        };
        json!({ "__type": format!("{NAMESPACE}{name}"), "message": message })
    }
}

fn canceled(failed: &[bool]) -> Value {
    let reason = |failed: &bool| {
        if *failed {
            json!({ "Code": "ConditionalCheckFailed", "Message": "The conditional request failed" })
        } else {
            json!({ "Code": "None" })
        }
    };
    json!({
        "__type": format!("{NAMESPACE}TransactionCanceledException"),
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": failed.iter().map(reason).collect::<Vec<_>>(),
    })
}
