//! How long a Worker was in each Activity, in a form that merges across time ranges.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::parsed;
use crate::router::events::{Event, EventType, Parameter};
use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, WorkerSid};

/// Durations: their number, sum, minimum and maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Durations {
    #[serde(rename = "n")]
    count: u64,
    #[serde(rename = "t")]
    total: Millis,
    #[serde(rename = "a")]
    min: Millis,
    #[serde(rename = "z")]
    max: Millis,
}

/// A Worker's changes of Activity within a time range, and the durations between them. The
/// Activities before the first change and after the last one are known, but not their durations:
/// these depend on the range of the query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityDurations {
    #[serde(rename = "f")]
    first: Change,
    #[serde(rename = "l")]
    last: Change,
    #[serde(rename = "b", default, skip_serializing_if = "BTreeMap::is_empty")]
    between: BTreeMap<ActivitySid, Durations>,
}

/// A moment, and the Activity before or after it; `None`: the Worker did not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Change(Timestamp, Option<ActivitySid>);

impl Durations {
    /// A single duration.
    pub fn of(span: Millis) -> Self {
        Self {
            count: 1,
            total: span,
            min: span,
            max: span,
        }
    }

    /// Adds the durations of `other`.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.min = if self.count == 0 {
            other.min
        } else {
            self.min.min(other.min)
        };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.total = self.total.saturating_add(other.total);
    }

    /// The sum in whole seconds, rounded down.
    pub fn total_secs(&self) -> u64 {
        self.total.as_secs()
    }

    /// The minimum in whole seconds, rounded down; 0 if there is none.
    pub fn min_secs(&self) -> u64 {
        self.min.as_secs()
    }

    /// The maximum in whole seconds, rounded down; 0 if there is none.
    pub fn max_secs(&self) -> u64 {
        self.max.as_secs()
    }

    /// The average in whole seconds, rounded down; 0 if there is none.
    pub fn avg_secs(&self) -> u64 {
        self.total.as_millis().checked_div(self.count).unwrap_or(0) / 1_000
    }
}

impl ActivityDurations {
    /// The change of a Worker's Activity that an Event describes; `None` for other Events.
    pub(super) fn of_event(event: &Event) -> Option<(WorkerSid, Self)> {
        let known = [
            EventType::WorkerCreated,
            EventType::WorkerDeleted,
            EventType::WorkerActivityUpdate,
        ];
        if !known.contains(&event.event_type) {
            return None;
        }
        let activity = parsed(event, Parameter::WorkerActivitySid);
        let (before, after) = if event.event_type == EventType::WorkerDeleted {
            (activity, None)
        } else {
            let previous = parsed(event, Parameter::WorkerPreviousActivitySid);
            (previous, activity)
        };
        Some((
            parsed(event, Parameter::WorkerSid)?,
            Self {
                first: Change(event.at(), before),
                last: Change(event.at(), after),
                between: BTreeMap::new(),
            },
        ))
    }

    /// Merges the changes of another time range. The two ranges must not overlap; either may be the
    /// earlier one.
    pub fn merge(&mut self, other: &Self) {
        let (earlier, later) = if other.first.0 < self.first.0 {
            (other, &*self)
        } else {
            (&*self, other)
        };
        let mut between = earlier.between.clone();
        add(
            &mut between,
            earlier.last.1,
            later.first.0.since(earlier.last.0),
        );
        for (activity, durations) in &later.between {
            between.entry(*activity).or_default().merge(durations);
        }
        *self = Self {
            first: earlier.first,
            last: later.last,
            between,
        };
    }

    /// The Activity before the first change; `None`: the Worker did not exist.
    pub fn before(&self) -> Option<ActivitySid> {
        self.first.1
    }

    /// The durations in `from..until` by Activity. Durations that reach beyond an end of the range
    /// are clipped to it.
    pub fn within(&self, from: Timestamp, until: Timestamp) -> BTreeMap<ActivitySid, Durations> {
        let mut durations = self.between.clone();
        add(&mut durations, self.first.1, self.first.0.since(from));
        add(&mut durations, self.last.1, until.since(self.last.0));
        durations
    }
}

fn add(
    durations: &mut BTreeMap<ActivitySid, Durations>,
    activity: Option<ActivitySid>,
    span: Millis,
) {
    if let Some(activity) = activity
        && span > Millis::ZERO
    {
        durations
            .entry(activity)
            .or_default()
            .merge(&Durations::of(span));
    }
}
