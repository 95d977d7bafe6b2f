//! Addresses that can be dialled: E.164 numbers, `client:` and `sip:` addresses (voice-webhooks.md
//! section 3).

use shared::webhook::redact;

/// Number of digits in E.164, from the shortest to the longest number.
const E164_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
/// Characters of the longest `client:` or `sip:` address.
const ADDRESS_CHARS_MAX: usize = 256;

/// The form of an address, for messages.
pub const EXPECTED: &str = "a number in E.164 form (+17075550101), client:name, or sip:user@host";

/// Whether `text` is an address that can be dialled.
pub fn is_address(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix('+') {
        return E164_DIGITS.contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
    }
    let rest = text
        .strip_prefix("client:")
        .or_else(|| text.strip_prefix("sip:"))
        .or_else(|| text.strip_prefix("sips:"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && text.chars().count() <= ADDRESS_CHARS_MAX
            && rest
                .chars()
                .all(|character| !character.is_whitespace() && !character.is_control())
    })
}

/// Redacts E.164 numbers in a text for the log: only their last digits are shown. A document may
/// contain numbers anywhere, also with the plus written `%2B` as in URLs.
pub fn without_numbers(text: &str) -> String {
    let text = text.replace("%2B", "+").replace("%2b", "+");
    let mut parts = text.split('+');
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let after = part.trim_start_matches(|character: char| character.is_ascii_digit());
        let number = part.strip_suffix(after).unwrap_or_default();
        if E164_DIGITS.contains(&number.len()) {
            shown.push_str(&redact(number).to_string());
        } else {
            shown.push('+');
            shown.push_str(number);
        }
        shown.push_str(after);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialable_addresses() {
        for text in [
            "+17075550101",
            "+4930123456",
            "client:ada",
            "sip:ada@example.com",
        ] {
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
    fn numbers_in_text_are_redacted() {
        let table = [
            (
                "callerId=\"+17075550101\" of <Dial>, not +15550100001.",
                "callerId=\"…0101\" of <Dial>, not …0001.",
            ),
            ("+49301", "…"),
            (
                "http://app.example/from/%2B15550100001/x",
                "http://app.example/from/…0001/x",
            ),
            ("1 + 1 is +2; é+é+", "1 + 1 is +2; é+é+"),
            (
                "CA00000000000000000000000000000001 after 15 s",
                "CA00000000000000000000000000000001 after 15 s",
            ),
        ];
        for (text, shown) in table {
            assert_eq!(without_numbers(text), shown);
        }
    }
}
