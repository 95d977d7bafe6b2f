//! Errors in the form of the carrier's REST API: `{code, message, more_info, status}`.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::network::Refusal;

/// An error response of the REST API.
#[derive(Debug)]
pub(super) struct RestError {
    status: StatusCode,
    code: u32,
    message: String,
    retry_after_secs: Option<u64>,
}

impl RestError {
    fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            retry_after_secs: None,
        }
    }

    /// 400 with an error code of the carrier.
    pub fn bad_request(code: u32, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 401/20003: wrong user name or password.
    pub fn unauthorized() -> Self {
        let message = "Authenticate: user name is the account SID, password the auth token";
        Self::new(StatusCode::UNAUTHORIZED, 20003, message)
    }

    /// 404/20404: the path names no resource.
    pub fn not_found(path: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            20404,
            format!("The requested resource {path} was not found"),
        )
    }

    /// 405/20004: the resource does not have this method.
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, 20004, "Method not allowed")
    }

    /// 429/20429: the request was not processed. `retry_after_secs` is the `Retry-After` header.
    pub fn throttled(retry_after_secs: Option<u64>) -> Self {
        let throttled = Self::new(StatusCode::TOO_MANY_REQUESTS, 20429, "Too many requests");
        Self {
            retry_after_secs,
            ..throttled
        }
    }

    /// The status with code 20001: the body could not be read, such as 413 for a body that is too
    /// large.
    pub fn unreadable(status: StatusCode, message: String) -> Self {
        Self::new(status, 20001, message)
    }
}

impl From<Refusal> for RestError {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::UnknownCall(_)
            | Refusal::UnknownQueue(_)
            | Refusal::UnknownRecording(_)
            | Refusal::NotAMember(_)
            | Refusal::NotItsTask(_)
            | Refusal::UnknownConference(_)
            | Refusal::NotAParticipant(_) => Self::new(
                StatusCode::NOT_FOUND,
                20404,
                format!("The requested resource was not found: {message}"),
            ),
            Refusal::WrongState { .. } => {
                Self::bad_request(21220, format!("Unable to update record. {message}"))
            }
            Refusal::BadAddress { field: "From" } => {
                Self::bad_request(21212, format!("Invalid 'From' number. {message}"))
            }
            Refusal::BadAddress { .. } => {
                Self::bad_request(21211, format!("Invalid 'To' number. {message}"))
            }
            Refusal::NotACentreNumber { .. } | Refusal::CentreNumber => {
                Self::bad_request(21211, message)
            }
            Refusal::Conference(fault) => Self::bad_request(fault.code.number(), fault.text),
            Refusal::NoCallToCoach => Self::bad_request(20001, message),
            Refusal::BadUrl { .. } => Self::bad_request(21205, message),
            Refusal::BadDigits
            | Refusal::BadSpeech
            | Refusal::BadQueueName
            | Refusal::BadQueueSize => Self::bad_request(20001, message),
            Refusal::QueueExists(_) => Self::bad_request(22003, message),
            Refusal::QueueNotEmpty(_) => Self::bad_request(22002, message),
            Refusal::TooMany { .. } => Self::new(StatusCode::TOO_MANY_REQUESTS, 20429, message),
        }
    }
}

impl IntoResponse for RestError {
    fn into_response(self) -> Response {
        let Self {
            status,
            code,
            message,
            retry_after_secs,
        } = self;
        let body = json!({
            "code": code,
            "message": message,
            "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
            "status": status.as_u16(),
        });
        let mut response = (status, Json(body)).into_response();
        if let Some(secs) = retry_after_secs {
            response.headers_mut().insert(RETRY_AFTER, secs.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            let challenge = axum::http::HeaderValue::from_static("Basic realm=\"Twilio API\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
