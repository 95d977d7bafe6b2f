//! What answers are made of. A span costs at most five queries of rows, and one or two rounds of queries of events, one of each of the
//! sixteen shards: for less than a minute at its beginning, and for what the schedule has not rolled up yet at its end.

use std::sync::Arc;

use futures_util::future::try_join_all;
use ids::WorkspaceSid;
use ids::time::Timestamp;
use store::{LivingNow, UNROLLED_MAX, UNROLLED_ROUNDS_MAX};
use task_router::model::{Worker, Workspace};
use task_router::statistics::{ActiveTasks, Family, Part, RolledUp, Tallies, parts};

use crate::error::ApiError;
use crate::request_context::RequestContext;
use crate::resources::ITEMS_READ_MAX;

/// Workers a Workspace may have for there to be statistics of them (taskrouter.md section 14).
pub const WORKERS_MAX: usize = 100;

/// What was counted of one family in `from..until`.
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
        // Nothing is kept of what was before the beginning.
        None => (
            from.max(RolledUp::beginning(context.now).minutes),
            RolledUp::beginning(context.now),
        ),
    };
    let parts = parts(from, until, &rolled);
    let read = parts
        .into_iter()
        .map(|part| read(context, workspace.sid, family, part, &rolled));
    let mut sum = Tallies::default();
    try_join_all(read)
        .await?
        .iter()
        .for_each(|part| sum.merge(part));
    Ok(sum)
}

/// The Tasks there are: as the last roll-up left them, and what has happened since.
pub async fn living(
    context: &RequestContext<'_>,
    workspace: &Workspace,
) -> Result<Arc<ActiveTasks>, ApiError> {
    match context
        .api
        .store
        .living_now(workspace, context.now, &*context.api.clock)
        .await?
    {
        LivingNow::Counted(living) => Ok(living),
        LivingNow::Behind(rolled) => Err(behind(&rolled)),
    }
}

/// Every Worker: a query for each 15,000 of them, and a read of a hundred at a time.
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
                Err(behind(rolled))
            }
        }
    }
}

fn check_unrolled(from: Timestamp, until: Timestamp, rolled: &RolledUp) -> Result<(), ApiError> {
    if until.since(from) > UNROLLED_MAX {
        Err(behind(rolled))
    } else {
        Ok(())
    }
}

fn behind(rolled: &RolledUp) -> ApiError {
    ApiError::NotCountedYet {
        until: rolled.minutes.to_iso8601(),
    }
}
