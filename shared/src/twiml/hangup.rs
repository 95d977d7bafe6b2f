//! `<Hangup>`: ends the call (voice-webhooks.md section 6.4).

use super::xml::Element;

/// Ends the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hangup;

impl Hangup {
    pub(super) fn element(self) -> Element {
        Element::empty("Hangup")
    }
}
