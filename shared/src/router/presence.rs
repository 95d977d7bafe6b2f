//! How many Workers of a TaskQueue are in which Activity: what `skip_if` looks at (taskrouter.md section 7.3).

use std::collections::BTreeMap;

use super::expression::{Scope, Value};
use crate::model::{ActivitySid, PathStep, TaskQueueSid, Worker, Workspace};

/// The Workers of one TaskQueue, counted by Activity. Busy or not makes no difference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Presence {
    available: u32,
    unavailable: u32,
    by_activity: BTreeMap<ActivitySid, u32>,
}

impl Presence {
    /// Counts those of `workers` who serve `queue`.
    pub fn count<'w>(
        workspace: &Workspace,
        queue: TaskQueueSid,
        workers: impl IntoIterator<Item = &'w Worker>,
    ) -> Self {
        let mut counted = Self::default();
        for worker in workers.into_iter().filter(|worker| worker.roster.serves(queue)) {
            match workspace.is_available(worker.activity_sid) {
                true => counted.available += 1,
                false => counted.unavailable += 1,
            }
            *counted.by_activity.entry(worker.activity_sid).or_default() += 1;
        }
        counted
    }
}

impl Scope for Presence {
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a> {
        let [PathStep::Key(workers), PathStep::Key(name)] = path else { return Value::Null };
        if workers != "workers" {
            return Value::Null;
        }
        let count = match name.as_str() {
            "available" => Some(self.available),
            "unavailable" => Some(self.unavailable),
            activity => activity.parse().ok().map(|sid| self.by_activity.get(&sid).copied().unwrap_or_default()),
        };
        count.map_or(Value::Null, |count| Value::Number(f64::from(count)))
    }
}
