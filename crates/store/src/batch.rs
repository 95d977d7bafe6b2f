//! Batches of Tasks and Workers, brought up to what time and configuration require.
//!
//! A batch is read a hundred items a request and eventually consistent, which costs half. Only an
//! item that must change is read again, consistently, and written. An item that cannot be read or
//! written is logged and left to the next pass, so that it does not hold up the others.

use futures_util::{StreamExt, stream};
use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid};
use task_router::model::{Task, Worker, Workspace};
use task_router::router::{Command, Snapshot, advanced_worker, decide, in_known_activity};

use crate::items::{self, Item};
use crate::keys::Key;
use crate::workers::Consistency;
use crate::{Error, Store, WorkerChange};

/// Items written at the same time.
const AT_ONCE: usize = 8;

impl Store {
    /// Applies [`Command::Advance`] to those of these Tasks that it changes, and returns the others
    /// as stored. A changed Task has a stream record of its own. A Task whose write conflicts too
    /// often is left to its other writers.
    pub async fn advance_tasks(
        &self,
        workspace: &Workspace,
        sids: &[TaskSid],
        now: Timestamp,
    ) -> Result<Vec<Task>, Error> {
        let read = self
            .read_batches(
                sids.iter().map(|sid| Key::task(*sid)),
                Consistency::Eventual,
            )
            .await?;
        let mut unchanged = Vec::with_capacity(read.len());
        let mut overdue = Vec::new();
        for task in read
            .into_iter()
            .filter_map(|item| logged(items::read::<Task>(item)))
        {
            let command = Command::Advance { task: task.sid };
            let decision = decide(
                Snapshot::new(workspace).with_tasks([task.clone()]),
                &command,
                now,
            );
            match decision.if_changed() {
                Some(_) => overdue.push(command),
                None => unchanged.push(task),
            }
        }
        stream::iter(overdue)
            .for_each_concurrent(AT_ONCE, async |command| {
                logged(self.apply(&command, now).await);
            })
            .await;
        Ok(unchanged)
    }

    /// Brings each of these Workers up to date: into an Activity that exists, out of a wrap-up that
    /// has ended, into the queues it serves and onto its ready list.
    ///
    /// Returns the Workers as stored. A deleted Worker is left out, and so is a Worker whose write
    /// conflicts too often.
    pub async fn advance_workers(
        &self,
        workspace: &Workspace,
        sids: &[WorkerSid],
        now: Timestamp,
    ) -> Result<Vec<Worker>, Error> {
        let read = self
            .read_batches(
                sids.iter().map(|sid| Key::worker(*sid)),
                Consistency::Eventual,
            )
            .await?;
        let workers: Vec<_> = stream::iter(read)
            .map(|item| self.advance_worker(workspace, item, now))
            .buffered(AT_ONCE)
            .collect()
            .await;
        Ok(workers.into_iter().filter_map(logged).flatten().collect())
    }

    /// Brings the Worker that was read as `item` up to date; `None` if it was deleted.
    async fn advance_worker(
        &self,
        workspace: &Workspace,
        item: Item,
        now: Timestamp,
    ) -> Result<Option<Worker>, Error> {
        let worker: Worker = items::read(item.clone())?;
        let has_known_activity = workspace.activities.contains_key(&worker.activity_sid);
        if has_known_activity
            && advanced_worker(workspace, worker.clone(), now) == worker
            && items::same_index_entry(&item, &items::of_worker(&worker, workspace)?)
        {
            return Ok(Some(worker));
        }
        // The Activity may be newer than the given Workspace.
        let newest = if has_known_activity {
            None
        } else {
            self.fresh_workspace(workspace.sid, now).await?
        };
        let workspace = newest.as_deref().unwrap_or(workspace);
        let change =
            |worker| advanced_worker(workspace, in_known_activity(workspace, worker, now), now);
        match self.change_worker(worker.sid, workspace, now, change).await {
            Ok(WorkerChange::Written { after, .. } | WorkerChange::Unchanged(after)) => {
                Ok(Some(*after))
            }
            Ok(WorkerChange::NoSuchWorker) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The value; an error is logged. After a conflict no retry is needed: the other writer follows the
/// same configuration, and the next pass reads the item again.
fn logged<T>(done: Result<T, Error>) -> Option<T> {
    done.inspect_err(
        |error| tracing::warn!(%error, "not brought up to date, left to the next pass"),
    )
    .ok()
}
