//! The search for values that make formulas true.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::domain::Domain;
use super::minutes::Minutes;
use super::variable::{Context, Owner, Variable};
use super::{Atom, Formula, Reasoner, relation};

/// Most atoms that one search looks at: some milliseconds. Real questions take below a thousand; a
/// longer search is given up, and nothing is said.
pub const STEPS_MAX: usize = 20_000;

/// Most atoms that all searches over one set of expressions look at together: about a second. A
/// Workflow of a hundred filters takes a twentieth of it.
pub const TOTAL_STEPS_MAX: usize = 1_000_000;

/// Whether formulas can be true together.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Never: proven.
    Never,
    /// These values are a candidate. What is opaque may still forbid them.
    Sometimes(Box<Solution>),
    /// Not decided within [`STEPS_MAX`] and [`TOTAL_STEPS_MAX`].
    Undecided,
}

/// Values for which formulas are true, as far as they are known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Solution {
    domains: BTreeMap<usize, Domain>,
    minutes: BTreeMap<Context, Minutes>,
    relations: BTreeMap<(usize, usize), u8>,
    opaque: BTreeMap<usize, bool>,
}

/// What a formula is under the values found so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    True,
    False,
    Open,
}

/// The search ran out of steps.
struct OutOfSteps;

struct Search<'r> {
    reasoner: &'r Reasoner<'r>,
    steps: usize,
}

impl Reasoner<'_> {
    /// Can these formulas be true together?
    pub fn solve(&self, formulas: &[&Formula]) -> Verdict {
        let mut search = Search {
            reasoner: self,
            steps: 0,
        };
        let found = search.run(Solution::default(), formulas.to_vec());
        self.steps
            .set(self.steps.get().saturating_add(search.steps));
        match found {
            Ok(Some(solution)) => Verdict::Sometimes(Box::new(solution)),
            Ok(None) => Verdict::Never,
            Err(OutOfSteps) => Verdict::Undecided,
        }
    }

    /// The atoms that all searches so far have looked at.
    pub fn steps(&self) -> usize {
        self.steps.get()
    }

    /// Is it proven that these formulas are never true together?
    pub fn is_never(&self, formulas: &[&Formula]) -> bool {
        self.solve(formulas) == Verdict::Never
    }

    /// Is it proven that `consequence` is true whenever `condition` is?
    pub fn implies(&self, condition: &Formula, consequence: &Formula) -> bool {
        self.is_never(&[condition, &consequence.negated()])
    }
}

