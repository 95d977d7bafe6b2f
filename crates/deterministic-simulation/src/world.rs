//! What everything in a run shares: the clock, the dice, the trace, and the first thing that went wrong.

use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use ids::time::{Clock, Millis, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::Failure;
use crate::faults::Faults;
use crate::invariants::Invariant;
use crate::scenario::Names;

/// The moment every run begins at: 2026-11-22T12:00:00Z.
pub const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);

/// Lines of the trace that are kept for whoever reads about a failure.
const LINES_MAX: usize = 200;

/// The virtual clock: tokio's, which is paused and jumps to the next moment at which something happens.
#[derive(Debug)]
pub struct VirtualClock(Instant);

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        NOON + Millis::from_millis(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

/// One run's world.
pub struct World {
    /// The time.
    pub clock: Arc<VirtualClock>,
    /// What may go wrong in this run.
    pub faults: Faults,
    names: OnceLock<Names>,
    prints: bool,
    failed: Notify,
    state: Mutex<State>,
}

struct State {
    dice: fastrand::Rng,
    calm_since: Option<Timestamp>,
    lines: VecDeque<String>,
    fingerprint: DefaultHasher,
    failure: Option<Failure>,
}

impl World {
    /// A world whose every choice follows from `seed`. `prints`: the trace is written to the terminal as it grows.
    pub fn new(seed: u64, prints: bool) -> Arc<Self> {
        // Whoever rolls dice of their own, as a pause between two attempts does, rolls these.
        fastrand::seed(seed);
        let mut dice = fastrand::Rng::with_seed(seed);
        let faults = Faults::roll(&mut dice);
        let clock = Arc::new(VirtualClock(Instant::now()));
        // Until it is set up, nothing goes wrong.
        let calm_since = Some(clock.now());
        let state = State {
            dice,
            calm_since,
            lines: VecDeque::new(),
            fingerprint: DefaultHasher::new(),
            failure: None,
        };
        Arc::new(Self {
            clock,
            faults,
            names: OnceLock::new(),
            prints,
            failed: Notify::new(),
            state: Mutex::new(state),
        })
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What the set-up calls its parts, once there is one.
    pub fn names(&self) -> Option<&Names> {
        self.names.get()
    }

    /// Says what the set-up calls its parts.
    pub fn set_names(&self, names: Names) {
        let _set_once = self.names.set(names);
    }

    /// Since when nothing goes wrong any more; `None` while things do.
    pub fn calm_since(&self) -> Option<Timestamp> {
        self.state().calm_since
    }

    /// From now on things go wrong, or no longer do.
    pub fn set_calm(&self, calm: bool) {
        let now = self.now();
        self.state().calm_since = calm.then_some(now);
        self.note(format_args!("---- {}", if calm { "calm" } else { "storm" }));
    }

    /// Does something of probability `share` (0 to 1) happen? Never while it is calm.
    pub fn strikes(&self, share: f64) -> bool {
        let mut state = self.state();
        state.calm_since.is_none() && share > 0.0 && state.dice.f64() < share
    }

    /// Does something of probability `share` (0 to 1) happen?
    pub fn happens(&self, share: f64) -> bool {
        self.state().dice.f64() < share
    }

    /// A number from `low` to `high`, both included.
    pub fn number(&self, low: u64, high: u64) -> u64 {
        self.state().dice.u64(low..=high)
    }

    /// One of these, unless there is none.
    pub fn choose<T>(&self, items: impl IntoIterator<Item = T>) -> Option<T> {
        let items: Vec<T> = items.into_iter().collect();
        let index = (!items.is_empty()).then(|| self.state().dice.usize(0..items.len()))?;
        items.into_iter().nth(index)
    }

    /// Lets from `low` to `high` milliseconds pass.
    pub async fn pass(&self, low: u64, high: u64) {
        let millis = self.number(low, high);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    /// Writes a line into the trace.
    pub fn note(&self, what: fmt::Arguments<'_>) {
        let seconds = self.now().since(NOON).as_millis();
        let line = format!("{:>4}.{:03} {what}", seconds / 1_000, seconds % 1_000);
        if self.prints {
            crate::print(&line);
        }
        let mut state = self.state();
        line.hash(&mut state.fingerprint);
        if state.lines.len() >= LINES_MAX {
            state.lines.pop_front();
        }
        state.lines.push_back(line);
    }

    /// Says that `invariant` does not hold. The first one counts; it ends the run.
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

    /// Completes when something is violated.
    pub async fn until_violated(&self) {
        self.failed.notified().await;
    }

    /// What was violated, if anything was.
    pub fn failure(&self) -> Option<Failure> {
        self.state().failure.clone()
    }

    /// A number that depends on everything in the trace.
    pub fn fingerprint(&self) -> u64 {
        self.state().fingerprint.finish()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
