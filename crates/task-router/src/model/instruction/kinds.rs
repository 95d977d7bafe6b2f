//! The instructions that move calls, with every parameter they have (taskrouter.md section 11.3).
//!
//! What is as it is by default takes no room where an instruction is kept.

use serde::{Deserialize, Serialize};

use ids::{ActivitySid, CallSid, WorkerSid};
use vocabulary::{
    Beep, CallEvent, CallRecord, CallbackMethod, CallbackUrl, ConferenceEvent, ConferenceRecord,
    JitterBufferSize, RecordingChannels, Region, SupervisorMode, Trim,
};

/// Calls the Worker and connects them with the waiting caller; accepts when they are connected.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Dequeue {
    /// Whom to ring; the Worker's `contact_uri` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The number to show; the one the caller dialed unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The Worker's Activity afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_work_activity_sid: Option<ActivitySid>,
    /// Whether the call is recorded.
    #[serde(skip_serializing_if = "is_default")]
    pub record: CallRecord,
    /// How long the phone rings.
    #[serde(skip_serializing_if = "is_default")]
    pub timeout: RingTimeout,
    /// Who is told how far the call is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_callback: Option<StatusCallback>,
}

/// Calls the Worker; `url` says what happens then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Whom to ring; the Worker's `contact_uri` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The number to show.
    pub from: String,
    /// Asked for TwiML when the Worker picks up.
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
    /// Who is told how the call ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_callback: Option<StatusCallback>,
}

/// Sends a waiting call to `url`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// Which call.
    pub call_sid: CallSid,
    /// Asked for its TwiML from then on.
    pub url: String,
    /// Whether the Reservation is accepted when that has worked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub accept: bool,
}

/// Calls the Worker into a conference named by the TaskSid and moves the caller there, or dials the Task's `outbound_to`
/// if nobody waits; accepts when both are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conference {
    /// Whom to ring; the Worker's `contact_uri` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The number to show; the one the caller dialed unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// How long the phone rings.
    #[serde(skip_serializing_if = "is_default")]
    pub timeout: RingTimeout,
    /// Who is told how far the Worker's call is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_callback: Option<StatusCallback>,
    /// Whether the Worker's call is recorded.
    #[serde(skip_serializing_if = "is_default")]
    pub record: bool,
    /// Whether the Worker is muted.
    #[serde(skip_serializing_if = "is_default")]
    pub muted: bool,
    /// When the Worker's coming and going is heard.
    #[serde(skip_serializing_if = "is_default")]
    pub beep: Beep,
    /// Whether the conference starts when the Worker is in.
    #[serde(skip_serializing_if = "is_true")]
    pub start_conference_on_enter: bool,
    /// Whether it ends when the Worker leaves.
    #[serde(skip_serializing_if = "is_default")]
    pub end_conference_on_exit: bool,
    /// Whether it ends when the caller leaves.
    #[serde(skip_serializing_if = "is_default")]
    pub end_conference_on_customer_exit: bool,
    /// Whether the caller's coming is heard.
    #[serde(skip_serializing_if = "is_default")]
    pub beep_on_customer_entrance: bool,
    /// Heard before the conference starts; the carrier's hold music unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<CallbackUrl>,
    /// Whether the Worker hears the phone of a customer who is dialed ring. Who waits is not dialed.
    #[serde(skip_serializing_if = "is_true")]
    pub early_media: bool,
    /// The most who can be in it.
    #[serde(skip_serializing_if = "is_default")]
    pub max_participants: MaxParticipants,
    /// Who is told what happens in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conference_status_callback: Option<ConferenceCallback>,
    /// Whether it is recorded.
    #[serde(skip_serializing_if = "is_default")]
    pub conference_record: ConferenceRecord,
    /// What becomes of silence in that recording.
    #[serde(skip_serializing_if = "is_default")]
    pub conference_trim: Trim,
    /// The tracks of the recording of the Worker's call.
    #[serde(skip_serializing_if = "is_default")]
    pub recording_channels: RecordingChannels,
    /// Who is told of the recording of the Worker's call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording_status_callback: Option<CallbackUrl>,
    /// Who is told of the conference's recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conference_recording_status_callback: Option<CallbackUrl>,
    /// Where it is mixed; the carrier chooses unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// User of a Worker at a SIP address that asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sip_auth_username: Option<String>,
    /// Password of that user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sip_auth_password: Option<String>,
    /// How much an uneven line is smoothed; the carrier chooses unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter_buffer_size: Option<JitterBufferSize>,
    /// The Worker's Activity afterwards. TaskRouter no longer recommends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_work_activity_sid: Option<ActivitySid>,
}

impl Conference {
    /// When the caller's coming and going is heard.
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
    /// Whom to ring.
    pub supervisor: Supervisor,
    /// What they can do.
    #[serde(default)]
    pub mode: SupervisorMode,
    /// The number to show; the one the caller dialed unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// Who supervises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Supervisor {
    /// A Worker, at their `contact_uri`.
    Worker(WorkerSid),
    /// Somebody at this address.
    Uri(String),
}

/// Where it is told how far a call is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusCallback {
    /// Asked with the parameters of the call.
    pub url: String,
    /// How.
    #[serde(default, skip_serializing_if = "is_default")]
    pub method: CallbackMethod,
    /// What is told, each once, in the order a call goes through them.
    pub events: Vec<CallEvent>,
}

/// Where it is told what happens in a conference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConferenceCallback {
    /// Asked with the parameters of the conference.
    pub url: String,
    /// How.
    #[serde(default, skip_serializing_if = "is_default")]
    pub method: CallbackMethod,
    /// What is told, each once.
    pub events: Vec<ConferenceEvent>,
}

/// Seconds a phone may ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RingTimeout(u32);

impl RingTimeout {
    /// The longest one that can be asked for.
    pub const MAX_SECS: u32 = 999;
    /// The longest one at a SIP address, and the longest the carrier takes for any call (voice-webhooks.md section 8).
    pub const SIP_MAX_SECS: u32 = 600;

    /// This many seconds, if a phone may ring so long.
    pub fn from_secs(secs: u32) -> Option<Self> {
        (1..=Self::MAX_SECS).contains(&secs).then_some(Self(secs))
    }

    /// Seconds, as an instruction says them.
    pub fn as_secs(self) -> u32 {
        self.0
    }

    /// Seconds, as the carrier takes them.
    pub fn ring_secs(self) -> u32 {
        self.0.min(Self::SIP_MAX_SECS)
    }
}

impl Default for RingTimeout {
    fn default() -> Self {
        Self(60)
    }
}

/// The most who can be in a conference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MaxParticipants(u32);

impl MaxParticipants {
    /// A conference of two.
    pub const MIN: u32 = 2;
    /// The most the carrier takes.
    pub const MAX: u32 = 250;

    /// This many, if a conference can be so large.
    pub fn new(count: u32) -> Option<Self> {
        (Self::MIN..=Self::MAX)
            .contains(&count)
            .then_some(Self(count))
    }

    /// How many.
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
