//! The exploration and its report.

use stateright::{Checker, Expectation, HasDiscoveries, Model};

use crate::{Action, Bounds, Protocol};

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
pub struct Report {
    /// Distinct states.
    pub states: usize,
    /// Transitions between states.
    pub steps: usize,
    /// Transitions from the initial state to the farthest one.
    pub depth: usize,
    /// Each property that does not hold, with the shortest path to a state that violates it.
    pub failures: Vec<(&'static str, Vec<Action>)>,
    /// Each state that had to be reachable and was not reached.
    pub missing: Vec<&'static str>,
}

/// Explores every state within the protocol's bounds, until a property does not hold.
pub fn explore(protocol: Protocol) -> Report {
    let checker = protocol
        .checker()
        .threads(THREADS)
        .finish_when(HasDiscoveries::AnyFailures)
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
