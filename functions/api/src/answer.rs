//! The answer to a request: JSON, with an ETag for a Task, a Worker or a list of them.

use std::hash::{DefaultHasher, Hash, Hasher};

use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

/// An answer before it becomes an HTTP response.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The JSON. A string is the text of an event stream: every resource is a JSON object.
    pub body: Value,
    /// Headers in addition to `Content-Type`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Answer {
    /// Status 200 with this body.
    pub fn ok(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body,
            headers: Vec::new(),
        }
    }

    /// Status 201 with the created resource.
    pub fn created(body: Value) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..Self::ok(body)
        }
    }

    /// Status 200 with the text of a stream of server-sent events, which must not be cached.
    pub fn event_stream(text: String) -> Self {
        let content_type = HeaderValue::from_static("text/event-stream");
        let cache_control = HeaderValue::from_static("no-store");
        Self {
            headers: vec![
                (header::CONTENT_TYPE, content_type),
                (header::CACHE_CONTROL, cache_control),
            ],
            ..Self::ok(text.into())
        }
    }

    /// Status 204 without a body: the resource was deleted.
    pub fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: Value::Null,
            headers: Vec::new(),
        }
    }

    /// Adds `ETag: "<version>"`, which a later `If-Match` is compared with (taskrouter.md section
    /// 1, "Optimistic concurrency").
    pub fn with_version(mut self, version: u64) -> Self {
        // Quoted digits are always a valid header value.
        self.headers.extend(
            HeaderValue::try_from(format!("\"{version}\"")).map(|etag| (header::ETAG, etag)),
        );
        self
    }

    /// Adds an ETag that changes when the list or one of its entries changes. `entries` are the
    /// entries' ids and versions.
    pub fn with_versions<S: Hash>(mut self, entries: impl Iterator<Item = (S, u64)>) -> Self {
        let mut hasher = DefaultHasher::new();
        entries.for_each(|entry| entry.hash(&mut hasher));
        let etag = HeaderValue::try_from(format!("\"{:016x}\"", hasher.finish()));
        self.headers.extend(etag.map(|etag| (header::ETAG, etag)));
        self
    }

    /// The HTTP response. [`Self::headers`] override the default `Content-Type`, JSON.
    pub fn into_response(self) -> Response<Vec<u8>> {
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
