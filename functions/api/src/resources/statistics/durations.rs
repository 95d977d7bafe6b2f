//! How long Workers were in which Activity.

use std::collections::{BTreeMap, BTreeSet};

use ids::{ActivitySid, WorkerSid};
use serde_json::{Value, json};
use task_router::model::{Worker, Workspace};
use task_router::statistics::{Durations, Tallies};

use super::query::Asked;

/// Every stay of these Workers in the span asked for, by Activity. `within` was counted in it, `after` from its end up to now: who did not
/// change in the former was where the latter, or else the Worker, says.
pub fn of_workers(
    within: &Tallies,
    after: &Tallies,
    asked: &Asked,
    workers: &[Worker],
    wanted: impl Fn(WorkerSid) -> bool,
) -> BTreeMap<ActivitySid, Durations> {
    let known = workers.iter().map(|worker| worker.sid);
    let told = within
        .activity_durations
        .keys()
        .chain(after.activity_durations.keys())
        .copied();
    let sids: BTreeSet<WorkerSid> = known.chain(told).filter(|sid| wanted(*sid)).collect();
    let mut sum: BTreeMap<ActivitySid, Durations> = BTreeMap::new();
    for sid in sids {
        let worker = workers.iter().find(|worker| worker.sid == sid);
        for (activity, durations) in of_worker(within, after, asked, sid, worker) {
            sum.entry(activity).or_default().merge(&durations);
        }
    }
    sum
}

fn of_worker(
    within: &Tallies,
    after: &Tallies,
    asked: &Asked,
    sid: WorkerSid,
    worker: Option<&Worker>,
) -> BTreeMap<ActivitySid, Durations> {
    if let Some(stays) = within.activity_durations.get(&sid) {
        return stays.within(asked.from, asked.end);
    }
    let here = match (after.activity_durations.get(&sid), worker) {
        (Some(later), _) => later.before(),
        (None, Some(worker)) => Some(worker.activity_sid),
        (None, None) => None,
    };
    // Somebody who was made without an event, by a copy of the table, is not older than they are.
    let from = worker.map_or(asked.from, |worker| worker.date_created.max(asked.from));
    let whole = here
        .filter(|_| from < asked.end)
        .map(|here| (here, Durations::of(asked.end.since(from))));
    whole.into_iter().collect()
}

/// Every Activity of the Workspace, with zeros where nobody was in it.
pub fn shown(durations: &BTreeMap<ActivitySid, Durations>, workspace: &Workspace) -> Value {
    let one = |(sid, name): (ActivitySid, &str)| {
        let spent = durations.get(&sid).copied().unwrap_or_default();
        json!({
            "sid": sid,
            "friendly_name": name,
            "min": spent.min_secs(),
            "max": spent.max_secs(),
            "avg": spent.avg_secs(),
            "total": spent.total_secs(),
        })
    };
    workspace
        .activities
        .values()
        .map(|activity| one((activity.sid, &activity.friendly_name)))
        .collect()
}
