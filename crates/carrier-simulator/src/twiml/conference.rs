//! `<Conference>` in a Dial (`/docs/voice/twiml/conference`; used by taskrouter.md section 11.3,
//! "conference").

use serde::{Deserialize, Serialize};

use super::attributes::Attributes;
use super::xml::Element;
use super::{Link, Wait, read_words};

/// Limit of the number of participants, and the default.
pub const PARTICIPANTS_MAX: u32 = 250;
/// Longest label of a participant, in characters.
pub const LABEL_CHARS_MAX: usize = 128;

/// `<Conference>`: the room, and the options of this participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConferenceNoun {
    /// The name of the conference, or the SID of a running one.
    pub room: String,
    /// Whether the other participants do not hear this one.
    pub muted: bool,
    /// When the other participants hear a beep.
    pub beep: Beep,
    /// Whether this participant's presence lets the conference start.
    pub start_on_enter: bool,
    /// Whether the conference ends when this participant leaves.
    pub end_on_exit: bool,
    /// What this participant hears before the start.
    pub wait: Wait,
    /// Largest number of participants; only the first participant's value counts.
    pub max_participants: u32,
    /// Whether the conference is recorded; only the first participant's value counts.
    pub record: bool,
    /// The only call this participant speaks to; not checked yet.
    pub coach: Option<String>,
    /// The participant's name in this conference; not checked yet.
    pub label: Option<String>,
    /// The status callback of the conference; only the first participant's value counts.
    pub status_callback: Option<Link>,
    /// The events that it reports.
    pub status_events: Vec<ConferenceEvent>,
    /// The callback that is notified when the recording is ready; only the first participant's
    /// value counts.
    pub recording_callback: Option<Link>,
    /// The region that mixes the audio; only shown.
    pub region: Option<String>,
}

impl ConferenceNoun {
    /// A room with every attribute at its default.
    pub fn new(room: impl Into<String>) -> Self {
        Self {
            room: room.into(),
            muted: false,
            beep: Beep::Always,
            start_on_enter: true,
            end_on_exit: false,
            wait: Wait::Music,
            max_participants: PARTICIPANTS_MAX,
            record: false,
            coach: None,
            label: None,
            status_callback: None,
            status_events: Vec::new(),
            recording_callback: None,
            region: None,
        }
    }
}

/// When a beep announces a participant to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Beep {
    /// On joining and on leaving.
    Always,
    /// Never a beep.
    Never,
    /// On joining.
    OnEnter,
    /// On leaving.
    OnExit,
}

impl Beep {
    /// The values of `beep`, for messages.
    pub const EXPECTED: &'static str = "true, false, onEnter or onExit";

    /// Reads the attribute's value.
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "true" => Some(Self::Always),
            "false" => Some(Self::Never),
            "onEnter" => Some(Self::OnEnter),
            "onExit" => Some(Self::OnExit),
            _ => None,
        }
    }

    /// Whether the others hear a beep when the participant joins.
    pub const fn on_enter(self) -> bool {
        matches!(self, Self::Always | Self::OnEnter)
    }

    /// Whether the others hear a beep when the participant leaves.
    pub const fn on_exit(self) -> bool {
        matches!(self, Self::Always | Self::OnExit)
    }

    /// The same on joining, and `on_exit` on leaving.
    pub const fn with_exit(self, on_exit: bool) -> Self {
        match (self.on_enter(), on_exit) {
            (true, true) => Self::Always,
            (true, false) => Self::OnEnter,
            (false, true) => Self::OnExit,
            (false, false) => Self::Never,
        }
    }
}

/// Events that a conference's status callback can subscribe to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ConferenceEvent {
    /// The conference started.
    Start,
    /// The conference is over.
    End,
    /// A participant joined.
    Join,
    /// A participant left.
    Leave,
    /// A participant was muted or unmuted.
    Mute,
    /// A participant was put on hold, or taken off.
    Hold,
    /// Another attribute of a participant changed.
    Modify,
    /// A participant began or stopped speaking, which is not simulated.
    Speaker,
    /// An announcement is over, which is not simulated.
    Announcement,
}

impl ConferenceEvent {
    /// The words of `statusCallbackEvent`, for messages.
    pub const EXPECTED: &'static str =
        "start, end, join, leave, mute, hold, modify, speaker or announcement";

    /// Reads a list separated by blanks. The second part contains the unknown words.
    pub fn read_list<'a>(texts: impl IntoIterator<Item = &'a str>) -> (Vec<Self>, Vec<String>) {
        read_words(texts, Self::read)
    }

    fn read(word: &str) -> Option<Self> {
        match word {
            "start" => Some(Self::Start),
            "end" => Some(Self::End),
            "join" => Some(Self::Join),
            "leave" => Some(Self::Leave),
            "mute" => Some(Self::Mute),
            "hold" => Some(Self::Hold),
            "modify" => Some(Self::Modify),
            "speaker" => Some(Self::Speaker),
            "announcement" => Some(Self::Announcement),
            _ => None,
        }
    }
}

pub(super) fn conference_noun(noun: &Element, warnings: &mut Vec<String>) -> ConferenceNoun {
    let mut attributes = Attributes::of(noun, warnings);
    attributes.not_simulated(&["eventCallbackUrl"]);
    attributes.no_effect(&[
        "trim",
        "jitterBufferSize",
        "recordingStatusCallbackEvent",
        "eventCallbackMethod",
    ]);
    let read = ConferenceNoun {
        room: noun.text(),
        muted: attributes.flag("muted", false),
        beep: beep(&mut attributes),
        start_on_enter: attributes.flag("startConferenceOnEnter", true),
        end_on_exit: attributes.flag("endConferenceOnExit", false),
        wait: attributes.wait("waitUrl", "waitMethod"),
        max_participants: attributes.number(
            "maxParticipants",
            PARTICIPANTS_MAX,
            2..=PARTICIPANTS_MAX,
        ),
        record: record(&mut attributes),
        coach: attributes.text("coach").map(str::to_owned),
        label: attributes.text("participantLabel").map(str::to_owned),
        status_callback: attributes.link("statusCallback", "statusCallbackMethod"),
        status_events: status_events(&mut attributes),
        recording_callback: attributes
            .link("recordingStatusCallback", "recordingStatusCallbackMethod"),
        region: attributes.text("region").map(str::to_owned),
    };
    attributes.finish();
    read
}

fn beep(attributes: &mut Attributes<'_>) -> Beep {
    let Some(text) = attributes.text("beep") else {
        return Beep::Always;
    };
    Beep::read(text).unwrap_or_else(|| {
        attributes.unusable("beep", text, Beep::EXPECTED);
        Beep::Always
    })
}

fn record(attributes: &mut Attributes<'_>) -> bool {
    match attributes.text("record") {
        None | Some("do-not-record" | "false") => false,
        Some("record-from-start" | "true") => true,
        Some(other) => {
            attributes.unusable("record", other, "record-from-start or do-not-record");
            false
        }
    }
}

fn status_events(attributes: &mut Attributes<'_>) -> Vec<ConferenceEvent> {
    let (events, unknown) = ConferenceEvent::read_list(attributes.text("statusCallbackEvent"));
    for word in unknown {
        attributes.unusable("statusCallbackEvent", &word, ConferenceEvent::EXPECTED);
    }
    events
}
