//! The simulation against the Erlang formulas, where they hold: one TaskQueue, Poisson arrivals,
//! exponential talk times and patience.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroUsize;

use capacity_simulation::{Metric, Plan, Summary, scenario, simulate};
use support::{Parts, Step, centre};

mod support;

/// Standard errors that the mean of a correct simulation may be off. The seed is fixed, so the test
/// is not random.
const ERRORS_MAX: f64 = 3.0;

/// A queue with Poisson arrivals and exponential talk times.
struct Queue {
    agents: u32,
    per_hour: f64,
    talk_secs: f64,
    /// `None`: callers wait for ever.
    patience_secs: Option<f64>,
}

impl Queue {
    fn simulate(&self, days: u32, replications: u32) -> Summary {
        let workers: Vec<(String, &str)> = (0..self.agents)
            .map(|agent| (format!("agent {agent}"), "{}"))
            .collect();
        let centre = centre(&Parts {
            queues: &[("all", "1 == 1")],
            workers: &workers,
            filters: &[(
                "1 == 1",
                vec![Step {
                    queue: "all",
                    timeout_secs: None,
                    priority: None,
                }],
            )],
            wrap_up_limit: None,
        });
        let patience = self
            .patience_secs
            .map(|secs| format!("patience: {{ exponential: {secs} }}"));
        let text = format!(
            "day: {{ from: '00:00', to: '24:00' }}\ndays: {days}\nreplications: {replications}\n\
             seed: 7\nwarm_up: 4h\ncalls:\n  - name: all\n    per_hour: {}\n    talk: {{ exponential: {} }}\n    {}\n",
            self.per_hour,
            self.talk_secs,
            patience.unwrap_or_default()
        );
        let scenario = scenario::read(&text).unwrap();
        let plan = Plan::new(&centre, scenario, &|_| Err("no file".to_owned())).unwrap();
        simulate(&plan, NonZeroUsize::MIN).unwrap()
    }

    fn load(&self) -> f64 {
        self.per_hour / 3_600.0 * self.talk_secs
    }

    /// The stationary probabilities of 0, 1, … calls in the queue.
    fn probabilities(&self) -> Vec<f64> {
        let arrival = self.per_hour / 3_600.0;
        let end = 1.0 / self.talk_secs;
        let leave = self.patience_secs.map_or(0.0, |secs| 1.0 / secs);
        let mut weights = vec![1.0];
        for calls in 1..4_000_u32 {
            let served = f64::from(calls.min(self.agents));
            let waiting = f64::from(calls.saturating_sub(self.agents));
            let before = weights[weights.len() - 1];
            weights.push(before * arrival / (served * end + waiting * leave));
        }
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    }

    /// The mean number of calls that wait.
    fn waiting(&self) -> f64 {
        let agents = self.agents as usize;
        let probabilities = self.probabilities();
        let waiting = probabilities.iter().enumerate().skip(agents);
        waiting.map(|(calls, p)| (calls - agents) as f64 * p).sum()
    }

    /// The probability that a call waits.
    fn delay(&self) -> f64 {
        self.probabilities().iter().skip(self.agents as usize).sum()
    }
}

/// The simulated figure is the computed one within [`ERRORS_MAX`] standard errors, and these are
/// less than `relative` of it.
fn check(summary: &Summary, metric: Metric, expected: f64, relative: f64) {
    let found = summary.day(0, metric).unwrap();
    let error = found.half_width.unwrap() / 2.0;
    let mean = found.mean;
    let off = (mean - expected).abs() / error;
    assert!(
        off < ERRORS_MAX,
        "{metric:?}: {mean} ± {error}, expected {expected}"
    );
    assert!(
        error < relative * expected,
        "{metric:?}: {mean} ± {error} is too uncertain"
    );
}

/// Erlang C: waits are those of M/M/c. `relative` bounds the standard error of the speed of answer.
fn check_erlang_c(days: u32, replications: u32, relative: f64) {
    let queue = Queue {
        agents: 12,
        per_hour: 180.0,
        talk_secs: 180.0,
        patience_secs: None,
    };
    let summary = queue.simulate(days, replications);
    let agents = f64::from(queue.agents);
    let free = agents - queue.load();
    let asa = queue.delay() * queue.talk_secs / free;
    check(&summary, Metric::SpeedOfAnswer, asa, relative);
    let within = 1.0 - queue.delay() * (-free * 20.0 / queue.talk_secs).exp();
    check(&summary, Metric::ServiceLevel, within, relative / 5.0);
    let busy = queue.load() / agents;
    check(&summary, Metric::Occupancy, busy, relative / 5.0);
    assert_eq!(summary.day(0, Metric::Abandoned).unwrap().mean, 0.0);
}

/// Erlang A: abandonment and waits are those of M/M/c+M, also where more work arrives than agents
/// can do.
fn check_erlang_a(days: u32, replications: u32, relative: f64) {
    for per_hour in [200.0, 280.0] {
        let queue = Queue {
            agents: 12,
            per_hour,
            talk_secs: 180.0,
            patience_secs: Some(120.0),
        };
        let summary = queue.simulate(days, replications);
        let abandonment = queue.waiting() / 120.0 / (per_hour / 3_600.0);
        check(&summary, Metric::Abandonment, abandonment, relative);
        let busy = queue.load() * (1.0 - abandonment) / f64::from(queue.agents);
        check(&summary, Metric::Occupancy, busy, relative / 5.0);
    }
}

#[test]
fn erlang_c_holds() {
    check_erlang_c(4, 8, 0.1);
}

#[test]
fn erlang_a_holds() {
    check_erlang_a(2, 6, 0.07);
}

/// Within 1 %: some fourteen million calls, a minute or two of a release build and an hour of another
/// one. `scripts/simulate_bench.sh` runs it.
#[cfg(not(debug_assertions))]
#[test]
fn erlang_holds_within_one_percent() {
    check_erlang_c(60, 30, 0.01);
    check_erlang_a(20, 30, 0.01);
}
