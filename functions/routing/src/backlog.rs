//! Backlog: how a match is searched for while stream records are handled late.
//!
//! Records of different items are handled in no order, and the later they are, the further apart. A
//! new Task is in no list until its record is handled. So a search in a backlog would give a Worker
//! to whichever Task's record is handled first, and not to the one that has waited longest.
//!
//! A new Task of a late record is only put into its waiting list. The record of that write comes
//! after the backlog, and searches. For a Worker of a late record the matcher runs by a message,
//! when other records of the backlog have been handled.

use ids::TaskQueueSid;
use ids::time::{Millis, Timestamp};
use task_router::model::{IdleKey, Task, Worker};
use task_router::router::order::WaitingList;
use task_router::router::pool::Pool;

use crate::candidate_search::Matched;
use crate::contention::{Joined, queue_of_list};
use crate::remembered::Remembered;
use crate::{Error, Routing};

/// The age of a write whose record is handled late. In a quiet centre a record is handled within a
/// fraction of a second.
const LATE: Millis = Millis::from_secs(2);

/// How long after a Worker's late record the matcher runs: time enough to put the new Tasks of a
/// hundred records a second and lane into their lists.
const WORKER_WAITS: Millis = Millis::from_secs(1);

/// Pools for which an instance remembers a scheduled run of the matcher. Forgetting one costs a
/// message.
const REMEMBERED_MAX: usize = 1_000;

/// When the matcher runs next for late Workers, for each pool.
pub(crate) type ScheduledRuns = Remembered<TaskQueueSid, Timestamp, REMEMBERED_MAX>;

impl Routing {
    /// Is the record of a write at `written` handled late? The item states the moment of its write
    /// in milliseconds, the record in whole seconds.
    pub(crate) fn is_late(&self, written: Timestamp) -> bool {
        self.clock.now().since(written) > LATE
    }

    /// Finds Workers for a Task whose record is late. A new Task is only put into its waiting list,
    /// if it waits for whichever Worker is free.
    pub(crate) async fn match_late_task(&self, task: Task) -> Result<Matched<IdleKey>, Error> {
        let now = self.clock.now();
        let workspace = self
            .store
            .workspace_for(task.workspace_sid, [&task], now)
            .await?;
        if let Some(workspace) = workspace
            && task.is_pending()
            && task.is_new()
            && queue_of_list(&workspace, &task).is_some()
        {
            match self.join_waiting_list(&workspace, &task).await? {
                Joined::Yes(_) | Joined::WrittenElsewhere => return Ok(Matched::Yes),
                Joined::TurnedAway => {}
            }
        }
        // In a backlog another search has often served the Task since this record was written. The
        // read costs less than the transaction that would fail.
        match self.store.task(task.sid).await? {
            Some(newest) if newest.is_pending() => self.match_task(newest).await,
            Some(_) | None => Ok(Matched::Yes),
        }
    }

    /// Finds Tasks for a Worker whose record is late: the matcher of the Worker's pool will, unless
    /// a Task waits for this Worker alone.
    pub(crate) async fn match_late_worker(&self, worker: Worker) -> Result<(), Error> {
        let own = WaitingList::Worker(worker.sid);
        let queue = worker.queue_membership.queues().first().copied();
        let (Some(queue), true) = (
            queue,
            self.store.waiting_tasks(own, None, 1).await?.is_empty(),
        ) else {
            return self.match_freed_worker(worker).await;
        };
        let Some(workspace) = self.workspace(worker.workspace_sid).await? else {
            return Ok(());
        };
        let now = self.clock.now();
        let at = now + WORKER_WAITS;
        if self.note_run(Pool::of(&workspace, queue).name(), now, at) {
            return Ok(());
        }
        self.schedule_matcher(workspace.sid, queue, at).await
    }

    /// Notes that the matcher of a pool is to run at `at`. True: it runs later than `now` already.
    fn note_run(&self, pool: TaskQueueSid, now: Timestamp, at: Timestamp) -> bool {
        let next = self.scheduled_runs.get(&pool);
        if next.is_some_and(|next| now < next) {
            return true;
        }
        self.scheduled_runs.insert(pool, at);
        false
    }
}
