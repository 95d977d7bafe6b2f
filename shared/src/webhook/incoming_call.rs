//! `/incoming-call`: somebody dialed our number.

use super::{Call, ParameterError, Parameters, path};

/// A call that comes in, or that hears the menu again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingCall {
    /// The caller's leg.
    pub call: Call,
    /// How often the menu has been heard, this time included; from 1. Our own query.
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
    fn a_call_hears_the_menu_for_the_first_time_unless_the_url_says_otherwise() {
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
