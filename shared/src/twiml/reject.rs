//! `<Reject>`: refuses a call (voice-webhooks.md section 6.4).

use super::xml::Element;

/// Refuses the call. As the first verb of a document it prevents answering and billing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reject {
    /// The announcement or tone that the caller hears.
    pub reason: RejectReason,
}

/// The announcement or tone that the caller of a rejected call hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectReason {
    /// "The number is not in service."
    Rejected,
    /// The busy tone.
    Busy,
}

impl Reject {
    pub(super) fn element(self) -> Element {
        let reason = match self.reason {
            RejectReason::Rejected => "rejected",
            RejectReason::Busy => "busy",
        };
        Element::empty("Reject").attribute("reason", Some(reason))
    }
}
