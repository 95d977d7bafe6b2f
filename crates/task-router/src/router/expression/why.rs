//! Why an expression is false: which of its comparisons, and what their sides are. It walks the same conditions and asks the
//! same comparisons as [`Expression::matches`], and is only called when somebody wants to know.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Scope, Value, can_be_equal, equal, has, ordering, term, value};
use crate::model::{Comparison, Expression, Operand, Operator, Term};

/// Comparisons that are told of one expression: more than a person reads, and answers about many Workers stay small.
pub const CLAUSES_MAX: usize = 12;

/// Characters of a comparison, a value or an expression that are told.
pub const TOLD_CHARS_MAX: usize = 200;

/// An expression that is false, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FalseExpression {
    /// The expression as it is written.
    pub expression: String,
    /// What would have to be otherwise.
    pub because: Because,
    /// Comparisons beyond [`CLAUSES_MAX`].
    pub more: usize,
}

/// What would have to be otherwise for an expression to be true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Because {
    /// This comparison.
    Clause(Box<Clause>),
    /// Each of these.
    AllOf {
        /// In the order they are written in.
        all_of: Vec<Because>,
    },
    /// One of these.
    AnyOf {
        /// In the order they are written in.
        any_of: Vec<Because>,
    },
}

/// A comparison that is not what it would have to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clause {
    /// It in a sentence, with the values.
    pub text: String,
    /// As it is written.
    pub clause: String,
    /// The character of the expression it begins at, counted from 1.
    pub column: usize,
    /// What it is: true only behind a `NOT`.
    pub is: bool,
    /// Left-hand side.
    pub left: Side,
    /// What is asked, `HAS`.
    pub operator: String,
    /// Right-hand side.
    pub right: Side,
    /// Why it can be nothing else, whatever the values.
    pub hint: Option<String>,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// As it is written, in normal form.
    pub operand: String,
    /// What it stands for, as JSON; `None`: nothing, it is missing or null.
    pub value: Option<String>,
}

impl Expression {
    /// Why it is false in this scope; `None`: it is true.
    pub fn why_false(&self, scope: &dyn Scope) -> Option<FalseExpression> {
        let mut walk = Backfill {
            scope,
            written: self.comparisons(),
            next: 0,
            told: 0,
            more: 0,
        };
        let because = walk.why(self.root(), true)?;
        Some(FalseExpression {
            expression: told(self.source()),
            because,
            more: walk.more,
        })
    }
}

impl FalseExpression {
    /// The expression in pieces, and of each whether it is one of the comparisons that are told.
    pub fn marked(&self) -> Vec<(String, bool)> {
        let clauses = self.because.clauses();
        let is_told = |at: usize| {
            clauses.iter().any(|each| {
                (each.column..each.column + each.clause.chars().count()).contains(&(at + 1))
            })
        };
        let mut pieces: Vec<(String, bool)> = Vec::new();
        for (at, letter) in self.expression.chars().enumerate() {
            let told = is_told(at);
            match pieces.last_mut() {
                Some((piece, same)) if *same == told => piece.push(letter),
                Some(_) | None => pieces.push((letter.to_string(), told)),
            }
        }
        pieces
    }
}

impl Because {
    /// The comparisons in it, in the order they are written in.
    pub fn clauses(&self) -> Vec<&Clause> {
        match self {
            Self::Clause(clause) => vec![clause],
            Self::AllOf { all_of: inner } | Self::AnyOf { any_of: inner } => {
                inner.iter().flat_map(Self::clauses).collect()
            }
        }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (inner, word) = match self {
            Self::Clause(clause) => return f.write_str(&clause.text),
            Self::AllOf { all_of } => (all_of, "and"),
            Self::AnyOf { any_of } => (any_of, "and also"),
        };
        for (position, each) in inner.iter().enumerate() {
            if position > 0 {
                write!(f, ", {word} ")?;
            }
            each.fmt(f)?;
        }
        Ok(())
    }
}

struct Backfill<'a> {
    scope: &'a dyn Scope,
    /// The comparisons as they are written.
    written: Vec<(usize, &'a str)>,
    /// The comparison that comes next, by its place in `written`.
    next: usize,
    told: usize,
    more: usize,
}

impl Backfill<'_> {
    /// Why a condition is not what is wanted; `None`: it is, or enough has been told.
    fn why(&mut self, condition: &Term, wanted: bool) -> Option<Because> {
        if term(condition, self.scope) == wanted {
            self.next += comparisons_in(condition);
            return None;
        }
        match condition {
            Term::Compare(comparison) => self.clause(comparison, !wanted),
            Term::Not(inner) => self.why(inner, !wanted),
            Term::All(terms) | Term::Any(terms) => {
                let mut why: Vec<Because> = terms
                    .iter()
                    .filter_map(|inner| self.why(inner, wanted))
                    .collect();
                let each_counts = matches!(condition, Term::All(_)) == wanted;
                match why.len() {
                    0 | 1 => why.pop(),
                    _ if each_counts => Some(Because::AllOf { all_of: why }),
                    _ => Some(Because::AnyOf { any_of: why }),
                }
            }
        }
    }

    fn clause(&mut self, comparison: &Comparison, is: bool) -> Option<Because> {
        let (column, written) = self.written.get(self.next).copied().unwrap_or_default();
        self.next += 1;
        if self.told == CLAUSES_MAX {
            self.more += 1;
            return None;
        }
        self.told += 1;
        let (left, right) = (
            side(&comparison.left, self.scope),
            side(&comparison.right, self.scope),
        );
        let hint = if is {
            None
        } else {
            hint(comparison, self.scope)
        };
        let clause = told(written);
        let text = sentence(
            &clause,
            is,
            [&comparison.left, &comparison.right],
            [&left, &right],
            hint,
            self.scope,
        );
        let (operator, hint) = (comparison.operator.to_string(), hint.map(str::to_owned));
        Some(Because::Clause(Box::new(Clause {
            text,
            clause,
            column,
            is,
            left,
            operator,
            right,
            hint,
        })))
    }
}

