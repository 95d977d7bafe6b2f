//! Worker counts: how many Workers of a TaskQueue are in each Activity. This is all that a target's
//! `skip_if` may ask (taskrouter.md section 7.3). Capacity does not matter: a busy Worker in an
//! available Activity counts as available.

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
            .filter(|worker| worker.queue_membership.serves(queue));
        Self::from_counts(serving.map(|worker| (worker.activity_sid, 1)), workspace)
    }

    /// Adds up counts that were read from the table; an Activity may occur several times.
    pub fn from_counts(
        counts: impl IntoIterator<Item = (ActivitySid, u32)>,
        workspace: &Workspace,
    ) -> Self {
        let mut counted = Self::default();
        for (activity, workers) in counts {
            let total = if workspace.is_available(activity) {
                &mut counted.available
            } else {
                &mut counted.unavailable
            };
            *total = total.saturating_add(workers);
            let of_activity = counted.by_activity.entry(activity).or_default();
            *of_activity = of_activity.saturating_add(workers);
        }
        counted
    }

    /// Workers in an available Activity.
    pub fn available(&self) -> u32 {
        self.available
    }

    /// Workers in an unavailable Activity, or in a deleted one.
    pub fn unavailable(&self) -> u32 {
        self.unavailable
    }

    /// Workers in this Activity; 0 if there is no such Activity.
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
        count.map_or(Value::Null, |count| Value::Number(count.into()))
    }

    fn owner(&self, _path: &[PathStep]) -> Option<&'static str> {
        Some("the TaskQueue")
    }
}
