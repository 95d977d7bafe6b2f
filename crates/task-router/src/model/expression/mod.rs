//! Expressions: the conditions of TaskQueues, Workflow filters and targets (taskrouter.md section
//! 8).
//!
//! An [`Expression`] is parsed once, when configuration is read, and keeps its source text, which
//! is stored and shown. [`Display`](std::fmt::Display) prints its normal form.
//! [`crate::router::expression`] evaluates it. Length and depth are limited, so no input can
//! exhaust the stack, and parsing takes time in proportion to the length.

mod check;
mod lexer;
mod number;
mod parser;
mod print;
mod visit;

use std::str::FromStr;

pub use check::{ASSIGNED_TASKS_KEY, CHANNEL_KEY, SkipIfError};
pub use number::Number;
pub use visit::Condition;

use parser::Parser;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest expression in characters: twice the length of the largest attributes, so that any
/// attribute can be named.
pub const EXPRESSION_CHARS_MAX: usize = 8_192;

/// How deep parentheses, arrays and NOTs may be nested: more than a person can read, far less than
/// the stack holds.
pub const EXPRESSION_DEPTH_MAX: usize = 32;

/// The largest array index in a path: attributes have 4,096 characters, so no array in them is
/// longer.
const INDEX_MAX: u16 = 4_096;

/// A parsed expression with its source. Two expressions are equal when their sources are; compare
/// their conditions ([`Expression::root`]) to see whether they mean the same.
///
/// ```
/// use ids::time::Timestamp;
/// use ids::{ActivitySid, WorkerSid, WorkspaceSid};
/// use task_router::model::{Expression, Worker, Workspace};
/// use task_router::router::expression::WorkerScope;
///
/// let expression: Expression = r#"languages HAS "en" AND level>=3"#.parse()?;
/// assert_eq!(expression.to_string(), r#"languages HAS "en" AND level >= 3"#);
///
/// // Evaluate it as the expression of a TaskQueue, over a Worker.
/// let sid = WorkspaceSid::derive(&["Help line"]);
/// let activity = ActivitySid::derive(&["Available"]);
/// let workspace = Workspace::new(sid, "Help line", activity);
/// let now = Timestamp::from_millis(0);
/// let mut maya = Worker::new(WorkerSid::derive(&["Maya"]), sid, "Maya", activity, now);
/// maya.attributes = r#"{"languages":["en","hi"],"level":4}"#.parse()?;
/// assert!(expression.matches(&WorkerScope::new(&maya, &workspace)));
///
/// // An error names the column of the problem.
/// let error = "level >".parse::<Expression>().unwrap_err();
/// assert_eq!(error.column, 8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    source: String,
    root: Term,
}

/// A condition of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// True when at least one term is: `a OR b`.
    Any(Vec<Term>),
    /// True when every term is: `a AND b`.
    All(Vec<Term>),
    /// True when the term is not: `NOT a`.
    Not(Box<Term>),
    /// A single comparison.
    Compare(Comparison),
}

/// `left operator right`.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The operand on the left.
    pub left: Operand,
    /// The operator between the operands.
    pub operator: Operator,
    /// The operand on the right.
    pub right: Operand,
}

/// The operators (taskrouter.md section 8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `==`, `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `CONTAINS`: text in text.
    Contains,
    /// `HAS`, `>-`: the array on the left has the element on the right.
    Has,
    /// `IN`, `<-`: the element on the left is in the array on the right.
    In,
    /// `NOT IN`
    NotIn,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `3`, `-2.5`. Integers and decimals compare as numbers.
    Number(Number),
    /// `"text"`, `'text'`
    Text(String),
    /// `["a", "b"]`; may contain paths, `[task.first_agent, task.second_agent]`.
    Array(Vec<Operand>),
    /// `worker.languages[0]`
    Path(Path),
}

/// The location of a value: keys and array indexes, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<PathStep>);

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// A key of an object.
    Key(String),
    /// An element of an array, counted from 0.
    Index(usize),
}

/// Why a text is not an expression, and at which column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct ExpressionError {
    /// The column of the first character that is wrong, counted from 1.
    pub column: usize,
    /// One sentence: what was expected, and what was found.
    pub message: String,
}

impl Expression {
    /// The text that the expression was parsed from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its comparisons as they are written, in their order, each with the column of its first
    /// character, counted from 1.
    pub fn comparisons(&self) -> Vec<(usize, &str)> {
        let read = Parser::new(&self.source)
            .and_then(|mut parser| parser.any(0).map(|_| parser.comparisons));
        read.unwrap_or_default()
            .into_iter()
            .map(|(from, to)| {
                let text = chars_between(&self.source, from - 1, to - 1);
                (from, text.trim_end())
            })
            .collect()
    }

    /// The outermost condition.
    pub fn root(&self) -> &Term {
        &self.root
    }
}

/// The part of a text from character `from` up to character `to`, counted from 0.
fn chars_between(text: &str, from: usize, to: usize) -> &str {
    text.get(byte_of_char(text, from)..byte_of_char(text, to))
        .unwrap_or_default()
}

fn byte_of_char(text: &str, index: usize) -> usize {
    text.char_indices()
        .nth(index)
        .map_or(text.len(), |(byte, _)| byte)
}

impl Path {
    /// The steps, outermost first.
    pub fn steps(&self) -> &[PathStep] {
        &self.0
    }
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(source: &str) -> Result<Self, ExpressionError> {
        let mut parser = Parser::new(source)?;
        let root = parser.any(0)?;
        parser.expect_end()?;
        Ok(Self {
            source: source.to_owned(),
            root,
        })
    }
}

impl FromStr for Path {
    type Err = ExpressionError;

    fn from_str(source: &str) -> Result<Self, ExpressionError> {
        let mut parser = Parser::new(source)?;
        let path = parser.path()?;
        parser.expect_end()?;
        Ok(path)
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