fn comparisons_in(condition: &Term) -> usize {
    match condition {
        Term::Any(terms) | Term::All(terms) => terms.iter().map(comparisons_in).sum(),
        Term::Not(inner) => comparisons_in(inner),
        Term::Compare(_) => 1,
    }
}

fn side(operand: &Operand, scope: &dyn Scope) -> Side {
    Side {
        operand: told(&operand.to_string()),
        value: json(value(operand, scope), scope).map(|text| told(&text)),
    }
}

/// `` `level >= 3` is false: `level` is 2 ``
fn sentence(
    clause: &str,
    is: bool,
    operands: [&Operand; 2],
    sides: [&Side; 2],
    hint: Option<&str>,
    scope: &dyn Scope,
) -> String {
    let named = operands
        .into_iter()
        .zip(sides)
        .filter_map(|(operand, side)| in_words(operand, side, scope));
    let mut values: Vec<String> = named.collect();
    values.dedup();
    let values = if values.is_empty() {
        String::new()
    } else {
        format!(": {}", values.join(", "))
    };
    let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!("`{clause}` is {is}{values}{hint}")
}

/// Whose keys need no prefix once it is said whose they are.
const OWNERS: [(&str, &str); 2] = [("the Worker", "worker."), ("the Task", "task.")];

/// What a side stands for, unless it says so itself.
fn in_words(operand: &Operand, side: &Side, scope: &dyn Scope) -> Option<String> {
    match (operand, &side.value) {
        (Operand::Path(path), None) => {
            let Some(owner) = scope.owner(path.steps()) else {
                return Some(format!(
                    "nobody has `{0}` here, only `task.{0}` and `worker.{0}`",
                    side.operand
                ));
            };
            let key = OWNERS
                .iter()
                .find(|(name, _)| *name == owner)
                .and_then(|(_, prefix)| side.operand.strip_prefix(prefix));
            Some(format!("{owner} has no `{}`", key.unwrap_or(&side.operand)))
        }
        (Operand::Path(_), Some(value)) => Some(format!("`{}` is {value}", side.operand)),
        (Operand::Array(elements), Some(value))
            if elements.iter().any(|each| matches!(each, Operand::Path(_))) =>
        {
            Some(format!("`{}` is {value}", side.operand))
        }
        (
            Operand::Null
            | Operand::Bool(_)
            | Operand::Number(_)
            | Operand::Text(_)
            | Operand::Array(_),
            Some(_) | None,
        ) => None,
    }
}

/// Why a comparison that is false would be so with any values of these kinds (taskrouter.md section 8.3).
fn hint(comparison: &Comparison, scope: &dyn Scope) -> Option<&'static str> {
    let (left, right) = (
        value(&comparison.left, scope),
        value(&comparison.right, scope),
    );
    if left.is_null() || right.is_null() {
        return None;
    }
    match comparison.operator {
        Operator::Equal | Operator::NotEqual if !can_be_equal(left, right) => {
            Some("== and != compare single values; HAS and IN look into arrays")
        }
        Operator::Equal
            if std::mem::discriminant(&left) != std::mem::discriminant(&right)
                && !equal(left, right) =>
        {
            Some("values of different kinds are never equal")
        }
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual
            if ordering(left, right).is_none() =>
        {
            Some("only two numbers or two texts have an order")
        }
        Operator::Contains if !matches!((left, right), (Value::Text(_), Value::Text(_))) => {
            Some("CONTAINS looks for a text in a text; HAS looks into arrays")
        }
        Operator::Has if has(left, right, scope).is_none() => {
            Some("HAS wants an array on its left, one value on its right")
        }
        Operator::In | Operator::NotIn if has(right, left, scope).is_none() => {
            Some("IN wants one value on its left, an array on its right")
        }
        Operator::Equal
        | Operator::NotEqual
        | Operator::Less
        | Operator::LessOrEqual
        | Operator::Greater
        | Operator::GreaterOrEqual
        | Operator::Contains
        | Operator::Has
        | Operator::In
        | Operator::NotIn => None,
    }
}

/// A value as JSON; `None`: there is none. Of an object it is known that it is there, and nothing else.
fn json(value: Value<'_>, scope: &dyn Scope) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(value) => Some(value.to_string()),
        Value::Text(text) => Some(serde_json::Value::from(text).to_string()),
        Value::Array(elements) => Some(serde_json::Value::from(elements).to_string()),
        Value::Literal(elements) => {
            let element =
                |each| json(super::value(each, scope), scope).unwrap_or_else(|| "null".to_owned());
            Some(format!(
                "[{}]",
                elements.iter().map(element).collect::<Vec<_>>().join(",")
            ))
        }
        Value::Object => Some("{…}".to_owned()),
    }
}

/// The beginning of a text that may be long.
pub(in crate::router) fn told(text: &str) -> String {
    match text.char_indices().nth(TOLD_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