impl Search<'_> {
    /// Narrows the solution by what must be true, then tries the branches of the smallest `OR`.
    fn run(
        &mut self,
        mut solution: Solution,
        formulas: Vec<&Formula>,
    ) -> Result<Option<Solution>, OutOfSteps> {
        let mut choices: Vec<Vec<&Formula>> = Vec::new();
        let mut required = formulas;
        loop {
            while let Some(formula) = required.pop() {
                match formula {
                    Formula::All(formulas) => required.extend(formulas),
                    Formula::Any(formulas) => choices.push(formulas.iter().collect()),
                    Formula::Atom(atom, truth) => {
                        self.step()?;
                        if !solution.assume(self.reasoner, *atom, *truth) {
                            return Ok(None);
                        }
                    }
                }
            }
            let mut open = Vec::new();
            for choice in std::mem::take(&mut choices) {
                let Some(mut branches) = self.open_branches(&solution, choice)? else {
                    continue;
                };
                match branches.len() {
                    0 => return Ok(None),
                    1 => required.append(&mut branches),
                    _several => open.push(branches),
                }
            }
            choices = open;
            if required.is_empty() {
                break;
            }
        }
        let Some(smallest) = (0..choices.len()).min_by_key(|at| choices.get(*at).map(Vec::len))
        else {
            return Ok(Some(solution));
        };
        let branches = choices.swap_remove(smallest);
        for branch in branches {
            let found = self.branch(&solution, branch, &choices)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn branch(
        &mut self,
        solution: &Solution,
        branch: &Formula,
        choices: &[Vec<&Formula>],
    ) -> Result<Option<Solution>, OutOfSteps> {
        // Each choice is copied.
        self.spend(choices.len())?;
        let rest: Vec<Formula> = choices
            .iter()
            .map(|choice| Formula::Any(choice.iter().map(|&one| one.clone()).collect()))
            .collect();
        let formulas = rest.iter().chain([branch]).collect();
        self.run(solution.clone(), formulas)
    }

    /// The branches that can still be true. `None`: one of them is true already.
    fn open_branches<'f>(
        &mut self,
        solution: &Solution,
        branches: Vec<&'f Formula>,
    ) -> Result<Option<Vec<&'f Formula>>, OutOfSteps> {
        let mut open = Vec::new();
        for branch in branches {
            match self.status(solution, branch)? {
                Status::True => return Ok(None),
                Status::False => {}
                Status::Open => open.push(branch),
            }
        }
        Ok(Some(open))
    }

    fn status(&mut self, solution: &Solution, formula: &Formula) -> Result<Status, OutOfSteps> {
        let (formulas, decisive, otherwise) = match formula {
            Formula::Atom(atom, truth) => {
                self.step()?;
                return Ok(solution.status(self.reasoner, *atom, *truth));
            }
            Formula::All(formulas) => (formulas, Status::False, Status::True),
            Formula::Any(formulas) => (formulas, Status::True, Status::False),
        };
        let mut whole = otherwise;
        for inner in formulas {
            match self.status(solution, inner)? {
                status if status == decisive => return Ok(decisive),
                Status::Open => whole = Status::Open,
                Status::True | Status::False => {}
            }
        }
        Ok(whole)
    }

    fn step(&mut self) -> Result<(), OutOfSteps> {
        self.spend(1)
    }

    fn spend(&mut self, steps: usize) -> Result<(), OutOfSteps> {
        self.steps = self.steps.saturating_add(steps);
        let total = self.reasoner.steps().saturating_add(self.steps);
        if self.steps > STEPS_MAX || total > TOTAL_STEPS_MAX {
            return Err(OutOfSteps);
        }
        Ok(())
    }
}

impl Solution {
    /// Narrows the values to those for which the atom is `truth`. `false`: none is left.
    fn assume(&mut self, reasoner: &Reasoner<'_>, index: usize, truth: bool) -> bool {
        let Some(atom) = reasoner.atoms.get(index) else {
            return true;
        };
        match atom {
            Atom::Test(variable, test) => {
                let domain = self.domain_mut(reasoner, *variable);
                domain.narrow(test, truth);
                !domain.is_empty()
            }
            Atom::Time(context, minutes) => {
                let left = self.minutes.entry(*context).or_insert_with(Minutes::all);
                left.narrow(minutes, truth);
                !left.is_empty()
            }
            Atom::Relation(left, right, holds) => {
                let holds = if truth {
                    *holds
                } else {
                    relation::ANY & !holds
                };
                let known = self
                    .relations
                    .entry((*left, *right))
                    .or_insert(relation::ANY);
                *known &= holds;
                let known = *known;
                if known & !relation::ORDERED == 0 {
                    for variable in [*left, *right] {
                        self.domain_mut(reasoner, variable).keep_ordered();
                    }
                }
                known != 0
                    && [*left, *right].iter().all(|variable| {
                        self.domains
                            .get(variable)
                            .is_none_or(|domain| !domain.is_empty())
                    })
            }
            Atom::Opaque(_) => *self.opaque.entry(index).or_insert(truth) == truth,
        }
    }

    fn domain_mut(&mut self, reasoner: &Reasoner<'_>, variable: usize) -> &mut Domain {
        self.domains
            .entry(variable)
            .or_insert_with(|| Domain::of(reasoner.kind(variable)))
    }

