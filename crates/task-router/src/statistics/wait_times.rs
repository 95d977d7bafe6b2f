//! Wait times of Tasks, as a distribution that can be merged. Service levels are computed from it
//! ([`WaitTimes::below`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Wait times below this limit, an hour, have a resolution of one second.
const BY_THE_SECOND_SECS: u32 = 3_600;

/// Wait times from there to this limit, a day, have a resolution of one minute; longer ones of one
/// hour, up to the fourteen days that a Task may wait. A distribution therefore has at most 5,300
/// steps, however many Tasks waited.
const BY_THE_MINUTE_SECS: u32 = 86_400;

/// Wait times in whole seconds. Number, sum, minimum and maximum are exact; the distribution has
/// the resolution of the steps.
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
    /// Lower end of the step → number of wait times in it.
    #[serde(rename = "b")]
    steps: BTreeMap<u32, u64>,
}

impl WaitTimes {
    /// A single wait time.
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

    /// Merges the wait times of `other`.
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

    /// The number of wait times.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum in seconds.
    pub fn total_secs(&self) -> u64 {
        self.total_secs
    }

    /// The minimum in seconds; 0 if there is none.
    pub fn min_secs(&self) -> u32 {
        self.min_secs
    }

    /// The maximum in seconds; 0 if there is none.
    pub fn max_secs(&self) -> u32 {
        self.max_secs
    }

    /// The average in whole seconds, rounded down; 0 if there is none.
    pub fn avg_secs(&self) -> u64 {
        self.total_secs.checked_div(self.count).unwrap_or(0)
    }

    /// How many wait times are shorter than the threshold: the numerator of a service level. Exact
    /// for thresholds up to an hour, then to the minute, and beyond a day to the hour.
    pub fn below(&self, threshold_secs: u32) -> u64 {
        self.steps
            .range(..threshold_secs)
            .map(|(_, count)| count)
            .sum()
    }

    /// Whether there is no wait time.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// The lower end of the step that contains a wait time.
fn step(secs: u32) -> u32 {
    match secs {
        ..BY_THE_SECOND_SECS => secs,
        BY_THE_SECOND_SECS..BY_THE_MINUTE_SECS => secs - secs % 60,
        BY_THE_MINUTE_SECS.. => secs - secs % 3_600,
    }
}
