//! `/queue-exit/recorded`: the caller left a message, the `action` of `<Record>`.

use super::{Call, ParameterError, Parameters, path};
use ids::{RecordingSid, TaskSid};

/// A voicemail was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The caller's leg.
    pub call: Call,
    /// The Task that ended without a Worker. From our own query string.
    pub task_sid: Option<TaskSid>,
    /// Language chosen in the menu. From our own query string.
    pub selected_language: Option<String>,
    /// URL of the recording at the carrier.
    pub recording_url: String,
    /// SID of the recording, if the carrier sends it.
    pub recording_sid: Option<RecordingSid>,
    /// Length of the recording in seconds, if the carrier sends it.
    pub recording_duration_secs: Option<u32>,
}

impl Recording {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            call: Call::parse(parameters)?,
            task_sid: parameters.optional("TaskSid")?,
            selected_language: parameters.optional(path::LANGUAGE)?,
            recording_url: parameters.required("RecordingUrl")?,
            recording_sid: parameters.optional("RecordingSid")?,
            recording_duration_secs: parameters.optional("RecordingDuration")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::tests::call_with;
    use super::*;

    #[test]
    fn recording_needs_its_url() {
        let url = "https://example.com/RE0123456789abcdef0123456789abcdef";
        let recording = Recording::parse(&call_with(&[
            ("RecordingUrl", url),
            ("RecordingDuration", "14"),
        ]))
        .unwrap();
        assert_eq!(
            (
                recording.recording_url.as_str(),
                recording.recording_duration_secs
            ),
            (url, Some(14))
        );
        assert!(Recording::parse(&call_with(&[])).is_err());
    }
}
