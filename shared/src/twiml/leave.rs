//! `<Leave>`: stop waiting (voice-webhooks.md section 5.2).

use super::xml::Element;

/// Takes the caller out of the queue; only in a wait document. `<Enqueue action>` is asked, or the next verb runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave;

impl Leave {
    pub(super) fn element(self) -> Element {
        Element::empty("Leave")
    }
}
