//! What we answer: JSON, and for a Task, a Worker or a list of them an ETag.

use std::hash::{DefaultHasher, Hash, Hasher};

use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

/// An answer on its way out.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The JSON.
    pub body: Value,
    /// Headers beside `Content-Type`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Answer {
    /// 200 with this body.
    pub fn ok(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body,
            headers: Vec::new(),
        }
    }

    /// 201 with this body: it was made.
    pub fn created(body: Value) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..Self::ok(body)
        }
    }

    /// 200 with a piece of an event stream, which is text.
    pub fn event_stream(text: String) -> Self {
        let kind = (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        );
        Self {
            headers: vec![
                kind,
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ],
            ..Self::ok(text.into())
        }
    }

    /// 204: it was removed, and there is nothing to show.
    pub fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: Value::Null,
            headers: Vec::new(),
        }
    }

    /// With `ETag: "<version>"`, what a later `If-Match` is compared with (taskrouter.md section 1, "Optimistic
    /// concurrency").
    pub fn with_version(mut self, version: u64) -> Self {
        // Digits in quotes always are a header value.
        self.headers.extend(
            HeaderValue::try_from(format!("\"{version}\"")).map(|etag| (header::ETAG, etag)),
        );
        self
    }

    /// With an ETag that changes when a list or one of its entries does: `entries` are ids with versions.
    pub fn with_versions<S: Hash>(mut self, entries: impl Iterator<Item = (S, u64)>) -> Self {
        let mut hasher = DefaultHasher::new();
        entries.for_each(|entry| entry.hash(&mut hasher));
        let etag = HeaderValue::try_from(format!("\"{:016x}\"", hasher.finish()));
        self.headers.extend(etag.map(|etag| (header::ETAG, etag)));
        self
    }

    /// The HTTP response.
    pub fn into_response(self) -> Response<Vec<u8>> {
        // Every resource is an object: a text alone is a stream, and says of what kind it is.
        let body = self
            .body
            .as_str()
            .map_or_else(|| self.body.to_string(), str::to_owned);
        let mut response = Response::new(Vec::new());
        *response.status_mut() = self.status;
        if self.status != StatusCode::NO_CONTENT {
            *response.body_mut() = body.into_bytes();
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        }
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
