//! Requests that the network asks the driver to send, and their results.

use ids::time::Millis;
use ids::{CallSid, TaskSid};
use serde::{Deserialize, Serialize};
use url::Url;

use super::call::Role;
use crate::twiml::{Fault, Method};

/// Number of a request; each is used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FetchId(pub u64);

/// An absolute URL and the method of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `http://…` or `https://…`.
    pub url: String,
    /// GET or POST.
    pub method: Method,
}

impl Target {
    /// The URL for logs and transcripts; see [`shown_url`].
    pub fn shown(&self) -> String {
        shown_url(&self.url)
    }

    /// The URL for another server: without user and password.
    pub(super) fn without_credentials(&self) -> String {
        Url::parse(&self.url).map_or_else(
            |_| shown_url(&self.url),
            |url| strip_credentials(url).into(),
        )
    }
}

/// A URL for logs, without user, password and query: with GET, the query contains the numbers of
/// both sides. The text may be a relative URL, or no URL at all.
pub fn shown_url(text: &str) -> String {
    let Ok(url) = Url::parse(text) else {
        let shown = text.split(['?', '#']).next().unwrap_or_default();
        return shown.rsplit('@').next().unwrap_or_default().to_owned();
    };
    if url.cannot_be_a_base() {
        // Schemes such as `tel:` and `mailto:`, whose URL is nothing but an address.
        return format!("{}:…", url.scheme());
    }
    let mut url = strip_credentials(url);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

fn strip_credentials(mut url: Url) -> Url {
    // Neither call can fail for http and https.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// An outstanding request: not sent yet, in flight, or to be sent again after a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fetch {
    /// Unique among all requests of the network.
    pub id: FetchId,
    /// The call it belongs to.
    pub call: CallSid,
    /// The URL and method.
    pub target: Target,
    /// Parameters in the order in which they are sent.
    pub params: Vec<(String, String)>,
    /// What the answer is used for.
    pub purpose: Purpose,
    /// The same for every attempt, so that the application can deduplicate requests
    /// (voice-webhooks.md section 1).
    pub idempotency_token: String,
}

/// What an answer is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// It is the next document of the call.
    Document(DocumentFetch),
    /// It names the queue in which a reservation's caller waits.
    Reservation,
    /// It says whether the TaskRouter has created this Task for an enqueued call.
    Task(TaskSid),
    /// It is ignored: the request notified the TaskRouter that a call no longer waits.
    LeftQueue,
    /// It is ignored.
    Notification,
    /// The length of an audio file is read from it; the request has no call parameters.
    Media,
}

/// Which document was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentFetch {
    pub(super) role: Role,
    /// Whether this is the second attempt, at the fallback URL.
    pub(super) is_fallback: bool,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetched {
    /// There was an answer, with any status.
    Reply(Reply),
    /// The length of an audio file.
    Length(Millis),
    /// There was no answer.
    Failed(Fault),
}

/// An HTTP reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`, if the reply has one.
    pub content_type: Option<String>,
    /// Cut off at one byte more than a document may have.
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
    fn shown_url_hides_private_parts() {
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
