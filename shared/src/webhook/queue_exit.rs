//! `/queue-exit`: the `action` of `<Enqueue>`, requested when the caller left the queue
//! (voice-webhooks.md section 5.1); and `/queue-exit/timed-out`, to which a call is redirected
//! whose Task ended without a Worker.

use super::parameters::words;
use super::{Call, ParameterError, Parameters, path};
use ids::{QueueSid, TaskSid};

/// The caller left the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueExit {
    /// The caller's leg.
    pub call: Call,
    /// The Task the caller waited for; `None` with hosted TaskRouter. From our own query string.
    pub task_sid: Option<TaskSid>,
    /// Language chosen in the menu. From our own query string.
    pub selected_language: Option<String>,
    /// Why the caller left.
    pub queue_result: QueueResult,
    /// SID of the carrier's queue; absent if the queue was never created.
    pub queue_sid: Option<QueueSid>,
    /// Time spent in the queue, in seconds, if the carrier sends it.
    pub queue_time_secs: Option<u32>,
}

/// A waiting call was redirected because its Task ended without a Worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedOut {
    /// The caller's leg.
    pub call: Call,
    /// The Task that ended. From our own query string.
    pub task_sid: Option<TaskSid>,
    /// Language chosen in the menu. From our own query string.
    pub selected_language: Option<String>,
}

words! {
    /// Why a caller left the queue (voice-webhooks.md section 5.1).
    pub enum QueueResult {
        /// The caller was connected, and the connection ended.
        Bridged = "bridged",
        /// The caller is being connected.
        BridgingInProcess = "bridging-in-process",
        /// The wait document contained `<Leave>`.
        Leave = "leave",
        /// A REST request moved the waiting call.
        Redirected = "redirected",
        /// A REST request moved the call during the conversation.
        RedirectedFromBridged = "redirected-from-bridged",
        /// The caller hung up.
        Hangup = "hangup",
        /// The queue was full.
        QueueFull = "queue-full",
        /// The TwiML was invalid.
        Error = "error",
        /// The carrier's platform failed.
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
    fn queue_exit_parses_every_result() {
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
    fn queue_exit_needs_a_result() {
        let message = QueueExit::parse(&call_with(&[])).unwrap_err().to_string();
        assert!(
            message.starts_with("QueueResult is missing: expected one of bridged, "),
            "{message}"
        );
    }

    #[test]
    fn timed_out_parses_task_and_language() {
        let task = ("TaskSid", "WT0123456789abcdef0123456789abcdef");
        let timed_out = TimedOut::parse(&call_with(&[task, ("language", "hi")])).unwrap();
        assert_eq!(
            timed_out.task_sid.map(|sid| sid.to_string()).as_deref(),
            Some(task.1)
        );
        assert_eq!(timed_out.selected_language.as_deref(), Some("hi"));
    }
}
