//! Looking after everything that waits: what a lost message would leave behind.
//!
//! A minute's sweep reads each Worker and each Task that has not been cleaned up, a hundred at a time. Nothing of it says
//! by its key when it is due: an index that did would be written three times a call, and a call costs more in writes than
//! in reads. What a sweep can know without asking, it does not ask: ended Tasks it has settled before, and waiting ones for
//! whom, of all it has just read, nobody is free who could take them.

use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

use futures_util::{StreamExt, stream};
use ids::time::{Millis, Timestamp};
use ids::{TaskSid, WorkspaceSid};
use planted_bugs::Bug;
use serde::{Deserialize, Serialize};
use store::{Reading, keys};
use task_router::model::{Task, Workspace};
use task_router::router::effects::{self, Callback, Effect};
use task_router::router::may_skip;

use crate::worker_snapshot::{Suited, WorkerSnapshot};
use crate::{Error, Routing};

/// How long an offer may wait for its assignment callback before the sweep sends it again: the callback's own time
/// limits for two URLs, and some.
const UNANSWERED_OFFER_AGE: Millis = Millis::from_secs(15);

/// How often a call is asked after, in minutes of its Task's age; the sweep comes every minute.
const CALLER_CHECK_MINUTES: u64 = 3;

/// Tasks and Workers for whom something is done at the same time.
const SWEPT_AT_ONCE: usize = 16;

/// Tasks or Workers read at once: a few megabytes of memory at most.
const READ: usize = 500;

/// Tasks or Workers listed at once: keys only.
const LISTED: usize = 5_000;

/// How long after its end a Task has nothing to give back any more, if its Workers say so: longer than any read may lag.
const SETTLED_AFTER: Millis = Millis::from_secs(60);

/// Ended Tasks an instance knows not to look at again, 16 bytes each: those of a day, which is how late DynamoDB may be in
/// cleaning up. Too many are forgotten, and looked at once more.
const LONG_ENDED_MAX: usize = 100_000;

