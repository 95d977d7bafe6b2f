//! What the contact centre may dial: the allowed numbers, and how many calls.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::webhook::redact;

/// The most calls a second: no account may place more without an agreement (voice-webhooks.md
/// section 8, "Pace").
pub const CALLS_PER_SECOND_MAX: u32 = 1_000;

/// The most calls a minute: as many as [`CALLS_PER_SECOND_MAX`] allows.
pub const CALLS_PER_MINUTE_MAX: u32 = 60 * CALLS_PER_SECOND_MAX;

/// The most entries of the list of allowed numbers: there are fewer than 300 country codes.
pub const ALLOWED_MAX: usize = 300;

/// Digits of the longest number (E.164).
const DIGITS_MAX: usize = 15;

/// Limits of the calls that the contact centre places. Declared in `contact-centre.yaml`. The
/// default limits nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Dialing {
    /// Beginnings of the addresses that may be dialed. `None`: every address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<Beginning>>,
    /// Calls that may be placed in one minute of the clock; further ones are refused. `None`: any
    /// number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_minute: Option<NonZeroU32>,
    /// Calls that the carrier starts in a second; a call beyond them waits for its turn. `None`:
    /// calls are not paced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_second: Option<NonZeroU32>,
}

/// The beginning of allowed addresses: a plus and digits, such as a country code, or `sip:`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Beginning(String);

/// A text that is no [`Beginning`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a plus and digits such as \"+1\", or \"sip:\"")]
pub struct BeginningError;

impl FromStr for Beginning {
    type Err = BeginningError;

    fn from_str(text: &str) -> Result<Self, BeginningError> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        let is_number = (1..=DIGITS_MAX).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit());
        if is_number || text == "sip:" {
            Ok(Self(text.to_owned()))
        } else {
            Err(BeginningError)
        }
    }
}

impl TryFrom<String> for Beginning {
    type Error = BeginningError;

    fn try_from(text: String) -> Result<Self, BeginningError> {
        text.parse()
    }
}

impl From<Beginning> for String {
    fn from(Beginning(text): Beginning) -> Self {
        text
    }
}

/// An address that may not be dialed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address} may not be dialed; dialing.allow in contact-centre.yaml has {allowed}")]
pub struct NotAllowed {
    /// The address, without all but its last digits.
    address: String,
    allowed: Allowed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Allowed(Vec<Beginning>);

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(beginnings) = self;
        for (number, Beginning(text)) in beginnings.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}{text}")?;
        }
        Ok(())
    }
}

impl Dialing {
    /// Checks that an address may be dialed. `client:` is always allowed, because no telephone is
    /// dialed.
    ///
    /// # Errors
    /// [`NotAllowed`], which shows the last digits of a number only.
    pub fn check(&self, address: &str) -> Result<(), NotAllowed> {
        let Some(allow) = &self.allow else {
            return Ok(());
        };
        let is_allowed = allow
            .iter()
            .any(|Beginning(beginning)| address.starts_with(beginning));
        if is_allowed || address.starts_with("client:") {
            return Ok(());
        }
        Err(NotAllowed {
            address: redact(address).to_string(),
            allowed: Allowed(allow.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowing(beginnings: &[&str]) -> Dialing {
        let allow = beginnings.iter().map(|text| text.parse().unwrap());
        Dialing {
            allow: Some(allow.collect()),
            ..Dialing::default()
        }
    }

    #[test]
    fn only_allowed_addresses_are_dialed() {
        let european = allowing(&["+49", "+33"]);
        for (dialing, address, is_allowed) in [
            (&Dialing::default(), "+18765550123", true),
            (&european, "+4930123456", true),
            (&european, "+33123456789", true),
            (&european, "+17075550101", false),
            (&european, "4930123456", false),
            (&european, " +4930123456", false),
            (&european, "", false),
            (&european, "client:maya", true),
            (&european, "sip:maya@sip.example", false),
            (&allowing(&["sip:"]), "sip:maya@sip.example", true),
            (&allowing(&[]), "+4930123456", false),
        ] {
            let checked = dialing.check(address);
            assert_eq!(checked.is_ok(), is_allowed, "{address}");
        }
        let refused = european.check("+17075550101").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "…0101 may not be dialed; dialing.allow in contact-centre.yaml has +49, +33"
        );
    }

    #[test]
    fn beginning_is_a_plus_and_digits() {
        for (text, is_valid) in [
            ("+1", true),
            ("+123456789012345", true),
            ("+1234567890123456", false),
            ("sip:", true),
            ("+", false),
            ("49", false),
            ("+4x", false),
            ("client:", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<Beginning>().is_ok(), is_valid, "{text}");
        }
    }
}
