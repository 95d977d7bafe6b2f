//! A problem in a file, with its position.

/// A position in a file. Lines and columns are counted from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
}

impl Place {
    /// The first character of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// One problem: `contact-centre.yaml:12:15: unknown task queue "Engish"; the file has "English"`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{file}:{}:{}: {message}", place.line, place.column)]
pub struct Problem {
    /// Name of the file.
    pub file: String,
    /// Position of the problem.
    pub place: Place,
    /// One sentence: the value found, and the value expected.
    pub message: String,
}
