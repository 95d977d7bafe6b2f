//! `/worker-call` and its subpaths: the call leg to the Worker's phone (voice-webhooks.md sections
//! 6.3 and 7).

use super::parameters::words;
use super::{Call, ParameterError, Parameters};
use ids::{ActivitySid, CallSid, ReservationSid, TaskSid};

/// The Worker answered the phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCall {
    /// The Worker's leg.
    pub call: Call,
    /// The Task that is offered to the Worker. From our own query string.
    pub task_sid: TaskSid,
    /// The Reservation the call was placed for. From our own query string.
    pub reservation_sid: ReservationSid,
}

/// A status callback of the Worker's leg. The carrier may deliver it twice and in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCallStatus {
    /// The Worker's leg, with its new `status`.
    pub worker_call: WorkerCall,
    /// Position among the status callbacks of this leg, from 0, if the carrier numbers them.
    pub sequence_number: Option<u32>,
    /// Duration of the call in seconds, once it has ended.
    pub call_duration_secs: Option<u32>,
}

/// The `<Dial>` that connected Worker and caller ended; its `action` is requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialEnded {
    /// The Worker's leg.
    pub worker_call: WorkerCall,
    /// How the `<Dial>` ended.
    pub dial_call_status: DialCallStatus,
    /// The caller's leg, if it was connected.
    pub dial_call_sid: Option<CallSid>,
    /// Duration of the conversation in seconds, if there was one.
    pub dial_call_duration_secs: Option<u32>,
}

/// A call asks for the caller of a Reservation, `<Dial><Queue reservationSid>` (voice-webhooks.md
/// section 5.3). The carrier sends this request, so it has no query string of ours that names the
/// Task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialQueue {
    /// The call that asks.
    pub call: Call,
    /// The Reservation whose caller is wanted.
    pub reservation_sid: ReservationSid,
    /// The Activity the Worker moves to after the conversation. A value that is not a SID counts as
    /// absent: Worker and caller are still connected (voice-webhooks.md section 10, 14218).
    pub post_work_activity_sid: Option<ActivitySid>,
}

words! {
    /// How a `<Dial>` ended (voice-webhooks.md section 6.3).
    pub enum DialCallStatus {
        /// Both parties were connected, and the connection ended.
        Completed = "completed",
        /// The call joined a conference.
        Answered = "answered",
        /// The dialed line was busy.
        Busy = "busy",
        /// The dialed party did not answer within the time limit.
        NoAnswer = "no-answer",
        /// The call could not be placed.
        Failed = "failed",
        /// The call was canceled before it was answered.
        Canceled = "canceled",
    }
}

impl WorkerCall {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            call: Call::parse(parameters)?,
            task_sid: parameters.required("TaskSid")?,
            reservation_sid: parameters.required("ReservationSid")?,
        })
    }
}

impl DialQueue {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            call: Call::parse(parameters)?,
            reservation_sid: parameters.required("ReservationSid")?,
            post_work_activity_sid: parameters.optional("PostWorkActivitySid").ok().flatten(),
        })
    }
}

impl WorkerCallStatus {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            worker_call: WorkerCall::parse(parameters)?,
            sequence_number: parameters.optional("SequenceNumber")?,
            call_duration_secs: parameters.optional("CallDuration")?,
        })
    }
}

impl DialEnded {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            worker_call: WorkerCall::parse(parameters)?,
            dial_call_status: parameters.required("DialCallStatus")?,
            dial_call_sid: parameters.optional("DialCallSid")?,
            dial_call_duration_secs: parameters.optional("DialCallDuration")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::CallStatus;
    use super::super::call::tests::call_with;
    use super::*;

    const TASK: (&str, &str) = ("TaskSid", "WT0123456789abcdef0123456789abcdef");
    const RESERVATION: (&str, &str) = ("ReservationSid", "WR0123456789abcdef0123456789abcdef");

    #[test]
    fn worker_call_needs_task_and_reservation() {
        let worker_call = WorkerCall::parse(&call_with(&[TASK, RESERVATION])).unwrap();
        assert_eq!(worker_call.task_sid.to_string(), TASK.1);
        assert_eq!(worker_call.reservation_sid.to_string(), RESERVATION.1);
        for (given, missing) in [(TASK, "ReservationSid"), (RESERVATION, "TaskSid")] {
            let message = WorkerCall::parse(&call_with(&[given]))
                .unwrap_err()
                .to_string();
            assert!(
                message.starts_with(&format!("{missing} is missing")),
                "{message}"
            );
        }
    }

    #[test]
    fn status_callback_parses_every_status() {
        for (word, status, ended) in [
            ("initiated", CallStatus::Initiated, false),
            ("ringing", CallStatus::Ringing, false),
            ("in-progress", CallStatus::InProgress, false),
            ("completed", CallStatus::Completed, true),
            ("busy", CallStatus::Busy, true),
            ("no-answer", CallStatus::NoAnswer, true),
            ("failed", CallStatus::Failed, true),
            ("canceled", CallStatus::Canceled, true),
        ] {
            let more = [
                TASK,
                RESERVATION,
                ("CallStatus", word),
                ("SequenceNumber", "0"),
                ("CallDuration", "12"),
            ];
            let notice = WorkerCallStatus::parse(&call_with(&more)).unwrap();
            assert_eq!(notice.worker_call.call.status, status);
            assert_eq!(status.is_final(), ended, "{word}");
            assert_eq!(
                (notice.sequence_number, notice.call_duration_secs),
                (Some(0), Some(12))
            );
        }
    }

    #[test]
    fn dial_queue_parses_optional_activity() {
        let activity = ("PostWorkActivitySid", "WA0123456789abcdef0123456789abcdef");
        let asked = DialQueue::parse(&call_with(&[RESERVATION, activity])).unwrap();
        assert_eq!(asked.reservation_sid.to_string(), RESERVATION.1);
        assert_eq!(asked.post_work_activity_sid, activity.1.parse().ok());
        let asked =
            DialQueue::parse(&call_with(&[RESERVATION, ("PostWorkActivitySid", "lunch")])).unwrap();
        assert_eq!(asked.post_work_activity_sid, None);
        assert!(DialQueue::parse(&call_with(&[])).is_err());
    }

    #[test]
    fn dial_ended_parses_its_status() {
        let more = [
            TASK,
            RESERVATION,
            ("DialCallStatus", "no-answer"),
            ("DialCallDuration", ""),
        ];
        let ended = DialEnded::parse(&call_with(&more)).unwrap();
        assert_eq!(ended.dial_call_status, DialCallStatus::NoAnswer);
        assert_eq!(
            (ended.dial_call_sid, ended.dial_call_duration_secs),
            (None, None)
        );
        assert!(DialEnded::parse(&call_with(&[TASK, RESERVATION])).is_err());
    }
}
