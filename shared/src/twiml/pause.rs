//! `<Pause>`: silence (voice-webhooks.md section 6.2).

use super::xml::Element;

/// Says nothing for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// How long, in seconds.
    pub length_secs: u16,
}

impl Pause {
    pub(super) fn element(self) -> Element {
        Element::empty("Pause").attribute("length", Some(self.length_secs))
    }
}
