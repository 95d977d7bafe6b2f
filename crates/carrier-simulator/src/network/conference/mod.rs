//! Conferences: rooms in which several calls are (`/docs/voice/twiml/conference`; taskrouter.md section 11.3).
//!
//! A conference is made by whoever comes first, or is called into it; it begins when two are in it and one of them may
//! begin it, and is over when the last one leaves, or one whose leaving ends it. Its name can be used again then.
//!
//! Reading order: this file (what a conference is), `entry`, `exit`, `music` (what a participant hears), `programs`
//! (what the REST API does), `reports` (what is told).

mod entry;
mod exit;
mod music;
mod programs;
mod reports;

use ids::time::Timestamp;
use ids::{CallSid, ConferenceSid};
use serde::{Deserialize, Serialize};

use super::{CallStatus, Target};
use crate::twiml::{Beep, ConferenceEvent};

pub use programs::{NewParticipant, ParticipantUpdate};

/// Characters of a conference's name (13237).
const NAME_CHARS_MAX: usize = 128;
/// Participants without whom a conference does not begin.
const STARTERS_MIN: usize = 2;

/// A conference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conference {
    /// Its id.
    pub sid: ConferenceSid,
    /// Its place in the order in which conferences were made.
    pub serial: u64,
    /// Its name; of several with the same name one goes on at most.
    pub name: String,
    /// Where it stands.
    pub status: ConferenceStatus,
    /// When it was made.
    pub created: Timestamp,
    /// When its status last changed.
    pub updated: Timestamp,
    /// Participants it takes.
    pub max_participants: u32,
    /// Where it is said to be mixed.
    pub region: Option<String>,
    /// Who is in it or called into it, in the order in which they came.
    pub participants: Vec<Participant>,
    /// How it ended.
    pub end: Option<ConferenceEnd>,
    /// The call that made it: requests about the conference itself are noted there.
    pub(super) maker: CallSid,
    pub(super) reporter: Option<ConferenceReporter>,
    pub(super) recording: Option<ConferenceRecording>,
}

impl Conference {
    /// Somebody in it, or called into it.
    pub fn participant(&self, call: CallSid) -> Option<&Participant> {
        self.participants
            .iter()
            .find(|participant| participant.call == call)
    }

    /// Those who are in it.
    pub fn joined(&self) -> impl Iterator<Item = &Participant> {
        self.participants
            .iter()
            .filter(|participant| participant.joined.is_some())
    }

    fn participant_mut(&mut self, call: CallSid) -> Option<&mut Participant> {
        self.participants
            .iter_mut()
            .find(|participant| participant.call == call)
    }

    fn is_over(&self) -> bool {
        self.status == ConferenceStatus::Completed
    }

    /// Two are in it, and one of them may begin it.
    fn may_start(&self) -> bool {
        self.status == ConferenceStatus::Init
            && self.joined().count() >= STARTERS_MIN
            && self.joined().any(|participant| participant.start_on_enter)
    }
}

/// The state of a conference, as the REST API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConferenceStatus {
    /// Not begun: whoever is in it hears music.
    Init,
    /// They hear each other.
    InProgress,
    /// Over.
    Completed,
}

impl ConferenceStatus {
    /// Every status, in the order of a conference's life.
    pub const ALL: [Self; 3] = [Self::Init, Self::InProgress, Self::Completed];

    /// The carrier's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
        }
    }

    /// Reads the carrier's spelling.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// A call in a conference, or called into it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Participant {
    /// Which call.
    pub call: CallSid,
    /// Its name in the conference, unique there.
    pub label: Option<String>,
    /// Whether the others do not hear it.
    pub muted: bool,
    /// Whether it neither hears the others nor is heard.
    pub hold: bool,
    /// The call that alone hears it.
    pub coaches: Option<CallSid>,
    /// Whether it may begin the conference.
    pub start_on_enter: bool,
    /// Whether the conference ends when it leaves.
    pub end_on_exit: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// When it came in; none while its phone is being dialled.
    pub joined: Option<Timestamp>,
    pub(super) beep: Beep,
    /// What it hears before the conference begins; the carrier's own music or silence without.
    pub(super) wait: Option<Target>,
    /// What it hears on hold; the carrier's own music without.
    pub(super) hold_music: Option<Target>,
}

