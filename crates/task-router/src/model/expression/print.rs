//! The normal form of an expression: one spelling for each condition, which parses to the same
//! condition.

use std::fmt::{self, Display, Formatter, Write};

use super::{Comparison, Expression, Operand, Operator, Path, PathStep, Term};

/// Prints the normal form. It can be longer than the source (`a=1` is printed `a == 1`), so the
/// normal form of an expression close to [`super::EXPRESSION_CHARS_MAX`] may exceed that limit.
impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.root().fmt(f)
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(terms) => separated(f, terms, " OR ", |f, term| match term {
                Self::Any(_) => write!(f, "({term})"),
                Self::All(_) | Self::Not(_) | Self::Compare(_) => term.fmt(f),
            }),
            Self::All(terms) => separated(f, terms, " AND ", single),
            Self::Not(term) => {
                f.write_str("NOT ")?;
                single(f, term)
            }
            Self::Compare(comparison) => comparison.fmt(f),
        }
    }
}

/// A term in a place where the grammar allows one comparison: `AND` and `OR` get parentheses.
fn single(f: &mut Formatter<'_>, term: &Term) -> fmt::Result {
    match term {
        Term::Any(_) | Term::All(_) => write!(f, "({term})"),
        Term::Not(_) | Term::Compare(_) => term.fmt(f),
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.left, self.operator, self.right)
    }
}

impl Display for Operator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Contains => "CONTAINS",
            Self::Has => "HAS",
            Self::In => "IN",
            Self::NotIn => "NOT IN",
        })
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => Quoted(text).fmt(f),
            Self::Array(elements) => {
                f.write_char('[')?;
                separated(f, elements, ", ", |f, element| element.fmt(f))?;
                f.write_char(']')
            }
            Self::Path(path) => path.fmt(f),
        }
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps().iter().enumerate() {
            match step {
                PathStep::Key(key) if position == 0 => f.write_str(key)?,
                PathStep::Key(key) => write!(f, ".{key}")?,
                PathStep::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A text in double quotes, with quotes and backslashes escaped.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for letter in self.0.chars() {
            if matches!(letter, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(letter)?;
        }
        f.write_char('"')
    }
}

fn separated<T>(
    f: &mut Formatter<'_>,
    items: &[T],
    separator: &str,
    print: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            f.write_str(separator)?;
        }
        print(f, item)?;
    }
    Ok(())
}
