//! Requests the network wants carried out, and what comes back.

use serde::{Deserialize, Serialize};
use shared::model::ids::CallSid;
use shared::model::time::Millis;

use super::call::Role;
use crate::twiml::{Fault, Method};

/// The number of a request; each is used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FetchId(pub u64);

/// An absolute URL and how it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `http://…` or `https://…`.
    pub url: String,
    /// GET or POST.
    pub method: Method,
}

impl Target {
    /// The URL fit for logs and transcripts: without user and password.
    pub fn shown(&self) -> String {
        let Ok(mut url) = url::Url::parse(&self.url) else { return self.url.clone() };
        // Neither can fail for http and https.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.into()
    }
}

/// A request that is outstanding: to be sent, on its way, or to be sent again after a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fetch {
    /// Its number.
    pub id: FetchId,
    /// The call it belongs to.
    pub call: CallSid,
    /// Whom to ask.
    pub target: Target,
    /// In the order they are written.
    pub params: Vec<(String, String)>,
    /// What the answer is for.
    pub purpose: Purpose,
    /// The same for every attempt (voice-webhooks.md section 1).
    pub idempotency_token: String,
}

/// What becomes of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// It is the next document of the call.
    Document(DocumentFetch),
    /// It is ignored.
    Notification,
    /// Its length in time is wanted; no call parameters are sent.
    Media,
}

/// Which document was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentFetch {
    pub(super) role: Role,
    /// Whether this already is the second try, at the fallback URL.
    pub(super) is_fallback: bool,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetched {
    /// Somebody answered, with whatever status.
    Reply(Reply),
    /// The length of an audio file.
    Length(Millis),
    /// Nobody answered.
    Failed(Fault),
}

/// An HTTP reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`, when there was one.
    pub content_type: Option<String>,
    /// At most one byte more than a document may have.
    pub body: Vec<u8>,
}

impl Reply {
    /// Whether the status is a 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}
