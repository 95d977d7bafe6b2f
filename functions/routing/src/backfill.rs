//! Backfill: applies a configuration change to the waiting Tasks or the Workers it affects
//! (taskrouter.md sections 2.6 and 2.7).
//!
//! [`task_router::router::backfill`] decides which backfills a write calls for. This module visits
//! the Tasks or Workers in batches; each batch is one message of the timers queue.

use ids::time::{Millis, Timestamp};
use ids::{TaskSid, WorkerSid, WorkspaceSid};
use store::{CONFIGURATION_KEPT, Part, Reading};
use task_router::model::Workspace;
use task_router::router::backfill::{self, Backfill, Listed};
use task_router::router::events::PartChange;
use task_router::router::timers::{self, Subject, Timer};
use task_router::router::timers_queue::BackfillMessage;

use crate::remembered::Remembered;
use crate::{Error, Routing};

/// Tasks or Workers visited by one message: a second's work, and less than a thirtieth of the
/// function's timeout.
const BATCH_MAX: usize = 500;

/// How much longer than necessary a backfill is delayed, so that one backfill serves all changes of
/// this time: a file of a hundred queues is a hundred changes.
const GATHERED: Millis = Millis::from_secs(1);

/// Backfills that this instance remembers. Forgetting one costs a superfluous backfill.
const REMEMBERED_MAX: usize = 100;

/// The backfills that this instance scheduled last, and when each begins.
pub(crate) type Scheduled = Remembered<(WorkspaceSid, Backfill), Timestamp, REMEMBERED_MAX>;

impl Routing {
    /// Schedules the backfills that a configuration write calls for. A backfill begins when no
    /// process has the old configuration in its cache any more. A backfill that is scheduled
    /// already and begins late enough is not scheduled again.
    pub(crate) async fn schedule_backfills(&self, change: &PartChange) -> Result<(), Error> {
        for backfill in backfill::of_part(change.old.as_ref(), change.new.as_ref()) {
            let now = self.clock.now();
            let key = (change.workspace_sid, backfill);
            let caches_expire = now + CONFIGURATION_KEPT;
            let begins_at = self.scheduled_backfills.get(&key);
            if begins_at.is_some_and(|at| at >= caches_expire) {
                continue;
            }
            let message = BackfillMessage {
                workspace: change.workspace_sid,
                backfill,
                at: caches_expire + GATHERED,
            };
            self.outbox.schedule(message.into(), now).await?;
            self.scheduled_backfills.insert(key, message.at);
        }
        Ok(())
    }

    /// Visits one batch of a backfill and schedules the rest.
    pub(crate) async fn run_backfill(&self, message: BackfillMessage) -> Result<(), Error> {
        let now = self.clock.now();
        let workspace = self.store.fresh_workspace(message.workspace, now).await?;
        let Some(workspace) = workspace else {
            return Ok(());
        };
        let rest = match message.backfill {
            Backfill::Tasks { after } => self.backfill_tasks(&workspace, after).await?,
            Backfill::Workers { after } => self.backfill_workers(&workspace, after).await?,
        };
        let Some(backfill) = rest else {
            return Ok(());
        };
        let next = BackfillMessage {
            workspace: workspace.sid,
            backfill,
            at: now,
        };
        Ok(self.outbox.schedule(next.into(), now).await?)
    }

    /// Advances one batch of Tasks. The stream record of a Task that changes leads to its Effects.
    async fn backfill_tasks(
        &self,
        workspace: &Workspace,
        after: Option<Listed<TaskSid>>,
    ) -> Result<Option<Backfill>, Error> {
        let page = self
            .store
            .listed_tasks(workspace.sid, &reading_after(after), BATCH_MAX)
            .await?;
        self.store
            .advance_tasks(workspace, &page.sids(), self.clock.now())
            .await?;
        Ok(last(&page).map(|last| Backfill::Tasks { after: Some(last) }))
    }

    /// Advances one batch of Workers. A Worker in wrap-up gets a new timer: the limit may have
    /// changed, and that is no write of the Worker.
    async fn backfill_workers(
        &self,
        workspace: &Workspace,
        after: Option<Listed<WorkerSid>>,
    ) -> Result<Option<Backfill>, Error> {
        let page = self
            .store
            .listed_workers(workspace.sid, &reading_after(after), BATCH_MAX)
            .await?;
        let now = self.clock.now();
        for worker in self
            .store
            .advance_workers(workspace, &page.sids(), now)
            .await?
        {
            if let Some(at) = timers::of_worker(workspace, &worker) {
                let timer = Timer {
                    workspace: workspace.sid,
                    subject: Subject::Worker(worker.sid),
                    at,
                };
                self.outbox.schedule(timer.into(), now).await?;
            }
        }
        Ok(last(&page).map(|last| Backfill::Workers { after: Some(last) }))
    }
}

fn reading_after<S: ToString>(cursor: Option<Listed<S>>) -> Reading {
    Reading::Forward(cursor.map(|cursor| (cursor.created, cursor.sid.to_string())))
}

/// The cursor of the next batch, if there is one.
fn last<S: Copy>(page: &Part<S>) -> Option<Listed<S>> {
    if !page.has_more {
        return None;
    }
    let last = page.entries.last()?;
    Some(Listed {
        created: last.created,
        sid: last.sid,
    })
}
