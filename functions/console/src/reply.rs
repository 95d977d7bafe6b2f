//! Answers to the browser, with the security headers of every page.

use flate2::Compression;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use maud::Markup;

use crate::compress::{self, gzip};

/// Only resources of this server; no inline script or style, no framing.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Sources of audio beside [`CONTENT_SECURITY_POLICY`]: `<Play>` may name a file of any host.
const AUDIO_OF_ANY_HOST: &str = "; media-src 'self' http: https:";

/// Headers that every answer carries, beside the content security policy.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// The media type of a page.
const HTML: &str = "text/html; charset=utf-8";

/// An answer before it is sent.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: Vec<u8>,
    plays_audio: bool,
}

impl Reply {
    /// A page. It is not cached: it contains a form token.
    pub fn page(status: StatusCode, page: Markup) -> Self {
        let no_store = "no-store".to_owned();
        Self::bytes(status, HTML, page.into_string().into_bytes())
            .with(header::CACHE_CONTROL, no_store)
    }

    /// A body of another media type.
    pub fn bytes(status: StatusCode, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: vec![(header::CONTENT_TYPE, content_type.to_owned())],
            body,
            plays_audio: false,
        }
    }

    /// 303: the browser continues with a GET of `address`.
    pub fn see_other(address: impl Into<String>) -> Self {
        Self {
            status: StatusCode::SEE_OTHER,
            headers: vec![(header::LOCATION, address.into())],
            body: Vec::new(),
            plays_audio: false,
        }
        .with(header::CACHE_CONTROL, "no-store")
    }

    /// The destination of a redirection.
    pub fn location(&self) -> Option<&str> {
        self.headers
            .iter()
            .find(|(name, _)| *name == header::LOCATION)
            .map(|(_, address)| address.as_str())
    }

    /// A redirection as a navigation of the whole page: htmx would follow it with the open page's
    /// heading and address.
    #[must_use]
    pub fn into_navigation(self) -> Self {
        let rename = |(name, value)| match name {
            header::LOCATION => (HeaderName::from_static("hx-redirect"), value),
            name => (name, value),
        };
        Self {
            status: StatusCode::OK,
            headers: self.headers.into_iter().map(rename).collect(),
            ..self
        }
    }

    /// Makes htmx reload the whole page.
    pub fn refresh() -> Self {
        Self::bytes(StatusCode::OK, "text/plain; charset=utf-8", Vec::new())
            .with(HeaderName::from_static("hx-refresh"), "true")
            .with(header::CACHE_CONTROL, "no-store")
    }

    /// Lets the page play audio files of other hosts.
    #[must_use]
    pub fn playing_audio_of_any_host(self) -> Self {
        Self {
            plays_audio: true,
            ..self
        }
    }

    /// Adds a header. A value that is not valid in a header is dropped when the response is made.
    pub fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Compresses a page with gzip if it is large enough and the browser accepts it. A compressed
    /// page that repeats request data next to its form token does not leak the token: cookies are
    /// sent only with requests from the console's own pages.
    #[must_use]
    pub fn compressed(self, request: &HeaderMap) -> Self {
        let is_page = self
            .headers
            .iter()
            .any(|(name, value)| name == header::CONTENT_TYPE && value.starts_with(HTML));
        if !is_page || self.body.len() < compress::BYTES_MIN || !compress::is_accepted(request) {
            return self;
        }
        let body = gzip(&self.body, Compression::fast());
        if body.is_empty() {
            return self;
        }
        Self { body, ..self }
            .with(header::CONTENT_ENCODING, "gzip")
            .with(header::VARY, "Accept-Encoding")
    }

    /// The HTTP response with all headers.
    pub fn into_response(self) -> Response<Vec<u8>> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        response.headers_mut().extend(HEADERS);
        let mut policy = CONTENT_SECURITY_POLICY.to_owned();
        if self.plays_audio {
            policy.push_str(AUDIO_OF_ANY_HOST);
        }
        let policy = HeaderValue::try_from(policy).ok();
        let policy = policy.map(|policy| (header::CONTENT_SECURITY_POLICY, policy));
        response.headers_mut().extend(policy);
        let values = self.headers.into_iter();
        response
            .headers_mut()
            .extend(values.filter_map(|(name, value)| Some((name, value.try_into().ok()?))));
        response
    }
}
