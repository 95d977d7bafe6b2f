//! `<Reject>`: refuse a call (voice-webhooks.md section 6.4).

use super::xml::Element;

/// Refuses the call; as the first verb it is neither answered nor billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reject {
    /// What the caller hears.
    pub reason: RejectReason,
}

/// What the caller of a rejected call hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectReason {
    /// That the number is not in service.
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
