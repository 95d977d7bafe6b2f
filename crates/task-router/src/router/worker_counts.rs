//! How many Workers of a TaskQueue are in which Activity: all that a target's `skip_if` may ask (taskrouter.md section
//! 7.3). Capacity does not count: a Worker who is busy and in an available Activity is available.

use std::collections::BTreeMap;

use super::expression::{Scope, Value};
use crate::model::{PathStep, Worker, Workspace};
use ids::{ActivitySid, TaskQueueSid};

/// The Workers of one TaskQueue, counted by Activity: the scope of `skip_if`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkerCounts {
    available: u32,
    unavailable: u32,
    by_activity: BTreeMap<ActivitySid, u32>,
}

impl WorkerCounts {
    /// Counts those of `workers` who serve `queue`.
    pub fn of_queue<'a>(
        queue: TaskQueueSid,
        workers: impl IntoIterator<Item = &'a Worker>,
        workspace: &Workspace,
    ) -> Self {
        let serving = workers
            .into_iter()
            .filter(|worker| worker.roster.serves(queue));
        Self::from_counts(serving.map(|worker| (worker.activity_sid, 1)), workspace)
    }

    /// The presence of Workers who are counted already; counts of the same Activity add up.
    pub fn from_counts(
        counts: impl IntoIterator<Item = (ActivitySid, u32)>,
        workspace: &Workspace,
    ) -> Self {
        let mut presence = Self::default();
        for (activity, workers) in counts {
            let total = match workspace.is_available(activity) {
                true => &mut presence.available,
                false => &mut presence.unavailable,
            };
            *total = total.saturating_add(workers);
            let of_activity = presence.by_activity.entry(activity).or_default();
            *of_activity = of_activity.saturating_add(workers);
        }
        presence
    }

    /// Workers in an available Activity.
    pub fn available(&self) -> u32 {
        self.available
    }

    /// Workers in an unavailable Activity, or in one that is gone.
    pub fn unavailable(&self) -> u32 {
        self.unavailable
    }

    /// Workers in this Activity.
    pub fn in_activity(&self, activity: ActivitySid) -> u32 {
        self.by_activity.get(&activity).copied().unwrap_or_default()
    }
}

impl Scope for WorkerCounts {
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a> {
        let [PathStep::Key(workers), PathStep::Key(name)] = path else {
            return Value::Null;
        };
        if workers != "workers" {
            return Value::Null;
        }
        let count = match name.as_str() {
            "available" => Some(self.available),
            "unavailable" => Some(self.unavailable),
            sid => sid.parse().ok().map(|activity| self.in_activity(activity)),
        };
        count.map_or(Value::Null, |count| Value::Number(f64::from(count)))
    }

    fn owner(&self, _path: &[PathStep]) -> Option<&'static str> {
        Some("the TaskQueue")
    }
}
