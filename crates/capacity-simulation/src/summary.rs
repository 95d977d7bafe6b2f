//! The figures of all replications: means with intervals, and the differences of two set-ups.

use crate::estimate::{Accumulator, Estimate};
use crate::figures::Figures;
use crate::metric::{AgentMetric, Metric};
use crate::plan::{Group, Plan};

/// The result of a simulation.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The groups of the figures.
    pub groups: Vec<Group>,
    /// The begins of the intervals, `08:00`.
    pub intervals: Vec<String>,
    /// The names of the agents.
    pub agents: Vec<String>,
    /// The replications.
    pub replications: u32,
    /// All calls that were simulated.
    pub calls: u64,
    /// N of the service level, in seconds.
    pub within_secs: f64,
    /// The days of a replication.
    pub days: u32,
    /// By group, then by interval; the last one is the day.
    cells: Vec<Row<{ Metric::ALL.len() }>>,
    by_agent: Vec<Row<{ AgentMetric::ALL.len() }>>,
}

type Row<const N: usize> = [Accumulator; N];

impl Summary {
    pub(crate) fn new(plan: &Plan) -> Self {
        let groups = plan.groups().to_vec();
        let intervals = plan.interval_names();
        let agents: Vec<String> = plan
            .agents
            .iter()
            .map(|agent| agent.worker.friendly_name.clone())
            .collect();
        Self {
            cells: vec![Row::default(); groups.len() * (intervals.len() + 1)],
            by_agent: vec![Row::default(); agents.len()],
            replications: 0,
            calls: 0,
            within_secs: plan.scenario.service_level.as_secs(),
            days: plan.scenario.days,
            groups,
            intervals,
            agents,
        }
    }

    pub(crate) fn add(&mut self, figures: &Figures) {
        self.replications += 1;
        self.calls += figures.calls;
        let days = self.days;
        let width = self.intervals.len() + 1;
        for (index, row) in self.cells.iter_mut().enumerate() {
            let (group, interval) = (index / width, index % width);
            let cell = if interval + 1 == width {
                figures.day(group)
            } else {
                *figures.cell(group, interval)
            };
            for (metric, accumulator) in Metric::ALL.into_iter().zip(row) {
                if let Some(value) = metric.of(&cell, days) {
                    accumulator.add(value);
                }
            }
        }
        for (cell, row) in figures.agents.iter().zip(&mut self.by_agent) {
            for (metric, accumulator) in AgentMetric::ALL.into_iter().zip(row) {
                if let Some(value) = metric.of(cell, days) {
                    accumulator.add(value);
                }
            }
        }
    }

    /// A figure of a group over the day; `None` if no replication has a value.
    pub fn day(&self, group: usize, metric: Metric) -> Option<Estimate> {
        self.at(group, self.intervals.len(), metric)
    }

    /// A figure of a group in an interval.
    pub fn at(&self, group: usize, interval: usize, metric: Metric) -> Option<Estimate> {
        let width = self.intervals.len() + 1;
        let row = self.cells.get(group * width + interval)?;
        row[place(metric)].estimate()
    }

    /// A figure of an agent.
    pub fn agent(&self, agent: usize, metric: AgentMetric) -> Option<Estimate> {
        let row = self.by_agent.get(agent)?;
        let place = AgentMetric::ALL.iter().position(|it| *it == metric)?;
        row[place].estimate()
    }
}

/// The place of a metric in [`Metric::ALL`].
fn place(metric: Metric) -> usize {
    Metric::ALL
        .iter()
        .position(|it| *it == metric)
        .unwrap_or_default()
}

/// Two set-ups on common random numbers.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The first set-up.
    pub base: Summary,
    /// The other one.
    pub other: Summary,
    /// The groups that both have: their places in `base` and in `other`.
    pub common: Vec<(usize, usize)>,
    differences: Vec<Row<{ Metric::ALL.len() }>>,
}

impl Comparison {
    pub(crate) fn new(base: &Plan, other: &Plan) -> Self {
        let (base, other) = (Summary::new(base), Summary::new(other));
        let same = |group: &Group| other.groups.iter().position(|it| it == group);
        let common: Vec<(usize, usize)> = base
            .groups
            .iter()
            .enumerate()
            .filter_map(|(index, group)| Some((index, same(group)?)))
            .collect();
        Self {
            differences: vec![Row::default(); common.len()],
            common,
            base,
            other,
        }
    }

    pub(crate) fn add(&mut self, base: &Figures, other: &Figures) {
        for ((left, right), row) in self.common.iter().zip(&mut self.differences) {
            let (left, right) = (base.day(*left), other.day(*right));
            for (metric, accumulator) in Metric::ALL.into_iter().zip(row) {
                let left = metric.of(&left, self.base.days);
                let right = metric.of(&right, self.other.days);
                if let (Some(left), Some(right)) = (left, right) {
                    accumulator.add(right - left);
                }
            }
        }
        self.base.add(base);
        self.other.add(other);
    }

    /// The difference of a figure, other minus base, for a place in [`Self::common`].
    pub fn difference(&self, common: usize, metric: Metric) -> Option<Estimate> {
        self.differences.get(common)?[place(metric)].estimate()
    }
}
