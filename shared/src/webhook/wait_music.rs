//! `/wait-music`: the `waitUrl` of `<Enqueue>`, requested while a caller waits (voice-webhooks.md
//! section 5.1).

use super::{Call, ParameterError, Parameters, path};
use ids::{QueueSid, TaskSid};

/// The carrier requests the wait document of a caller in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitMusic {
    /// The caller's leg.
    pub call: Call,
    /// The Task the caller waits for; `None` with hosted TaskRouter. From our own query string.
    pub task_sid: Option<TaskSid>,
    /// Language chosen in the menu. From our own query string.
    pub selected_language: Option<String>,
    /// SID of the carrier's queue.
    pub queue_sid: Option<QueueSid>,
    /// Position in the carrier's queue, from 1. Always 1 with one queue per Task.
    pub queue_position: Option<u32>,
    /// Time spent in the carrier's queue, in seconds.
    pub queue_time_secs: Option<u32>,
    /// Average time spent in the carrier's queue, in seconds.
    pub average_queue_time_secs: Option<u32>,
}

impl WaitMusic {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            call: Call::parse(parameters)?,
            task_sid: parameters.optional("TaskSid")?,
            selected_language: parameters.optional(path::LANGUAGE)?,
            queue_sid: parameters.optional("QueueSid")?,
            queue_position: parameters.optional("QueuePosition")?,
            queue_time_secs: parameters.optional("QueueTime")?,
            average_queue_time_secs: parameters.optional("AvgQueueTime")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::tests::call_with;
    use super::*;

    #[test]
    fn wait_music_parses_all_parameters() {
        let wait = WaitMusic::parse(&call_with(&[
            ("TaskSid", "WT0123456789abcdef0123456789abcdef"),
            ("language", "hi"),
            ("QueueSid", "QU0123456789abcdef0123456789abcdef"),
            ("QueuePosition", "3"),
            ("QueueTime", "65"),
            ("AvgQueueTime", "40"),
            ("CurrentQueueSize", "4"),
        ]))
        .unwrap();
        assert_eq!(
            wait.task_sid.map(|sid| sid.to_string()).as_deref(),
            Some("WT0123456789abcdef0123456789abcdef")
        );
        assert_eq!(wait.selected_language.as_deref(), Some("hi"));
        assert!(wait.queue_sid.is_some());
        assert_eq!(
            (
                wait.queue_position,
                wait.queue_time_secs,
                wait.average_queue_time_secs
            ),
            (Some(3), Some(65), Some(40))
        );
    }

    #[test]
    fn non_numeric_position_is_refused() {
        let error = WaitMusic::parse(&call_with(&[("QueuePosition", "first")])).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("QueuePosition cannot be understood: expected a whole number"),
            "{error}"
        );
    }
}
