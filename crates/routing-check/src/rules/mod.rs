//! The rules, one file for each family. Each family reads the [`Centre`] and adds its findings.

mod attributes;
mod comparisons;
mod filters;
mod keys;
mod names;
mod parts;
mod references;
mod serving;
mod settings;
mod steps;
mod view;
mod worker_attributes;
mod workers;

use crate::{Centre, Finding, Rule, Spot};

pub(crate) use settings::problem_of;

/// The findings so far.
#[derive(Default)]
struct Report {
    findings: Vec<Finding>,
}

impl Report {
    fn add(&mut self, rule: Rule, spot: Spot, message: impl Into<String>) {
        self.findings.push(Finding::new(rule, spot, message));
    }

    /// Is there a finding of this rule at or below a path?
    fn has(&self, rule: Rule, path: &str) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.rule == rule && finding.spot.path.starts_with(path))
    }
}

pub(crate) fn check(centre: &Centre) -> Vec<Finding> {
    let mut report = Report::default();
    // Before filters and steps: a comparison that is never true explains why its filter or step is not.
    comparisons::check(centre, &mut report);
    filters::check(centre, &mut report);
    steps::check(centre, &mut report);
    attributes::check(centre, &mut report);
    let serving = serving::Serving::of(centre);
    parts::check(centre, &serving, &mut report);
    worker_attributes::check(centre, &serving, &mut report);
    references::check(centre, &serving, &mut report);
    workers::check(centre, &serving, &mut report);
    names::check(centre, &mut report);
    settings::check(centre, &mut report);
    keys::check(centre, &mut report);
    report.findings
}
