//! `<Start><Recording>`: records both sides of the call from here on (voice-webhooks.md section 6.6).

use super::xml::Element;

/// Records the call from here to its end, each side in a channel of its own. The next verb runs at
/// once. TwiML cannot pause a recording; the REST API can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRecording {
    /// URL that is requested when the recording is ready, with `RecordingUrl`.
    pub status_callback: String,
}

impl StartRecording {
    pub(super) fn element(&self) -> Element {
        let recording = Element::empty("Recording")
            .attribute("channels", Some("dual"))
            .attribute("recordingStatusCallback", Some(&self.status_callback));
        Element::parent("Start", vec![recording])
    }
}
