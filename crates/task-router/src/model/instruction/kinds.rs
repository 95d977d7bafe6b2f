//! The instructions that move calls, with every parameter they have (taskrouter.md section 11.3).
//!
//! Parameters with their default value are omitted from stored instructions.

use serde::{Deserialize, Serialize};

use ids::{ActivitySid, CallSid, WorkerSid};
use vocabulary::{
    Beep, CallEvent, CallRecord, CallbackMethod, CallbackUrl, ConferenceEvent, ConferenceRecord,
    JitterBufferSize, RecordingChannels, Region, SupervisorMode, Trim,
};

/// Calls the Worker and connects the Worker with the waiting caller; accepts the Reservation when
/// they are connected.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Dequeue {
    /// The address to ring; the Worker's `contact_uri` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The number to show; by default the number that the caller dialed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The Worker's Activity after the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_work_activity_sid: Option<ActivitySid>,
    /// Whether the call is recorded.
    #[serde(skip_serializing_if = "is_default")]
    pub record: CallRecord,
    /// How long the phone rings.
    #[serde(skip_serializing_if = "is_default")]
    pub timeout: RingTimeout,
    /// Receives the progress of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_callback: Option<StatusCallback>,
}

/// Calls the Worker; the TwiML of `url` decides the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The address to ring; the Worker's `contact_uri` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The number to show.
    pub from: String,
    /// Requested for TwiML when the Worker answers.
    pub url: String,
    /// Whether the Reservation is accepted as soon as the call is placed. If not, the TwiML
    /// (`<Dial><Queue reservationSid>`) or the REST API accepts it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub accept: bool,
    /// Whether the call is recorded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub record: CallRecord,
    /// How long the phone rings.
    #[serde(default, skip_serializing_if = "is_default")]
    pub timeout: RingTimeout,
    /// Receives the end of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_callback: Option<StatusCallback>,
}

/// Redirects a waiting call to `url`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// The call to redirect.
    pub call_sid: CallSid,
    /// Requested for the TwiML of the call.
    pub url: String,
    /// Whether the Reservation is accepted when the redirect has succeeded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub accept: bool,
}

/// Calls the Worker into a conference named by the TaskSid and moves the caller there, or dials the
/// Task's `outbound_to` if no caller waits; accepts the Reservation when both have joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conference {
    /// The address to ring; the Worker's `contact_uri` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The number to show; by default the number that the caller dialed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// How long the phone rings.
    #[serde(skip_serializing_if = "is_default")]
    pub timeout: RingTimeout,
    /// Receives the progress of the Worker's call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_callback: Option<StatusCallback>,
    /// Whether the Worker's call is recorded.
    #[serde(skip_serializing_if = "is_default")]
    pub record: bool,
    /// Whether the Worker is muted.
    #[serde(skip_serializing_if = "is_default")]
    pub muted: bool,
    /// When the conference beeps for the Worker.
    #[serde(skip_serializing_if = "is_default")]
    pub beep: Beep,
    /// Whether the conference starts when the Worker joins.
    #[serde(skip_serializing_if = "is_true")]
    pub start_conference_on_enter: bool,
    /// Whether the conference ends when the Worker leaves.
    #[serde(skip_serializing_if = "is_default")]
    pub end_conference_on_exit: bool,
    /// Whether the conference ends when the caller leaves.
    #[serde(skip_serializing_if = "is_default")]
    pub end_conference_on_customer_exit: bool,
    /// Whether the conference beeps when the caller joins.
    #[serde(skip_serializing_if = "is_default")]
    pub beep_on_customer_entrance: bool,
    /// Played before the conference starts; the carrier's hold music by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<CallbackUrl>,
    /// Whether the Worker hears the ringing of a customer who is dialed. It does not apply to a
    /// caller who waits.
    #[serde(skip_serializing_if = "is_true")]
    pub early_media: bool,
    /// The most participants.
    #[serde(skip_serializing_if = "is_default")]
    pub max_participants: MaxParticipants,
    /// Receives the events of the conference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conference_status_callback: Option<ConferenceCallback>,
    /// Whether the conference is recorded.
    #[serde(skip_serializing_if = "is_default")]
    pub conference_record: ConferenceRecord,
    /// Whether silence is removed from that recording.
    #[serde(skip_serializing_if = "is_default")]
    pub conference_trim: Trim,
    /// The tracks of the recording of the Worker's call.
    #[serde(skip_serializing_if = "is_default")]
    pub recording_channels: RecordingChannels,
    /// Receives the state of the recording of the Worker's call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording_status_callback: Option<CallbackUrl>,
    /// Receives the state of the conference's recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conference_recording_status_callback: Option<CallbackUrl>,
    /// Where the conference is mixed; the carrier chooses by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// The user name for a Worker at a SIP address that requires authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sip_auth_username: Option<String>,
    /// The password of that user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sip_auth_password: Option<String>,
    /// The size of the jitter buffer; the carrier chooses by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter_buffer_size: Option<JitterBufferSize>,
    /// The Worker's Activity after the conversation. TaskRouter no longer recommends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_work_activity_sid: Option<ActivitySid>,
}

