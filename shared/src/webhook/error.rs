//! Why a webhook is refused, and the HTTP status of the response.

use super::signature::SignatureError;
use super::{FormError, ParameterError, Reply};

/// A refused request. The message is safe to return and to log: it contains no parameter value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The form or the query cannot be decoded.
    #[error(transparent)]
    Form(#[from] FormError),
    /// A parameter is missing or malformed.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The signature is absent and required.
    #[error("X-Twilio-Signature is missing: only the carrier may send this request")]
    Unsigned,
    /// The signature is invalid.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl Error {
    /// HTTP status of the response.
    pub fn status(&self) -> u16 {
        match self {
            Self::Form(FormError::BodyTooLarge { .. }) => 413,
            Self::Form(
                FormError::TooManyParameters
                | FormError::PercentEscape { .. }
                | FormError::Utf8 { .. },
            )
            | Self::Parameter(_) => 400,
            Self::Unsigned
            | Self::Signature(
                SignatureError::Mismatch
                | SignatureError::NoBodyHash
                | SignatureError::BodyHashMismatch,
            ) => 403,
            Self::Signature(SignatureError::NoAuthToken) => 500,
        }
    }

    /// The response to the refused request.
    pub fn reply(&self) -> Reply {
        Reply::error(self.status(), &self.to_string())
    }
}
