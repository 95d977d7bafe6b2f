//! What is wrong with a file, and where.

/// Where something stands in a file; lines and columns are counted from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: u64,
    /// Character in the line.
    pub column: u64,
}

impl Place {
    /// The first character of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// One thing that is wrong: `contact-centre.yaml:12:15: unknown task queue "Engish"; the file has "English"`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{file}:{}:{}: {message}", place.line, place.column)]
pub struct Problem {
    /// The file, as its reader calls it.
    pub file: String,
    /// Where.
    pub place: Place,
    /// One sentence: what is there, what was expected.
    pub message: String,
}
