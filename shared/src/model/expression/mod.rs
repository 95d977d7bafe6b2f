//! Expressions: the conditions of TaskQueues, Workflow filters and targets (taskrouter.md section 8).
//!
//! An [`Expression`] is parsed once, when configuration is read, and keeps its source text. Evaluating one is
//! [`crate::router::expression`]'s business. Length and depth are bounded, so no input can exhaust the stack.

mod lexer;
mod parser;

use std::fmt;
use std::str::FromStr;

use parser::Parser;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Characters an expression may have: twice what a full set of attributes has, so that any attribute can be named.
pub const EXPRESSION_CHARS_MAX: usize = 8_192;

/// Parentheses and arrays inside one another: more than a person can read, far less than a stack holds.
pub const EXPRESSION_DEPTH_MAX: usize = 32;

/// A parsed expression with its source.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    source: String,
    root: Term,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// True when one of them is: `a OR b`.
    Any(Vec<Term>),
    /// True when all of them are: `a AND b`.
    All(Vec<Term>),
    /// One comparison.
    Compare(Comparison),
}

/// `left operator right`.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Left-hand side.
    pub left: Operand,
    /// What is asked.
    pub operator: Operator,
    /// Right-hand side.
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
    Number(f64),
    /// `"text"`, `'text'`
    Text(String),
    /// `["a", "b"]`
    Array(Vec<Operand>),
    /// `worker.languages[0]`
    Path(Path),
}

/// Where a value is found: keys and array indexes, outermost first.
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

/// Why a text is not an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct ExpressionError {
    /// The character the trouble begins at, counted from 1.
    pub column: usize,
    /// One sentence: what was expected, what is there.
    pub message: String,
}

impl Expression {
    /// The text it was parsed from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The outermost condition.
    pub fn root(&self) -> &Term {
        &self.root
    }
}

impl Path {
    /// The steps, outermost first.
    pub fn steps(&self) -> &[PathStep] {
        &self.0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Key(key) if at == 0 => f.write_str(key)?,
                PathStep::Key(key) => write!(f, ".{key}")?,
                PathStep::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(source: &str) -> Result<Self, ExpressionError> {
        let mut parser = Parser::new(source)?;
        let root = parser.any(0)?;
        parser.expect_end()?;
        Ok(Self { source: source.to_owned(), root })
    }
}

impl FromStr for Path {
    type Err = ExpressionError;

    fn from_str(source: &str) -> Result<Self, ExpressionError> {
        let mut parser = Parser::new(source)?;
        let operand = parser.operand(0)?;
        parser.expect_end()?;
        match operand {
            Operand::Path(path) => Ok(path),
            Operand::Null | Operand::Bool(_) | Operand::Number(_) | Operand::Text(_) | Operand::Array(_) => {
                Err(ExpressionError { column: 1, message: "expected a key such as `level`".to_owned() })
            }
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn and_binds_tighter_than_or() {
        let plain: Expression = "a == 1 OR b == 1 AND c == 1".parse().unwrap();
        let grouped: Expression = "a == 1 OR (b == 1 AND c == 1)".parse().unwrap();
        assert_eq!(plain.root(), grouped.root());
    }

    #[test]
    fn aliases_and_letter_case_do_not_matter() {
        for (left, right) in [
            ("a = 1", "a == 1"),
            ("languages >- 'en'", "languages HAS \"en\""),
            ("'en' <- languages", "'en' in languages"),
            ("a not in ['b']", "a NOT IN [\"b\"]"),
            ("a == TRUE", "a == true"),
        ] {
            assert_eq!(left.parse::<Expression>().unwrap().root(), right.parse::<Expression>().unwrap().root());
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (source, column, message) in [
            ("", 1, "expected a key"),
            ("languages", 10, "expected an operator"),
            ("languages HAS", 14, "the expression ends here"),
            ("skill-level > 3", 6, "not part of a key"),
            ("(a == 1", 8, "expected `)`"),
            ("a == 1 b == 2", 8, "expected `AND`, `OR` or the end"),
            ("a == 'x", 6, "no closing '"),
            ("a NOT b", 7, "expected `IN`"),
            ("a # b", 3, "`#` has no meaning"),
            ("a[x] == 1", 3, "a whole number"),
            ("a. == 1", 4, "a key after `.`"),
            ("AND == 1", 1, "expected a key"),
        ] {
            let error = source.parse::<Expression>().unwrap_err();
            assert_eq!(error.column, column, "{source}: {error}");
            assert!(error.message.contains(message), "{source}: {error}");
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep = format!("{}a == 1{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(deep.parse::<Expression>().is_err());
        let nested = format!("{}a == 1{}", "(".repeat(EXPRESSION_DEPTH_MAX), ")".repeat(EXPRESSION_DEPTH_MAX));
        assert!(nested.parse::<Expression>().is_ok());
        let too_deep = format!("a IN {}{}", "[".repeat(EXPRESSION_DEPTH_MAX + 2), "]".repeat(EXPRESSION_DEPTH_MAX + 2));
        assert!(too_deep.parse::<Expression>().unwrap_err().message.contains("inside one another"));
    }
}
