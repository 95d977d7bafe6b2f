//! Reasoning about expressions: can they be true, and does one imply others?
//!
//! [`Reasoner::formula`] turns an expression into a [`Formula`] over atoms. An atom is a test of one
//! variable against constants, a relation of two variables, or a comparison of which nothing is
//! known. [`Reasoner::solve`] searches for values of the variables that make every formula true: it
//! narrows the [`domain`] of each variable, and tries the branches of an `OR` one by one, in at most
//! [`STEPS_MAX`] steps. Domains are never too small, so [`Verdict::Never`] is a proof. A
//! [`Verdict::Sometimes`] is a candidate: [`Solution::example`] makes a Task of it, which the engine's
//! own evaluator can confirm.

pub mod domain;
mod formula;
mod minutes;
mod numbers;
mod reading;
mod scalar;
mod solving;
mod texts;
pub mod variable;

use std::cell::Cell;
use std::collections::BTreeMap;

use domain::{Kind, Test};
use minutes::{Minutes, TimeField};
use task_router::model::{Expression, Term, Worker};
use variable::{Context, Variable};

pub use formula::Formula;
pub use scalar::Scalar;
pub use solving::{STEPS_MAX, Solution, TOTAL_STEPS_MAX, Verdict};

/// Relations of two values, one bit each: exactly one of them holds.
mod relation {
    /// Numbers or texts, the left one first.
    pub const LESS: u8 = 1;
    /// Equal numbers or texts.
    pub const SAME: u8 = 2;
    /// Numbers or texts, the right one first.
    pub const GREATER: u8 = 4;
    /// Both null, or equal booleans: equal without an order.
    pub const EQUAL: u8 = 8;
    /// Different, without an order.
    pub const DIFFERENT: u8 = 16;
    /// An array or object and something that is not null: neither equal nor different.
    pub const INCOMPARABLE: u8 = 32;
    /// Those of numbers or texts.
    pub const ORDERED: u8 = LESS | SAME | GREATER;
    /// All of them.
    pub const ANY: u8 = ORDERED | EQUAL | DIFFERENT | INCOMPARABLE;
}

/// A condition that is true or false.
#[derive(Debug, Clone, PartialEq)]
enum Atom {
    /// A variable passes a test.
    Test(usize, Test),
    /// Two variables are in one of these [`relation`]s.
    Relation(usize, usize, u8),
    /// The time of day is one of these minutes.
    Time(Context, Minutes),
    /// A comparison of which nothing is known, by its text.
    Opaque(String),
}

/// The atoms and variables of some expressions.
#[derive(Debug, Default)]
pub struct Reasoner<'w> {
    variables: Vec<Variable>,
    /// Variables of which an array is expected.
    arrays: Vec<bool>,
    indexes: BTreeMap<Variable, usize>,
    atoms: Vec<Atom>,
    worker: Option<&'w Worker>,
    assumes_single_values: bool,
    steps: Cell<usize>,
}

impl<'w> Reasoner<'w> {
    /// Without expressions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Assumes that a variable which no expression uses as an array is neither an array nor an
    /// object. `x != "a" OR x != "b"` is then always true, as its author must expect.
    #[must_use]
    pub fn assuming_single_values(mut self) -> Self {
        self.assumes_single_values = true;
        self
    }

    /// Takes the Worker's attributes and names as constants. The Worker's Activity and channels
    /// change, and stay variables.
    #[must_use]
    pub fn with_worker(mut self, worker: &'w Worker) -> Self {
        self.worker = Some(worker);
        self
    }

    /// The formula of an expression that is written in `context`.
    pub fn formula(&mut self, context: Context, expression: &Expression) -> Formula {
        self.term(context, expression.root()).simplified()
    }

    /// The formula of a part of an expression.
    pub fn of_term(&mut self, context: Context, term: &Term) -> Formula {
        self.term(context, term).simplified()
    }

    /// The formula of a test of a variable.
    pub fn test_of(&mut self, variable: Variable, test: Test) -> Formula {
        let variable = self.variable(variable);
        self.test(variable, test)
    }

    fn variable(&mut self, variable: Variable) -> usize {
        if let Some(index) = self.indexes.get(&variable) {
            return *index;
        }
        let index = self.variables.len();
        self.indexes.insert(variable.clone(), index);
        self.variables.push(variable);
        self.arrays.push(false);
        index
    }

    fn test(&mut self, variable: usize, test: Test) -> Formula {
        if test.is_of_arrays() {
            self.expect_array(variable);
        }
        self.atom(Atom::Test(variable, test))
    }

    fn expect_array(&mut self, variable: usize) {
        if let Some(is_array) = self.arrays.get_mut(variable) {
            *is_array = true;
        }
    }

    fn time(&mut self, context: Context, field: TimeField, test: &Test) -> Formula {
        self.atom(Atom::Time(context, Minutes::passing(field, test)))
    }

    fn atom(&mut self, atom: Atom) -> Formula {
        if let Some(index) = self.atoms.iter().position(|known| *known == atom) {
            return Formula::Atom(index, true);
        }
        self.atoms.push(atom);
        Formula::Atom(self.atoms.len() - 1, true)
    }

    fn kind(&self, variable: usize) -> Kind {
        let kind = self
            .variables
            .get(variable)
            .map_or(Kind::Any, Variable::kind);
        let is_array = self.arrays.get(variable).copied().unwrap_or(true);
        match kind {
            Kind::Any if self.assumes_single_values && !is_array => Kind::Single,
            Kind::Any | Kind::Single | Kind::Text | Kind::Day | Kind::Count => kind,
        }
    }
}

#[cfg(test)]
mod tests;
