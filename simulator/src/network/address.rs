//! Who can be dialled: E.164 numbers, `client:` and `sip:` addresses (voice-webhooks.md section 3).

/// Digits of the shortest and the longest number in E.164.
const E164_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
/// Characters of the longest `client:` or `sip:` address.
const ADDRESS_CHARS_MAX: usize = 256;

/// What an address must look like, for messages.
pub const EXPECTED: &str = "a number in E.164 form (+17075550101), client:name, or sip:user@host";

/// Whether `text` can be dialled.
pub fn is_address(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix('+') {
        return E164_DIGITS.contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
    }
    let rest = text.strip_prefix("client:").or_else(|| text.strip_prefix("sip:"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && text.chars().count() <= ADDRESS_CHARS_MAX
            && rest.chars().all(|character| !character.is_whitespace() && !character.is_control())
    })
}

/// An address fit for a log: the last four characters only.
pub fn redacted(text: &str) -> String {
    const SHOWN: usize = 4;
    let hidden = text.chars().count().saturating_sub(SHOWN);
    format!("…{}", text.chars().skip(hidden).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_clients_and_sip_addresses_can_be_dialled_and_nothing_else() {
        for text in ["+17075550101", "+4930123456", "client:ada", "sip:ada@example.com"] {
            assert!(is_address(text), "{text}");
        }
        for text in [
            "",
            "+",
            "17075550101",
            "+0123456",
            "+1 707",
            "+1707555010a",
            "+1234567890123456",
            "client:",
            "tel:+1",
            "é",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn a_log_shows_the_last_four_characters() {
        assert_eq!(redacted("+17075550101"), "…0101");
        assert_eq!(redacted("é"), "…é");
    }
}
