//! Recordings: `/queue-exit/recorded`, the `action` of `<Record>`, after a caller left a message;
//! `/flow-step/recorded`, the callback of a recorded call.

use serde_json::{Map, Value};

use super::{Call, ParameterError, Parameters, path};
use ids::{CallSid, RecordingSid, TaskSid};

/// A recording at the carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// URL of the recording.
    pub url: String,
    /// SID of the recording, if the carrier sends it.
    pub sid: Option<RecordingSid>,
    /// Length of the recording in seconds, if the carrier sends it.
    pub duration_secs: Option<u32>,
}

/// A voicemail was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The caller's leg.
    pub call: Call,
    /// The Task that ended without a Worker. From our own query string.
    pub task_sid: Option<TaskSid>,
    /// Language chosen in the menu. From our own query string.
    pub selected_language: Option<String>,
    /// The recording.
    pub recorded: Recorded,
}

/// The recording of a call is ready. The carrier sends no parties with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecorded {
    /// The recorded call.
    pub call_sid: CallSid,
    /// The recording; `None`: there was nothing to record.
    pub recorded: Option<Recorded>,
}

impl Recorded {
    /// Reads the recording that a webhook reports, if it reports one.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is malformed.
    pub fn parse(parameters: &Parameters) -> Result<Option<Self>, ParameterError> {
        let Some(url) = parameters.get("RecordingUrl") else {
            return Ok(None);
        };
        Ok(Some(Self {
            url: url.to_owned(),
            sid: parameters.optional("RecordingSid")?,
            duration_secs: parameters.optional("RecordingDuration")?,
        }))
    }

    /// The recording as attributes of a Task: `recording_url`, `recording_sid`,
    /// `recording_duration` (seconds), each after `prefix`.
    pub fn attributes(&self, prefix: &str) -> Map<String, Value> {
        let sid = self.sid.map(|sid| sid.text().as_str().into());
        let attributes = [
            ("recording_url", Some(self.url.as_str().into())),
            ("recording_sid", sid),
            ("recording_duration", self.duration_secs.map(Value::from)),
        ];
        let known = attributes.into_iter();
        known
            .filter_map(|(name, value)| Some((format!("{prefix}{name}"), value?)))
            .collect()
    }
}

impl Recording {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        let url = parameters.required("RecordingUrl")?;
        let recorded = Recorded::parse(parameters)?;
        Ok(Self {
            call: Call::parse(parameters)?,
            task_sid: parameters.optional("TaskSid")?,
            selected_language: parameters.optional(path::LANGUAGE)?,
            recorded: recorded.unwrap_or(Recorded {
                url,
                sid: None,
                duration_secs: None,
            }),
        })
    }
}

impl CallRecorded {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            call_sid: parameters.required("CallSid")?,
            recorded: Recorded::parse(parameters)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::call::tests::call_with;
    use super::super::parameters::tests::parameters;
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
            recording.recorded.attributes(""),
            *json!({"recording_url": url, "recording_duration": 14})
                .as_object()
                .unwrap()
        );
        assert!(Recording::parse(&call_with(&[])).is_err());
    }

    #[test]
    fn recorded_call_has_no_parties() {
        let call = ("CallSid", "CA0123456789abcdef0123456789abcdef");
        let recorded = CallRecorded::parse(&parameters(&[call, ("RecordingUrl", "https://a")]));
        let attributes = recorded.unwrap().recorded.unwrap().attributes("call_");
        assert_eq!(attributes["call_recording_url"], "https://a");
        let absent = CallRecorded::parse(&parameters(&[call, ("RecordingStatus", "absent")]));
        assert_eq!(absent.unwrap().recorded, None);
        assert!(CallRecorded::parse(&parameters(&[])).is_err());
    }
}
