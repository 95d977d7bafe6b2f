//! `<Play>`: plays a sound file (voice-webhooks.md section 6.2).

use super::xml::Element;

/// Plays the file at `url` once. The carrier requests it without the parameters of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Play {
    /// URL of the file, resolved against the URL of the document.
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
