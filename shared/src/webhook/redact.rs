//! Redaction of phone numbers and tokens for logs.

use std::fmt;

/// Characters at the end that stay readable.
const SHOWN_CHARS: usize = 4;

/// Length of the shortest text whose end is shown. Four characters of a shorter text would reveal
/// too much.
const SHOWN_FROM_CHARS: usize = 8;

/// Shows the last four characters of a phone number or token, `…0101`; nothing of a short one, `…`.
pub fn redact(text: &str) -> impl fmt::Display {
    let chars = text.chars().count();
    let hidden = if chars < SHOWN_FROM_CHARS {
        chars
    } else {
        chars - SHOWN_CHARS
    };
    text.chars()
        .skip(hidden)
        .fold("…".to_owned(), |mut shown, character| {
            shown.push(character);
            shown
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redact_shows_only_the_end() {
        for (text, shown) in [
            ("+17075550101", "…0101"),
            ("", "…"),
            ("911", "…"),
            ("1234567", "…"),
            ("हिन्दीहिन्दी", "…न्दी"),
        ] {
            assert_eq!(redact(text).to_string(), shown, "{text}");
        }
    }
}
