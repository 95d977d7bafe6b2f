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
    /// Whether `text` is SSML: a well-formed XML fragment, which is not escaped.
    pub is_ssml: bool,
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

    /// Speaks SSML once: a well-formed XML fragment, such as `Wait <break time="1s"/>`. The caller
    /// of this function escapes the texts in it ([`super::escaped`]).
    pub fn ssml(fragment: impl Into<String>) -> Self {
        Self {
            is_ssml: true,
            ..Self::new(fragment)
        }
    }

    pub(super) fn element(&self) -> Element {
        let element = if self.is_ssml {
            Element::fragment("Say", &self.text)
        } else {
            Element::text("Say", &self.text)
        };
        element
            .attribute("voice", self.voice.as_ref())
            .attribute("language", self.language.as_ref())
            .attribute("loop", self.loop_count)
    }
}