impl Conference {
    /// When the conference beeps for the caller.
    pub fn customer_beep(&self) -> Beep {
        if self.beep_on_customer_entrance {
            Beep::OnEnter
        } else {
            Beep::Never
        }
    }
}

impl Default for Conference {
    fn default() -> Self {
        Self {
            to: None,
            from: None,
            timeout: RingTimeout::default(),
            status_callback: None,
            record: false,
            muted: false,
            beep: Beep::default(),
            start_conference_on_enter: true,
            end_conference_on_exit: false,
            end_conference_on_customer_exit: false,
            beep_on_customer_entrance: false,
            wait: None,
            early_media: true,
            max_participants: MaxParticipants::default(),
            conference_status_callback: None,
            conference_record: ConferenceRecord::default(),
            conference_trim: Trim::default(),
            recording_channels: RecordingChannels::default(),
            recording_status_callback: None,
            conference_recording_status_callback: None,
            region: None,
            sip_auth_username: None,
            sip_auth_password: None,
            jitter_buffer_size: None,
            post_work_activity_sid: None,
        }
    }
}

/// Calls a supervisor into the conference of an accepted Reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supervise {
    /// The supervisor to ring.
    pub supervisor: Supervisor,
    /// What the supervisor can do.
    #[serde(default)]
    pub mode: SupervisorMode,
    /// The number to show; by default the number that the caller dialed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// The address of a supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Supervisor {
    /// A Worker, at the Worker's `contact_uri`.
    Worker(WorkerSid),
    /// A phone number, client name or SIP URI.
    Uri(String),
}

/// The callback that receives the progress of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusCallback {
    /// Requested with the parameters of the call.
    pub url: String,
    /// The HTTP method.
    #[serde(default, skip_serializing_if = "is_default")]
    pub method: CallbackMethod,
    /// The events that are reported, each once, in the order in which a call passes them.
    pub events: Vec<CallEvent>,
}

/// The callback that receives the events of a conference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConferenceCallback {
    /// Requested with the parameters of the conference.
    pub url: String,
    /// The HTTP method.
    #[serde(default, skip_serializing_if = "is_default")]
    pub method: CallbackMethod,
    /// The events that are reported, each once.
    pub events: Vec<ConferenceEvent>,
}

/// How long a phone may ring, in whole seconds; 60 by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RingTimeout(u32);

impl RingTimeout {
    /// The longest time that an instruction can ask for.
    pub const MAX_SECS: u32 = 999;
    /// The longest time at a SIP address, and the longest that the carrier accepts for any call
    /// (voice-webhooks.md section 8).
    pub const SIP_MAX_SECS: u32 = 600;

    /// A time of `secs` seconds; `None` outside 1 to [`Self::MAX_SECS`].
    pub fn from_secs(secs: u32) -> Option<Self> {
        (1..=Self::MAX_SECS).contains(&secs).then_some(Self(secs))
    }

    /// Seconds as the instruction states them.
    pub fn as_secs(self) -> u32 {
        self.0
    }

    /// Seconds as the carrier accepts them: at most [`Self::SIP_MAX_SECS`].
    pub fn ring_secs(self) -> u32 {
        self.0.min(Self::SIP_MAX_SECS)
    }
}

impl Default for RingTimeout {
    fn default() -> Self {
        Self(60)
    }
}

/// The most participants of a conference; 250 by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MaxParticipants(u32);

impl MaxParticipants {
    /// The smallest limit: two participants.
    pub const MIN: u32 = 2;
    /// The largest limit that the carrier accepts.
    pub const MAX: u32 = 250;

    /// A limit of `count`; `None` outside [`Self::MIN`] to [`Self::MAX`].
    pub fn new(count: u32) -> Option<Self> {
        (Self::MIN..=Self::MAX)
            .contains(&count)
            .then_some(Self(count))
    }

    /// The number of participants.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for MaxParticipants {
    fn default() -> Self {
        Self(Self::MAX)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_true(value: &bool) -> bool {
    *value
}