/// Who is told about a conference, and how often that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ConferenceReporter {
    pub target: Target,
    pub events: Vec<ConferenceEvent>,
    pub sent: u64,
}

/// The recording of a conference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ConferenceRecording {
    /// Told when it is ready.
    pub callback: Option<Target>,
    /// Since the conference began; none before.
    pub since: Option<Timestamp>,
}

/// How a conference ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConferenceEnd {
    /// Why.
    pub reason: EndReason,
    /// Whose leaving ended it.
    pub by: Option<CallSid>,
    /// That participant's label.
    pub by_label: Option<String>,
}

/// Why a conference ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// A program ended it.
    ConferenceEndedViaApi,
    /// One left whose leaving ends it.
    ParticipantWithEndConferenceOnExitLeft,
    /// A program took one out whose leaving ends it.
    ParticipantWithEndConferenceOnExitKicked,
    /// A program took the last one out.
    LastParticipantKicked,
    /// The last one left.
    LastParticipantLeft,
}

impl EndReason {
    /// The carrier's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConferenceEndedViaApi => "conference-ended-via-api",
            Self::ParticipantWithEndConferenceOnExitLeft => {
                "participant-with-end-conference-on-exit-left"
            }
            Self::ParticipantWithEndConferenceOnExitKicked => {
                "participant-with-end-conference-on-exit-kicked"
            }
            Self::LastParticipantKicked => "last-participant-kicked",
            Self::LastParticipantLeft => "last-participant-left",
        }
    }
}

/// Why a participant left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Departure {
    /// The person hung up, pressed `*`, or stayed as long as the Dial allows.
    HungUp,
    /// A program took the call elsewhere, ended it, or took it out of the conference.
    UpdatedViaApi,
    /// One left whose leaving ends the conference.
    ModeratorEnded,
    /// A program ended the conference.
    EndedViaApi,
    /// It was called into the conference and never came.
    AddFailed,
}

impl Departure {
    const fn as_str(self) -> &'static str {
        match self {
            Self::HungUp => "participant_hung_up",
            Self::UpdatedViaApi => "participant_updated_via_api",
            Self::ModeratorEnded => "moderator_ended_conference",
            Self::EndedViaApi => "conference_ended_via_api",
            Self::AddFailed => "participant_add_failed",
        }
    }

    /// Why the conference is over when it is because of this departure.
    const fn end_reason(self, ends_conference: bool) -> EndReason {
        match (self, ends_conference) {
            (Self::UpdatedViaApi, true) => EndReason::ParticipantWithEndConferenceOnExitKicked,
            (Self::UpdatedViaApi, false) => EndReason::LastParticipantKicked,
            (Self::HungUp | Self::ModeratorEnded | Self::EndedViaApi | Self::AddFailed, true) => {
                EndReason::ParticipantWithEndConferenceOnExitLeft
            }
            (Self::HungUp | Self::ModeratorEnded | Self::EndedViaApi | Self::AddFailed, false) => {
                EndReason::LastParticipantLeft
            }
        }
    }
}

/// How far a participant is, as the REST API names it.
pub(crate) const fn participant_status(
    participant: &Participant,
    call: CallStatus,
) -> &'static str {
    match (participant.joined, call) {
        (Some(_), _) => "connected",
        (None, CallStatus::Queued) => "queued",
        (None, CallStatus::Ringing) => "ringing",
        (None, CallStatus::InProgress) => "connecting",
        (None, CallStatus::Completed) => "complete",
        (
            None,
            CallStatus::Busy | CallStatus::Failed | CallStatus::NoAnswer | CallStatus::Canceled,
        ) => "failed",
    }
}
