//! A webhook and its response, as stored for the timeline of a Task: secrets and phone numbers are
//! masked, and long texts are cut.

use serde::{Deserialize, Serialize};

use super::mask;
use ids::WebhookSid;
use ids::time::{Millis, Timestamp};

/// Characters of a response that are stored: a menu in four languages. The limit bounds the cost, a
/// write unit for each kilobyte.
pub const ANSWER_CHARS_MAX: usize = 1_500;

/// Characters of a URL that are stored.
pub const URL_CHARS_MAX: usize = 300;

/// Characters of an error that are stored.
pub const ERROR_CHARS_MAX: usize = 200;

/// Bytes of a response that are masked and cut: enough for [`ANSWER_CHARS_MAX`] of the longest
/// characters.
const ANSWER_BYTES_READ: usize = 4 * ANSWER_CHARS_MAX;

/// Direction of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The carrier sent it to us.
    Received,
    /// We sent it: to an application, to the receiver of a status callback, or to the carrier's
    /// API.
    Sent,
}

impl Way {
    /// The word for it in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Sent => "sent",
        }
    }
}

/// A stored webhook with its response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Derived from the subject of the webhook, so that repeated deliveries are stored once.
    pub sid: WebhookSid,
    /// Direction.
    pub way: Way,
    /// HTTP method: `GET`, `POST`, `DELETE`.
    pub method: String,
    /// Path and query of a received webhook, the whole URL of a sent one; masked.
    pub url: String,
    /// When the request began.
    pub at: Timestamp,
    /// Orders the webhooks of one moment by the order in which they were sent.
    pub order: u32,
    /// Time until the response.
    pub took: Millis,
    /// HTTP status; `None` without a response.
    #[serde(default)]
    pub status: Option<u16>,
    /// Body of the response, masked and cut.
    #[serde(default)]
    pub answer: String,
    /// Why there is no response, masked and cut.
    #[serde(default)]
    pub error: Option<String>,
    /// Number of deliveries of a webhook that repeats while a caller waits; only the first response
    /// is stored.
    pub times: u32,
    /// The last delivery that was counted, to deduplicate deliveries.
    pub counted: WebhookSid,
}

impl Exchange {
    /// This webhook with `another` delivery counted; `None` if that delivery was counted before.
    pub fn counting(&self, another: &Self) -> Option<Self> {
        if another.counted == self.counted {
            return None;
        }
        Some(Self {
            times: self.times.saturating_add(1),
            counted: another.counted,
            ..self.clone()
        })
    }
}

/// A URL as it is stored.
pub fn shown_url(url: &str) -> String {
    cut(&mask::url(url), URL_CHARS_MAX)
}

/// The body of a response as it is stored.
pub fn shown_answer(body: &[u8]) -> String {
    let read = body.get(..ANSWER_BYTES_READ).unwrap_or(body);
    let shown = cut(
        &mask::text(&String::from_utf8_lossy(read)),
        ANSWER_CHARS_MAX,
    );
    if read.len() < body.len() && !shown.ends_with('…') {
        shown + "…"
    } else {
        shown
    }
}

/// An error as it is stored.
pub fn shown_error(error: &str) -> String {
    cut(&mask::text(error), ERROR_CHARS_MAX)
}

/// The first `chars_max` characters of `text`, followed by `…` if there are more.
fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_with_an_ellipsis() {
        assert_eq!(shown_answer(b"<Response/>"), "<Response/>");
        for body in [
            "x".repeat(ANSWER_CHARS_MAX + 1),
            "é ".repeat(100_000),
            " ".repeat(100_000),
        ] {
            let shown = shown_answer(body.as_bytes());
            assert!(
                shown.ends_with('…') && shown.chars().count() <= ANSWER_CHARS_MAX + 1,
                "{}",
                shown.chars().count()
            );
        }
        assert_eq!(
            shown_url(&"/a".repeat(URL_CHARS_MAX)).chars().count(),
            URL_CHARS_MAX + 1
        );
        assert_eq!(
            shown_error(&"e ".repeat(ERROR_CHARS_MAX)).chars().count(),
            ERROR_CHARS_MAX + 1
        );
        assert_eq!(shown_answer(&[0xff, b'a']), "\u{fffd}a");
    }

    #[test]
    fn number_at_the_cut_is_masked() {
        let body = format!("{}+17075550101", " ".repeat(ANSWER_BYTES_READ - 8));
        assert!(!shown_answer(body.as_bytes()).contains("1707"));
    }

    #[test]
    fn repeated_delivery_is_counted_once() {
        let sid = |name: &str| WebhookSid::derive(&[name]);
        let first = Exchange {
            sid: sid("wait"),
            way: Way::Received,
            method: "POST".to_owned(),
            url: "/wait-music".to_owned(),
            at: Timestamp::from_millis(1),
            order: 0,
            took: Millis::from_millis(2),
            status: Some(200),
            answer: "<Response/>".to_owned(),
            error: None,
            times: 1,
            counted: sid("first"),
        };
        let second = Exchange {
            counted: sid("second"),
            at: Timestamp::from_millis(9),
            ..first.clone()
        };
        let counted = first.counting(&second).unwrap();
        assert_eq!(
            (counted.times, counted.at, counted.counting(&second)),
            (2, first.at, None)
        );
    }
}
