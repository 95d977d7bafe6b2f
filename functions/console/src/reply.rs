//! What a browser is sent, with the headers that keep a page to itself.

use flate2::Compression;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use maud::Markup;

use crate::compress::{self, gzip};

/// Only what this server sends: no inline script or style, no other site, no frame around it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Headers of every answer.
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CONTENT_SECURITY_POLICY),
    ),
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

/// What a page is.
const HTML: &str = "text/html; charset=utf-8";

/// An answer on its way out.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: Vec<u8>,
}

impl Reply {
    /// A page.
    pub fn page(status: StatusCode, page: Markup) -> Self {
        let no_store = "no-store".to_owned();
        Self::bytes(status, HTML, page.into_string().into_bytes())
            .with(header::CACHE_CONTROL, no_store)
    }

    /// Something else.
    pub fn bytes(status: StatusCode, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: vec![(header::CONTENT_TYPE, content_type.to_owned())],
            body,
        }
    }

    /// Go there with GET.
    pub fn see_other(place: impl Into<String>) -> Self {
        Self {
            status: StatusCode::SEE_OTHER,
            headers: vec![(header::LOCATION, place.into())],
            body: Vec::new(),
        }
        .with(header::CACHE_CONTROL, "no-store")
    }

    /// To a page that is not what it was: open it anew.
    pub fn refresh() -> Self {
        Self::bytes(StatusCode::OK, "text/plain; charset=utf-8", Vec::new())
            .with(HeaderName::from_static("hx-refresh"), "true")
            .with(header::CACHE_CONTROL, "no-store")
    }

    /// With one more header; one that cannot be written is left out.
    pub fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same, a page compressed if that is worth it and the browser takes it. That a page repeats what was asked for beside its
    /// token gives the token away to nobody: cookies go with requests of our own pages only.
    #[must_use]
    pub fn compressed(self, asked: &HeaderMap) -> Self {
        let is_page = self
            .headers
            .iter()
            .any(|(name, value)| name == header::CONTENT_TYPE && value.starts_with(HTML));
        if !is_page || self.body.len() < compress::BYTES_MIN || !compress::is_taken(asked) {
            return self;
        }
        match gzip(&self.body, Compression::fast()) {
            empty if empty.is_empty() => self,
            body => Self { body, ..self }
                .with(header::CONTENT_ENCODING, "gzip")
                .with(header::VARY, "Accept-Encoding"),
        }
    }

    /// The HTTP response.
    pub fn into_response(self) -> Response<Vec<u8>> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        response.headers_mut().extend(HEADERS);
        let values = self.headers.into_iter();
        response
            .headers_mut()
            .extend(values.filter_map(|(name, value)| Some((name, value.try_into().ok()?))));
        response
    }
}
