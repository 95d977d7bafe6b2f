//! CB1xx: filters that no Task reaches, and Tasks that no filter matches.

use task_router::model::{AfterFailedReservation, Expression, Filter, Target};

use super::Report;
use super::view::{asks_for_time, is_constant};
use crate::reasoning::domain::Test;
use crate::reasoning::variable::{Context, Owner, Variable};
use crate::reasoning::{Formula, Reasoner, Scalar, Solution, Verdict};
use crate::{Centre, DeclaredWorkflow, Rule, Spot};

pub(super) fn check(centre: &Centre, report: &mut Report) {
    for workflow in &centre.workflows {
        let filters = Filters::of(centre, workflow);
        filters.conditions(report);
        filters.never_reached(report);
        filters.uncovered(centre, report);
    }
}

/// The filters of a Workflow as formulas.
struct Filters<'c> {
    workflow: &'c DeclaredWorkflow,
    reasoner: Reasoner<'c>,
    formulas: Vec<Formula>,
    after_failed: AfterFailedReservation,
}

impl<'c> Filters<'c> {
    fn of(centre: &Centre, workflow: &'c DeclaredWorkflow) -> Self {
        let mut reasoner = Reasoner::new().assuming_single_values();
        let filters = &workflow.workflow.configuration.filters;
        let formula = |filter: &Filter| match &filter.expression {
            Some(expression) => reasoner.formula(Context::Filter, expression),
            None => Formula::constant(true),
        };
        let formulas = filters.iter().map(formula).collect();
        let rules = centre.settings.as_ref().map(|settings| &settings.rules);
        Self {
            workflow,
            reasoner,
            formulas,
            after_failed: rules.map_or(AfterFailedReservation::StayInStep, |rules| {
                rules.after_failed_reservation
            }),
        }
    }

