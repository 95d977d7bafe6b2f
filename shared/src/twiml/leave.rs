//! `<Leave>`: takes the caller out of the queue (voice-webhooks.md section 5.2).

use super::xml::Element;

/// Takes the caller out of the queue; allowed only in a wait document. The carrier requests the
/// `action` of `<Enqueue>`, or runs the next verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave;

impl Leave {
    pub(super) fn element(self) -> Element {
        Element::empty("Leave")
    }
}