    fn status(&self, reasoner: &Reasoner<'_>, index: usize, truth: bool) -> Status {
        let can_be = |wanted: bool| self.can_be(reasoner, index, wanted);
        match (can_be(truth), can_be(!truth)) {
            (false, _) => Status::False,
            (true, false) => Status::True,
            (true, true) => Status::Open,
        }
    }

    fn can_be(&self, reasoner: &Reasoner<'_>, index: usize, truth: bool) -> bool {
        match reasoner.atoms.get(index) {
            Some(Atom::Test(variable, test)) => {
                let mut domain = self
                    .domains
                    .get(variable)
                    .map_or_else(|| Domain::of(reasoner.kind(*variable)), Domain::clone);
                domain.narrow(test, truth);
                !domain.is_empty()
            }
            Some(Atom::Time(context, minutes)) => {
                let mut left = self
                    .minutes
                    .get(context)
                    .map_or_else(Minutes::all, Minutes::clone);
                left.narrow(minutes, truth);
                !left.is_empty()
            }
            Some(Atom::Relation(left, right, holds)) => {
                let holds = if truth {
                    *holds
                } else {
                    relation::ANY & !holds
                };
                let known = self.relations.get(&(*left, *right));
                known.copied().unwrap_or(relation::ANY) & holds != 0
            }
            Some(Atom::Opaque(_)) => self.opaque.get(&index).is_none_or(|known| *known == truth),
            None => true,
        }
    }

    /// Is it free of what is not known: relations of variables, and opaque comparisons?
    pub fn is_exact(&self) -> bool {
        self.relations.is_empty() && self.opaque.is_empty()
    }

    /// Does it depend on comparisons of which nothing is known?
    pub fn has_opaque(&self) -> bool {
        !self.opaque.is_empty()
    }

    /// The first minute of the day at which the formulas of `context` are true, as `HH:MM` in UTC.
    /// `None`: they do not ask for the time.
    pub fn time(&self, context: Context) -> Option<String> {
        self.minutes.get(&context)?.first()
    }

    /// The day of the week at which the formulas of `context` are true. `None`: they do not ask for
    /// it.
    pub fn day(&self, reasoner: &Reasoner<'_>, context: Context) -> Option<String> {
        let day = self.of_owner(reasoner, Owner::Day(context)).next()?;
        Some(day.1.example()?.as_str()?.to_owned())
    }

    /// The attributes of a Task for which the formulas are true. `None`: none was found.
    pub fn example(&self, reasoner: &Reasoner<'_>) -> Option<Map<String, Json>> {
        let mut attributes = Map::new();
        for (variable, domain) in self.of_owner(reasoner, Owner::Task) {
            let value = domain.example()?;
            if !value.is_null() {
                put(&mut attributes, &variable.path, value)?;
            }
        }
        Some(attributes)
    }

    fn of_owner<'s>(
        &'s self,
        reasoner: &'s Reasoner<'_>,
        owner: Owner,
    ) -> impl Iterator<Item = (&'s Variable, &'s Domain)> {
        self.domains.iter().filter_map(move |(variable, domain)| {
            let variable = reasoner.variables.get(*variable)?;
            (variable.owner == owner).then_some((variable, domain))
        })
    }
}

/// Sets the value at a path of keys. `None`: the path has an index, or leads through a value that is
/// no object.
fn put(attributes: &mut Map<String, Json>, path: &str, value: Json) -> Option<()> {
    if path.contains('[') {
        return None;
    }
    let (keys, last) = match path.rsplit_once('.') {
        Some((keys, last)) => (keys.split('.').collect(), last),
        None => (Vec::new(), path),
    };
    let mut object = attributes;
    for key in keys {
        let inner = object.entry(key).or_insert_with(|| json!({}));
        object = inner.as_object_mut()?;
    }
    object.insert(last.to_owned(), value);
    Some(())
}
