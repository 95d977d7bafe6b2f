//! Every way to say no: code, HTTP status and a sentence (taskrouter.md section 15, "REST replies").

use http::{HeaderName, HeaderValue, StatusCode, header};
use ids::ReservationSid;
use runtime::OutboxError;
use serde_json::json;
use task_router::model::ReservationStatus;
use task_router::router::Refusal;

use crate::REQUESTS_AT_ONCE_MAX;
use crate::answer::Answer;
use crate::paging::PAGE_SIZE_MAX;
use crate::resources::ITEMS_READ_MAX;

/// Where a code is explained.
const MORE_INFO: &str = "https://www.twilio.com/docs/errors";

/// What a client without credentials is told to bring.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"TaskRouter API\"");

/// How long a client waits before it asks again, whatever it was that could take no more: seconds, and never less than one.
const A_SECOND: HeaderValue = HeaderValue::from_static("1");

/// Why a request is not answered as hoped.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// A parameter that cannot be understood, or that cannot be had now.
    #[error("{name}: {problem}")]
    Parameter {
        /// Its name.
        name: String,
        /// What was expected.
        problem: String,
    },
    /// The form cannot be read at all.
    #[error("{0}")]
    Form(String),
    /// What is asked for is not allowed in the state things are in.
    #[error("{0}")]
    State(String),
    /// `PageSize` is over the limit.
    #[error("PageSize: expected a whole number from 1 to {PAGE_SIZE_MAX}, got a larger one")]
    PageSizeTooLarge,
    /// A later page is asked for by its number.
    #[error(
        "Page: only page 0 can be asked for by its number; follow next_page_url for later ones"
    )]
    AbsolutePaging,
    /// There are no credentials, or the wrong ones.
    #[error(
        "Authenticate: expected HTTP Basic with the account SID and the auth token, or with the SID of an API key and its secret"
    )]
    Unauthenticated,
    /// There is no such resource.
    #[error("The requested resource {path} was not found")]
    NotFound {
        /// What was asked for.
        path: String,
    },
    /// There is no such address in this API.
    #[error("The requested resource {path} was not found: this path is not served")]
    NotServed {
        /// What was asked for.
        path: String,
    },
    /// The address is served, with other methods.
    #[error("{method} is not served under this path; expected {allow}")]
    MethodNotAllowed {
        /// What was asked for.
        method: String,
        /// What can be asked for, as a list with commas.
        allow: String,
    },
    /// The resource has another version than the client expects.
    #[error("If-Match: the resource has version {version}, not the one expected; read it again")]
    PreconditionFailed {
        /// Its version.
        version: u64,
    },
    /// Another Worker took the Task (taskrouter.md section 10, "parallel reservations").
    #[error("Reservation {reservation} was rescinded: another Worker took the Task")]
    Rescinded {
        /// The Reservation that lost.
        reservation: ReservationSid,
    },
    /// The body is over the limit.
    #[error("the body has {bytes} bytes; at most {bytes_max} are taken")]
    BodyTooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// A list whose order no index has is longer than one request can read.
    #[error(
        "the list has {items} entries or more before any filter; at most {ITEMS_READ_MAX} can be put in this order"
    )]
    ListTooLong {
        /// Its length, before any filter.
        items: usize,
    },
    /// Statistics of a time that is too long ago (taskrouter.md sections 13 and 14).
    #[error("StartDate: statistics go back 30 days")]
    TooLongAgo,
    /// Statistics of more Workers than they are made for (taskrouter.md section 14).
    #[error("the Workspace has {workers} Workers; statistics of Workers are for at most {max}")]
    TooManyWorkers {
        /// How many there are.
        workers: usize,
        /// How many there may be.
        max: usize,
    },
    /// Statistics of a time whose events are still to be counted.
    #[error(
        "statistics are being caught up with and go up to {until} so far; try again in a minute"
    )]
    NotCountedYet {
        /// How far they go.
        until: String,
    },
    /// As many streams are open as may be.
    #[error("{streams} event streams are open, as many as may be at once; try again later")]
    TooManyStreams {
        /// How many.
        streams: usize,
    },
    /// More requests are being answered than one process takes.
    #[error(
        "Too many requests at the same time: {REQUESTS_AT_ONCE_MAX} are being answered; try again"
    )]
    TooManyRequests,
    /// What shall be done cannot be handed on.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The table.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A resource could not be written as JSON.
    #[error("the resource could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl ApiError {
    /// A parameter's problem.
    pub fn parameter(name: &str, problem: impl Into<String>) -> Self {
        Self::Parameter {
            name: name.to_owned(),
            problem: problem.into(),
        }
    }

    /// A parameter that must be there and is not.
    pub fn missing(name: &str) -> Self {
        Self::State(format!("{name} field is required"))
    }

    /// What the routing core says no to, asked for under `path`.
    pub fn refused(refusal: &Refusal, path: &str) -> Self {
        match refusal {
            Refusal::NoSuchTask(_) | Refusal::NoSuchWorker(_) | Refusal::NoSuchReservation(_) => {
                Self::NotFound {
                    path: path.to_owned(),
                }
            }
            Refusal::NoSuchTaskChannel => Self::parameter("TaskChannel", refusal.to_string()),
            Refusal::NoSuchActivity => Self::parameter("ActivitySid", refusal.to_string()),
            Refusal::AttributesTooLong => Self::parameter("Attributes", refusal.to_string()),
            Refusal::WrongVersion { version } => Self::PreconditionFailed { version: *version },
            Refusal::ReservationNotPending {
                reservation,
                status: ReservationStatus::Rescinded,
            } => Self::Rescinded {
                reservation: *reservation,
            },
            Refusal::ReservationNotPending { .. }
            | Refusal::InstructionInHand(_)
            | Refusal::WrongStatus { .. } => Self::State(refusal.to_string()),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.code_and_status().1
    }

    /// The cause, for the log: it may say more than a client should read.
    pub fn cause(&self) -> String {
        std::error::Error::source(self)
            .map(ToString::to_string)
            .unwrap_or_default()
    }

    /// The error on the wire.
    pub fn to_answer(&self) -> Answer {
        let (code, status) = self.code_and_status();
        let body = json!({
            "code": code,
            "message": self.message(),
            "more_info": format!("{MORE_INFO}/{code}"),
            "status": status.as_u16(),
        });
        Answer {
            status,
            body,
            headers: self.headers(),
        }
    }

    fn code_and_status(&self) -> (u32, StatusCode) {
        match self {
            Self::Parameter { .. } | Self::Form(_) | Self::State(_) => {
                (20_001, StatusCode::BAD_REQUEST)
            }
            Self::PageSizeTooLarge => (20_007, StatusCode::BAD_REQUEST),
            Self::AbsolutePaging => (40_153, StatusCode::BAD_REQUEST),
            Self::Unauthenticated => (20_003, StatusCode::UNAUTHORIZED),
            Self::NotFound { .. } | Self::NotServed { .. } => (20_404, StatusCode::NOT_FOUND),
            Self::MethodNotAllowed { .. } => (20_004, StatusCode::METHOD_NOT_ALLOWED),
            Self::PreconditionFailed { .. } => (20_412, StatusCode::PRECONDITION_FAILED),
            Self::Rescinded { .. } => (20_410, StatusCode::GONE),
            Self::BodyTooLarge { .. } => (20_001, StatusCode::PAYLOAD_TOO_LARGE),
            Self::Store(store::Error::Conflict) => (20_162, StatusCode::CONFLICT),
            Self::TooManyRequests
            | Self::TooManyStreams { .. }
            | Self::Store(store::Error::Throttled(_)) => (20_429, StatusCode::TOO_MANY_REQUESTS),
            Self::TooLongAgo => (14_241, StatusCode::BAD_REQUEST),
            Self::TooManyWorkers { .. } => (14_240, StatusCode::BAD_REQUEST),
            Self::ListTooLong { .. }
            | Self::NotCountedYet { .. }
            | Self::Outbox(_)
            | Self::Store(store::Error::Unavailable(_)) => {
                (20_503, StatusCode::SERVICE_UNAVAILABLE)
            }
            Self::Store(store::Error::Corrupt { .. }) | Self::Json(_) => {
                (20_500, StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    /// The sentence for the client. What the table says is not for clients: it names hosts, tables and keys.
    fn message(&self) -> String {
        match self {
            Self::Store(store::Error::Conflict) => {
                "Another update of this resource is in progress; try again".into()
            }
            Self::Store(store::Error::Throttled(_)) => {
                "Too many requests for the table at the moment; try again".into()
            }
            Self::Outbox(_) => {
                "The callbacks queue does not answer at the moment; try again".into()
            }
            Self::Store(store::Error::Unavailable(_)) => {
                "The table does not answer at the moment; try again".into()
            }
            Self::Store(store::Error::Corrupt { .. }) => {
                "A stored item cannot be read; the log names it".into()
            }
            Self::Parameter { .. }
            | Self::Form(_)
            | Self::State(_)
            | Self::PageSizeTooLarge
            | Self::AbsolutePaging
            | Self::Unauthenticated
            | Self::NotFound { .. }
            | Self::NotServed { .. }
            | Self::MethodNotAllowed { .. }
            | Self::PreconditionFailed { .. }
            | Self::Rescinded { .. }
            | Self::BodyTooLarge { .. }
            | Self::ListTooLong { .. }
            | Self::TooManyRequests
            | Self::TooLongAgo
            | Self::TooManyWorkers { .. }
            | Self::NotCountedYet { .. }
            | Self::TooManyStreams { .. }
            | Self::Json(_) => self.to_string(),
        }
    }

    /// Headers the status asks for.
    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        if let Self::MethodNotAllowed { allow, .. } = self {
            return HeaderValue::try_from(allow)
                .map(|allow| (header::ALLOW, allow))
                .into_iter()
                .collect();
        }
        match self.status() {
            StatusCode::UNAUTHORIZED => vec![(header::WWW_AUTHENTICATE, CHALLENGE)],
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                vec![(header::RETRY_AFTER, A_SECOND)]
            }
            _ => Vec::new(),
        }
    }
}
