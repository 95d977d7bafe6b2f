//! Requests to other people's servers: one port, and the client behind it.
//!
//! Whoever sends a request says how long it may take and how much of the answer is wanted, and gets the answer whole. So a
//! program that stands in for the network needs one function, [`WebClient::send`]. The client for real is [`Reqwest`].

mod reqwest_client;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

pub use http;
pub use reqwest_client::Reqwest;

/// A request under way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Answer, WebError>> + Send + 'a>>;

/// A request: method, absolute URL, headers, body.
pub type Request = http::Request<Vec<u8>>;

/// An answer: status, headers, and the body as far as [`Limits::body_bytes`] lets it in.
pub type Answer = http::Response<Vec<u8>>;

/// Sends requests. Follows no redirect, repeats nothing.
pub trait WebClient: Send + Sync {
    /// Sends `request` and reads the answer within `limits`.
    fn send(&self, request: Request, limits: Limits) -> Sending<'_>;
}

/// What an exchange may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the first step of connecting to the last byte that is read.
    pub time: Duration,
    /// Bytes of the body that are read; what comes behind them is left unread. Who must know whether a body is longer than
    /// allowed asks for one byte more.
    pub body_bytes: usize,
}

/// A request without an answer.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct WebError {
    /// How far it came.
    pub kind: WebErrorKind,
    /// What went wrong in the end, in a few words, without the URL.
    pub reason: String,
}

/// How far a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebErrorKind {
    /// It is none: the URL cannot be asked.
    Request,
    /// The name of the host leads nowhere.
    HostName,
    /// A certificate, or what is agreed on with it, is not acceptable.
    Tls,
    /// There is no connection.
    Connection,
    /// It may have arrived: the connection broke, or time ran out.
    Exchange,
}

impl WebErrorKind {
    /// Whether the request surely did not arrive.
    pub fn is_unsent(self) -> bool {
        match self {
            Self::Request | Self::HostName | Self::Tls | Self::Connection => true,
            Self::Exchange => false,
        }
    }
}

/// The `Authorization` header of HTTP Basic.
///
/// # Errors
/// [`WebErrorKind::Request`] for nothing that Base64 can produce.
pub fn basic_authorization(user: &str, password: &str) -> Result<HeaderValue, WebError> {
    let pair = STANDARD.encode(format!("{user}:{password}"));
    HeaderValue::try_from(format!("Basic {pair}")).map_err(unusable)
}

/// The request, if its parts make one.
///
/// # Errors
/// [`WebErrorKind::Request`] when URL or a header is malformed.
pub fn request(builder: http::request::Builder, body: Vec<u8>) -> Result<Request, WebError> {
    builder.body(body).map_err(unusable)
}

pub(crate) fn unusable(error: impl std::fmt::Display) -> WebError {
    WebError { kind: WebErrorKind::Request, reason: error.to_string() }
}
