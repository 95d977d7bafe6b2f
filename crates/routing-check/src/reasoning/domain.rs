//! The values that a variable can still have, and the tests that narrow them.
//!
//! A domain is a product over the kinds of values, so every test of one variable against constants
//! narrows it exactly, whether the test is true or false (taskrouter.md sections 8.3 and 8.4).

use std::cmp::Ordering;
use std::ops::Bound::{self, Excluded, Included, Unbounded};

use serde_json::{Value as Json, json};
use task_router::model::Operator;

use super::numbers::Numbers;
use super::scalar::Scalar;
use super::texts::Texts;

/// A comparison of one variable with constants.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// `x == c`
    Equals(Scalar),
    /// `x != c`
    Differs(Scalar),
    /// `x < c`, `x <= c`, `x > c`, `x >= c`, where `c` is a number or a text.
    Order(Operator, Scalar),
    /// `x CONTAINS c`
    Contains(String),
    /// `x HAS c`, `c IN x`
    Has(Scalar),
    /// `c NOT IN x`
    Lacks(Scalar),
    /// `x IN [c, …]`
    OneOf(Vec<Scalar>),
    /// `x NOT IN [c, …]`
    NoneOf(Vec<Scalar>),
}

impl Test {
    /// Can the test be true for an array? Then the variable may be meant to be one.
    pub fn is_of_arrays(&self) -> bool {
        match self {
            Self::Has(_) | Self::Lacks(_) => true,
            Self::Equals(_)
            | Self::Differs(_)
            | Self::Order(..)
            | Self::Contains(_)
            | Self::OneOf(_)
            | Self::NoneOf(_) => false,
        }
    }
}

impl Test {
    /// Does a value that is neither an array nor an object pass the test?
    pub fn passes(&self, value: &Scalar) -> bool {
        match self {
            Self::Equals(constant) => value == constant,
            Self::Differs(constant) => value != constant,
            Self::OneOf(constants) => constants.contains(value),
            Self::NoneOf(constants) => !constants.contains(value),
            Self::Order(operator, bound) => value
                .ordering(bound)
                .is_some_and(|ordering| has_order(*operator, ordering)),
            Self::Contains(part) => {
                matches!(value, Scalar::Text(text) if text.contains(part.as_str()))
            }
            Self::Has(_) => false,
            Self::Lacks(_) => *value == Scalar::Null,
        }
    }
}

fn has_order(operator: Operator, ordering: Ordering) -> bool {
    match operator {
        Operator::Less => ordering.is_lt(),
        Operator::LessOrEqual => ordering.is_le(),
        Operator::Greater => ordering.is_gt(),
        Operator::GreaterOrEqual => ordering.is_ge(),
        Operator::Equal
        | Operator::NotEqual
        | Operator::Contains
        | Operator::Has
        | Operator::In
        | Operator::NotIn => false,
    }
}

/// What is known of a variable before any test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An attribute: any JSON value, or missing.
    Any,
    /// An attribute that is neither an array nor an object.
    Single,
    /// A built-in name that is always a text.
    Text,
    /// A day of the week.
    Day,
    /// A number of Workers.
    Count,
}

/// The days of the week as `taskrouter.dayOfWeek` has them.
pub const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The values that a variable can still have.
#[derive(Debug, Clone, PartialEq)]
pub struct Domain {
    null: bool,
    yes: bool,
    no: bool,
    object: bool,
    numbers: Numbers,
    /// Only whole numbers count.
    whole: bool,
    texts: Option<Texts>,
    arrays: Option<Arrays>,
}

/// Arrays with and without elements.
#[derive(Debug, Clone, PartialEq, Default)]
struct Arrays {
    has: Vec<Scalar>,
    lacks: Vec<Scalar>,
}

impl Domain {
    /// Every value of a kind.
    pub fn of(kind: Kind) -> Self {
        let any = Self {
            null: true,
            yes: true,
            no: true,
            object: true,
            numbers: Numbers::all(),
            whole: false,
            texts: Some(Texts::all()),
            arrays: Some(Arrays::default()),
        };
        match kind {
            Kind::Any => any,
            Kind::Single => Self {
                object: false,
                arrays: None,
                ..any
            },
            Kind::Text => Self {
                texts: any.texts,
                ..Self::nothing()
            },
            Kind::Day => Self {
                texts: Some(Texts::listed(DAYS)),
                ..Self::nothing()
            },
            Kind::Count => Self {
                numbers: Numbers::of((Included(0_i64.into()), Unbounded)),
                whole: true,
                ..Self::nothing()
            },
        }
    }

