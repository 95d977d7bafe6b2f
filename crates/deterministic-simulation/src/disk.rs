//! A disk that is full, or cannot be read, for a while: the faults of the local store beyond those of
//! a table in the cloud. The engine answers them with an internal error.
//!
//! The random choices here have a stream of their own, so a seed means the same run with a sound
//! disk as before this fault existed.

use dynamodb_in_process::is_write;
use ids::time::Millis;

/// Distinguishes this stream of random choices from the run's.
const STREAM: u64 = 0x6469_736b;

/// Most times that the disk fails in one run.
const OUTAGES_MAX: usize = 3;

/// The latest beginning of an outage after that of the storm, in milliseconds.
const BEGINS_MAX: u64 = 90_000;

/// Shortest and longest outage, in milliseconds. The longest exceeds the attempts that a record or
/// a message has.
const LASTS: (u64, u64) = (1_000, 40_000);

/// Whether the disk of a run may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// It never fails.
    Sound,
    /// It fails for a while, up to three times in the storm.
    Faulty,
}

/// The outages of the disk in one run.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Outages(Vec<Outage>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Outage {
    fault: Fault,
    /// After the beginning of the storm.
    from: Millis,
    until: Millis,
}

/// What a disk cannot do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It takes no write.
    Full,
    /// It neither reads nor writes.
    Broken,
}

impl Outages {
    pub fn roll(disk: Disk, seed: u64) -> Self {
        if disk == Disk::Sound {
            return Self(Vec::new());
        }
        let mut dice = fastrand::Rng::with_seed(seed ^ STREAM);
        let count = dice.usize(1..=OUTAGES_MAX);
        let outages = std::iter::repeat_with(|| {
            let from = dice.u64(0..=BEGINS_MAX);
            let lasts = dice.u64(LASTS.0..=LASTS.1);
            Outage {
                fault: if dice.bool() {
                    Fault::Full
                } else {
                    Fault::Broken
                },
                from: Millis::from_millis(from),
                until: Millis::from_millis(from + lasts),
            }
        });
        Self(outages.take(count).collect())
    }

    /// The fault that an operation meets at this time after the beginning of the storm.
    pub fn meets(&self, operation: &str, after: Millis) -> Option<Fault> {
        let now = self
            .0
            .iter()
            .filter(|outage| outage.from <= after && after < outage.until);
        now.map(|outage| outage.fault)
            .find(|fault| *fault == Fault::Broken || is_write(operation))
    }
}

impl Fault {
    /// The engine's message.
    pub fn message(self) -> &'static str {
        match self {
            Self::Full => "backend: database or disk is full",
            Self::Broken => "backend: I/O error: disk I/O error",
        }
    }
}
