//! `/enqueue-call`: the caller pressed a key, the `action` of `<Gather>` (voice-webhooks.md section
//! 6.1).

use super::{Call, FromParameter, ParameterError, Parameters, path};

/// The caller pressed a key of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnqueueCall {
    /// The caller's leg.
    pub call: Call,
    /// The pressed keys; `None` when the carrier sends the result of an empty Gather.
    pub digits: Option<Digits>,
    /// Number of times the menu has been heard, from 1. From our own query string.
    pub attempt: u8,
}

/// Keys of a telephone: `0` to `9`, `*`, `#`, `A` to `D`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digits(String);

/// Most keys accepted at once; the menu asks for one.
const DIGITS_MAX_CHARS: usize = 32;

impl Digits {
    /// The keys, in the order in which they were pressed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromParameter for Digits {
    fn expected() -> String {
        format!("1 to {DIGITS_MAX_CHARS} of the keys 0-9, *, #, A-D")
    }

    fn parse(text: &str) -> Option<Self> {
        let keys = text
            .chars()
            .all(|key| matches!(key, '0'..='9' | '*' | '#' | 'A'..='D'));
        (keys && text.len() <= DIGITS_MAX_CHARS).then(|| Self(text.to_owned()))
    }
}

impl EnqueueCall {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            call: Call::parse(parameters)?,
            digits: parameters.optional("Digits")?,
            attempt: path::attempt(parameters)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::tests::call_with;
    use super::*;

    #[test]
    fn only_telephone_keys_are_digits() {
        for (digits, expected) in [
            ("1", Ok(Some("1"))),
            ("*#0A", Ok(Some("*#0A"))),
            ("", Ok(None)),
            ("one", Err(())),
            ("1 ", Err(())),
            ("१", Err(())),
        ] {
            let call = EnqueueCall::parse(&call_with(&[("Digits", digits)]));
            let pressed = call
                .as_ref()
                .map(|call| call.digits.as_ref().map(Digits::as_str))
                .map_err(|_| ());
            assert_eq!(pressed, expected, "{digits}");
        }
    }
}