/// Ended Tasks with which everything is settled, by the sweep that listed them last: those it does not list any more are
/// cleaned up.
#[derive(Default)]
pub(crate) struct LongEnded {
    /// Of this sweep, or of the last one if none is under way.
    listed: BTreeSet<TaskSid>,
    /// Of the sweep before, and not listed again so far.
    before: BTreeSet<TaskSid>,
}

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
        let workspaces = self.swept_workspaces().await?;
        self.long_ended().begin();
        for sid in workspaces {
            if let Err(error) = self.sweep_workspace(sid, sweep).await {
                tracing::error!(workspace_sid = %sid, %error, "not swept; the next sweep tries again");
            }
        }
        self.long_ended().end();
        for sid in self.store.removed_workspace_sids().await? {
            if let Err(error) = self.clear(sid).await {
                tracing::error!(workspace_sid = %sid, %error, "not cleared; the next sweep tries again");
            }
        }
        Ok(())
    }

    /// All Workspaces; that of the centre first, listed or not: the index may not have it yet.
    pub(crate) async fn swept_workspaces(&self) -> Result<Vec<WorkspaceSid>, Error> {
        let of_centre = self
            .store
            .voice_settings(self.clock.now())
            .await?
            .map(|centre| centre.workspace_sid);
        let listed = self.store.workspace_sids().await?;
        let others = listed.into_iter().filter(|sid| Some(*sid) != of_centre);
        Ok(of_centre.into_iter().chain(others).collect())
    }

    /// A deleted Workspace ends with the first sweep that finds nothing in it.
    async fn clear(&self, workspace: WorkspaceSid) -> Result<(), Error> {
        match self
            .store
            .clear_removed(workspace, CLEARED_AT_ONCE_MAX)
            .await?
        {
            0 => Ok(self.store.forget_removed(workspace).await?),
            _more => Ok(()),
        }
    }

    /// Workers first, since they are fewer, and what is to be done for a Task depends on them.
    async fn sweep_workspace(&self, sid: WorkspaceSid, sweep: Sweep) -> Result<(), Error> {
        let Some(workspace) = self.store.fresh_workspace(sid, self.clock.now()).await? else {
            return Ok(());
        };
        let mut staff = WorkerSnapshot::new();
        if let Err(error) = self.sweep_workers(&workspace, &mut staff, sweep).await {
            tracing::error!(%error, "not all Workers swept; the next sweep tries again");
            staff.is_complete = false;
        } else if let Err(error) = self.tend_ready_lists(&workspace, &staff).await {
            tracing::error!(%error, "not all boards tended; the next sweep goes on");
        }
        self.sweep_tasks(&workspace, &mut staff, sweep).await
    }

    async fn sweep_workers(
        &self,
        workspace: &Workspace,
        staff: &mut WorkerSnapshot,
        sweep: Sweep,
    ) -> Result<(), Error> {
        let mut reading = Some(Reading::Forward(None));
        while let Some(here) = reading {
            let page = self
                .store
                .listed_workers(workspace.sid, &here, LISTED)
                .await?;
            for sids in page.sids().chunks(READ) {
                for worker in self
                    .store
                    .advance_workers(workspace, sids, self.clock.now())
                    .await?
                {
                    for effect in effects::of_worker(workspace, None, &worker) {
                        if let (Effect::Timer(wake), Sweep::Everything) = (effect, sweep) {
                            self.outbox.schedule(wake, self.clock.now()).await?;
                        }
                    }
                    staff.note(workspace, worker);
                }
            }
            reading = here.after(&page);
        }
        Ok(())
    }

    async fn sweep_tasks(
        &self,
        workspace: &Workspace,
        staff: &mut WorkerSnapshot,
        sweep: Sweep,
    ) -> Result<(), Error> {
        let mut reading = Some(Reading::Forward(None));
        while let Some(here) = reading {
            let page = self
                .store
                .listed_tasks(workspace.sid, &here, LISTED)
                .await?;
            for sids in self.not_long_ended(page.sids()).chunks(READ) {
                let tasks = self
                    .store
                    .advance_tasks(workspace, sids, self.clock.now())
                    .await?;
                let now = self.clock.now();
                let with_effects = |task: Task| (due(workspace, staff, &task, sweep, now), task);
                let work: Vec<(Vec<Effect>, Task)> = tasks.into_iter().map(with_effects).collect();
                let all_seen = staff.is_complete;
                stream::iter(work)
                    .for_each_concurrent(SWEPT_AT_ONCE, async |(effects, task)| {
                        let swept = self.sweep_task(&task, effects, all_seen).await;
                        swept.unwrap_or_else(|error| log_not_swept(task.sid, &error));
                    })
                    .await;
            }
            reading = here.after(&page);
        }
        Ok(())
    }

    async fn sweep_task(
        &self,
        task: &Task,
        effects: Vec<Effect>,
        all_seen: bool,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        if let Some(check) = caller_to_check(task, now) {
            self.outbox.callback(check).await?;
        }
        let is_settled = effects.is_empty() && all_seen;
        self.carry_out_task(effects, task).await?;
        if is_settled
            && task.assignment_status.is_end()
            && now.since(task.date_updated) > SETTLED_AFTER
        {
            self.long_ended().note(task.sid);
        }
        Ok(())
    }

    fn not_long_ended(&self, mut sids: Vec<TaskSid>) -> Vec<TaskSid> {
        let mut known = self.long_ended();
        sids.retain(|sid| !known.lists(*sid));
        sids
    }

    fn long_ended(&self) -> MutexGuard<'_, LongEnded> {
        self.long_ended
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl LongEnded {
    /// A sweep begins to list Tasks.
    fn begin(&mut self) {
        self.before = std::mem::take(&mut self.listed);
    }

    /// A Task is listed: is it one of these?
    fn lists(&mut self, sid: TaskSid) -> bool {
        if self.before.remove(&sid) {
            self.note(sid);
        }
        self.listed.contains(&sid)
    }

    fn note(&mut self, sid: TaskSid) {
        if self.listed.len() >= LONG_ENDED_MAX {
            self.listed.clear();
        }
        self.listed.insert(sid);
    }

    /// A sweep has listed all Tasks, or those it could: the others are looked at once more.
    fn end(&mut self) {
        self.before.clear();
    }
}

