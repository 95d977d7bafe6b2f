//! HTTP requests to other servers: the port [`WebClient`], and the client behind it.
//!
//! Each request has a timeout and a limit of the answer's size, and its answer is returned whole.
//! So a simulated network only has to implement one function, [`WebClient::send`]. The client for
//! real networks is [`NetworkClient`].

mod destination;
mod network_client;
mod steps;
mod system_roots;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use url::{Url, form_urlencoded};

pub use destination::{Destinations, Forbidden, web_client};
pub use http;
pub use network_client::{ClientError, NetworkClient};

/// A request in flight.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Answer, WebError>> + Send + 'a>>;

/// A request: method, absolute URL, headers, body.
pub type Request = http::Request<Vec<u8>>;

/// An answer: status, headers, and the body up to [`Limits::body_bytes`].
pub type Answer = http::Response<Vec<u8>>;

/// Sends requests. It follows no redirect and does not retry.
pub trait WebClient: Send + Sync {
    /// Sends `request` and reads the answer within `limits`.
    fn send(&self, request: Request, limits: Limits) -> Sending<'_>;
}

/// The limits of one exchange: timeouts and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Timeout of the whole exchange, from the first step of connecting to the last byte that is
    /// read.
    pub time: Duration,
    /// Bytes of the body that are read; the rest is left unread. To notice a body that is longer
    /// than allowed, ask for one byte more.
    pub body_bytes: usize,
    /// Timeout of connecting: name resolution, connection, TLS.
    pub connect: Option<Duration>,
    /// Timeout of the answer, without connecting.
    pub answer: Option<Duration>,
}

impl Limits {
    /// One timeout for the whole exchange, and a limit of the body.
    pub const fn new(time: Duration, body_bytes: usize) -> Self {
        Self {
            time,
            body_bytes,
            connect: None,
            answer: None,
        }
    }
}

/// The error of a request without an answer.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct WebError {
    /// The step that failed.
    pub kind: WebErrorKind,
    /// The innermost cause in a few words, without the URL.
    pub reason: String,
}

/// The step at which a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebErrorKind {
    /// The request is invalid, for example its URL.
    Request,
    /// The name of the host cannot be resolved.
    HostName,
    /// The TLS handshake failed, for example because of the certificate.
    Tls,
    /// No connection could be opened, or not within its timeout.
    Connection,
    /// The connection broke or the timeout passed; the server may have received the request.
    Exchange,
}

impl WebErrorKind {
    /// Whether the server has certainly not received the request, so that a retry cannot deliver it
    /// twice.
    pub fn is_unsent(self) -> bool {
        match self {
            Self::Request | Self::HostName | Self::Tls | Self::Connection => true,
            Self::Exchange => false,
        }
    }
}

/// The `Authorization` header for HTTP Basic authentication.
///
/// # Errors
/// [`WebErrorKind::Request`], which no output of Base64 causes.
pub fn basic_authorization(user: &str, password: &str) -> Result<HeaderValue, WebError> {
    let pair = STANDARD.encode(format!("{user}:{password}"));
    let mut header = HeaderValue::try_from(format!("Basic {pair}")).map_err(unusable)?;
    header.set_sensitive(true);
    Ok(header)
}

/// Moves user and password from a URL into an `Authorization` header. `None` if the URL names no
/// user.
pub fn take_credentials(url: &mut Url) -> Option<HeaderValue> {
    if url.username().is_empty() {
        return None;
    }
    let header = basic_authorization(
        &decoded(url.username()),
        &decoded(url.password().unwrap_or_default()),
    );
    // The setters cannot fail for a URL with a user, and Base64 always fits into a header.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    header.ok()
}

/// Decodes the percent escapes of a user or password, in the form of a query's value.
fn decoded(text: &str) -> String {
    let text = format!("v={}", text.replace('+', "%2B"));
    form_urlencoded::parse(text.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// Builds a request.
///
/// # Errors
/// [`WebErrorKind::Request`] when the URL or a header is malformed.
pub fn request(builder: http::request::Builder, body: Vec<u8>) -> Result<Request, WebError> {
    builder.body(body).map_err(unusable)
}

pub(crate) fn unusable(error: impl std::fmt::Display) -> WebError {
    WebError {
        kind: WebErrorKind::Request,
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_move_from_url_to_header() {
        for (url, rest, pair) in [
            (
                "https://ann:p%40ss+1@app.example/hook",
                "https://app.example/hook",
                Some("ann:p@ss+1"),
            ),
            (
                "https://ann@app.example/",
                "https://app.example/",
                Some("ann:"),
            ),
            ("https://app.example/@", "https://app.example/@", None),
        ] {
            let mut url = Url::parse(url).unwrap();
            let header = take_credentials(&mut url);
            let expected = pair.map(|pair| format!("Basic {}", STANDARD.encode(pair)));
            assert_eq!(
                header.map(|header| header.to_str().unwrap().to_owned()),
                expected
            );
            assert_eq!(url.as_str(), rest);
        }
    }
}
