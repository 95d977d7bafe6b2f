//! Faults: failures with the carrier's error codes.

use serde::{Deserialize, Serialize};

/// A failure: the carrier's error code and a sentence (voice-webhooks.md section 10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {text}", code.number())]
pub struct Fault {
    /// The kind of failure.
    pub code: ErrorCode,
    /// The cause, in a sentence for the developer.
    pub text: String,
}

impl Fault {
    /// A fault with this code.
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }

    /// Replaces [`ErrorCode::InvalidUrl`] by the code of the attribute that contains the URL.
    pub(crate) fn with_url_code(self, code: ErrorCode) -> Self {
        if self.code == ErrorCode::InvalidUrl {
            Self { code, ..self }
        } else {
            self
        }
    }
}

/// The carrier's error codes that the simulation uses (voice-webhooks.md section 10; those of
/// conferences from `/docs/api/errors/<code>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorCode {
    /// 11100: a URL cannot be read.
    InvalidUrl,
    /// 11200: fetching failed.
    HttpFailure,
    /// 11205: no connection.
    Connection,
    /// 11210: no such host.
    HostName,
    /// 11215: too many redirects.
    TooManyRedirects,
    /// 11220: TLS handshake.
    Tls,
    /// 11750: the document is too large.
    TooLarge,
    /// 12100: the document cannot be parsed.
    Unparseable,
    /// 12102: the root element is another one than Response.
    RootElement,
    /// 12200: schema warning.
    Schema,
    /// 12300: content type.
    ContentType,
    /// 13223: a number to dial is in a bad format.
    BadNumber,
    /// 13233: Dial Conference waitUrl.
    ConferenceWaitUrl,
    /// 13236: no conference with this SID is running.
    ConferenceSid,
    /// 13237: Dial Conference name.
    ConferenceName,
    /// 13240: Dial Conference coach.
    Coach,
    /// 14203: Enqueue action URL.
    EnqueueActionUrl,
    /// 14202: Enqueue waitUrl.
    EnqueueWaitUrl,
    /// 14204: queue name too short.
    QueueNameTooShort,
    /// 14205: queue name too long.
    QueueNameTooLong,
    /// 14207: queue full.
    QueueFull,
    /// 14211: Dial Queue url.
    DialQueueUrl,
    /// 14215: Dial Queue reservationSid is no SID of a reservation.
    ReservationSid,
    /// 14217: Dial Queue of a reservation that is unknown, taken or over.
    Reservation,
    /// 14220: the workflow of an Enqueue is unknown.
    WorkflowSid,
    /// 14221: the attributes of an Enqueue's Task are no JSON object.
    TaskAttributes,
    /// 14222: no target of the workflow matches an Enqueue's Task, so there is none.
    NoTarget,
    /// 14223: the TaskRouter could not be notified that a call has left its queue.
    TaskNotCleanedUp,
    /// 15003: a status callback was answered with an error.
    StatusCallback,
    /// 15004: a relative URL in inline TwiML.
    RelativeUrl,
    /// 16020: conference full.
    ConferenceFull,
    /// 16023: a participant's label cannot be used.
    ParticipantLabel,
    /// 16025: another participant has that label.
    ParticipantLabelTaken,
}

impl ErrorCode {
    /// The number in the carrier's documentation.
    pub const fn number(self) -> u32 {
        match self {
            Self::InvalidUrl => 11100,
            Self::HttpFailure => 11200,
            Self::Connection => 11205,
            Self::HostName => 11210,
            Self::TooManyRedirects => 11215,
            Self::Tls => 11220,
            Self::TooLarge => 11750,
            Self::Unparseable => 12100,
            Self::RootElement => 12102,
            Self::Schema => 12200,
            Self::ContentType => 12300,
            Self::BadNumber => 13223,
            Self::ConferenceWaitUrl => 13233,
            Self::ConferenceSid => 13236,
            Self::ConferenceName => 13237,
            Self::Coach => 13240,
            Self::EnqueueWaitUrl => 14202,
            Self::EnqueueActionUrl => 14203,
            Self::QueueNameTooShort => 14204,
            Self::QueueNameTooLong => 14205,
            Self::QueueFull => 14207,
            Self::DialQueueUrl => 14211,
            Self::ReservationSid => 14215,
            Self::Reservation => 14217,
            Self::WorkflowSid => 14220,
            Self::TaskAttributes => 14221,
            Self::NoTarget => 14222,
            Self::TaskNotCleanedUp => 14223,
            Self::StatusCallback => 15003,
            Self::RelativeUrl => 15004,
            Self::ConferenceFull => 16020,
            Self::ParticipantLabel => 16023,
            Self::ParticipantLabelTaken => 16025,
        }
    }
}
