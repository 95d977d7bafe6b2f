//! `/worker-call/conference` and `/worker-call/supervisor`: the conference of worker and caller, and who listens in
//! (taskrouter.md section 11.3).

use super::parameters::words;
use super::{ParameterError, Parameters, WorkerCall};
use ids::{CallSid, ConferenceSid, ReservationSid, TaskSid};
use vocabulary::{ConferenceEvent, SupervisorMode};

/// What a customer who is dialed is called in the conference: their leg is told by it from a caller's who was moved there.
pub const CUSTOMER_LABEL: &str = "customer";

/// Something happened in the conference. Notices may come twice and in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConferenceStatus {
    /// The Task the conference is about. Our own query.
    pub task_sid: TaskSid,
    /// The Reservation that made us open it. Our own query.
    pub reservation_sid: ReservationSid,
    /// The carrier's name of it.
    pub conference_sid: ConferenceSid,
    /// What happened.
    pub notice: ConferenceNotice,
    /// Whose leg it is about, if it is about one.
    pub call_sid: Option<CallSid>,
    /// Whether that is a customer whom we dialed, by [`CUSTOMER_LABEL`].
    pub is_dialed_customer: bool,
    /// Place among the notices of this conference, when the carrier counts them.
    pub sequence_number: Option<u32>,
}

/// A supervisor's phone was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupervisorCall {
    /// The supervisor's leg, with the Task and the Reservation they look after.
    pub worker_call: WorkerCall,
    /// What they can do. Our own query.
    pub mode: SupervisorMode,
}

words! {
    /// What happens in a conference, the carrier's `StatusCallbackEvent`.
    pub enum ConferenceNotice {
        /// It begins.
        Start = "conference-start",
        /// It is over.
        End = "conference-end",
        /// Somebody joined.
        Join = "participant-join",
        /// Somebody left.
        Leave = "participant-leave",
        /// Somebody was muted.
        Mute = "participant-mute",
        /// Somebody was unmuted.
        Unmute = "participant-unmute",
        /// Somebody was put on hold.
        Hold = "participant-hold",
        /// Somebody was taken off hold.
        Unhold = "participant-unhold",
        /// Somebody was changed in another way.
        Modify = "participant-modify",
        /// Somebody began to speak.
        SpeechStart = "participant-speech-start",
        /// Somebody stopped speaking.
        SpeechStop = "participant-speech-stop",
    }
}

impl ConferenceNotice {
    /// The event of an instruction that asks for notices like this, if there is one.
    pub const fn event(self) -> Option<ConferenceEvent> {
        match self {
            Self::Start => Some(ConferenceEvent::Start),
            Self::End => Some(ConferenceEvent::End),
            Self::Join => Some(ConferenceEvent::Join),
            Self::Leave => Some(ConferenceEvent::Leave),
            Self::Mute | Self::Unmute => Some(ConferenceEvent::Mute),
            Self::Hold | Self::Unhold => Some(ConferenceEvent::Hold),
            Self::SpeechStart | Self::SpeechStop => Some(ConferenceEvent::Speaker),
            Self::Modify => None,
        }
    }
}

impl ConferenceStatus {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            task_sid: parameters.required("TaskSid")?,
            reservation_sid: parameters.required("ReservationSid")?,
            conference_sid: parameters.required("ConferenceSid")?,
            notice: parameters.required("StatusCallbackEvent")?,
            call_sid: parameters.optional("CallSid")?,
            is_dialed_customer: parameters.get("ParticipantLabel") == Some(CUSTOMER_LABEL),
            sequence_number: parameters.optional("SequenceNumber")?,
        })
    }
}

impl SupervisorCall {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        let worker_call = WorkerCall::parse(parameters)?;
        let mode = match parameters.get("SupervisorMode") {
            Some("whisper") => SupervisorMode::Whisper,
            Some("barge") => SupervisorMode::Barge,
            // Our own query: whoever cannot be told apart is heard by nobody.
            Some(_) | None => SupervisorMode::Monitor,
        };
        Ok(Self { worker_call, mode })
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameters::tests::parameters;
    use super::*;

    const OURS: [(&str, &str); 3] = [
        ("TaskSid", "WT0123456789abcdef0123456789abcdef"),
        ("ReservationSid", "WR0123456789abcdef0123456789abcdef"),
        ("ConferenceSid", "CF0123456789abcdef0123456789abcdef"),
    ];

    #[test]
    fn a_notice_tells_what_happened_to_whom() {
        let call = ("CallSid", "CA0123456789abcdef0123456789abcdef");
        let join = parameters(
            &[
                &OURS[..],
                &[("StatusCallbackEvent", "participant-join"), call],
            ]
            .concat(),
        );
        let status = ConferenceStatus::parse(&join).unwrap();
        assert_eq!(
            (status.notice, status.call_sid),
            (ConferenceNotice::Join, Some(call.1.parse().unwrap()))
        );
        assert_eq!(status.notice.event(), Some(ConferenceEvent::Join));

        let end = parameters(&[&OURS[..], &[("StatusCallbackEvent", "conference-end")]].concat());
        let status = ConferenceStatus::parse(&end).unwrap();
        assert_eq!(
            (status.notice, status.call_sid),
            (ConferenceNotice::End, None)
        );
        let message = ConferenceStatus::parse(&parameters(&OURS))
            .unwrap_err()
            .to_string();
        assert!(
            message
                .starts_with("StatusCallbackEvent is missing: expected one of conference-start, "),
            "{message}"
        );
    }
}
