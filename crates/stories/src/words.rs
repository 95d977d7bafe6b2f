//! The words of a line; text in quotes or braces is one word.

use crate::problem::Place;

/// A word and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// The word, without quotes around it or around the text after its first `=`.
    pub(crate) text: String,
    /// Whether the whole word was in quotes.
    pub(crate) is_quoted: bool,
    pub(crate) place: Place,
}

/// A part of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part<'l> {
    pub(crate) text: &'l str,
    pub(crate) line: usize,
    /// Column of its first character, from 1.
    pub(crate) column: usize,
}

impl<'l> Part<'l> {
    pub(crate) fn place(self) -> Place {
        Place {
            line: self.line,
            column: self.column,
            width: self.text.chars().count().max(1),
        }
    }

    /// The part without blanks around it.
    pub(crate) fn trimmed(self) -> Self {
        let text = self.text.trim_start();
        let skipped = self.text.chars().count() - text.chars().count();
        Self {
            text: text.trim_end(),
            column: self.column + skipped,
            ..self
        }
    }

    /// The parts before and after a text, which is in neither quotes nor braces.
    pub(crate) fn split_once(self, separator: &str) -> Option<(Self, Self)> {
        let (before, _) = pieces(self.text)
            .filter(|piece| piece.is_outside)
            .map(|piece| self.text.split_at(piece.start))
            .find(|(_, rest)| rest.starts_with(separator))?;
        let after = self.text.get(before.len() + separator.len()..)?;
        let skipped = (before.chars().count()) + separator.chars().count();
        Some((
            Self {
                text: before,
                ..self
            },
            Self {
                text: after,
                column: self.column + skipped,
                ..self
            },
        ))
    }

    /// The words.
    pub(crate) fn words(self) -> Vec<Word> {
        let words = self.split(char::is_whitespace).into_iter();
        words
            .filter(|word| !word.text.is_empty())
            .map(|word| {
                let (text, is_quoted) = unquoted(word.text);
                Word {
                    text,
                    is_quoted,
                    place: word.place(),
                }
            })
            .collect()
    }

    /// The parts between commas.
    pub(crate) fn clauses(self) -> Vec<Self> {
        let clauses = self.split(|character| character == ',').into_iter();
        clauses
            .map(Self::trimmed)
            .filter(|clause| !clause.text.is_empty())
            .collect()
    }

    fn split(self, separates: impl Fn(char) -> bool) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut start = 0;
        let mut column = self.column;
        let mut next_column = self.column;
        for piece in pieces(self.text) {
            next_column += 1;
            if piece.is_outside && separates(piece.character) {
                let text = self.text.get(start..piece.start).unwrap_or_default();
                parts.push(Self {
                    text,
                    column,
                    ..self
                });
                start = piece.start + piece.character.len_utf8();
                column = next_column;
            }
        }
        let text = self.text.get(start..).unwrap_or_default();
        parts.push(Self {
            text,
            column,
            ..self
        });
        parts
    }
}

/// A character, and whether it is outside quotes and braces.
struct Piece {
    start: usize,
    character: char,
    is_outside: bool,
}

fn pieces(text: &str) -> impl Iterator<Item = Piece> {
    let mut depth = 0_u32;
    let mut is_quoted = false;
    text.char_indices().map(move |(start, character)| {
        match character {
            '"' => is_quoted = !is_quoted,
            '{' | '[' if !is_quoted => depth += 1,
            '}' | ']' if !is_quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        Piece {
            start,
            character,
            is_outside: !is_quoted && depth == 0,
        }
    })
}

fn unquoted(word: &str) -> (String, bool) {
    let bare = |text: &str| {
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        Some(inner.to_owned())
    };
    if let Some(bare) = bare(word) {
        return (bare, true);
    }
    match word.split_once('=') {
        Some((name, value)) if !name.contains(['{', '"']) => {
            let value = bare(value).unwrap_or_else(|| value.to_owned());
            (format!("{name}={value}"), false)
        }
        Some(_) | None => (word.to_owned(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str) -> Part<'_> {
        Part {
            text,
            line: 1,
            column: 1,
        }
    }

    fn words(text: &str) -> Vec<String> {
        let words = part(text).words().into_iter();
        words.map(|word| word.text).collect()
    }

    #[test]
    fn quotes_and_braces_group_words() {
        assert_eq!(
            words(r#"task t1 {"a": "b c"} priority 3"#),
            ["task", "t1", r#"{"a": "b c"}"#, "priority", "3"]
        );
        assert_eq!(
            words(r#"POST X Key="a > 3" "x y""#),
            ["POST", "X", "Key=a > 3", "x y"]
        );
        let clauses = part(r#"t1 is pending, HTTP 400 "a, b" , A rings"#).clauses();
        let clauses: Vec<&str> = clauses.iter().map(|clause| clause.text).collect();
        assert_eq!(clauses, ["t1 is pending", r#"HTTP 400 "a, b""#, "A rings"]);
    }

    #[test]
    fn words_know_their_columns() {
        let words = part("Zoë  \"ä b\" rings").words();
        let columns: Vec<_> = words
            .iter()
            .map(|word| (word.place.column, word.place.width, word.is_quoted))
            .collect();
        assert_eq!(columns, [(1, 3, false), (6, 5, true), (12, 5, false)]);
    }

    #[test]
    fn arrow_in_quotes_separates_nothing() {
        let line = part(r#"c1 says "a -> b" -> c1 waits"#);
        let (before, after) = line.split_once("->").unwrap();
        assert_eq!(before.text, r#"c1 says "a -> b" "#);
        assert_eq!((after.text, after.column), (" c1 waits", 20));
    }
}
