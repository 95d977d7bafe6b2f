//! What every voice webhook says about its call (voice-webhooks.md section 3).

use super::parameters::words;
use super::{Address, ParameterError, Parameters};
use ids::{AccountSid, CallSid};

/// The call leg that a webhook is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The leg.
    pub call_sid: CallSid,
    /// The account it belongs to.
    pub account_sid: AccountSid,
    /// Who calls.
    pub from: Address,
    /// Who is called.
    pub to: Address,
    /// How far it is.
    pub status: CallStatus,
    /// Which way it goes, when the carrier says so.
    pub direction: Option<Direction>,
}

words! {
    /// How far a call is (voice-webhooks.md section 3, `CallStatus`).
    pub enum CallStatus {
        /// Not dialed yet.
        Queued = "queued",
        /// Being dialed.
        Initiated = "initiated",
        /// The phone rings.
        Ringing = "ringing",
        /// Answered.
        InProgress = "in-progress",
        /// Answered and over.
        Completed = "completed",
        /// Over: the line was busy.
        Busy = "busy",
        /// Over: it could not be placed.
        Failed = "failed",
        /// Over: nobody answered.
        NoAnswer = "no-answer",
        /// Over: taken back while it rang.
        Canceled = "canceled",
    }
}

words! {
    /// Which way a call goes (voice-webhooks.md section 3, `Direction`).
    pub enum Direction {
        /// Somebody called one of our numbers.
        Inbound = "inbound",
        /// We placed it over the REST API.
        OutboundApi = "outbound-api",
        /// A `<Dial>` placed it.
        OutboundDial = "outbound-dial",
    }
}

impl Call {
    pub(super) fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            call_sid: parameters.required("CallSid")?,
            account_sid: parameters.required("AccountSid")?,
            from: parameters.required("From")?,
            to: parameters.required("To")?,
            status: parameters.required("CallStatus")?,
            direction: parameters.optional("Direction")?,
        })
    }
}

impl CallStatus {
    /// Whether nothing comes after it.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Initiated | Self::Ringing | Self::InProgress => false,
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled => true,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::parameters::tests::parameters;
    use super::*;

    /// The parameters of a call, and `more`; those of `more` come first and win.
    pub(in crate::webhook) fn call_with(more: &[(&str, &str)]) -> Parameters {
        let call = [
            ("CallSid", "CA0123456789abcdef0123456789abcdef"),
            ("AccountSid", "AC0123456789abcdef0123456789abcdef"),
            ("ApiVersion", "2010-04-01"),
            ("From", "+17075550111"),
            ("To", "+17075550183"),
            ("CallStatus", "in-progress"),
            ("Direction", "inbound"),
            ("FromCity", ""),
            ("SomethingNew", "tolerated"),
        ];
        parameters(&[more, &call].concat())
    }

    #[test]
    fn the_parameters_of_a_call_are_read_and_unknown_ones_ignored() {
        let call = Call::parse(&call_with(&[])).unwrap();
        assert_eq!(
            call.call_sid.to_string(),
            "CA0123456789abcdef0123456789abcdef"
        );
        assert_eq!(
            (call.from.as_str(), call.to.as_str()),
            ("+17075550111", "+17075550183")
        );
        assert_eq!(
            (call.status, call.direction),
            (CallStatus::InProgress, Some(Direction::Inbound))
        );
    }

    #[test]
    fn each_required_parameter_is_missed_by_its_name() {
        let all = [
            ("CallSid", "CA0123456789abcdef0123456789abcdef"),
            ("AccountSid", "AC0123456789abcdef0123456789abcdef"),
            ("From", "+17075550111"),
            ("To", "+17075550183"),
            ("CallStatus", "ringing"),
        ];
        assert!(Call::parse(&parameters(&all)).is_ok());
        for (name, _) in all {
            let others: Vec<_> = all
                .into_iter()
                .filter(|(other, _)| *other != name)
                .collect();
            let message = Call::parse(&parameters(&others)).unwrap_err().to_string();
            assert!(
                message.starts_with(&format!("{name} is missing: expected ")),
                "{message}"
            );
        }
    }

    #[test]
    fn an_unknown_status_is_refused_with_the_known_ones() {
        let error = Call::parse(&call_with(&[("CallStatus", "sleeping")])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "CallStatus cannot be understood: expected one of queued, initiated, ringing, in-progress, completed, busy, \
             failed, no-answer, canceled, got 8 characters"
        );
    }
}
