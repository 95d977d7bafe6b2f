//! Every error of the API: code, HTTP status and message (taskrouter.md section 15, "REST
//! replies").

use http::{HeaderName, HeaderValue, StatusCode, header};
use ids::ReservationSid;
use runtime::OutboxError;
use serde_json::json;
use task_router::model::ReservationStatus;
use task_router::router::Refusal;

use crate::answer::Answer;
use crate::limits::{CONCURRENT_REQUESTS_MAX, ITEMS_READ_MAX, PAGE_SIZE_MAX};

/// The prefix of `more_info`: the page that explains a code.
const MORE_INFO: &str = "https://www.twilio.com/docs/errors";

/// The `WWW-Authenticate` header of a 401.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"TaskRouter API\"");

/// The `Retry-After` header of a throttled request and of an unavailable dependency: one second.
const RETRY_AFTER_SECS: HeaderValue = HeaderValue::from_static("1");

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// A parameter has an invalid value, or a value that the present state does not allow.
    #[error("{name}: {problem}")]
    Parameter {
        /// The parameter's name.
        name: String,
        /// What was expected.
        problem: String,
    },
    /// The body as a whole is invalid.
    #[error("{0}")]
    Form(String),
    /// The present state of the resources does not allow the operation, or a required parameter is
    /// missing.
    #[error("{0}")]
    State(String),
    /// `PageSize` exceeds [`PAGE_SIZE_MAX`].
    #[error("PageSize: expected a whole number from 1 to {PAGE_SIZE_MAX}, got a larger one")]
    PageSizeTooLarge,
    /// `Page` asks for a later page without a page token.
    #[error("Page: expected 0 without a PageToken; follow next_page_url for later pages")]
    AbsolutePaging,
    /// The credentials are missing or wrong.
    #[error(
        "Authenticate: expected HTTP Basic with the account SID and the auth token, or with the SID of an API key and its secret"
    )]
    Unauthenticated,
    /// The resource does not exist.
    #[error("The requested resource {path} was not found")]
    NotFound {
        /// The path of the request.
        path: String,
    },
    /// No route has this path.
    #[error("The requested resource {path} was not found: this path is not served")]
    NotServed {
        /// The path of the request.
        path: String,
    },
    /// The path has routes, but none with this method.
    #[error("{method} is not served under this path; expected {allow}")]
    MethodNotAllowed {
        /// The method of the request.
        method: String,
        /// The methods that have a route, as a comma-separated list.
        allow: String,
    },
    /// `If-Match` names other versions than the resource has.
    #[error("If-Match: the resource has version {version}, not the one expected; read it again")]
    PreconditionFailed {
        /// The resource's version.
        version: u64,
    },
    /// Another Worker took the Task (taskrouter.md section 10, "parallel reservations").
    #[error("Reservation {reservation} was rescinded: another Worker took the Task")]
    Rescinded {
        /// The Reservation that lost.
        reservation: ReservationSid,
    },
    /// The body exceeds the limit of its route.
    #[error("the body: expected at most {bytes_max} bytes, got more")]
    BodyTooLarge {
        /// The limit in bytes.
        bytes_max: usize,
    },
    /// The list must be read as a whole, because no index has its order, and is too long for one
    /// request.
    #[error(
        "expected a list of at most {ITEMS_READ_MAX} entries before any filter, got {items} or more; this order reads them all"
    )]
    ListTooLong {
        /// Entries found, before any filter.
        items: usize,
    },
    /// Statistics of a time range that begins too early (taskrouter.md sections 13 and 14).
    #[error("StartDate: expected a date within the last 30 days")]
    TooLongAgo,
    /// Statistics of Workers in a Workspace that has too many (taskrouter.md section 14).
    #[error("expected a Workspace of at most {max} Workers for these statistics, got {workers}")]
    TooManyWorkers {
        /// Workers of the Workspace.
        workers: usize,
        /// The limit.
        max: usize,
    },
    /// The statistics roll-up has not reached the requested time range yet.
    #[error("the statistics roll-up is behind and has reached {until}; retry in a minute")]
    NotCountedYet {
        /// The moment up to which events are counted.
        until: String,
    },
    /// The limit of open event streams is reached.
    #[error("{streams} event streams are open, which is the limit; retry later")]
    TooManyStreams {
        /// The limit.
        streams: usize,
    },
    /// The concurrency limit is reached.
    #[error("Too many concurrent requests: the limit is {CONCURRENT_REQUESTS_MAX}; retry later")]
    TooManyRequests,
    /// The callbacks queue did not accept an instruction.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The table failed, throttled the request or reported a conflict.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A resource could not be serialized.
    #[error("the resource could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl ApiError {
    /// An invalid parameter.
    pub fn parameter(name: &str, problem: impl Into<String>) -> Self {
        Self::Parameter {
            name: name.to_owned(),
            problem: problem.into(),
        }
    }

    /// A required parameter is missing.
    pub fn missing(name: &str) -> Self {
        Self::State(format!("{name} field is required"))
    }

    /// The error for a Command that the engine refused, in a request to `path`.
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

    /// The underlying cause, for the log only: it may name hosts, tables and keys.
    pub fn cause(&self) -> String {
        std::error::Error::source(self)
            .map(ToString::to_string)
            .unwrap_or_default()
    }

    /// The answer: status, headers and the JSON `{"code","message","more_info","status"}`.
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

    /// The message for the client. Errors of the table and of the queue get a message of ours,
    /// because their own text names hosts, tables and keys.
    fn message(&self) -> String {
        match self {
            Self::Store(store::Error::Conflict) => {
                "Another update of this resource is in progress; try again".into()
            }
            Self::Store(store::Error::Throttled(_)) => {
                "The table throttled this request; retry later".into()
            }
            Self::Outbox(_) => "The callbacks queue is unavailable; retry later".into(),
            Self::Store(store::Error::Unavailable(_)) => {
                "The table is unavailable; retry later".into()
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

    /// The headers that the status requires: `Allow`, `WWW-Authenticate` or `Retry-After`.
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
                vec![(header::RETRY_AFTER, RETRY_AFTER_SECS)]
            }
            _ => Vec::new(),
        }
    }
}
