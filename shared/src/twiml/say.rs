//! `<Say>`: speaks a text (voice-webhooks.md section 6.2).

use super::xml::Element;

/// Speaks `text`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Say {
    /// Voice, `Polly.Joanna`; if unset, the account's default.
    pub voice: Option<String>,
    /// Language, `en-US`; if unset, the carrier's default.
    pub language: Option<String>,
    /// Number of repetitions; if unset once, and 0 until hang-up.
    pub loop_count: Option<u16>,
    /// The spoken text.
    pub text: String,
}

impl Say {
    /// Speaks `text` once in the account's default voice.
    ///
    /// ```
    /// use shared::twiml::{Response, Say};
    ///
    /// let xml = Response::new().then(Say::new("Tom & Jerry")).to_xml()?;
    /// assert!(xml.contains("<Say>Tom &amp; Jerry</Say>"));
    /// # Ok::<(), shared::twiml::DocumentTooLong>(())
    /// ```
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    pub(super) fn element(&self) -> Element {
        Element::text("Say", &self.text)
            .attribute("voice", self.voice.as_ref())
            .attribute("language", self.language.as_ref())
            .attribute("loop", self.loop_count)
    }
}
