//! The exploration and its report.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::{Checker, Expectation, HasDiscoveries, Model};

use crate::{Action, Bounds};

/// Threads that explore at the same time.
const THREADS: usize = 2;

/// The scenarios, each explored by itself.
pub const SCENARIOS: [(&str, Bounds); 4] = [
    (
        "two Tasks, two Workers, two rounds",
        Bounds {
            rounds_max: 2,
            ..Bounds::SMALL
        },
    ),
    (
        "offered to two Workers at once, callers hang up",
        Bounds {
            offers_at_once: 2,
            workers_idle: true,
            hang_ups: true,
            ..Bounds::SMALL
        },
    ),
    (
        "no offer is answered in time",
        Bounds {
            ticks_max: 1,
            ..Bounds::SMALL
        },
    ),
    (
        "every message is redelivered",
        Bounds {
            redelivery: true,
            offers_at_once: 2,
            hang_ups: true,
            wrapping: true,
            ..Bounds::SMALL
        },
    ),
];

/// The result of an exploration.
#[derive(Debug)]
pub struct Report<A = Action> {
    /// Distinct states.
    pub states: usize,
    /// Transitions between states.
    pub steps: usize,
    /// Transitions from the initial state to the farthest one.
    pub depth: usize,
    /// Each property that does not hold, with the shortest path to a state that violates it.
    pub failures: Vec<(&'static str, Vec<A>)>,
    /// Each state that had to be reachable and was not reached.
    pub missing: Vec<&'static str>,
}

/// Explores every state within the model's bounds, until a property does not hold.
pub fn explore<M>(model: M) -> Report<M::Action>
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq,
{
    explore_until(model, HasDiscoveries::AnyFailures)
}

/// Explores every state within the model's bounds, until this property does not hold.
pub fn explore_for<M>(model: M, property: &'static str) -> Report<M::Action>
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq,
{
    explore_until(model, HasDiscoveries::AllOf([property].into()))
}

fn explore_until<M>(model: M, end: HasDiscoveries) -> Report<M::Action>
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq,
{
    let checker = model
        .checker()
        .threads(THREADS)
        .finish_when(end)
        .spawn_bfs()
        .join();
    let found = checker.discoveries();
    let mut report = Report {
        states: checker.unique_state_count(),
        steps: checker.state_count(),
        depth: checker.max_depth(),
        failures: Vec::new(),
        missing: Vec::new(),
    };
    for property in checker.model().properties() {
        match (property.expectation, found.get(property.name)) {
            (Expectation::Always | Expectation::Eventually, Some(path)) => {
                report
                    .failures
                    .push((property.name, path.clone().into_actions()));
            }
            (Expectation::Sometimes, None) => report.missing.push(property.name),
            (Expectation::Always | Expectation::Eventually, None)
            | (Expectation::Sometimes, Some(_)) => {}
        }
    }
    report
}
