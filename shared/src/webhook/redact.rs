//! Phone numbers and tokens, as far as a log may show them.

use std::fmt;

/// How many characters at the end stay readable.
const SHOWN_CHARS: usize = 4;

/// Shortest text of which an end is shown: of a shorter one the end would give too much away.
const SHOWN_FROM_CHARS: usize = 8;

/// The last four characters of a phone number or token, `…0101`; of a short one nothing, `…`.
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
    fn only_the_end_of_a_long_text_is_shown() {
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
