//! The address of a party to a call.

use std::fmt;

use super::{FromParameter, redact};

/// Longest address accepted, in characters. SIP URIs are the longest.
const ADDRESS_MAX_CHARS: usize = 256;

/// A party of a call: a number in E.164 form, `client:name`, a SIP URI, or a word such as
/// `anonymous`.
///
/// It has no `Display`, and its `Debug` form shows only the last four characters, because an
/// address must not appear in logs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(String);

impl Address {
    /// The unredacted address, as the carrier sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromParameter for Address {
    fn expected() -> String {
        format!("a phone number, client name or SIP URI of at most {ADDRESS_MAX_CHARS} characters")
    }

    fn parse(text: &str) -> Option<Self> {
        let fits = text.chars().count() <= ADDRESS_MAX_CHARS && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&redact(&self.0), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_party_parses_and_debug_is_redacted() {
        for (text, shown) in [
            ("+17075550101", "…0101"),
            ("client:alice", "…lice"),
            ("sip:bob@example.com", "….com"),
            ("anonymous", "…mous"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(
                (address.as_str(), format!("{address:?}").as_str()),
                (text, shown)
            );
        }
        assert_eq!(Address::parse(&"1".repeat(ADDRESS_MAX_CHARS + 1)), None);
        assert_eq!(Address::parse("+1707\n5550101"), None);
    }
}
