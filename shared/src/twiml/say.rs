//! `<Say>`: speak a text (voice-webhooks.md section 6.2).

use super::xml::Element;

/// Speaks `text`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Say {
    /// Voice, `Polly.Joanna`; the account's default if not set.
    pub voice: Option<String>,
    /// Language, `en-US`; the carrier's default if not set.
    pub language: Option<String>,
    /// How often; once if not set, 0 means until hang-up.
    pub loop_count: Option<u16>,
    /// What to say.
    pub text: String,
}

impl Say {
    /// Speaks `text` once in the account's default voice.
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
