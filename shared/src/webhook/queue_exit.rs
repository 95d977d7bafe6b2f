//! `/queue-exit`: the caller left the queue, the `action` of `<Enqueue>` (voice-webhooks.md section 5.1); and below it,
//! where a call is sent that waited too long.

use super::parameters::words;
use super::{Call, ParameterError, Parameters, path};
use ids::{QueueSid, TaskSid};

/// The caller is no longer in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueExit {
    /// The caller's leg.
    pub call: Call,
    /// The Task the caller waited for; not known with hosted TaskRouter. Our own query.
    pub task_sid: Option<TaskSid>,
    /// Language chosen in the menu. Our own query.
    pub selected_language: Option<String>,
    /// Why the caller left.
    pub queue_result: QueueResult,
    /// The carrier's queue; none when it never came to be.
    pub queue_sid: Option<QueueSid>,
    /// Time spent in the queue, in seconds, when the carrier says so.
    pub queue_time_secs: Option<u32>,
}

/// A waiting call was sent on, as its Task ended without a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedOut {
    /// The caller's leg.
    pub call: Call,
    /// The Task that ended. Our own query.
    pub task_sid: Option<TaskSid>,
    /// Language chosen in the menu. Our own query.
    pub selected_language: Option<String>,
}

words! {
    /// Why a caller left the queue (voice-webhooks.md section 5.1).
    pub enum QueueResult {
        /// Was connected, and that ended.
        Bridged = "bridged",
        /// Is being connected.
        BridgingInProcess = "bridging-in-process",
        /// The wait document said `<Leave>`.
        Leave = "leave",
        /// The REST API moved the waiting call.
        Redirected = "redirected",
        /// The REST API moved the call during the conversation.
        RedirectedFromBridged = "redirected-from-bridged",
        /// The caller hung up.
        Hangup = "hangup",
        /// The queue was full.
        QueueFull = "queue-full",
        /// The TwiML was faulty.
        Error = "error",
        /// The platform failed.
        SystemError = "system-error",
    }
}

impl QueueExit {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            call: Call::parse(parameters)?,
            task_sid: parameters.optional("TaskSid")?,
            selected_language: parameters.optional(path::LANGUAGE)?,
            queue_result: parameters.required("QueueResult")?,
            queue_sid: parameters.optional("QueueSid")?,
            queue_time_secs: parameters.optional("QueueTime")?,
        })
    }
}

impl TimedOut {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            call: Call::parse(parameters)?,
            task_sid: parameters.optional("TaskSid")?,
            selected_language: parameters.optional(path::LANGUAGE)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::tests::call_with;
    use super::*;

    #[test]
    fn every_result_of_the_reference_is_known() {
        for (word, expected) in [
            ("bridged", QueueResult::Bridged),
            ("bridging-in-process", QueueResult::BridgingInProcess),
            ("leave", QueueResult::Leave),
            ("redirected", QueueResult::Redirected),
            (
                "redirected-from-bridged",
                QueueResult::RedirectedFromBridged,
            ),
            ("hangup", QueueResult::Hangup),
            ("queue-full", QueueResult::QueueFull),
            ("error", QueueResult::Error),
            ("system-error", QueueResult::SystemError),
        ] {
            let exit =
                QueueExit::parse(&call_with(&[("QueueResult", word), ("QueueTime", "3")])).unwrap();
            assert_eq!(
                (exit.queue_result, exit.queue_result.as_str()),
                (expected, word)
            );
            assert_eq!((exit.queue_sid, exit.queue_time_secs), (None, Some(3)));
        }
    }

    #[test]
    fn an_exit_without_a_result_is_refused() {
        let message = QueueExit::parse(&call_with(&[])).unwrap_err().to_string();
        assert!(
            message.starts_with("QueueResult is missing: expected one of bridged, "),
            "{message}"
        );
    }

    #[test]
    fn a_call_that_waited_too_long_is_known_by_task_and_language() {
        let task = ("TaskSid", "WT0123456789abcdef0123456789abcdef");
        let timed_out = TimedOut::parse(&call_with(&[task, ("language", "hi")])).unwrap();
        assert_eq!(
            timed_out.task_sid.map(|sid| sid.to_string()).as_deref(),
            Some(task.1)
        );
        assert_eq!(timed_out.selected_language.as_deref(), Some("hi"));
    }
}
