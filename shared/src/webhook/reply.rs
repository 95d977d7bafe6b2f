//! The response to a webhook, independent of Lambda and axum. Adapters for Lambda and the local
//! server send it.

use std::borrow::Cow;

use crate::twiml::{DocumentTooLong, Response};

const TWIML: &str = "text/xml; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// A response to the carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Further headers; names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The bytes of the body.
    pub body: Cow<'static, [u8]>,
}

impl Reply {
    /// A TwiML document. A document larger than the carrier accepts becomes a 500, so that the
    /// carrier requests the number's fallback URL.
    ///
    /// ```
    /// use shared::twiml::{Hangup, Response};
    /// use shared::webhook::Reply;
    ///
    /// let reply = Reply::twiml(&Response::new().then(Hangup));
    /// assert_eq!((reply.status, reply.content_type), (200, "text/xml; charset=utf-8"));
    /// ```
    pub fn twiml(document: &Response) -> Self {
        Self::try_twiml(document).unwrap_or_else(|error| Self::error(500, &error.to_string()))
    }

    /// A TwiML document.
    ///
    /// # Errors
    /// [`DocumentTooLong`] for a document larger than the carrier accepts.
    pub fn try_twiml(document: &Response) -> Result<Self, DocumentTooLong> {
        let xml = document.to_xml()?;
        Ok(Self::new(200, TWIML, xml.into_bytes()))
    }

    /// A JSON value, for example the instruction of an assignment callback.
    pub fn json(value: &serde_json::Value) -> Self {
        Self::new(200, JSON, value.to_string().into_bytes())
    }

    /// A sound file that never changes; the carrier may cache it for a day.
    pub fn sound(content_type: &'static str, body: &'static [u8]) -> Self {
        let headers = vec![("cache-control", "public, max-age=86400".to_owned())];
        Self {
            status: 200,
            content_type,
            headers,
            body: Cow::Borrowed(body),
        }
    }

    /// A sound file whose URL names its content: every cache may keep it for a year.
    pub fn named_sound(content_type: &'static str, body: Vec<u8>) -> Self {
        let forever = "public, max-age=31536000, immutable".to_owned();
        Self {
            headers: vec![("cache-control", forever)],
            ..Self::new(200, content_type, body)
        }
    }

    /// 204: a notification was handled.
    pub fn empty() -> Self {
        Self::new(204, TEXT, Vec::new())
    }

    /// A refusal: a sentence that names the error.
    pub fn error(status: u16, message: &str) -> Self {
        Self::new(status, TEXT, format!("{message}\n").into_bytes())
    }

    fn new(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        Self {
            status,
            content_type,
            headers: Vec::new(),
            body: Cow::Owned(body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twiml::{DOCUMENT_MAX_BYTES, Hangup, Say};

    #[test]
    fn oversized_document_becomes_an_error() {
        let reply = Reply::twiml(&Response::new().then(Hangup));
        assert_eq!(
            (reply.status, reply.content_type),
            (200, "text/xml; charset=utf-8")
        );
        assert!(reply.body.ends_with(b"<Hangup/>\n</Response>\n"));

        let reply = Reply::twiml(&Response::new().then(Say::new("a".repeat(DOCUMENT_MAX_BYTES))));
        assert_eq!(
            (reply.status, reply.content_type),
            (500, "text/plain; charset=utf-8")
        );
    }
}
