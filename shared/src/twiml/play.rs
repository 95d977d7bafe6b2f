//! `<Play>`: play a sound file (voice-webhooks.md section 6.2).

use super::xml::Element;

/// Plays the file at `url` once. The carrier asks for it without the parameters of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Play {
    /// Where the file is; resolved against the URL of the document.
    pub url: String,
}

impl Play {
    /// Plays the file at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into() }
    }

    pub(super) fn element(&self) -> Element {
        Element::text("Play", &self.url)
    }
}
