//! A call to be placed (voice-webhooks.md section 8, `POST /Calls.json`).

use std::fmt;

use vocabulary::{CallEvent, CallbackUrl, RecordingChannels};

/// Limit of the ringing time, in seconds.
pub(crate) const RING_MAX_SECS: u32 = 600;

/// A call to be placed. URLs are absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCall {
    /// The address to call: a number in E.164, `client:…` or `sip:…`.
    pub to: String,
    /// The number that the phone shows.
    pub from: String,
    /// The URL that answers with TwiML when the call is answered.
    pub url: String,
    /// The status callback; it always receives the end of the call.
    pub status_callback: Option<String>,
    /// The events that are reported before the end.
    pub status_callback_events: Vec<CallEvent>,
    /// Ringing time in seconds, limited to 600.
    pub ring_timeout_secs: u32,
    /// The recording, if the call is recorded.
    pub recording: Option<Recording>,
    /// The credentials for a SIP address that requires them.
    pub sip_user: Option<SipUser>,
}

/// The options of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recording {
    /// The recorded tracks.
    pub channels: RecordingChannels,
    /// The callback that is notified when the recording is ready.
    pub status_callback: Option<CallbackUrl>,
}

/// Credentials for a SIP address. Its `Debug` output contains neither of them.
#[derive(Clone, PartialEq, Eq)]
pub struct SipUser {
    /// The user name.
    pub username: String,
    /// The password, if one is required.
    pub password: Option<String>,
}

impl fmt::Debug for SipUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SipUser").finish_non_exhaustive()
    }
}

impl NewCall {
    /// A call without status callback and recording.
    pub fn new(
        to: impl Into<String>,
        from: impl Into<String>,
        url: String,
        ring_timeout_secs: u32,
    ) -> Self {
        Self {
            to: to.into(),
            from: from.into(),
            url,
            status_callback: None,
            status_callback_events: Vec::new(),
            ring_timeout_secs,
            recording: None,
            sip_user: None,
        }
    }

    /// The parameters of the request.
    pub(crate) fn form(&self) -> Vec<(&str, String)> {
        let mut form = vec![
            ("To", self.to.clone()),
            ("From", self.from.clone()),
            ("Url", self.url.clone()),
            (
                "Timeout",
                self.ring_timeout_secs.clamp(1, RING_MAX_SECS).to_string(),
            ),
        ];
        if let Some(url) = &self.status_callback {
            form.push(("StatusCallback", url.clone()));
            let before_end = self
                .status_callback_events
                .iter()
                .filter(|event| **event != CallEvent::Completed);
            let events = before_end.chain([&CallEvent::Completed]);
            form.extend(events.map(|event| ("StatusCallbackEvent", event.as_str().to_owned())));
        }
        form.extend(self.recording.iter().flat_map(Recording::form));
        form.extend(self.sip_user.iter().flat_map(SipUser::form));
        form
    }
}

impl Recording {
    fn form(&self) -> Vec<(&'static str, String)> {
        let mut form = vec![
            ("Record", "true".to_owned()),
            ("RecordingChannels", self.channels.as_str().to_owned()),
        ];
        if let Some(callback) = &self.status_callback {
            form.push(("RecordingStatusCallback", callback.url.clone()));
            form.push((
                "RecordingStatusCallbackMethod",
                callback.method.as_str().to_owned(),
            ));
        }
        form
    }
}

impl SipUser {
    fn form(&self) -> Vec<(&'static str, String)> {
        let password = self
            .password
            .iter()
            .map(|password| ("SipAuthPassword", password.clone()));
        [("SipAuthUsername", self.username.clone())]
            .into_iter()
            .chain(password)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use vocabulary::CallbackMethod;

    use super::*;

    fn bare() -> NewCall {
        NewCall::new(
            "+17075550101",
            "+17075550183",
            "https://a.example/twiml".to_owned(),
            999,
        )
    }

    /// A call without options has only the required parameters, and its ringing time is limited.
    #[test]
    fn plain_call_has_required_parameters() {
        let call = bare();
        let names: Vec<&str> = call.form().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["To", "From", "Url", "Timeout"]);
        assert_eq!(call.form()[3].1, "600");
    }

    /// The end of the call is always among the reported events.
    #[test]
    fn call_options_become_parameters() {
        let callback = CallbackUrl {
            url: "https://a.example/r".to_owned(),
            method: CallbackMethod::Get,
        };
        let call = NewCall {
            status_callback: Some("https://a.example/status".to_owned()),
            status_callback_events: vec![CallEvent::Ringing, CallEvent::Completed],
            recording: Some(Recording {
                channels: RecordingChannels::Dual,
                status_callback: Some(callback),
            }),
            sip_user: Some(SipUser {
                username: "ann".to_owned(),
                password: Some("secret".to_owned()),
            }),
            ..bare()
        };
        let form = call.form();
        let rest: Vec<(&str, &str)> = form[4..]
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(
            rest,
            [
                ("StatusCallback", "https://a.example/status"),
                ("StatusCallbackEvent", "ringing"),
                ("StatusCallbackEvent", "completed"),
                ("Record", "true"),
                ("RecordingChannels", "dual"),
                ("RecordingStatusCallback", "https://a.example/r"),
                ("RecordingStatusCallbackMethod", "GET"),
                ("SipAuthUsername", "ann"),
                ("SipAuthPassword", "secret"),
            ]
        );
        assert!(!format!("{call:?}").contains("secret"));
    }
}
