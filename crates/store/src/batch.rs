//! Many Tasks and Workers at once, brought to what time and configuration make of them. They are read a hundred at a time
//! and as they were a moment ago, which costs half; only who is not as they should be is read again and written. One that
//! cannot be read or written is logged and left to the next look at it, so that it does not keep the others back.

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
    /// Applies [`Command::Advance`] to those of these Tasks whom it changes, and gives back the others, as they stand. What
    /// changed has a stream record of its own, and what others keep writing is left to them.
    pub async fn advance_tasks(
        &self,
        workspace: &Workspace,
        sids: &[TaskSid],
        now: Timestamp,
    ) -> Result<Vec<Task>, Error> {
        let read = self
            .read_many(
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
            let event = Command::Advance { task: task.sid };
            let decision = decide(
                Snapshot::new(workspace).with_tasks([task.clone()]),
                &event,
                now,
            );
            match decision.if_changed() {
                Some(_) => overdue.push(event),
                None => unchanged.push(task),
            }
        }
        let applied = async |event: Command| logged(self.apply(&event, now).await).map(|_| ());
        stream::iter(overdue)
            .map(applied)
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        Ok(unchanged)
    }

    /// Brings each of these Workers into an Activity that is there, out of a wrap-up that is over, to the queues they serve
    /// and the board they belong on. Gives them back as they stand; those who are gone are left out, and those whom others
    /// keep writing.
    pub async fn advance_workers(
        &self,
        workspace: &Workspace,
        sids: &[WorkerSid],
        now: Timestamp,
    ) -> Result<Vec<Worker>, Error> {
        let read = self
            .read_many(
                sids.iter().map(|sid| Key::worker(*sid)),
                Consistency::Eventual,
            )
            .await?;
        let (read, advanced) = (stream::iter(read), |item| {
            self.advance_worker(workspace, item, now)
        });
        let workers: Vec<_> = read.map(advanced).buffered(AT_ONCE).collect().await;
        Ok(workers.into_iter().filter_map(logged).flatten().collect())
    }

    /// A Worker who was read as `item`, as they should be.
    async fn advance_worker(
        &self,
        workspace: &Workspace,
        item: Item,
        now: Timestamp,
    ) -> Result<Option<Worker>, Error> {
        let worker: Worker = items::read(item.clone())?;
        let is_somewhere = workspace.activities.contains_key(&worker.activity_sid);
        if is_somewhere
            && advanced_worker(workspace, worker.clone(), now) == worker
            && items::same_place(&item, &items::of_worker(&worker, workspace)?)
        {
            return Ok(Some(worker));
        }
        // An Activity may be newer than the Workspace we know.
        let newest = if is_somewhere {
            None
        } else {
            self.fresh_workspace(workspace.sid, now).await?
        };
        let workspace = newest.as_deref().unwrap_or(workspace);
        let change =
            |worker| advanced_worker(workspace, in_known_activity(workspace, worker, now), now);
        match self.change_worker(worker.sid, workspace, now, change).await {
            Ok(WorkerChange::Written { after, .. } | WorkerChange::AsItWas(after)) => {
                Ok(Some(*after))
            }
            Ok(WorkerChange::NoSuchWorker) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What was done, if it was. Whoever made a conflict of it follows the same configuration, and is looked at again as well.
fn logged<T>(done: Result<T, Error>) -> Option<T> {
    done.inspect_err(|error| tracing::warn!(%error, "left to the next look"))
        .ok()
}
