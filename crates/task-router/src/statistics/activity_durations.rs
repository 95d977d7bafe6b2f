//! How long a Worker was in which Activity, so that what was counted of one time and of the next can be put together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::said;
use crate::router::events::{Event, EventType, Parameter};
use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, WorkerSid};

/// Spans of time: how many, their sum and extremes.
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

/// A Worker's changes of Activity within some time, and the whole stays between them. What came before the first change and what
/// comes after the last one is known, but not for how long: that depends on the time that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityDurations {
    #[serde(rename = "f")]
    first: Change,
    #[serde(rename = "l")]
    last: Change,
    #[serde(rename = "b", default, skip_serializing_if = "BTreeMap::is_empty")]
    between: BTreeMap<ActivitySid, Durations>,
}

/// A moment, and the Activity before it or after it; `None`: the Worker was not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Change(Timestamp, Option<ActivitySid>);

impl Durations {
    /// One span.
    pub fn of(span: Millis) -> Self {
        Self {
            count: 1,
            total: span,
            min: span,
            max: span,
        }
    }

    /// Adds those of `other`.
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

    /// Their sum in whole seconds.
    pub fn total_secs(&self) -> u64 {
        self.total.as_secs()
    }

    /// The shortest in whole seconds.
    pub fn min_secs(&self) -> u64 {
        self.min.as_secs()
    }

    /// The longest in whole seconds.
    pub fn max_secs(&self) -> u64 {
        self.max.as_secs()
    }

    /// The average in whole seconds, rounded down.
    pub fn avg_secs(&self) -> u64 {
        self.total.as_millis().checked_div(self.count).unwrap_or(0) / 1_000
    }
}

impl ActivityDurations {
    /// What an event says of a Worker's Activity, if it says something.
    pub(super) fn of_event(event: &Event) -> Option<(WorkerSid, Self)> {
        let known = [
            EventType::WorkerCreated,
            EventType::WorkerDeleted,
            EventType::WorkerActivityUpdate,
        ];
        if !known.contains(&event.event_type) {
            return None;
        }
        let activity = said(event, Parameter::WorkerActivitySid);
        let is = |event_type| event.event_type == event_type;
        let before = if is(EventType::WorkerDeleted) {
            activity
        } else {
            said(event, Parameter::WorkerPreviousActivitySid)
        };
        let after = activity.filter(|_| !is(EventType::WorkerDeleted));
        let (first, last) = (Change(event.at(), before), Change(event.at(), after));
        Some((
            said(event, Parameter::WorkerSid)?,
            Self {
                first,
                last,
                between: BTreeMap::new(),
            },
        ))
    }

    /// Puts what was counted of another time beside this one. The two times do not overlap; which of them is the earlier one does
    /// not matter.
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

    /// The Activity before the first change; `None`: the Worker was not there.
    pub fn before(&self) -> Option<ActivitySid> {
        self.first.1
    }

    /// Every stay in `from..until`, by Activity, those at its ends as long as they lie within it.
    pub fn within(&self, from: Timestamp, until: Timestamp) -> BTreeMap<ActivitySid, Durations> {
        let mut stays = self.between.clone();
        add(&mut stays, self.first.1, self.first.0.since(from));
        add(&mut stays, self.last.1, until.since(self.last.0));
        stays
    }
}

fn add(stays: &mut BTreeMap<ActivitySid, Durations>, activity: Option<ActivitySid>, span: Millis) {
    if let Some(activity) = activity.filter(|_| span > Millis::ZERO) {
        stays
            .entry(activity)
            .or_default()
            .merge(&Durations::of(span));
    }
}
