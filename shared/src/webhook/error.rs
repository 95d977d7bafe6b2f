//! Why a request is not served, and the status it is answered with.

use super::signature::SignatureError;
use super::{FormError, ParameterError, Reply};

/// A request that is refused. The message is safe to answer and to log: it shows no value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The form or query cannot be read.
    #[error(transparent)]
    Form(#[from] FormError),
    /// A parameter is missing or malformed.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// There is no signature, and the request is not one that may come without.
    #[error("X-Twilio-Signature is missing: only the carrier may send this request")]
    Unsigned,
    /// The signature is not the carrier's.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl Error {
    /// HTTP status to answer with.
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

    /// The answer to a request that is refused so.
    pub fn reply(&self) -> Reply {
        Reply::error(self.status(), &self.to_string())
    }
}
