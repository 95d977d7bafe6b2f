//! The state that all parts of a run share: the clock, the random numbers, the trace, and the first
//! violation.

use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use ids::time::{Clock, Millis, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::disk::{Disk, Fault, Outages};
use crate::faults::Faults;
use crate::invariants::Invariant;
use crate::scenario::Names;
use crate::{Failure, Trace};

/// The moment at which every run begins: 2026-11-22T12:00:00Z.
pub const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);

/// Lines of the trace that are kept for the report of a violation.
const LINES_MAX: usize = 200;

/// The virtual clock: tokio's paused clock, which jumps to the next scheduled moment.
#[derive(Debug)]
pub struct VirtualClock(Instant);

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        NOON + Millis::from_millis(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

/// The shared state of one run.
pub struct World {
    /// The virtual clock.
    pub clock: Arc<VirtualClock>,
    /// The faults of this run.
    pub faults: Faults,
    /// The outages of the disk.
    pub outages: Outages,
    seed: u64,
    names: OnceLock<Names>,
    trace: Trace,
    failed: Notify,
    state: Mutex<State>,
}

/// A phase of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Faults are injected.
    Storm,
    /// No faults are injected.
    Calm,
}

struct State {
    dice: fastrand::Rng,
    calm_since: Option<Timestamp>,
    storm_since: Option<Timestamp>,
    /// Requests that failed because the disk does.
    disk_failures: usize,
    lines: VecDeque<String>,
    fingerprint: DefaultHasher,
    failure: Option<Failure>,
}

impl World {
    /// A world whose random choices all follow from `seed`.
    pub fn new(seed: u64, disk: Disk, trace: Trace) -> Arc<Self> {
        // Code with a random generator of its own, such as the backoff between two attempts, uses
        // this seed.
        fastrand::seed(seed);
        let mut dice = fastrand::Rng::with_seed(seed);
        let faults = Faults::roll(&mut dice);
        let clock = Arc::new(VirtualClock(Instant::now()));
        // No faults before the storm begins.
        let calm_since = Some(clock.now());
        let state = State {
            dice,
            calm_since,
            storm_since: None,
            disk_failures: 0,
            lines: VecDeque::new(),
            fingerprint: DefaultHasher::new(),
            failure: None,
        };
        Arc::new(Self {
            clock,
            faults,
            outages: Outages::roll(disk, seed),
            seed,
            names: OnceLock::new(),
            trace,
            failed: Notify::new(),
            state: Mutex::new(state),
        })
    }

    /// The seed of the run.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The current virtual time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The ids of the configuration, once it is read.
    pub fn names(&self) -> Option<&Names> {
        self.names.get()
    }

    /// Sets the ids of the configuration.
    pub fn set_names(&self, names: Names) {
        let _set_once = self.names.set(names);
    }

    /// Beginning of the calm; `None` during the storm.
    pub fn calm_since(&self) -> Option<Timestamp> {
        self.state().calm_since
    }

    /// Begins a phase.
    pub fn begin(&self, phase: Phase) {
        let now = self.now();
        let (calm_since, name) = match phase {
            Phase::Storm => (None, "storm"),
            Phase::Calm => (Some(now), "calm"),
        };
        let mut state = self.state();
        state.calm_since = calm_since;
        state.storm_since = calm_since.is_none().then_some(now);
        drop(state);
        self.note(format_args!("---- {name}"));
    }

    /// Whether a fault with the rate `share` (0 to 1) is injected now. Never during the calm.
    pub fn strikes(&self, share: f64) -> bool {
        let mut state = self.state();
        state.calm_since.is_none() && share > 0.0 && state.dice.f64() < share
    }

    /// The fault of the disk that an operation meets now. Never during the calm.
    pub fn disk_fault(&self, operation: &str) -> Option<Fault> {
        let now = self.now();
        let mut state = self.state();
        let after = now.since(state.storm_since?);
        let fault = self.outages.meets(operation, after)?;
        state.disk_failures += 1;
        Some(fault)
    }

    /// Requests that failed because the disk does, so far.
    pub fn disk_failures(&self) -> usize {
        self.state().disk_failures
    }

    /// Whether an event with the probability `share` (0 to 1) occurs.
    pub fn happens(&self, share: f64) -> bool {
        self.state().dice.f64() < share
    }

    /// A random number from `low` to `high`, both included.
    pub fn number(&self, low: u64, high: u64) -> u64 {
        self.state().dice.u64(low..=high)
    }

    /// A random item; `None` if there is none.
    pub fn choose<T>(&self, items: impl IntoIterator<Item = T>) -> Option<T> {
        let items: Vec<T> = items.into_iter().collect();
        let index = (!items.is_empty()).then(|| self.state().dice.usize(0..items.len()))?;
        items.into_iter().nth(index)
    }

    /// Sleeps for a random time from `low` to `high` milliseconds.
    pub async fn pass(&self, low: u64, high: u64) {
        let millis = self.number(low, high);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    /// Appends a line to the trace.
    pub fn note(&self, what: fmt::Arguments<'_>) {
        let seconds = self.now().since(NOON).as_millis();
        let line = format!("{:>4}.{:03} {what}", seconds / 1_000, seconds % 1_000);
        if self.trace == Trace::Printed {
            crate::print(&line);
        }
        let mut state = self.state();
        line.hash(&mut state.fingerprint);
        if state.lines.len() >= LINES_MAX {
            state.lines.pop_front();
        }
        state.lines.push_back(line);
    }

    /// Reports a violation of `invariant`. The first violation ends the run.
    pub fn violated(&self, invariant: Invariant, what: impl fmt::Display) {
        self.note(format_args!("VIOLATED {invariant:?}: {what}"));
        let mut state = self.state();
        if state.failure.is_none() {
            let trace = state.lines.iter().cloned().collect();
            state.failure = Some(Failure {
                invariant,
                what: what.to_string(),
                trace,
            });
            self.failed.notify_one();
        }
    }

    /// Completes at the first violation.
    pub async fn until_violated(&self) {
        self.failed.notified().await;
    }

    /// The first violation, if any.
    pub fn failure(&self) -> Option<Failure> {
        self.state().failure.clone()
    }

    /// A hash of the whole trace.
    pub fn fingerprint(&self) -> u64 {
        self.state().fingerprint.finish()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