    fn nothing() -> Self {
        Self {
            null: false,
            yes: false,
            no: false,
            object: false,
            numbers: Numbers::none(),
            whole: false,
            texts: None,
            arrays: None,
        }
    }

    /// Keeps the values for which the test is `truth`.
    pub fn narrow(&mut self, test: &Test, truth: bool) {
        match (test, truth) {
            (Test::Equals(constant), true) => self.keep(&[constant]),
            (Test::Equals(constant), false) => self.remove(&[constant]),
            (Test::OneOf(constants), true) => self.keep(&refs(constants)),
            (Test::OneOf(constants), false) => self.remove(&refs(constants)),
            // An array or object differs from nothing but null.
            (Test::Differs(Scalar::Null), true) => self.null = false,
            (Test::Differs(Scalar::Null), false) => self.keep(&[&Scalar::Null]),
            (Test::Differs(constant), true) => self.keep_single_except(&[constant]),
            (Test::Differs(constant), false) => self.keep_compound_and(&[constant]),
            (Test::NoneOf(constants), true) => self.keep_single_except(&refs(constants)),
            (Test::NoneOf(constants), false) => self.keep_compound_and(&refs(constants)),
            (Test::Order(operator, bound), truth) => self.narrow_order(*operator, bound, truth),
            (Test::Contains(part), truth) => self.narrow_parts(part, truth),
            (Test::Has(element), true) => {
                let arrays = self.arrays.take();
                *self = Self {
                    arrays: arrays.map(|arrays| arrays.having(element)),
                    ..Self::nothing()
                };
            }
            (Test::Has(element), false) => {
                let arrays = self.arrays.take();
                self.arrays = arrays.map(|arrays| arrays.lacking(element));
            }
            // A missing list lacks every element.
            (Test::Lacks(element), true) => {
                let arrays = self.arrays.take();
                *self = Self {
                    null: self.null,
                    arrays: arrays.map(|arrays| arrays.lacking(element)),
                    ..Self::nothing()
                };
            }
            (Test::Lacks(element), false) => {
                self.null = false;
                let arrays = self.arrays.take();
                self.arrays = arrays.map(|arrays| arrays.having(element));
            }
        }
    }

    /// Keeps the values that have an order: numbers and texts.
    pub fn keep_ordered(&mut self) {
        *self = Self {
            numbers: std::mem::replace(&mut self.numbers, Numbers::none()),
            whole: self.whole,
            texts: self.texts.take(),
            ..Self::nothing()
        };
    }

    /// Has it no value? `false` where that is not certain.
    pub fn is_empty(&self) -> bool {
        let no_number =
            self.numbers.is_empty() || (self.whole && self.numbers.has_no_whole_number());
        let no_text = self.texts.as_ref().is_none_or(Texts::is_empty);
        let no_array = self.arrays.as_ref().is_none_or(Arrays::is_empty);
        !(self.null || self.yes || self.no || self.object) && no_number && no_text && no_array
    }

    /// One of its values, `null` if it may be missing. `None`: none was found.
    pub fn example(&self) -> Option<Json> {
        if self.null {
            return Some(Json::Null);
        }
        let text = self.texts.as_ref().and_then(Texts::example);
        text.or_else(|| self.numbers.example())
            .or_else(|| self.yes.then_some(Json::Bool(true)))
            .or_else(|| self.no.then_some(Json::Bool(false)))
            .or_else(|| self.arrays.as_ref().and_then(Arrays::example))
            .or_else(|| self.object.then(|| json!({})))
    }

    fn keep(&mut self, constants: &[&Scalar]) {
        self.keep_compound_and(constants);
        self.object = false;
        self.arrays = None;
    }

    fn keep_compound_and(&mut self, constants: &[&Scalar]) {
        let has = |wanted: &Scalar| constants.contains(&wanted);
        self.null &= has(&Scalar::Null);
        self.yes &= has(&Scalar::Bool(true));
        self.no &= has(&Scalar::Bool(false));
        self.numbers = self.numbers.and(&numbers_among(constants));
        if let Some(texts) = &mut self.texts {
            texts.keep(&texts_among(constants));
        }
    }

    fn remove(&mut self, constants: &[&Scalar]) {
        let has = |wanted: &Scalar| constants.contains(&wanted);
        self.null &= !has(&Scalar::Null);
        self.yes &= !has(&Scalar::Bool(true));
        self.no &= !has(&Scalar::Bool(false));
        self.numbers = self.numbers.and(&numbers_among(constants).negated());
        if let Some(texts) = &mut self.texts {
            texts.remove(&texts_among(constants));
        }
    }

