//! Characters that a reader does not see, or that change how the text around them is shown: a name
//! with one can look like another name, and one with a terminal's escape sequence can rewrite the
//! screen.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character is invisible in itself: a control character, a line or paragraph separator,
/// or a mark of Unicode's bidirectional algorithm. Joiners are none: some scripts need them.
pub fn is_hidden(char: char) -> bool {
    char.is_control() || is_bidirectional_mark(char) || matches!(char, '\u{2028}' | '\u{2029}')
}

fn is_bidirectional_mark(char: char) -> bool {
    matches!(
        char,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    )
}

/// Checks that a name has no hidden character.
///
/// # Errors
/// What was expected, and the first hidden character with its position from 1.
pub fn check_visible(name: &str) -> Result<(), String> {
    match name.chars().zip(1..).find(|(char, _)| is_hidden(*char)) {
        None => Ok(()),
        Some((char, position)) => Err(format!(
            "expected no control characters or bidirectional marks, got {} as character {position}",
            code_point(char)
        )),
    }
}

/// The text with its hidden characters as code points, `‹U+202E›`. Line ends and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_escaped = |char: char| is_hidden(char) && !matches!(char, '\n' | '\t');
    if !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if is_escaped(char) {
            // Writing to a String does not fail.
            let _written = write!(shown, "‹{}›", code_point(char));
        } else {
            shown.push(char);
        }
    }
    Cow::Owned(shown)
}

fn code_point(char: char) -> String {
    format!("U+{:04X}", u32::from(char))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_refused_and_shown() {
        for (name, position, shown) in [
            ("Maya\u{202E}ayaM", 5, "Maya‹U+202E›ayaM"),
            ("\u{1b}[2JMaya", 1, "‹U+001B›[2JMaya"),
            ("a\u{200F}b\u{9b}", 2, "a‹U+200F›b‹U+009B›"),
        ] {
            let problem = check_visible(name).unwrap_err();
            assert!(
                problem.ends_with(&format!("as character {position}")),
                "{problem}"
            );
            assert_eq!(visible(name), shown);
        }
        assert!(check_visible("two\nlines").is_err());
        assert_eq!(visible("two\nlines"), "two\nlines");
    }

    #[test]
    fn names_of_all_scripts_are_accepted() {
        for name in [
            "Zoë O’Neil",
            "नमस्ते\u{200D}",
            "שלום",
            "مرحبا",
            "👩\u{200D}💻",
            "a\u{a0}b",
        ] {
            assert_eq!(check_visible(name), Ok(()));
            assert_eq!(visible(name), name);
        }
    }
}
