//! A clock that moves only when a story advances it.

use std::sync::atomic::{AtomicI64, Ordering};

use ids::time::{Clock, Millis, Timestamp};

/// A clock that moves only when it is set.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

impl ManualClock {
    /// A clock that shows this moment.
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_millis()))
    }

    /// Sets the clock.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::SeqCst);
    }

    /// Advances the clock, whatever is due.
    pub fn advance(&self, duration: Millis) {
        self.set(self.now() + duration);
    }
}
