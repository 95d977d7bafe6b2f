//! How long Tasks waited, as a distribution that can be added to another one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Up to here waits are told apart by the second: an hour.
const BY_THE_SECOND_SECS: u32 = 3_600;

/// From there up to here by the minute: a day. Beyond, by the hour, up to the fourteen days a Task may wait. So a distribution
/// has 5,300 steps at most, and its size does not depend on how many Tasks waited.
const BY_THE_MINUTE_SECS: u32 = 86_400;

/// WaitTimes in whole seconds: their number, sum and extremes exactly, their distribution as finely as said above.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WaitTimes {
    #[serde(rename = "n")]
    count: u64,
    #[serde(rename = "t")]
    total_secs: u64,
    #[serde(rename = "a")]
    min_secs: u32,
    #[serde(rename = "z")]
    max_secs: u32,
    /// Lower end of the step → how many.
    #[serde(rename = "b")]
    steps: BTreeMap<u32, u64>,
}

impl WaitTimes {
    /// One wait.
    pub fn of(secs: u32) -> Self {
        let steps = BTreeMap::from([(step(secs), 1)]);
        Self {
            count: 1,
            total_secs: u64::from(secs),
            min_secs: secs,
            max_secs: secs,
            steps,
        }
    }

    /// Adds the waits of `other`.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.min_secs = if self.count == 0 {
            other.min_secs
        } else {
            self.min_secs.min(other.min_secs)
        };
        self.max_secs = self.max_secs.max(other.max_secs);
        self.count += other.count;
        self.total_secs += other.total_secs;
        for (step, count) in &other.steps {
            *self.steps.entry(*step).or_default() += count;
        }
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum in seconds.
    pub fn total_secs(&self) -> u64 {
        self.total_secs
    }

    /// The shortest in seconds; 0 if there is none.
    pub fn min_secs(&self) -> u32 {
        self.min_secs
    }

    /// The longest in seconds; 0 if there is none.
    pub fn max_secs(&self) -> u32 {
        self.max_secs
    }

    /// The average in whole seconds, rounded down; 0 if there is none.
    pub fn avg_secs(&self) -> u64 {
        self.total_secs.checked_div(self.count).unwrap_or(0)
    }

    /// How many were shorter than this. Exact for thresholds up to an hour; beyond, to the minute, and beyond a day to the hour.
    pub fn below(&self, threshold_secs: u32) -> u64 {
        self.steps
            .range(..threshold_secs)
            .map(|(_, count)| count)
            .sum()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// The lower end of the step a wait falls into.
fn step(secs: u32) -> u32 {
    match secs {
        ..BY_THE_SECOND_SECS => secs,
        BY_THE_SECOND_SECS..BY_THE_MINUTE_SECS => secs - secs % 60,
        BY_THE_MINUTE_SECS.. => secs - secs % 3_600,
    }
}
