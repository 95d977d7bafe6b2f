//! `<Conference>` in a Dial (`/docs/voice/twiml/conference`; used by taskrouter.md section 11.3, "conference").

use serde::{Deserialize, Serialize};

use super::attributes::Attributes;
use super::xml::Element;
use super::{Link, Wait, read_words};

/// Participants of the largest conference, and of one that does not say.
pub const PARTICIPANTS_MAX: u32 = 250;
/// Characters of a participant's label.
pub const LABEL_CHARS_MAX: usize = 128;

/// `<Conference>`: the room, and how this participant is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConferenceNoun {
    /// Its name, or the SID of one that is going on.
    pub room: String,
    /// Whether the others do not hear this participant.
    pub muted: bool,
    /// When the others hear a beep.
    pub beep: Beep,
    /// Whether the conference may start once this participant is in it.
    pub start_on_enter: bool,
    /// Whether the conference ends when this participant leaves.
    pub end_on_exit: bool,
    /// What this participant hears before the start.
    pub wait: Wait,
    /// Participants the conference takes; counts for whoever comes first.
    pub max_participants: u32,
    /// Whether the conference is recorded; counts for whoever comes first.
    pub record: bool,
    /// The call this participant alone speaks to; not yet checked.
    pub coach: Option<String>,
    /// The participant's name in this conference; not yet checked.
    pub label: Option<String>,
    /// Who is told about the conference; counts for whoever comes first.
    pub status_callback: Option<Link>,
    /// About which moments.
    pub status_events: Vec<ConferenceEvent>,
    /// Who is told when the recording is ready; counts for whoever comes first.
    pub recording_callback: Option<Link>,
    /// Where it is mixed; only shown.
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
    /// When it comes and when it goes.
    Always,
    /// Never.
    Never,
    /// When it comes.
    OnEnter,
    /// When it goes.
    OnExit,
}

impl Beep {
    /// What `beep` may say, for messages.
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

    /// Whether the others hear a beep when the participant comes.
    pub const fn on_enter(self) -> bool {
        matches!(self, Self::Always | Self::OnEnter)
    }

    /// Whether the others hear a beep when the participant goes.
    pub const fn on_exit(self) -> bool {
        matches!(self, Self::Always | Self::OnExit)
    }

    /// The same at the entry, and `on_exit` at the exit.
    pub const fn with_exit(self, on_exit: bool) -> Self {
        match (self.on_enter(), on_exit) {
            (true, true) => Self::Always,
            (true, false) => Self::OnEnter,
            (false, true) => Self::OnExit,
            (false, false) => Self::Never,
        }
    }
}

/// Moments a conference's status callback can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ConferenceEvent {
    /// Two are in it, and it may start.
    Start,
    /// It is over.
    End,
    /// A participant came.
    Join,
    /// A participant went.
    Leave,
    /// A participant was muted or unmuted.
    Mute,
    /// A participant was put on hold, or taken off.
    Hold,
    /// Another attribute of a participant changed.
    Modify,
    /// Somebody began or stopped speaking; nobody does here.
    Speaker,
    /// An announcement is over; there are none here.
    Announcement,
}

impl ConferenceEvent {
    /// What `statusCallbackEvent` may hold, for messages.
    pub const EXPECTED: &'static str =
        "start, end, join, leave, mute, hold, modify, speaker or announcement";

    /// Reads a list separated by blanks; words that are no event come back as the second part.
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
