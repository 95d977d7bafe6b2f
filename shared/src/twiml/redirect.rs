//! `<Redirect>`: go on with another document (voice-webhooks.md section 6.4).

use super::xml::Element;

/// Goes on with the document at `url`; what follows in this one is never reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// Where the document is; resolved against the URL of this one.
    pub url: String,
}

impl Redirect {
    /// Goes on with the document at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into() }
    }

    pub(super) fn element(&self) -> Element {
        Element::text("Redirect", &self.url)
    }
}
