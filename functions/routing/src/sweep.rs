//! Looking after everything that waits: what a lost message would leave behind.

use futures_util::{FutureExt, StreamExt, stream};
use serde::{Deserialize, Serialize};
use shared::model::{Millis, Task, TaskSid, Timestamp, WorkerSid, Workspace, WorkspaceSid};
use shared::planted::{self, Bug};
use shared::router::effects::{self, Callback, Effect};
use shared::router::{Event, Outcome};

use crate::{Error, Routing};

/// How long an offer may wait for its assignment callback before the sweep sends it again: the callback's own time
/// limits for two URLs, and some.
const UNANSWERED_OFFER_AGE: Millis = Millis::from_secs(15);

/// How often a quiet call is asked after, in minutes; the sweep comes every minute.
const CALLER_CHECK_MINUTES: u64 = 3;

/// Tasks and Workers looked at at the same time: a sweep of ten thousand ends within its minute.
const SWEPT_AT_ONCE: usize = 16;

/// Items of a deleted Workspace that one sweep removes: a minute holds them beside everything else.
const CLEARED_AT_ONCE_MAX: usize = 2_000;

/// What a sweep is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sweep {
    /// The schedule's: do what is overdue.
    Overdue,
    /// After a restart that lost all messages: do what is overdue and send every message anew.
    Everything,
}

impl Routing {
    /// Goes through every Workspace, and on with the removal of what is in deleted ones. What fails is logged and left to
    /// the next sweep.
    pub async fn sweep(&self, sweep: Sweep) -> Result<(), Error> {
        for sid in self.swept_workspaces().await? {
            if let Err(error) = self.sweep_workspace(sid, sweep).await {
                tracing::error!(workspace_sid = %sid, %error, "not swept; the next sweep tries again");
            }
        }
        for sid in self.store.removed_workspace_sids().await? {
            if let Err(error) = self.clear(sid).await {
                tracing::error!(workspace_sid = %sid, %error, "not cleared; the next sweep tries again");
            }
        }
        Ok(())
    }

    /// All Workspaces; that of the centre first, listed or not: the index may not have it yet.
    async fn swept_workspaces(&self) -> Result<Vec<WorkspaceSid>, Error> {
        let of_centre = self.store.centre(self.clock.now()).await?.map(|centre| centre.workspace_sid);
        let listed = self.store.workspace_sids().await?;
        let others = listed.into_iter().filter(|sid| Some(*sid) != of_centre);
        Ok(of_centre.into_iter().chain(others).collect())
    }

    /// A deleted Workspace ends with the first sweep that finds nothing in it.
    async fn clear(&self, workspace: WorkspaceSid) -> Result<(), Error> {
        match self.store.clear_removed(workspace, CLEARED_AT_ONCE_MAX).await? {
            0 => Ok(self.store.forget_removed(workspace).await?),
            _more => Ok(()),
        }
    }

    /// Workers first, since they are fewer. Costs a read for each Worker and each Task that has not been cleaned up.
    async fn sweep_workspace(&self, sid: WorkspaceSid, sweep: Sweep) -> Result<(), Error> {
        let Some(workspace) = self.store.fresh_workspace(sid, self.clock.now()).await? else { return Ok(()) };
        let workers = self.store.worker_sids(workspace.sid).await?;
        let workers =
            workers.into_iter().map(|sid| (sid.to_string(), self.sweep_worker(&workspace, sid, sweep).boxed()));
        let tasks = self.store.task_sids(workspace.sid).await?;
        let tasks = tasks.into_iter().map(|sid| (sid.to_string(), self.sweep_task(&workspace, sid, sweep).boxed()));
        stream::iter(workers.chain(tasks))
            .for_each_concurrent(SWEPT_AT_ONCE, async |(sid, swept)| {
                if let Err(error) = swept.await {
                    tracing::error!(%sid, %error, "not swept; the next sweep tries again");
                }
            })
            .await;
        Ok(())
    }

    async fn sweep_task(&self, workspace: &Workspace, sid: TaskSid, sweep: Sweep) -> Result<(), Error> {
        let now = self.clock.now();
        let applied = self.store.apply(&Event::Advance { task: sid }, now).await?;
        let (Outcome::AlreadySo, Some(task)) = (applied.outcome, applied.task) else { return Ok(()) };
        if let Some(check) = caller_to_check(&task, now) {
            self.outbox.call(check).await?;
        }
        // Seen as new, a Task has every effect its state can have.
        let due = |effect: &Effect| match (effect, sweep) {
            (Effect::Match(_) | Effect::Release(_), _) | (_, Sweep::Everything) => true,
            (Effect::Call(_), Sweep::Overdue) => has_old_offer(&task, now),
            (Effect::Serve(_) | Effect::Wake(_) | Effect::Answered { .. }, Sweep::Overdue) => false,
        };
        let effects = effects::of_task(workspace, None, &task).into_iter().filter(due).collect();
        self.carry_out_task(effects, &task).await
    }

    async fn sweep_worker(&self, workspace: &Workspace, sid: WorkerSid, sweep: Sweep) -> Result<(), Error> {
        let applied = self.store.apply(&Event::AdvanceWorker { worker: sid }, self.clock.now()).await?;
        let (Outcome::AlreadySo, Some(worker)) = (applied.outcome, applied.worker) else { return Ok(()) };
        for effect in effects::of_worker(workspace, None, &worker) {
            match (effect, sweep) {
                (Effect::Serve(_), _) => self.serve(worker.clone()).await?,
                (Effect::Wake(wake), Sweep::Everything) => self.outbox.wake(wake, self.clock.now()).await?,
                (Effect::Wake(_), Sweep::Overdue)
                | (Effect::Match(_) | Effect::Release(_) | Effect::Call(_) | Effect::Answered { .. }, _) => {}
            }
        }
        Ok(())
    }
}

/// A call whose Task has not changed for a while may have ended without anybody hearing of it: the carrier does not repeat
/// what it tells at the end of a call.
fn caller_to_check(task: &Task, now: Timestamp) -> Option<Callback> {
    let quiet_minutes = now.since(task.date_updated).as_secs() / 60;
    let is_due = !task.assignment_status.is_end() && quiet_minutes % CALLER_CHECK_MINUTES == CALLER_CHECK_MINUTES - 1;
    let call = task.call_sid().filter(|_| is_due && !planted::is(Bug::CallerNotAskedAfter))?;
    Some(Callback::CheckCaller { call, task: task.sid })
}

fn has_old_offer(task: &Task, now: Timestamp) -> bool {
    let unanswered = task.pending_reservations().filter(|offer| offer.instruction.is_none());
    unanswered.into_iter().any(|offer| now.since(offer.date_created) >= UNANSWERED_OFFER_AGE)
}
