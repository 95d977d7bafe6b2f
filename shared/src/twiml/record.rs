//! `<Record>`: record what the caller says (voice-webhooks.md section 4, "control transfer").

use super::xml::Element;

/// Records the caller after a tone, until hang-up, a key, silence or the longest length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Asked when the recording is done, with `RecordingUrl` and `RecordingDuration`.
    pub action: String,
    /// Longest recording, in seconds.
    pub max_length_secs: u16,
    /// Seconds of silence that end it.
    pub timeout_secs: u16,
}

impl Record {
    pub(super) fn element(&self) -> Element {
        Element::empty("Record")
            .attribute("action", Some(&self.action))
            .attribute("maxLength", Some(self.max_length_secs))
            .attribute("timeout", Some(self.timeout_secs))
    }
}
