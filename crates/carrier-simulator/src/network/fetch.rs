//! Requests the network wants carried out, and what comes back.

use ids::time::Millis;
use ids::{CallSid, TaskSid};
use serde::{Deserialize, Serialize};
use url::Url;

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
    /// The URL fit for logs and transcripts; see [`shown_url`].
    pub fn shown(&self) -> String {
        shown_url(&self.url)
    }

    /// The URL fit for another server: without user and password.
    pub(super) fn without_credentials(&self) -> String {
        Url::parse(&self.url).map_or_else(
            |_| shown_url(&self.url),
            |url| strip_credentials(url).into(),
        )
    }
}

/// A URL, perhaps relative or no URL at all, fit for logs: without user and password, and without its query, which with
/// GET holds the numbers of caller and called.
pub fn shown_url(text: &str) -> String {
    let Ok(url) = Url::parse(text) else {
        let shown = text.split(['?', '#']).next().unwrap_or_default();
        return shown.rsplit('@').next().unwrap_or_default().to_owned();
    };
    if url.cannot_be_a_base() {
        // Such as tel: and mailto:, which are nothing but an address.
        return format!("{}:…", url.scheme());
    }
    let mut url = strip_credentials(url);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

fn strip_credentials(mut url: Url) -> Url {
    // Neither can fail for http and https.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
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
    /// It says where a reservation's caller waits.
    Reservation,
    /// It says whether a call that was enqueued with a Workflow waits as this Task.
    Task(TaskSid),
    /// It is ignored; the TaskRouter was told that a call waits no longer.
    LeftQueue,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_credentials_query_and_fragment() {
        let table = [
            (
                "http://app.example/voice?From=%2B15550100001&To=1#x",
                "http://app.example/voice",
            ),
            (
                "https://ada:secret@app.example:8443/voice",
                "https://app.example:8443/voice",
            ),
            ("/voice?From=+15550100001", "/voice"),
            ("http://ada:secret@:0:0/?From=1", ":0:0/"),
            ("tel:+15550100001", "tel:…"),
            ("", ""),
        ];
        for (text, shown) in table {
            assert_eq!(shown_url(text), shown, "{text}");
        }
    }
}
