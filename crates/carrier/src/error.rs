//! Failures of requests to the carrier, and what each says about the request's execution.

use std::time::Duration;

use http_client::{WebError, WebErrorKind};

/// HTTP 408, the only client error after which the request may still have been carried out.
const REQUEST_TIMEOUT: u16 = 408;

/// HTTP 429: more requests at the same time than the carrier allows (voice-webhooks.md section 10,
/// 20429).
pub(crate) const TOO_MANY_REQUESTS: u16 = 429;

/// A request that failed, or whose result is unknown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is no base URL to which a path can be added.
    #[error("{0} is not the base URL of an API")]
    BaseUrl(String),
    /// The carrier answered with an error.
    #[error("the carrier refused with HTTP {status}{}: {message}", code.map_or(String::new(), |code| format!(", code {code}")))]
    Refused {
        /// HTTP status; never a success (2xx).
        status: u16,
        /// The carrier's error code, if the answer has one.
        code: Option<u32>,
        /// The carrier's message; may be empty.
        message: String,
        /// The pause that the carrier asks for before a retry (`Retry-After`).
        retry_after: Option<Duration>,
    },
    /// No answer: the request may or may not have been carried out.
    #[error("no answer from the carrier")]
    NoAnswer(#[from] WebError),
    /// The answer cannot be read; the request has probably been carried out.
    #[error("no usable answer from the carrier")]
    Unreadable(#[source] serde_json::Error),
}

/// What a failure says about the execution of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    /// Not carried out for a reason that passes: the carrier throttled the request, or could not be
    /// reached. A retry cannot execute it twice.
    NotExecuted,
    /// Not carried out, and a retry would be refused again.
    Refused,
    /// Carried out or not: no answer, a server error of the carrier or of a gateway.
    Unknown,
}

impl Error {
    /// What is known about the execution of the request (voice-webhooks.md section 8, "Answers").
    pub fn execution(&self) -> Execution {
        match self {
            Self::BaseUrl(_) => Execution::Refused,
            Self::Refused { status, .. } => match *status {
                TOO_MANY_REQUESTS => Execution::NotExecuted,
                REQUEST_TIMEOUT => Execution::Unknown,
                400..500 => Execution::Refused,
                _ => Execution::Unknown,
            },
            Self::NoAnswer(source) => match source.kind {
                WebErrorKind::Request => Execution::Refused,
                WebErrorKind::HostName | WebErrorKind::Tls | WebErrorKind::Connection => {
                    Execution::NotExecuted
                }
                WebErrorKind::Exchange => Execution::Unknown,
            },
            Self::Unreadable(_) => Execution::Unknown,
        }
    }

    /// The carrier's error code, if the answer has one.
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Refused { code, .. } => *code,
            Self::BaseUrl(_) | Self::NoAnswer(_) | Self::Unreadable(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> Error {
        Error::Refused {
            status,
            code: None,
            message: String::new(),
            retry_after: None,
        }
    }

    fn unanswered(kind: WebErrorKind) -> Error {
        Error::NoAnswer(WebError {
            kind,
            reason: "as planned".to_owned(),
        })
    }

    #[test]
    fn failures_say_what_was_executed() {
        let unreadable = serde_json::from_str::<u8>("").unwrap_err();
        for (error, expected) in [
            (answered(400), Execution::Refused),
            (answered(401), Execution::Refused),
            (answered(404), Execution::Refused),
            (answered(408), Execution::Unknown),
            (answered(429), Execution::NotExecuted),
            (answered(499), Execution::Refused),
            (answered(500), Execution::Unknown),
            (answered(503), Execution::Unknown),
            (answered(302), Execution::Unknown),
            (Error::BaseUrl(String::new()), Execution::Refused),
            (unanswered(WebErrorKind::Request), Execution::Refused),
            (unanswered(WebErrorKind::HostName), Execution::NotExecuted),
            (unanswered(WebErrorKind::Tls), Execution::NotExecuted),
            (unanswered(WebErrorKind::Connection), Execution::NotExecuted),
            (unanswered(WebErrorKind::Exchange), Execution::Unknown),
            (Error::Unreadable(unreadable), Execution::Unknown),
        ] {
            assert_eq!(error.execution(), expected, "{error}");
        }
    }
}
