//! A call to be placed (voice-webhooks.md section 8, `POST /Calls.json`).

use std::fmt;

use vocabulary::{CallEvent, CallbackUrl, RecordingChannels};

/// The longest a phone may ring, in seconds.
pub(crate) const RING_MAX_SECS: u32 = 600;

/// A call to be placed. URLs are absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCall {
    /// Who is rung: a number in E.164, `client:…` or `sip:…`.
    pub to: String,
    /// The number shown.
    pub from: String,
    /// Asked for TwiML when it is answered.
    pub url: String,
    /// Told how far it is; always how it ends.
    pub status_callback: Option<String>,
    /// What is told before its end.
    pub status_callback_events: Vec<CallEvent>,
    /// Seconds it may ring, at most 600.
    pub ring_timeout_secs: u32,
    /// Whether it is recorded, and how.
    pub recording: Option<Recording>,
    /// Who we are at a SIP address that asks.
    pub sip_user: Option<SipUser>,
}

/// How a call is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recording {
    /// Its tracks.
    pub channels: RecordingChannels,
    /// Told when it is there.
    pub status_callback: Option<CallbackUrl>,
}

/// Who we are at a SIP address.
#[derive(Clone, PartialEq, Eq)]
pub struct SipUser {
    /// The name.
    pub username: String,
    /// The password, if it asks for one.
    pub password: Option<String>,
}

impl fmt::Debug for SipUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SipUser").finish_non_exhaustive()
    }
}

impl NewCall {
    /// A call of which nobody is told and which nobody records.
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

    #[test]
    fn a_bare_call_says_what_it_has_to_and_rings_no_longer_than_the_carrier_lets_it() {
        let call = bare();
        let names: Vec<&str> = call.form().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["To", "From", "Url", "Timeout"]);
        assert_eq!(call.form()[3].1, "600");
    }

    #[test]
    fn what_is_asked_for_is_in_the_request_and_the_end_is_always_told() {
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
