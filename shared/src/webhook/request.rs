//! An HTTP request to a webhook, independent of Lambda and axum.

use std::fmt;

/// A request to a webhook. Adapters for Lambda and the local server create it.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// The complete public URL as the carrier requested it: scheme, host, path and query, not
    /// decoded. The signature covers it.
    pub url: String,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `X-Twilio-Signature`.
    pub signature: Option<String>,
    /// The raw body.
    pub body: Vec<u8>,
}

/// The two methods of webhooks (voice-webhooks.md section 1); adapters answer 405 to all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The query holds all parameters.
    Get,
    /// The body holds the carrier's parameters, the query our own.
    Post,
}

impl Request {
    /// The path of the URL, `/enqueue-call`; `/` if it has none.
    pub fn path(&self) -> &str {
        let resource = self.url.split(['?', '#']).next().unwrap_or_default();
        let after_scheme = resource
            .split_once("://")
            .map_or(resource, |(_, after)| after);
        after_scheme
            .find('/')
            .and_then(|at| after_scheme.get(at..))
            .unwrap_or("/")
    }

    /// The query of the URL, not decoded; empty if it has none.
    pub fn query(&self) -> &str {
        let url = self
            .url
            .split_once('#')
            .map_or(self.url.as_str(), |(before, _)| before);
        url.split_once('?').map_or("", |(_, query)| query)
    }

    /// Whether the body is a form. An empty body counts as an empty form, whatever its type.
    pub fn has_form(&self) -> bool {
        let media_type = self
            .content_type
            .as_deref()
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default();
        self.body.is_empty()
            || media_type
                .trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }
}

/// Shows method and path only. Query and body contain phone numbers, and the signature is derived
/// from a secret.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str) -> Request {
        Request {
            method: Method::Get,
            url: url.into(),
            content_type: None,
            signature: None,
            body: Vec::new(),
        }
    }

    #[test]
    fn path_and_query_come_from_the_url() {
        for (url, path, query) in [
            (
                "https://example.com/enqueue-call?attempt=1&a=/b",
                "/enqueue-call",
                "attempt=1&a=/b",
            ),
            ("https://example.com/a/b", "/a/b", ""),
            ("https://example.com", "/", ""),
            ("https://example.com?a=1#f?b=2", "/", "a=1"),
            ("/local/only?x", "/local/only", "x"),
            ("", "/", ""),
            ("ü://é", "/", ""),
        ] {
            assert_eq!(
                (request(url).path(), request(url).query()),
                (path, query),
                "{url}"
            );
        }
    }

    #[test]
    fn form_is_known_by_content_type() {
        for (content_type, body, expected) in [
            (
                Some("application/x-www-form-urlencoded; charset=UTF-8"),
                "a=b",
                true,
            ),
            (Some("Application/X-WWW-Form-URLEncoded"), "a=b", true),
            (Some("application/json"), "{}", false),
            (None, "a=b", false),
            (None, "", true),
        ] {
            let content_type = content_type.map(str::to_owned);
            let request = Request {
                method: Method::Post,
                content_type,
                body: body.into(),
                ..request("/")
            };
            assert_eq!(request.has_form(), expected, "{:?}", request.content_type);
        }
    }

    #[test]
    fn debug_shows_no_number_or_signature() {
        let request = Request {
            signature: Some("c2VjcmV0".into()),
            ..request("https://example.com/a?From=%2B17075550101")
        };
        assert_eq!(
            format!("{request:?}"),
            r#"Request { method: Get, path: "/a", body_bytes: 0, .. }"#
        );
    }
}
