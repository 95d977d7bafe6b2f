//! `/worker-call/conference` and `/worker-call/supervisor`: the conference of Worker and caller,
//! and its supervisors (taskrouter.md section 11.3).

use super::parameters::words;
use super::{ParameterError, Parameters, WorkerCall};
use ids::{CallSid, ConferenceSid, ReservationSid, TaskSid};
use vocabulary::{ConferenceEvent, SupervisorMode};

/// Participant label of a customer we dialed. It distinguishes the dialed customer from a
/// caller who was moved into the conference.
pub const CUSTOMER_LABEL: &str = "customer";

/// A status callback of a conference. The carrier may deliver it twice and in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConferenceStatus {
    /// The Task the conference is about. From our own query string.
    pub task_sid: TaskSid,
    /// The Reservation the conference was opened for. From our own query string.
    pub reservation_sid: ReservationSid,
    /// The carrier's SID of the conference.
    pub conference_sid: ConferenceSid,
    /// The event in the conference.
    pub notice: ConferenceNotice,
    /// The participant's leg, for an event about one participant.
    pub call_sid: Option<CallSid>,
    /// Whether the participant is a customer we dialed, by [`CUSTOMER_LABEL`].
    pub is_dialed_customer: bool,
    /// Position among the status callbacks of this conference, if the carrier numbers them.
    pub sequence_number: Option<u32>,
}

/// A supervisor answered the phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupervisorCall {
    /// The supervisor's leg, with the Task and the Reservation that are supervised.
    pub worker_call: WorkerCall,
    /// How the supervisor takes part. From our own query string.
    pub mode: SupervisorMode,
}

words! {
    /// An event in a conference, the carrier's `StatusCallbackEvent`.
    pub enum ConferenceNotice {
        /// The conference started.
        Start = "conference-start",
        /// The conference ended.
        End = "conference-end",
        /// A participant joined.
        Join = "participant-join",
        /// A participant left.
        Leave = "participant-leave",
        /// A participant was muted.
        Mute = "participant-mute",
        /// A participant was unmuted.
        Unmute = "participant-unmute",
        /// A participant was put on hold.
        Hold = "participant-hold",
        /// A participant was taken off hold.
        Unhold = "participant-unhold",
        /// A participant was changed in another way.
        Modify = "participant-modify",
        /// A participant began to speak.
        SpeechStart = "participant-speech-start",
        /// A participant stopped speaking.
        SpeechStop = "participant-speech-stop",
    }
}

impl ConferenceNotice {
    /// The event name with which an instruction subscribes to such notices, if there is one.
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
            // From our own query string. An unknown mode becomes the one that no other participant
            // can hear.
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
    fn conference_status_parses_event_and_leg() {
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
