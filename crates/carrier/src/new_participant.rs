//! Somebody to be called into a conference (`POST /Conferences/{Sid}/Participants.json`).

use vocabulary::Beep;

use crate::new_call::RING_MAX_SECS;

/// Somebody to be called into a conference that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewParticipant {
    /// Who is rung: a number in E.164, `client:…` or `sip:…`.
    pub to: String,
    /// The number shown.
    pub from: String,
    /// Their name in the conference, unique there.
    pub label: &'static str,
    /// Seconds it may ring, at most 600.
    pub ring_timeout_secs: u32,
    /// Whether those who are in it hear it ring.
    pub early_media: bool,
    /// When their coming and going is heard.
    pub beep: Beep,
    /// Whether the conference ends when they leave.
    pub end_conference_on_exit: bool,
}

impl NewParticipant {
    /// The parameters of the request.
    pub(crate) fn form(&self) -> Vec<(&str, String)> {
        vec![
            ("To", self.to.clone()),
            ("From", self.from.clone()),
            ("Label", self.label.to_owned()),
            (
                "Timeout",
                self.ring_timeout_secs.clamp(1, RING_MAX_SECS).to_string(),
            ),
            ("EarlyMedia", self.early_media.to_string()),
            ("Beep", self.beep.as_str().to_owned()),
            (
                "EndConferenceOnExit",
                self.end_conference_on_exit.to_string(),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_asked_for_is_in_the_request() {
        let new = NewParticipant {
            to: "+17075550155".to_owned(),
            from: "+17075550183".to_owned(),
            label: "customer",
            ring_timeout_secs: 999,
            early_media: false,
            beep: Beep::OnEnter,
            end_conference_on_exit: true,
        };
        let form = new.form();
        let pairs: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("To", "+17075550155"),
                ("From", "+17075550183"),
                ("Label", "customer"),
                ("Timeout", "600"),
                ("EarlyMedia", "false"),
                ("Beep", "onEnter"),
                ("EndConferenceOnExit", "true"),
            ]
        );
    }
}