    fn keep_single_except(&mut self, constants: &[&Scalar]) {
        self.remove(constants);
        self.object = false;
        self.arrays = None;
    }

    fn narrow_order(&mut self, operator: Operator, bound: &Scalar, truth: bool) {
        let mut ordered = Self::nothing();
        ordered.whole = self.whole;
        let (numbers, texts) = (&mut self.numbers, &mut self.texts);
        match bound {
            Scalar::Number(number) => {
                let inside = Numbers::of(range(operator, *number));
                let kept = if truth { inside } else { inside.negated() };
                *numbers = numbers.and(&kept);
                ordered.numbers.clone_from(numbers);
            }
            Scalar::Text(text) => {
                let operator = if truth { operator } else { opposite(operator) };
                if let Some(texts) = texts {
                    let (from, to) = range(operator, text.as_str());
                    texts.keep_range(from, to);
                }
                ordered.texts.clone_from(texts);
            }
            // Nothing is before or after null or a boolean.
            Scalar::Null | Scalar::Bool(_) => {}
        }
        if truth {
            *self = ordered;
        }
    }

    fn narrow_parts(&mut self, part: &str, truth: bool) {
        if !truth {
            if let Some(texts) = &mut self.texts {
                texts.remove_containing(part);
            }
            return;
        }
        let mut texts = self.texts.take();
        if let Some(texts) = &mut texts {
            texts.keep_containing(part);
        }
        *self = Self {
            texts,
            ..Self::nothing()
        };
    }
}

impl Arrays {
    fn having(mut self, element: &Scalar) -> Self {
        self.has.push(element.clone());
        self
    }

    fn lacking(mut self, element: &Scalar) -> Self {
        self.lacks.push(element.clone());
        self
    }

    fn is_empty(&self) -> bool {
        self.has.iter().any(|element| self.lacks.contains(element))
    }

    fn example(&self) -> Option<Json> {
        let elements = self.has.iter().map(json_of).collect::<Option<Vec<_>>>()?;
        (!self.is_empty()).then_some(Json::Array(elements))
    }
}

fn json_of(scalar: &Scalar) -> Option<Json> {
    match scalar {
        Scalar::Null => Some(Json::Null),
        Scalar::Bool(value) => Some(Json::Bool(*value)),
        Scalar::Number(number) => serde_json::from_str(&number.to_string()).ok(),
        Scalar::Text(text) => Some(Json::from(text.as_str())),
    }
}

fn refs(constants: &[Scalar]) -> Vec<&Scalar> {
    constants.iter().collect()
}

fn texts_among<'c>(constants: &[&'c Scalar]) -> Vec<&'c str> {
    let text = |constant: &&'c Scalar| match constant {
        Scalar::Text(text) => Some(text.as_str()),
        Scalar::Null | Scalar::Bool(_) | Scalar::Number(_) => None,
    };
    constants.iter().filter_map(text).collect()
}

fn numbers_among(constants: &[&Scalar]) -> Numbers {
    let mut rest = Numbers::all();
    for constant in constants {
        match constant {
            Scalar::Number(number) => rest = rest.and(&Numbers::one(*number).negated()),
            Scalar::Null | Scalar::Bool(_) | Scalar::Text(_) => {}
        }
    }
    rest.negated()
}

/// The values that are true of an ordering. Any other operator has none.
fn range<T: Copy>(operator: Operator, bound: T) -> (Bound<T>, Bound<T>) {
    match operator {
        Operator::Less => (Unbounded, Excluded(bound)),
        Operator::LessOrEqual => (Unbounded, Included(bound)),
        Operator::Greater => (Excluded(bound), Unbounded),
        Operator::GreaterOrEqual => (Included(bound), Unbounded),
        Operator::Equal
        | Operator::NotEqual
        | Operator::Contains
        | Operator::Has
        | Operator::In
        | Operator::NotIn => (Excluded(bound), Excluded(bound)),
    }
}

fn opposite(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::GreaterOrEqual,
        Operator::LessOrEqual => Operator::Greater,
        Operator::Greater => Operator::LessOrEqual,
        Operator::GreaterOrEqual => Operator::Less,
        other @ (Operator::Equal
        | Operator::NotEqual
        | Operator::Contains
        | Operator::Has
        | Operator::In
        | Operator::NotIn) => other,
    }
}
