//! `/worker-call` and below: the leg to the worker's phone (voice-webhooks.md sections 6.3 and 7).

use super::parameters::words;
use super::{Call, ParameterError, Parameters};
use ids::{ActivitySid, CallSid, ReservationSid, TaskSid};

/// The worker's phone was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCall {
    /// The worker's leg.
    pub call: Call,
    /// The Task the worker is called for. Our own query.
    pub task_sid: TaskSid,
    /// The Reservation that made us call. Our own query.
    pub reservation_sid: ReservationSid,
}

/// The worker's leg got further, or ended. Notices may come twice and in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCallStatus {
    /// The worker's leg, its `status` being the news.
    pub worker_call: WorkerCall,
    /// Place among the notices of this leg, from 0, when the carrier counts them.
    pub sequence_number: Option<u32>,
    /// Length of the call in seconds, once it has ended.
    pub call_duration_secs: Option<u32>,
}

/// The `<Dial>` that connected worker and caller ended; asked as its `action`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialEnded {
    /// The worker's leg.
    pub worker_call: WorkerCall,
    /// How the connection went.
    pub dial_call_status: DialCallStatus,
    /// The caller's leg, when there was one.
    pub dial_call_sid: Option<CallSid>,
    /// Length of the conversation in seconds, when there was one.
    pub dial_call_duration_secs: Option<u32>,
}

/// A call asks for the caller of a Reservation, `<Dial><Queue reservationSid>` (voice-webhooks.md section 5.3). The carrier
/// asks, so no query of ours says which Task it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialQueue {
    /// The call that asks.
    pub call: Call,
    /// Whose caller it wants.
    pub reservation_sid: ReservationSid,
    /// The Activity the worker moves to when the conversation has ended. What is no SID counts as none: worker and caller
    /// are connected all the same (voice-webhooks.md section 10, 14218).
    pub post_work_activity_sid: Option<ActivitySid>,
}

words! {
    /// How a `<Dial>` went (voice-webhooks.md section 6.3).
    pub enum DialCallStatus {
        /// Both were connected, and that ended.
        Completed = "completed",
        /// A conference was joined.
        Answered = "answered",
        /// The other line was busy.
        Busy = "busy",
        /// Nobody was there within the time limit.
        NoAnswer = "no-answer",
        /// It could not be placed.
        Failed = "failed",
        /// Taken back before anybody answered.
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
    fn a_worker_call_belongs_to_a_task_and_a_reservation() {
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
    fn a_notice_tells_how_far_the_worker_leg_is() {
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
    fn a_call_that_asks_for_a_caller_names_the_reservation_and_perhaps_an_activity() {
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
    fn the_end_of_a_dial_tells_how_it_went() {
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
