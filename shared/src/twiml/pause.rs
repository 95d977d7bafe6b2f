//! `<Pause>`: silence (voice-webhooks.md section 6.2).

use super::xml::Element;

/// Waits in silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Length of the silence, in seconds.
    pub length_secs: u16,
}

impl Pause {
    pub(super) fn element(self) -> Element {
        Element::empty("Pause").attribute("length", Some(self.length_secs))
    }
}
