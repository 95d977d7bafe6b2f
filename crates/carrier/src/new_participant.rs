//! A participant to be added to a conference (`POST /Conferences/{Sid}/Participants.json`).

use vocabulary::Beep;

use crate::new_call::RING_MAX_SECS;

/// A participant to be added to a running conference by calling a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewParticipant {
    /// The address to call: a number in E.164, `client:…` or `sip:…`.
    pub to: String,
    /// The number that the phone shows.
    pub from: String,
    /// The participant's name, unique in the conference.
    pub label: &'static str,
    /// Ringing time in seconds, limited to 600.
    pub ring_timeout_secs: u32,
    /// Whether the participants of the conference hear the phone ring.
    pub early_media: bool,
    /// When the others hear a beep for this participant.
    pub beep: Beep,
    /// Whether the conference ends when the participant leaves.
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
    fn participant_options_become_parameters() {
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
