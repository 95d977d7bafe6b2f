//! The counts that answers are computed from. A time range costs at most five queries of roll-up
//! rows, and one or two rounds of queries of Events, one query for each of the sixteen shards: for
//! less than a minute at its beginning, and at its end for the Events that are not rolled up yet.

use std::sync::Arc;

use futures_util::future::try_join_all;
use ids::WorkspaceSid;
use ids::time::Timestamp;
use store::{ActiveTasksNow, UNROLLED_MAX, UNROLLED_ROUNDS_MAX};
use task_router::model::{Worker, Workspace};
use task_router::statistics::{ActiveTasks, Family, Part, RolledUp, Tallies, parts};

use crate::error::ApiError;
use crate::limits::ITEMS_READ_MAX;
use crate::request_context::RequestContext;

/// Workers of the largest Workspace that has cumulative statistics of Workers (taskrouter.md
/// section 14).
pub const WORKERS_MAX: usize = 100;

/// The counts of one family of counters in `from..until`.
pub async fn tallies(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    family: Family,
    from: Timestamp,
    until: Timestamp,
) -> Result<Tallies, ApiError> {
    let rolled = context.api.store.rolled_up(workspace.sid).await?;
    let (from, rolled) = match rolled {
        Some(rolled) => (from, rolled),
        // Without a roll-up so far, counting begins where the first roll-up will begin.
        None => {
            let beginning = RolledUp::beginning(context.now);
            (from.max(beginning.minutes), beginning)
        }
    };
    let parts = parts(from, until, &rolled);
    let reads = parts
        .into_iter()
        .map(|part| read(context, workspace.sid, family, part, &rolled));
    let mut sum = Tallies::default();
    for part in try_join_all(reads).await? {
        sum.merge(&part);
    }
    Ok(sum)
}

/// The active Tasks: those of the last roll-up, updated with the Events since then.
pub async fn active_tasks(
    context: &RequestContext<'_>,
    workspace: &Workspace,
) -> Result<Arc<ActiveTasks>, ApiError> {
    match context
        .api
        .store
        .active_tasks_now(workspace, context.now, &*context.api.clock)
        .await?
    {
        ActiveTasksNow::Counted(active) => Ok(active),
        ActiveTasksNow::Behind(rolled) => Err(not_counted_yet(&rolled)),
    }
}

/// Every Worker: one query for each 15,000 Workers, and batch reads of a hundred.
///
/// # Errors
/// [`ApiError::ListTooLong`] for more than [`ITEMS_READ_MAX`] Workers.
pub async fn workers(
    context: &RequestContext<'_>,
    workspace: &Workspace,
) -> Result<Vec<Worker>, ApiError> {
    let sids = context.api.store.worker_sids(workspace.sid).await?;
    if sids.len() > ITEMS_READ_MAX {
        return Err(ApiError::ListTooLong { items: sids.len() });
    }
    Ok(context.api.store.workers(&sids).await?)
}

/// Reads one part of a time range: roll-up rows, or Events that are counted here.
async fn read(
    context: &RequestContext<'_>,
    workspace: WorkspaceSid,
    family: Family,
    part: Part,
    rolled: &RolledUp,
) -> Result<Tallies, ApiError> {
    let store = &context.api.store;
    match part {
        Part::Rows { grain, from, until } => Ok(store
            .tallies(workspace, (grain, family), (from, until))
            .await?),
        Part::Events { from, until } => {
            check_unrolled(from, until, rolled)?;
            let mut tallies = Tallies::default();
            let count = |event: &_| tallies.count(event);
            let is_all = store
                .visit_events(workspace, from, until, UNROLLED_ROUNDS_MAX, count)
                .await?;
            if is_all {
                Ok(tallies)
            } else {
                Err(not_counted_yet(rolled))
            }
        }
    }
}

/// Checks that the time that is not rolled up yet is short enough to read its Events.
fn check_unrolled(from: Timestamp, until: Timestamp, rolled: &RolledUp) -> Result<(), ApiError> {
    if until.since(from) > UNROLLED_MAX {
        Err(not_counted_yet(rolled))
    } else {
        Ok(())
    }
}

fn not_counted_yet(rolled: &RolledUp) -> ApiError {
    ApiError::NotCountedYet {
        until: rolled.minutes.to_iso8601(),
    }
}
