//! `/incoming-call`: a caller dialed our number.

use super::{Call, ParameterError, Parameters, path};

/// An incoming call, or a call that hears the menu again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingCall {
    /// The caller's leg.
    pub call: Call,
    /// Number of times the menu has been heard, including this time; from 1. From our own query
    /// string.
    pub attempt: u8,
}

impl IncomingCall {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            call: Call::parse(parameters)?,
            attempt: path::attempt(parameters)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::tests::call_with;
    use super::*;

    #[test]
    fn menu_attempt_defaults_to_one() {
        for (query, expected) in [
            (&[][..], Some(1)),
            (&[("attempt", "2")], Some(2)),
            (&[("attempt", "x")], None),
        ] {
            let attempt = IncomingCall::parse(&call_with(query)).map(|incoming| incoming.attempt);
            assert_eq!(attempt.ok(), expected, "{query:?}");
        }
    }
}
