//! `<Redirect>`: continues with another document (voice-webhooks.md section 6.4).

use super::xml::Element;

/// Continues with the document at `url`; the verbs after it are never reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// URL of the next document, resolved against the URL of this one.
    pub url: String,
}

impl Redirect {
    /// Continues with the document at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into() }
    }

    pub(super) fn element(&self) -> Element {
        Element::text("Redirect", &self.url)
    }
}
