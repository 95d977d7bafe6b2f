//! Why an expression is false: its false comparisons, with the values of their sides. It visits the
//! same conditions and evaluates the same comparisons as [`Expression::matches`], and is only
//! called for an explanation.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Scope, Value, can_be_equal, equal, has, ordering, term, value};
use crate::model::{Comparison, Expression, Operand, Operator, Term};

/// Comparisons of one expression that are shown: more than a person reads, and few enough that an
/// explanation of many Workers stays small.
pub const CLAUSES_MAX: usize = 12;

/// Characters of a comparison, a value or an expression that are shown.
pub const SHOWN_CHARS_MAX: usize = 200;

/// An expression that is false, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FalseExpression {
    /// The source of the expression.
    pub expression: String,
    /// What makes it false.
    pub because: Because,
    /// The number of further comparisons, beyond [`CLAUSES_MAX`].
    pub more: usize,
}

/// What would have to change for an expression to be true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Because {
    /// This comparison.
    Clause(Box<Clause>),
    /// All of these.
    AllOf {
        /// In the order of the source.
        all_of: Vec<Because>,
    },
    /// One of these.
    AnyOf {
        /// In the order of the source.
        any_of: Vec<Because>,
    },
}

/// A comparison that is not what it would have to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clause {
    /// The comparison in a sentence, with the values.
    pub text: String,
    /// The source of the comparison.
    pub clause: String,
    /// The column of the expression at which it begins, counted in characters from 1.
    pub column: usize,
    /// Its value: true only within a `NOT`.
    pub is: bool,
    /// Left-hand side.
    pub left: Side,
    /// The operator, such as `HAS`.
    pub operator: String,
    /// Right-hand side.
    pub right: Side,
    /// Why it is false for all values of these kinds.
    pub hint: Option<String>,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// The operand in normal form.
    pub operand: String,
    /// Its value as JSON; `None`: it is missing or null.
    pub value: Option<String>,
}

impl Expression {
    /// Why the expression is false in this scope. `None`: it is true.
    pub fn why_false(&self, scope: &dyn Scope) -> Option<FalseExpression> {
        let mut explainer = Explainer {
            scope,
            written: self.comparisons(),
            next: 0,
            shown: 0,
            more: 0,
        };
        let because = explainer.why(self.root(), true)?;
        Some(FalseExpression {
            expression: shortened(self.source()),
            because,
            more: explainer.more,
        })
    }
}

impl FalseExpression {
    /// The expression in pieces, and for each whether it is one of the comparisons in `because`.
    pub fn marked(&self) -> Vec<(String, bool)> {
        let clauses = self.because.clauses();
        let is_shown = |at: usize| {
            clauses.iter().any(|each| {
                (each.column..each.column + each.clause.chars().count()).contains(&(at + 1))
            })
        };
        let mut pieces: Vec<(String, bool)> = Vec::new();
        for (at, letter) in self.expression.chars().enumerate() {
            let shown = is_shown(at);
            match pieces.last_mut() {
                Some((piece, same)) if *same == shown => piece.push(letter),
                Some(_) | None => pieces.push((letter.to_string(), shown)),
            }
        }
        pieces
    }
}

impl Because {
    /// All comparisons in it, in the order of the source.
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

/// Visits the conditions of an expression and collects the false comparisons.
struct Explainer<'a> {
    scope: &'a dyn Scope,
    /// The column and source of each comparison.
    written: Vec<(usize, &'a str)>,
    /// The index in `written` of the next comparison.
    next: usize,
    shown: usize,
    more: usize,
}

impl Explainer<'_> {
    /// Why a condition does not have the wanted value. `None`: it has it, or [`CLAUSES_MAX`] is
    /// reached.
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
        if self.shown == CLAUSES_MAX {
            self.more += 1;
            return None;
        }
        self.shown += 1;
        let left = side(&comparison.left, self.scope);
        let right = side(&comparison.right, self.scope);
        let hint = if is {
            None
        } else {
            hint(comparison, self.scope)
        };
        let clause = shortened(written);
        let text = sentence(
            &clause,
            is,
            [&comparison.left, &comparison.right],
            [&left, &right],
            hint,
            self.scope,
        );
        Some(Because::Clause(Box::new(Clause {
            text,
            clause,
            column,
            is,
            left,
            operator: comparison.operator.to_string(),
            right,
            hint: hint.map(str::to_owned),
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
        operand: shortened(&operand.to_string()),
        value: json(value(operand, scope), scope).map(|text| shortened(&text)),
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

/// Owners whose prefix is left out of the sentence, because the sentence names the owner.
const OWNERS: [(&str, &str); 2] = [("the Worker", "worker."), ("the Task", "task.")];

/// The value of a side in words. `None`: the operand is a constant, which shows its value.
fn in_words(operand: &Operand, side: &Side, scope: &dyn Scope) -> Option<String> {
    match (operand, &side.value) {
        (Operand::Path(path), None) => {
            let Some(owner) = scope.owner(path.steps()) else {
                return Some(format!(
                    "the key `{0}` needs a prefix, `task.{0}` or `worker.{0}`",
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

/// Why a false comparison is false for all values of these kinds (taskrouter.md section 8.3).
fn hint(comparison: &Comparison, scope: &dyn Scope) -> Option<&'static str> {
    let left = value(&comparison.left, scope);
    let right = value(&comparison.right, scope);
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

/// A value as JSON. `None`: it is missing or null. The content of an object is not known here.
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

/// A text, cut after [`SHOWN_CHARS_MAX`] characters.
pub(in crate::router) fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
