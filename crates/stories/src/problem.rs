//! Mistakes in a file of stories, and places in it.

use std::fmt::{self, Display, Formatter, Write};

use vocabulary::visible;

/// Characters of a line that are shown before the mark, and after it.
const CONTEXT_CHARS_MAX: usize = 100;

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Characters that are meant, at least 1.
    pub width: usize,
}

/// A mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its place.
    pub place: Place,
    /// What is wrong, and what is expected.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(place: Place, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
        }
    }

    /// The mistake with its line, as a person reads it.
    pub fn render(&self, file: &str, text: &str) -> String {
        format!("error: {}\n{}", self.message, self.place.render(file, text))
    }
}

impl Display for Place {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.line, self.column)
    }
}

impl Place {
    /// The place and its line, with a mark below.
    pub fn render(&self, file: &str, text: &str) -> String {
        let mut shown = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(shown, "  --> {file}:{self}");
        let index = self.line.saturating_sub(1);
        let Some(line) = text.lines().nth(index) else {
            return shown;
        };
        let column = self.column.saturating_sub(1);
        let start = column.saturating_sub(CONTEXT_CHARS_MAX);
        let part = line.chars().skip(start).take(2 * CONTEXT_CHARS_MAX);
        // A tab is one character of the file and one column here.
        let part: String = part
            .map(|letter| if letter == '\t' { ' ' } else { letter })
            .collect();
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let rest = part.chars().count().saturating_sub(column - start);
        let marks = "^".repeat(self.width.min(rest).max(1));
        let blanks = " ".repeat(column - start);
        let _ = writeln!(shown, "{margin} |");
        let _ = writeln!(shown, "{number} | {}", visible(&part));
        let _ = writeln!(shown, "{margin} | {blanks}{marks}");
        shown
    }
}
