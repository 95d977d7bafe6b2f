//! Visiting, and what was seen.

use stateright::{Checker, Expectation, HasDiscoveries, Model};

use crate::{Action, Bounds, Protocol};

/// Threads that visit at the same time.
const THREADS: usize = 2;

/// What is visited, each by itself.
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
            idle: true,
            hang_ups: true,
            ..Bounds::SMALL
        },
    ),
    (
        "nobody answers in time",
        Bounds {
            ticks_max: 1,
            ..Bounds::SMALL
        },
    ),
    (
        "every message comes again",
        Bounds {
            again: true,
            offers_at_once: 2,
            hang_ups: true,
            wrapping: true,
            ..Bounds::SMALL
        },
    ),
];

/// What was seen.
#[derive(Debug)]
pub struct Report {
    /// States that differ.
    pub states: usize,
    /// Steps from one to another.
    pub steps: usize,
    /// Steps to the farthest state.
    pub depth: usize,
    /// Each property that does not hold, and the shortest way there.
    pub failures: Vec<(&'static str, Vec<Action>)>,
    /// What was to be seen at least once and was not.
    pub missing: Vec<&'static str>,
}

/// Visits every state within the protocol's bounds, or until a property does not hold.
pub fn visit(protocol: Protocol) -> Report {
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
