//! Conferences: rooms in which several calls hear each other (`/docs/voice/twiml/conference`;
//! taskrouter.md section 11.3).
//!
//! The first call that joins a conference, or that is added to it, creates it. It starts when two
//! calls are in it and one of them has `startConferenceOnEnter`. It is over when the last
//! participant leaves, or one with `endConferenceOnExit`; then its name can be used again.
//!
//! Reading order: this file (the types), `entry`, `exit`, `music` (what a participant hears),
//! `participants` (what the REST API does), `reports` (the status callback).

mod entry;
mod exit;
mod music;
mod participants;
mod reports;

use ids::time::Timestamp;
use ids::{CallSid, ConferenceSid};
use serde::{Deserialize, Serialize};

use super::{CallStatus, Target};
use crate::twiml::{Beep, ConferenceEvent};

pub use participants::{NewParticipant, ParticipantUpdate};

/// Characters of a conference's name (13237).
const NAME_CHARS_MAX: usize = 128;
/// Participants that a conference needs to start.
const STARTERS_MIN: usize = 2;

/// A conference, running or over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conference {
    /// Derived from the seed and the serial number.
    pub sid: ConferenceSid,
    /// Number of the conference in the order of creation.
    pub serial: u64,
    /// The name. Of several conferences with the same name, at most one is not over.
    pub name: String,
    /// The current status.
    pub status: ConferenceStatus,
    /// The moment of creation.
    pub created: Timestamp,
    /// The moment of the last change of status.
    pub updated: Timestamp,
    /// Largest number of participants.
    pub max_participants: u32,
    /// The region that mixes the audio, as the request names it; reported, not simulated.
    pub region: Option<String>,
    /// The calls that are in it or invited to it, in order of arrival.
    pub participants: Vec<Participant>,
    /// How it ended; `None` while it is not over.
    pub end: Option<ConferenceEnd>,
    /// The call that created it. Requests about the conference itself are noted in its transcript.
    pub(super) maker: CallSid,
    #[serde(rename = "reporter")]
    pub(super) status_callback: Option<ConferenceStatusCallback>,
    pub(super) recording: Option<ConferenceRecording>,
}

impl Conference {
    /// A participant, joined or invited.
    pub fn participant(&self, call: CallSid) -> Option<&Participant> {
        self.participants
            .iter()
            .find(|participant| participant.call == call)
    }

    /// The participants that have joined.
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

    /// Whether two calls are in it and one of them may start it.
    fn may_start(&self) -> bool {
        self.status == ConferenceStatus::Init
            && self.joined().count() >= STARTERS_MIN
            && self.joined().any(|participant| participant.start_on_enter)
    }
}

/// The status of a conference, as the REST API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConferenceStatus {
    /// Not started: its participants hear music.
    Init,
    /// Started: its participants hear each other.
    InProgress,
    /// Over: its name can be used again.
    Completed,
}

impl ConferenceStatus {
    /// Every status, in the order in which a conference passes through them.
    pub const ALL: [Self; 3] = [Self::Init, Self::InProgress, Self::Completed];

    /// The name in the carrier's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
        }
    }

    /// Reads the carrier's name; `None` if it is unknown.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// A call that is in a conference, or invited to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Participant {
    /// The call; a call is in one conference at most.
    pub call: CallSid,
    /// The participant's name, unique in the conference.
    pub label: Option<String>,
    /// Whether the other participants do not hear it.
    pub muted: bool,
    /// Whether it neither hears the other participants nor is heard.
    pub hold: bool,
    /// The only call that hears it, if it is a coach.
    pub coaches: Option<CallSid>,
    /// Whether its presence lets the conference start.
    pub start_on_enter: bool,
    /// Whether the conference ends when it leaves.
    pub end_on_exit: bool,
    /// The moment of creation.
    pub created: Timestamp,
    /// The moment of the last change.
    pub updated: Timestamp,
    /// The moment at which it joined; `None` while its phone is being dialled.
    pub joined: Option<Timestamp>,
    pub(super) beep: Beep,
    /// The document it hears before the conference starts; `None` for the carrier's own music or
    /// silence.
    pub(super) wait: Option<Target>,
    /// The document it hears on hold; `None` for the carrier's own music.
    pub(super) hold_music: Option<Target>,
}

/// A conference's status callback, with the number of requests that were sent to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ConferenceStatusCallback {
    pub target: Target,
    pub events: Vec<ConferenceEvent>,
    pub sent: u64,
}

/// The recording of a conference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ConferenceRecording {
    /// The callback that is notified when the recording is ready.
    pub callback: Option<Target>,
    /// The moment at which the conference started; `None` before.
    pub since: Option<Timestamp>,
}

/// How a conference ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConferenceEnd {
    /// The reason, as the carrier names it.
    pub reason: EndReason,
    /// The call whose departure ended it.
    pub by: Option<CallSid>,
    /// The label of that participant.
    pub by_label: Option<String>,
}

/// The reason why a conference ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// A program ended it.
    ConferenceEndedViaApi,
    /// A participant with `endConferenceOnExit` left.
    ParticipantWithEndConferenceOnExitLeft,
    /// A program removed a participant with `endConferenceOnExit`.
    ParticipantWithEndConferenceOnExitKicked,
    /// A program removed the last participant.
    LastParticipantKicked,
    /// The last participant left.
    LastParticipantLeft,
}

impl EndReason {
    /// The name in the carrier's API.
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

/// The reason why a participant left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Departure {
    /// The person hung up, pressed `*`, or stayed as long as the Dial allows.
    HungUp,
    /// A program transferred the call, ended it, or removed it from the conference.
    UpdatedViaApi,
    /// A participant with `endConferenceOnExit` left.
    ModeratorEnded,
    /// A program ended the conference.
    EndedViaApi,
    /// It was invited to the conference and never joined.
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

    /// The reason of the conference's end if this departure ends it.
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

/// The status of a participant, as the REST API names it.
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
