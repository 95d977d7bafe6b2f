//! The Tasks that wait: those whose Workflow starts anew, or whose queue serves them in another order.

use futures_util::{StreamExt, TryStreamExt, stream};
use shared::model::{Timestamp, WorkspaceSid};
use shared::router::{Event, Outcome};
use store::{Error, Store};

use super::summary::Summary;

/// Tasks looked at at the same time: what a small table takes beside its calls.
const TASKS_AT_ONCE: usize = 16;

/// Looks at every Task of the Workspace once more. One that others keep writing is left to them: whatever they do about it
/// follows the new configuration as well, and the schedule's sweep looks at it again.
pub(super) async fn apply(
    store: &Store,
    workspace: WorkspaceSid,
    now: Timestamp,
    summary: &mut Summary,
) -> Result<(), Error> {
    let tasks = store.task_sids(workspace).await?;
    let looks = stream::iter(tasks).map(async |task| match store.apply(&Event::Advance { task }, now).await {
        Ok(applied) => Ok(usize::from(applied.outcome == Outcome::Changed)),
        Err(Error::Conflict) => Ok(0),
        Err(error) => Err(error),
    });
    let moved = looks.buffer_unordered(TASKS_AT_ONCE).try_fold(0, async |sum, moved| Ok(sum + moved)).await?;
    summary.tasks_moved += moved;
    Ok(())
}
