//! Requests to other people's servers: one port, and the client behind it.
//!
//! Whoever sends a request says how long it may take and how much of the answer is wanted, and gets the answer whole. So a
//! program that stands in for the network needs one function, [`WebClient::send`]. The client for real is [`Reqwest`].

mod reqwest_client;
mod steps;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use url::{Url, form_urlencoded};

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
    /// For connecting: the name, the connection, TLS.
    pub connect: Option<Duration>,
    /// For the whole answer, connecting not counted.
    pub answer: Option<Duration>,
}

impl Limits {
    /// So long in all, whatever takes it, and so much of the body.
    pub const fn new(time: Duration, body_bytes: usize) -> Self {
        Self {
            time,
            body_bytes,
            connect: None,
            answer: None,
        }
    }
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
    /// There is no connection, or none in time.
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
    let mut header = HeaderValue::try_from(format!("Basic {pair}")).map_err(unusable)?;
    header.set_sensitive(true);
    Ok(header)
}

/// Takes user and password out of a URL and makes the `Authorization` header of HTTP Basic of them, if it names a user.
pub fn take_credentials(url: &mut Url) -> Option<HeaderValue> {
    if url.username().is_empty() {
        return None;
    }
    let header = basic_authorization(
        &decoded(url.username()),
        &decoded(url.password().unwrap_or_default()),
    );
    // Neither can fail for a URL that has a user; nor can the header, since Base64 is all it is made of.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    header.ok()
}

/// Percent escapes of user and password undone, by way of a query's value.
fn decoded(text: &str) -> String {
    let text = format!("v={}", text.replace('+', "%2B"));
    form_urlencoded::parse(text.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// The request, if its parts make one.
///
/// # Errors
/// [`WebErrorKind::Request`] when URL or a header is malformed.
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
    fn user_and_password_leave_the_url_for_a_header() {
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