    fn filters(&self) -> &'c [Filter] {
        &self.workflow.workflow.configuration.filters
    }

    fn expression_at(&self, filter: usize) -> String {
        format!("{}.expression", self.workflow.filter_at(filter))
    }

    /// CB102, CB103.
    fn conditions(&self, report: &mut Report) {
        for (index, (filter, formula)) in self.filters().iter().zip(&self.formulas).enumerate() {
            let Some(expression) = &filter.expression else {
                continue;
            };
            let at = self.expression_at(index);
            if report.has(Rule::ComparisonNeverTrue, &at) {
                continue;
            }
            let name = shown(filter, index);
            if self.reasoner.is_never(&[formula]) {
                let message =
                    format!("the filter {name} matches no Task: its expression can never be true");
                report.add(Rule::FilterNeverTrue, Spot::at(at), message);
            } else if !is_constant(expression) && self.reasoner.is_never(&[&formula.negated()]) {
                let message = format!(
                    "the filter {name} matches every Task: its expression is always true. If that is \
                     meant, leave the expression out"
                );
                report.add(Rule::FilterAlwaysTrue, Spot::at(at), message);
            }
        }
    }

    /// CB101. A filter whose steps all end by a timeout lets its Tasks pass on to later filters, so
    /// only a filter that holds its Tasks hides others.
    fn never_reached(&self, report: &mut Report) {
        let holding: Vec<bool> = self
            .filters()
            .iter()
            .map(|filter| holds(&filter.targets, self.after_failed))
            .collect();
        for (index, filter) in self.filters().iter().enumerate() {
            let Some(formula) = self.formulas.get(index) else {
                continue;
            };
            if self.reasoner.is_never(&[formula]) {
                continue;
            }
            // A Task that passes on to this filter later meets another time of day than the filters
            // before it did.
            let passes_on = holding.iter().take(index).any(|holds| !holds);
            let hides = |at: &usize| {
                let earlier = self.filters().get(*at);
                let expression = earlier.and_then(|earlier| earlier.expression.as_ref());
                holding.get(*at).copied().unwrap_or_default()
                    && !(passes_on && expression.is_some_and(asks_for_time))
            };
            let earlier: Vec<usize> = (0..index).filter(hides).collect();
            if let Some(message) = self.hidden_by(formula, &earlier) {
                let spot = match filter.expression {
                    Some(_) => Spot::at(self.expression_at(index)),
                    None => Spot::at(format!("{}.name", self.workflow.filter_at(index))),
                };
                let name = shown(filter, index);
                report.add(
                    Rule::FilterNeverReached,
                    spot,
                    format!("no Task reaches the filter {name}: {message}"),
                );
            }
        }
    }

    fn hidden_by(&self, formula: &Formula, earlier: &[usize]) -> Option<String> {
        let negated: Vec<Formula> = earlier
            .iter()
            .filter_map(|at| Some(self.formulas.get(*at)?.negated()))
            .collect();
        let together: Vec<&Formula> = negated.iter().chain([formula]).collect();
        if !self.reasoner.is_never(&together) {
            return None;
        }
        let alone = earlier
            .iter()
            .zip(&negated)
            .find(|(_, without)| self.reasoner.is_never(&[formula, without]));
        let Some((at, _)) = alone else {
            return Some("the filters before it match all of its Tasks, and keep them".to_owned());
        };
        let name = shown(self.filters().get(*at)?, *at);
        Some(format!(
            "the filter {name} matches all of its Tasks first, and keeps them"
        ))
    }

    /// CB104 to CB106.
    fn uncovered(mut self, centre: &Centre, report: &mut Report) {
        if self
            .workflow
            .workflow
            .configuration
            .default_filter
            .is_some()
        {
            return;
        }
        let at = self.workflow.below("filters");
        if let Some(voice) = centre.voice_of(self.workflow.workflow.sid) {
            for language in &voice.languages {
                self.uncovered_language(language, &at, report);
            }
            return;
        }
        let negated: Vec<Formula> = self.formulas.iter().map(Formula::negated).collect();
        if let Verdict::Sometimes(solution) =
            self.reasoner.solve(&negated.iter().collect::<Vec<_>>())
        {
            self.report_uncovered(&solution, &at, report);
        }
    }

    fn report_uncovered(&self, solution: &Solution, at: &str, report: &mut Report) {
        let Some(example) = solution
            .example(&self.reasoner)
            .filter(|_| solution.is_exact())
        else {
            return;
        };
        let example = serde_json::Value::Object(example);
        match moment(&self.reasoner, solution) {
            Some(moment) => report.add(
                Rule::HoursWithoutFilter,
                Spot::at(at),
                format!(
                    "no filter covers {moment} UTC, and there is no default_filter: a Task with the \
                     attributes {example} is refused then"
                ),
            ),
            None => report.add(
                Rule::TasksWithoutFilter,
                Spot::at(at),
                format!(
                    "a Task with the attributes {example} matches no filter, and there is no \
                     default_filter: it is refused"
                ),
            ),
        }
    }

    fn uncovered_language(&mut self, language: &str, at: &str, report: &mut Report) {
        let chosen = self.reasoner.test_of(
            Variable {
                owner: Owner::Task,
                path: "selected_language".to_owned(),
            },
            Test::Equals(Scalar::Text(language.to_owned())),
        );
        let negated: Vec<Formula> = self.formulas.iter().map(Formula::negated).collect();
        let all: Vec<&Formula> = negated.iter().chain([&chosen]).collect();
        let Verdict::Sometimes(solution) = self.reasoner.solve(&all) else {
            return;
        };
        if !solution.is_exact() {
            return;
        }
        match moment(&self.reasoner, &solution) {
            Some(moment) => report.add(
                Rule::HoursWithoutFilter,
                Spot::at(at),
                format!(
                    "no filter covers calls in the language \"{language}\" at {moment} UTC, and there \
                     is no default_filter: they are refused then"
                ),
            ),
            None => report.add(
                Rule::LanguageWithoutFilter,
                Spot::at(at),
                format!(
                    "calls in the language \"{language}\" match no filter, and there is no \
                     default_filter: they are refused"
                ),
            ),
        }
    }
}

/// The day and the minute of a solution that depends on them.
fn moment(reasoner: &Reasoner<'_>, solution: &Solution) -> Option<String> {
    let time = solution.time(Context::Filter);
    match (solution.day(reasoner, Context::Filter), time) {
        (None, None) => None,
        (Some(day), None) => Some(day),
        (None, Some(time)) => Some(time),
        (Some(day), Some(time)) => Some(format!("{day} {time}")),
    }
}

/// Do these steps keep a Task until its own timeout? A step without a timeout that is never skipped
/// does (taskrouter.md section 7.2, rule 12).
fn holds(targets: &[Target], after_failed: AfterFailedReservation) -> bool {
    let keeps = |target: &Target| target.timeout.is_none() && !may_skip(target.skip_if.as_ref());
    match after_failed {
        AfterFailedReservation::StayInStep => targets.iter().any(keeps),
        // After a failed offer the Task moves on, but not beyond the last step.
        AfterFailedReservation::NextStep => targets.last().is_some_and(keeps),
    }
}

/// Can a step be skipped?
pub(super) fn may_skip(skip_if: Option<&Expression>) -> bool {
    skip_if.is_some_and(|skip_if| {
        let mut reasoner = Reasoner::new();
        let formula = reasoner.formula(Context::SkipIf, skip_if);
        !reasoner.is_never(&[&formula])
    })
}

/// The name of a filter in messages.
pub(super) fn shown(filter: &Filter, index: usize) -> String {
    if filter.filter_friendly_name.is_empty() {
        format!("number {}", index + 1)
    } else {
        format!("\"{}\"", filter.filter_friendly_name)
    }
}
