//! `<Record>`: records the caller (voice-webhooks.md section 4, "control transfer").

use super::xml::Element;

/// Records the caller after a tone, until a hang-up, a key, silence or the maximum length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// URL that is requested when the recording is complete, with `RecordingUrl` and
    /// `RecordingDuration`.
    pub action: String,
    /// Maximum length, in seconds.
    pub max_length_secs: u16,
    /// Seconds of silence that end the recording.
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