/// Whoever writes a Task at the same moment sees to it.
fn log_not_swept(task: TaskSid, error: &Error) {
    match error {
        Error::Store(store::Error::Conflict) => {
            tracing::debug!(task_sid = %task, "not swept: others are writing it")
        }
        Error::Store(_) | Error::Outbox(_) => {
            tracing::error!(task_sid = %task, %error, "not swept; the next sweep tries again");
        }
    }
}

/// What is to be done for a Task. Seen as new, it has every effect its state can have.
fn due(
    workspace: &Workspace,
    staff: &mut WorkerSnapshot,
    task: &Task,
    sweep: Sweep,
    now: Timestamp,
) -> Vec<Effect> {
    let mut is_due = |effect: &Effect| match (effect, sweep) {
        (_, Sweep::Everything) => true,
        (Effect::MatchTask(_), Sweep::Overdue) => {
            !task.is_in_waiting_list()
                || may_skip(workspace, task)
                || may_be_suited(workspace, staff, task, now)
        }
        (Effect::Release(release), Sweep::Overdue) => staff.may_hold(release),
        (Effect::Callback(_), Sweep::Overdue) => has_old_offer(task, now),
        (Effect::MatchWorker(_) | Effect::Timer(_), Sweep::Overdue) => false,
    };
    let mut effects = effects::of_task(workspace, None, task);
    effects.retain(|effect| is_due(effect));
    effects
}

/// Is the table to be asked for somebody? Where memory does not say, the Tasks of one shard of the listing have their turn each
/// minute, and all of them in [`keys::LISTING_SHARDS`] minutes: asking for 10,000 at once would be too much.
fn may_be_suited(
    workspace: &Workspace,
    staff: &mut WorkerSnapshot,
    task: &Task,
    now: Timestamp,
) -> bool {
    match staff.suits(workspace, task, now) {
        Suited::Somebody => true,
        Suited::Nobody => false,
        Suited::Unknown => {
            let minute = now.as_millis() / 60_000;
            minute.rem_euclid(i64::from(keys::LISTING_SHARDS))
                == i64::from(keys::listing_shard(task.sid))
        }
    }
}

/// A call may have ended without anybody hearing of it: the carrier does not repeat what it tells at the end of a call.
fn caller_to_check(task: &Task, now: Timestamp) -> Option<Callback> {
    let minutes = now.since(task.date_created).as_secs() / 60;
    let is_due = !task.assignment_status.is_end()
        && minutes % CALLER_CHECK_MINUTES == CALLER_CHECK_MINUTES - 1;
    let dialed = || {
        task.held_reservation()?
            .instruction
            .as_ref()?
            .customer_call_sid()
    };
    let call = task
        .call_sid()
        .or_else(dialed)
        .filter(|_| is_due && !Bug::CallerNotAskedAfter.is_planted())?;
    Some(Callback::CheckCaller {
        call,
        task: task.sid,
    })
}

fn has_old_offer(task: &Task, now: Timestamp) -> bool {
    let unanswered = task
        .pending_reservations()
        .filter(|offer| offer.instruction.is_none());
    unanswered
        .into_iter()
        .any(|offer| now.since(offer.date_created) >= UNANSWERED_OFFER_AGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_tasks_that_ended_long_ago_those_are_known_that_the_last_sweep_listed() {
        let [kept, cleaned_up] = ["kept", "cleaned up"].map(|name| TaskSid::derive(&[name]));
        let mut known = LongEnded::default();
        known.begin();
        assert!(
            !known.lists(kept) && !known.lists(cleaned_up),
            "nobody has seen them"
        );
        known.note(kept);
        known.note(cleaned_up);
        known.end();
        for _ in 0..2 {
            known.begin();
            assert!(known.lists(kept));
            known.end();
        }
        assert_eq!(
            (known.listed, known.before),
            (BTreeSet::from([kept]), BTreeSet::new())
        );
    }
}
