//! Activity durations: the time that Workers spent in each Activity.

use std::collections::{BTreeMap, BTreeSet};

use ids::{ActivitySid, WorkerSid};
use serde_json::{Value, json};
use task_router::model::{Worker, Workspace};
use task_router::statistics::{Durations, Tallies};

use super::query::Query;

/// The time that these Workers spent in each Activity within the requested time range. `within` is
/// counted in the range, `after` from its end until now. A Worker without a change in the range was
/// in the Activity that the first later change left or, without one, in the present Activity.
pub fn of_workers(
    within: &Tallies,
    after: &Tallies,
    query: &Query,
    workers: &[Worker],
    includes: impl Fn(WorkerSid) -> bool,
) -> BTreeMap<ActivitySid, Durations> {
    let known = workers.iter().map(|worker| worker.sid);
    let counted = within
        .activity_durations
        .keys()
        .chain(after.activity_durations.keys())
        .copied();
    let sids: BTreeSet<WorkerSid> = known.chain(counted).filter(|sid| includes(*sid)).collect();
    let mut sum: BTreeMap<ActivitySid, Durations> = BTreeMap::new();
    for sid in sids {
        let worker = workers.iter().find(|worker| worker.sid == sid);
        for (activity, durations) in of_worker(within, after, query, sid, worker) {
            sum.entry(activity).or_default().merge(&durations);
        }
    }
    sum
}

/// The time that one Worker spent in each Activity.
fn of_worker(
    within: &Tallies,
    after: &Tallies,
    query: &Query,
    sid: WorkerSid,
    worker: Option<&Worker>,
) -> BTreeMap<ActivitySid, Durations> {
    if let Some(stays) = within.activity_durations.get(&sid) {
        return stays.within(query.from, query.end);
    }
    let activity = match (after.activity_durations.get(&sid), worker) {
        (Some(later), _) => later.before(),
        (None, Some(worker)) => Some(worker.activity_sid),
        (None, None) => None,
    };
    // A Worker without any Event, from a copy of the table, spent no time before their creation.
    let from = worker.map_or(query.from, |worker| worker.date_created.max(query.from));
    match activity {
        Some(activity) if from < query.end => {
            BTreeMap::from([(activity, Durations::of(query.end.since(from)))])
        }
        Some(_) | None => BTreeMap::new(),
    }
}

/// Every Activity of the Workspace; zeros for an Activity that no Worker was in.
pub fn shown(durations: &BTreeMap<ActivitySid, Durations>, workspace: &Workspace) -> Value {
    let activities = workspace.activities_in_order().into_iter().map(|activity| {
        let spent = durations.get(&activity.sid).copied().unwrap_or_default();
        json!({
            "sid": activity.sid,
            "friendly_name": activity.friendly_name,
            "min": spent.min_secs(),
            "max": spent.max_secs(),
            "avg": spent.avg_secs(),
            "total": spent.total_secs(),
        })
    });
    activities.collect()
}
