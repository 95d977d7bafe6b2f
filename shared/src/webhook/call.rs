//! The parameters that every voice webhook sends about its call (voice-webhooks.md section 3).

use super::parameters::words;
use super::{Address, ParameterError, Parameters};
use ids::{AccountSid, CallSid};

/// The call leg that a webhook is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// SID of the leg.
    pub call_sid: CallSid,
    /// Account of the leg.
    pub account_sid: AccountSid,
    /// The calling party.
    pub from: Address,
    /// The called party.
    pub to: Address,
    /// Progress of the call.
    pub status: CallStatus,
    /// Direction of the call, if the carrier sends it.
    pub direction: Option<Direction>,
}

words! {
    /// Progress of a call (voice-webhooks.md section 3, `CallStatus`).
    pub enum CallStatus {
        /// Not dialed yet.
        Queued = "queued",
        /// Being dialed.
        Initiated = "initiated",
        /// The phone rings.
        Ringing = "ringing",
        /// Answered.
        InProgress = "in-progress",
        /// Ended after it was answered.
        Completed = "completed",
        /// Ended: the line was busy.
        Busy = "busy",
        /// Ended: the call could not be placed.
        Failed = "failed",
        /// Ended: the call was not answered.
        NoAnswer = "no-answer",
        /// Ended: canceled while ringing.
        Canceled = "canceled",
    }
}

words! {
    /// Direction of a call (voice-webhooks.md section 3, `Direction`).
    pub enum Direction {
        /// A caller dialed one of our numbers.
        Inbound = "inbound",
        /// Placed through the REST API.
        OutboundApi = "outbound-api",
        /// Placed by a `<Dial>`.
        OutboundDial = "outbound-dial",
    }
}

impl Call {
    /// Reads the parameters that every webhook of a call has.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
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
    /// Whether the call has ended, so that no other status follows.
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

    /// The parameters of a call, preceded by `more`, which therefore take precedence.
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
    fn call_ignores_unknown_parameters() {
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
    fn missing_parameter_is_named() {
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
    fn unknown_status_lists_the_known_ones() {
        let error = Call::parse(&call_with(&[("CallStatus", "sleeping")])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "CallStatus cannot be understood: expected one of queued, initiated, ringing, in-progress, completed, busy, \
             failed, no-answer, canceled, got 8 characters"
        );
    }
}
