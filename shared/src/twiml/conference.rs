//! `<Conference>`, a noun of `<Dial>` (taskrouter.md section 11.3, conference).

use super::xml::Element;
use ids::CallSid;
use vocabulary::{
    Beep, CallbackMethod, CallbackUrl, ConferenceEvent, ConferenceRecord, JitterBufferSize, Region,
    Trim,
};

/// A conference at the carrier, and how this call takes part. An unset field has the carrier's
/// default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conference {
    /// Name of the conference; the carrier creates it on first use.
    pub name: String,
    /// Whether the other participants cannot hear this one.
    pub muted: bool,
    /// When a tone announces a participant who joins or leaves.
    pub beep: Option<Beep>,
    /// Whether the conference does not start when this participant joins, but waits for another
    /// one.
    pub waits_for_start: bool,
    /// Whether the conference ends when this participant leaves.
    pub end_on_exit: bool,
    /// Document that is played before the conference starts.
    pub wait: Option<CallbackUrl>,
    /// Most participants.
    pub max_participants: Option<u32>,
    /// Whether the conference is recorded.
    pub record: Option<ConferenceRecord>,
    /// Whether silence is trimmed from the recording.
    pub trim: Option<Trim>,
    /// Region in which the conference is mixed.
    pub region: Option<Region>,
    /// Size of the jitter buffer, which smooths an uneven line.
    pub jitter_buffer_size: Option<JitterBufferSize>,
    /// Leg of the only participant who hears this one.
    pub coach: Option<CallSid>,
    /// URL of the status callback; the carrier uses the first participant's.
    pub status_callback: Option<String>,
    /// Events sent to `status_callback`.
    pub status_callback_events: Vec<ConferenceEvent>,
    /// URL of the status callback of the recording.
    pub recording_status_callback: Option<CallbackUrl>,
}

impl Conference {
    /// A conference of this name with the carrier's defaults.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    pub(super) fn element(&self) -> Element {
        let events: Vec<&str> = self
            .status_callback_events
            .iter()
            .map(|event| event.as_str())
            .collect();
        let (wait_url, wait_method) = parts(self.wait.as_ref());
        let (recording_url, recording_method) = parts(self.recording_status_callback.as_ref());
        Element::text("Conference", &self.name)
            .attribute("muted", self.muted.then_some(true))
            .attribute("beep", self.beep.map(Beep::as_str))
            .attribute(
                "startConferenceOnEnter",
                self.waits_for_start.then_some(false),
            )
            .attribute("endConferenceOnExit", self.end_on_exit.then_some(true))
            .attribute("waitUrl", wait_url)
            .attribute("waitMethod", wait_method)
            .attribute("maxParticipants", self.max_participants)
            .attribute("record", self.record.map(ConferenceRecord::as_str))
            .attribute("trim", self.trim.map(Trim::as_str))
            .attribute("region", self.region.map(Region::as_str))
            .attribute(
                "jitterBufferSize",
                self.jitter_buffer_size.map(JitterBufferSize::as_str),
            )
            .attribute("coach", self.coach)
            .attribute("statusCallback", self.status_callback.as_ref())
            .attribute(
                "statusCallbackEvent",
                (!events.is_empty()).then(|| events.join(" ")),
            )
            .attribute("recordingStatusCallback", recording_url)
            .attribute("recordingStatusCallbackMethod", recording_method)
    }
}

/// The URL of a callback, and its method unless it is POST.
fn parts(callback: Option<&CallbackUrl>) -> (Option<&str>, Option<&'static str>) {
    let method = callback.filter(|callback| callback.method == CallbackMethod::Get);
    (
        callback.map(|callback| callback.url.as_str()),
        method.map(|callback| callback.method.as_str()),
    )
}
