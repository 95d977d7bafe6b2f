//! A webhook and its answer, as they are kept for the story of a Task: for people to read, so without secrets and whole
//! phone numbers, and no longer than somebody would read.

use serde::{Deserialize, Serialize};

use super::mask;
use ids::WebhookSid;
use ids::time::{Millis, Timestamp};

/// Characters of an answer that are kept: a menu in four languages. What it costs follows from it, a write unit a kilobyte.
pub const ANSWER_CHARS_MAX: usize = 1_500;

/// Characters of a URL that are kept.
pub const URL_CHARS_MAX: usize = 300;

/// Characters of an error that are kept.
pub const ERROR_CHARS_MAX: usize = 200;

/// Bytes of an answer that are looked at: enough for [`ANSWER_CHARS_MAX`] of the longest characters.
const ANSWER_BYTES_READ: usize = 4 * ANSWER_CHARS_MAX;

/// Who asked whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The carrier asked us.
    Received,
    /// We asked: an application, whoever wants to be told, the carrier's API.
    Sent,
}

impl Way {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Sent => "sent",
        }
    }
}

/// A webhook with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Follows from what the webhook is about, so that the same one is kept once however often it comes.
    pub sid: WebhookSid,
    /// Who asked.
    pub way: Way,
    /// `GET`, `POST`, `DELETE`.
    pub method: String,
    /// Where to: path and query of a webhook we received, the whole URL of one we sent; masked.
    pub url: String,
    /// When it was asked.
    pub at: Timestamp,
    /// Tells those of one moment apart, in the order they were asked in.
    pub order: u32,
    /// How long the answer took.
    pub took: Millis,
    /// The HTTP status; none without an answer.
    #[serde(default)]
    pub status: Option<u16>,
    /// What was answered, masked and cut.
    #[serde(default)]
    pub answer: String,
    /// Why there is no answer, masked and cut.
    #[serde(default)]
    pub error: Option<String>,
    /// How often it came, of what comes for as long as a caller waits; of that only the first answer is kept.
    pub times: u32,
    /// The last one that was counted.
    pub counted: WebhookSid,
}

impl Exchange {
    /// This one with another one of the same kind counted; `None` if it was counted before.
    pub fn counting(&self, another: &Self) -> Option<Self> {
        let is_new = another.counted != self.counted;
        is_new.then(|| Self {
            times: self.times.saturating_add(1),
            counted: another.counted,
            ..self.clone()
        })
    }
}

/// A URL as it is kept.
pub fn shown_url(url: &str) -> String {
    cut(&mask::url(url), URL_CHARS_MAX)
}

/// An answer's body as it is kept.
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

/// An error as it is kept.
pub fn shown_error(error: &str) -> String {
    cut(&mask::text(error), ERROR_CHARS_MAX)
}

/// The first characters; with `…` if there are more.
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
    fn what_is_kept_has_a_limit_and_says_that_it_was_cut() {
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
    fn a_number_at_the_cut_is_not_shown() {
        let body = format!("{}+17075550101", " ".repeat(ANSWER_BYTES_READ - 8));
        assert!(!shown_answer(body.as_bytes()).contains("1707"));
    }

    #[test]
    fn what_comes_again_and_again_is_counted_each_one_once() {
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
