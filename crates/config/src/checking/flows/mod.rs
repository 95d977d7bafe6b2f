//! CB8xx: faults of flows, calendars and lists. They are in this crate and not in `routing-check`,
//! because the REST API, which contains that one, knows no flows.

mod conditions;
mod graph;
mod menus;
mod uses;

use ids::time::Timestamp;
use routing_check::{Finding, Rule, Spot};
use voice_flows::{Step, StepId, VoiceFlows};

use crate::ContactCentre;
use crate::outline::Outline;
use crate::problem::Place;

/// What the rules look at.
struct Centre<'c> {
    read: &'c ContactCentre,
    flows: &'c VoiceFlows,
    outline: &'c Outline<'c>,
    /// The date of the check; `None`: what is in the past is not known.
    today: Option<Timestamp>,
}

/// The findings so far, with their positions.
#[derive(Default)]
struct Report(Vec<(Place, Finding)>);

impl Report {
    fn add(&mut self, rule: Rule, place: Place, path: &str, message: impl Into<String>) {
        self.0
            .push((place, Finding::new(rule, Spot::at(path), message)));
    }
}

impl<'c> Centre<'c> {
    /// Every step with its number, but for the second number of a step with a name.
    fn steps(&self) -> impl Iterator<Item = (StepId, &'c Step)> {
        let steps = self.flows.steps.iter().enumerate();
        steps.filter_map(|(index, step)| {
            let id = StepId(u16::try_from(index).ok()?);
            self.read
                .step_places
                .contains_key(&id)
                .then_some((id, step))
        })
    }

    /// The place of a step, or of the same step with its other number.
    fn place(&self, id: StepId) -> Place {
        let places = &self.read.step_places;
        let label = self.flows.step(id).map(|step| &step.label);
        let same = || {
            let mut steps = self.steps();
            steps.find(|(_, step)| Some(&step.label) == label)
        };
        let place = places
            .get(&id)
            .or_else(|| same().and_then(|(id, _)| places.get(&id)));
        place.copied().unwrap_or(Place::START)
    }

    /// Adds a finding about a step.
    fn add(&self, rule: Rule, id: StepId, message: impl Into<String>, report: &mut Report) {
        let label = self.flows.step(id).map_or("", |step| &step.label);
        report.add(rule, self.place(id), &format!("flows.{label}"), message);
    }

    /// Adds a finding about a part of the file.
    fn add_at(&self, rule: Rule, path: &str, message: impl Into<String>, report: &mut Report) {
        report.add(rule, self.outline.place(path), path, message);
    }
}

/// The findings about the flows of a file; none without flows.
pub(super) fn check(
    read: &ContactCentre,
    outline: &Outline<'_>,
    today: Option<Timestamp>,
) -> Vec<(Place, Finding)> {
    let Some(flows) = &read.voice_flows else {
        return Vec::new();
    };
    let centre = Centre {
        read,
        flows,
        outline,
        today,
    };
    let mut report = Report::default();
    graph::check(&centre, &mut report);
    menus::check(&centre, &mut report);
    conditions::check(&centre, &mut report);
    uses::check(&centre, &mut report);
    report.0
}
