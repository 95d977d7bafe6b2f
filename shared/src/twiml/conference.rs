//! `<Conference>`, what a `<Dial>` can lead to (taskrouter.md section 11.3, conference).

use super::xml::Element;
use ids::CallSid;
use vocabulary::{
    Beep, CallbackMethod, CallbackUrl, ConferenceEvent, ConferenceRecord, JitterBufferSize, Region,
    Trim,
};

/// A room at the carrier, and how this call is in it. What is not set is as the carrier does it by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conference {
    /// The room's name; made on first use.
    pub name: String,
    /// Whether this participant is heard by nobody.
    pub muted: bool,
    /// When coming and going is heard.
    pub beep: Option<Beep>,
    /// Whether the conference waits for somebody else to start it.
    pub waits_for_start: bool,
    /// Whether it ends when this participant leaves.
    pub end_on_exit: bool,
    /// Heard before it starts.
    pub wait: Option<CallbackUrl>,
    /// The most who can be in it.
    pub max_participants: Option<u32>,
    /// Whether it is recorded.
    pub record: Option<ConferenceRecord>,
    /// What becomes of silence in the recording.
    pub trim: Option<Trim>,
    /// Where it is mixed.
    pub region: Option<Region>,
    /// How much an uneven line is smoothed.
    pub jitter_buffer_size: Option<JitterBufferSize>,
    /// The one participant who hears this one.
    pub coach: Option<CallSid>,
    /// Told what happens in it; the first participant's counts.
    pub status_callback: Option<String>,
    /// What is told.
    pub status_callback_events: Vec<ConferenceEvent>,
    /// Told of the recording.
    pub recording_status_callback: Option<CallbackUrl>,
}

impl Conference {
    /// The room of this name, everything as the carrier does it by itself.
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

/// A callback's URL, and its method where it is not POST.
fn parts(callback: Option<&CallbackUrl>) -> (Option<&str>, Option<&'static str>) {
    let method = callback.filter(|callback| callback.method == CallbackMethod::Get);
    (
        callback.map(|callback| callback.url.as_str()),
        method.map(|callback| callback.method.as_str()),
    )
}
