//! A clock that never goes back, and one that shows another time. The operating system's clock may be set back while a timer waits;
//! the timer would wait that much longer.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use ids::time::{Clock, Timestamp};
use runtime::SystemClock;

/// The operating system's clock, which goes on by monotonic time while it is behind the latest
/// moment it has shown. A clock that is set forward is followed at once: a machine that wakes from
/// sleep looks the same.
pub struct SteadyClock {
    started: Instant,
    /// The moment of the start, in milliseconds since 1970, by the highest reading so far.
    epoch: AtomicI64,
}

impl SteadyClock {
    /// A clock that shows the operating system's time.
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            epoch: AtomicI64::new(i64::MIN),
        }
    }

    /// The moment at which the operating system's clock shows `wall`, `elapsed` after the start.
    fn at(&self, wall: Timestamp, elapsed: Duration) -> Timestamp {
        let elapsed = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        let epoch = wall.as_millis().saturating_sub(elapsed);
        let epoch = self.epoch.fetch_max(epoch, Ordering::Relaxed).max(epoch);
        Timestamp::from_millis(epoch.saturating_add(elapsed))
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        // In this order: a pause between the two readings must not put the clock forward.
        let wall = SystemClock.now();
        self.at(wall, self.started.elapsed())
    }
}

/// A clock that shows another time: it starts at a moment and goes on at the pace of the real one.
pub struct ShiftedClock {
    real: SteadyClock,
    /// The real moment of the start.
    started: Timestamp,
    /// The moment that the clock showed then.
    begin: Timestamp,
}

impl ShiftedClock {
    /// A clock that shows `begin` now.
    pub fn start(real: SteadyClock, begin: Timestamp) -> Self {
        Self {
            started: real.now(),
            real,
            begin,
        }
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        self.begin + self.real.now().since(self.started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The wall clock and the monotonic clock, in seconds, and what the clock shows.
    #[test]
    fn clock_set_back_goes_on() {
        let clock = SteadyClock::start();
        for (wall, elapsed, shown) in [
            (50_000, 0, 50_000),
            (50_010, 10, 50_010),
            // Set back by an hour.
            (46_420, 20, 50_020),
            (46_430, 30, 50_030),
            // Set right again.
            (50_040, 40, 50_040),
            // Set forward by an hour, or asleep.
            (53_650, 50, 53_650),
            (53_660, 60, 53_660),
        ] {
            let wall = Timestamp::from_millis(wall * 1_000);
            let now = clock.at(wall, Duration::from_secs(elapsed));
            assert_eq!(now.as_millis(), shown * 1_000);
        }
    }

    #[test]
    fn shifted_clock_goes_on_from_its_begin() {
        let begin = Timestamp::from_millis(1_000);
        let clock = ShiftedClock::start(SteadyClock::start(), begin);
        let first = clock.now();
        assert!(begin <= first && first <= clock.now(), "{first:?}");
        assert!(
            first < begin + ids::time::Millis::from_secs(60),
            "{first:?}"
        );
    }

    #[test]
    fn clock_shows_the_systems_time() {
        let clock = SteadyClock::start();
        let (before, now, after) = (SystemClock.now(), clock.now(), SystemClock.now());
        assert!(
            before.as_millis() - 1 <= now.as_millis() && now.as_millis() <= after.as_millis() + 1
        );
    }
}
