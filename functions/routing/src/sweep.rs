//! The sweep: periodic reconciliation. It does what a lost message would have done.
//!
//! Each minute's sweep reads every Worker and every Task that has not expired, a hundred at a time.
//! No index says when an item is due: such an index would be written three times a call, and writes
//! cost more than the sweep's reads. The sweep does not read ended Tasks that it has settled
//! before. It does not query for waiting Tasks that no free Worker of those it has just read could
//! take. For the others it runs the matcher, because many searches at once would contend.
//!
//! A sweep of the schedule is bounded in time and in Tasks. A sweep that does not reach the last
//! Task stores a cursor, and the next minute's sweep continues from there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use futures_util::{StreamExt, stream};
use ids::time::{Millis, Timestamp};
use ids::{TaskQueueSid, TaskSid, WorkspaceSid};
use planted_bugs::Bug;
use serde::{Deserialize, Serialize};
use store::{Part, Reading, SweepCursor, keys};
use task_router::model::{Task, Workspace};
use task_router::router::effects::{self, Callback, Effect};
use task_router::router::order::Position;
use task_router::router::pool::Pool;
use task_router::router::{may_skip, order};

use crate::contention::queue_of_list;
use crate::matcher::Arriving;
use crate::settled_tasks::SettledTasks;
use crate::time_limit;
use crate::worker_snapshot::{FreeWorker, WorkerSnapshot};
use crate::{Error, Routing, Search};

/// How long an offer may be without an instruction before the sweep sends its assignment callback
/// again: the callback's timeouts for two URLs, and a margin.
const UNANSWERED_OFFER_AGE: Millis = Millis::from_secs(15);

/// The carrier is asked whether a call still exists in every third minute of its Task's age.
const CALLER_CHECK_MINUTES: u64 = 3;

/// Tasks that are handled at the same time.
const SWEPT_AT_ONCE: usize = 16;

/// Tasks or Workers read in one batch: a few megabytes of memory at most.
const READ_AT_ONCE: usize = 500;

/// How long a sweep of the schedule reads before it stores its cursor. The rest of the function's
/// minute is for the matcher.
const READING_TIME: Millis = Millis::from_secs(40);

/// How long after its end a Task is settled, if its Workers hold nothing of it: longer than any
/// read may lag.
const SETTLED_AFTER: Millis = Millis::from_secs(60);

/// Tasks that one sweep searches Workers for after the matcher: a free Worker could take each of
/// them, and the heads of the lists did not show it. They are matched one after the other.
const MATCHED_ALONE_MAX: usize = 200;

/// Matchable Tasks that one sweep keeps, the first ones in the order of service, some 100 bytes
/// each. The matcher takes the first of each list anyway; these are read again after it.
const MATCHABLE_KEPT_MAX: usize = 1_000;

/// Settled Tasks that an instance remembers, some 40 bytes each: those of a day, which is how late
/// DynamoDB may delete expired items. Beyond the limit, shared by the Workspaces, those of a
/// Workspace are forgotten, and read once more.
const SETTLED_TASKS_MAX: usize = 100_000;

/// Items of a deleted Workspace that one sweep deletes: few enough for a minute, with all other
/// work.
const CLEARED_AT_ONCE_MAX: usize = 2_000;

/// The kind of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sweep {
    /// The schedule's sweep: does what is overdue.
    Overdue,
    /// The sweep after a restart that lost all messages: does what is overdue and sends every
    /// message again.
    Everything,
}

impl Routing {
    /// Sweeps every Workspace, and continues the deletion of deleted Workspaces. A failure in one
    /// Workspace is logged and left to the next sweep.
    pub async fn sweep(&self, sweep: Sweep) -> Result<(), Error> {
        let workspaces = self.swept_workspaces().await?;
        self.settled_tasks(|settled| settled.retain(|sid, _| workspaces.contains(sid)));
        let end = self.clock.now() + READING_TIME;
        for (number, sid) in workspaces.iter().enumerate() {
            let until = match sweep {
                Sweep::Overdue => {
                    let left = workspaces.len() - number;
                    Some(time_limit::share(self.clock.now(), end, left))
                }
                Sweep::Everything => None,
            };
            if let Err(error) = self.sweep_workspace(*sid, sweep, until).await {
                tracing::error!(workspace_sid = %sid, %error, "sweep of Workspace failed, next sweep retries");
            }
        }
        for sid in self.store.removed_workspace_sids().await? {
            if let Err(error) = self.clear(sid).await {
                tracing::error!(workspace_sid = %sid, %error, "deletion of Workspace failed, next sweep retries");
            }
        }
        Ok(())
    }

    /// All Workspaces. That of the voice settings is first, listed or not, because the index may
    /// lag.
    pub(crate) async fn swept_workspaces(&self) -> Result<Vec<WorkspaceSid>, Error> {
        let of_centre = self
            .store
            .voice_settings(self.clock.now())
            .await?
            .map(|settings| settings.workspace_sid);
        let listed = self.store.workspace_sids().await?;
        let others = listed.into_iter().filter(|sid| Some(*sid) != of_centre);
        Ok(of_centre.into_iter().chain(others).collect())
    }

    /// Deletes a batch of a deleted Workspace. The first sweep that finds no item forgets the
    /// Workspace.
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

    /// Workers first: there are fewer of them, and what is due for a Task depends on them.
    async fn sweep_workspace(
        &self,
        sid: WorkspaceSid,
        sweep: Sweep,
        until: Option<Timestamp>,
    ) -> Result<(), Error> {
        let Some(workspace) = self.store.fresh_workspace(sid, self.clock.now()).await? else {
            return Ok(());
        };
        let mut snapshot = WorkerSnapshot::new();
        if let Err(error) = self.sweep_workers(&workspace, &mut snapshot, sweep).await {
            tracing::error!(%error, "sweep of Workers failed, next sweep retries");
            snapshot.is_complete = false;
        } else if let Err(error) = self.tend_ready_lists(&workspace, &snapshot).await {
            tracing::error!(%error, "update of ready lists failed, next sweep retries");
        }
        self.sweep_tasks(&workspace, &mut snapshot, sweep, until)
            .await
    }

    async fn sweep_workers(
        &self,
        workspace: &Workspace,
        snapshot: &mut WorkerSnapshot,
        sweep: Sweep,
    ) -> Result<(), Error> {
        let mut reading = Some(Reading::Forward(None));
        while let Some(from) = reading {
            let page = self
                .store
                .listed_workers(workspace.sid, &from, self.pages.listed)
                .await?;
            for sids in page.sids().chunks(READ_AT_ONCE) {
                for worker in self
                    .store
                    .advance_workers(workspace, sids, self.clock.now())
                    .await?
                {
                    for effect in effects::of_worker(workspace, None, &worker) {
                        if let (Effect::Timer(timer), Sweep::Everything) = (effect, sweep) {
                            self.schedule(timer).await?;
                        }
                    }
                    snapshot.add(workspace, worker);
                }
            }
            reading = from.after(&page);
        }
        Ok(())
    }

    /// Sweeps the Tasks of a Workspace: from the cursor of the last sweep until `until`, or
    /// [`Pages::swept_tasks`](crate::Pages) of them; without `until`, all of them.
    async fn sweep_tasks(
        &self,
        workspace: &Workspace,
        snapshot: &mut WorkerSnapshot,
        sweep: Sweep,
        until: Option<Timestamp>,
    ) -> Result<(), Error> {
        let cursor = match sweep {
            Sweep::Overdue => self.store.sweep_cursor(workspace.sid).await?,
            Sweep::Everything => None,
        };
        let after = cursor.and_then(|cursor| cursor.after);
        if after.is_none() {
            self.settled_tasks(|settled| settled.entry(workspace.sid).or_default().begin());
        }
        let pass = Pass {
            sweep,
            is_partial: cursor.is_some(),
        };
        let mut matchable = Matchable::default();
        let mut left = until.map(|_| self.pages.swept_tasks);
        let mut reading = Some(Reading::Forward(
            after.map(|(created, sid)| (created, sid.to_string())),
        ));
        let mut stopped_at = None;
        while let Some(from) = reading {
            let limit = left.unwrap_or(usize::MAX).min(self.pages.listed);
            let page = self.store.listed_tasks(workspace.sid, &from, limit).await?;
            self.sweep_page(workspace, snapshot, pass, &page, &mut matchable)
                .await?;
            left = left.map(|left| left.saturating_sub(page.entries.len()));
            reading = from.after(&page);
            let is_over = left == Some(0) || until.is_some_and(|until| self.clock.now() >= until);
            if is_over && reading.take().is_some() {
                stopped_at = page.entries.last().map(|last| (last.created, last.sid));
            }
        }
        self.note_progress(workspace.sid, cursor, stopped_at)
            .await?;
        self.match_swept(workspace, matchable).await
    }

    /// Notes where the next sweep of the Workspace continues. Nothing is written if this one read
    /// all Tasks, as the one before did.
    async fn note_progress(
        &self,
        workspace: WorkspaceSid,
        cursor: Option<SweepCursor>,
        stopped_at: Option<(Timestamp, TaskSid)>,
    ) -> Result<(), Error> {
        if stopped_at.is_none() {
            self.settled_tasks(|settled| settled.entry(workspace).or_default().end());
        }
        let next = SweepCursor { after: stopped_at };
        let was_whole = cursor.is_none_or(|cursor| cursor.after.is_none()) && stopped_at.is_none();
        match cursor {
            None if was_whole => Ok(()),
            Some(_) if was_whole => Ok(self.store.forget_sweep_cursor(workspace).await?),
            None | Some(_) => {
                let now = self.clock.now();
                Ok(self.store.save_sweep_cursor(workspace, &next, now).await?)
            }
        }
    }

    async fn sweep_page(
        &self,
        workspace: &Workspace,
        snapshot: &mut WorkerSnapshot,
        pass: Pass,
        page: &Part<TaskSid>,
        matchable: &mut Matchable,
    ) -> Result<(), Error> {
        for sids in self
            .unsettled(workspace.sid, page.sids())
            .chunks(READ_AT_ONCE)
        {
            let tasks = self
                .store
                .advance_tasks(workspace, sids, self.clock.now())
                .await?;
            let now = self.clock.now();
            let mut work = Vec::with_capacity(tasks.len());
            for task in tasks {
                let due = due(workspace, snapshot, &task, pass, now);
                if let Some(queue) = due.matchable {
                    matchable.add(workspace, queue, &task);
                }
                work.push((due.effects, task));
            }
            let is_complete = snapshot.is_complete;
            stream::iter(work)
                .for_each_concurrent(SWEPT_AT_ONCE, async |(effects, task)| {
                    let swept = self.sweep_task(&task, effects, pass, is_complete).await;
                    swept.unwrap_or_else(|error| log_not_swept(task.sid, &error));
                })
                .await;
        }
        Ok(())
    }

    /// Matches waiting Tasks that a free Worker could take: the matcher for each pool, then the
    /// Tasks that are left, the first ones first.
    async fn match_swept(&self, workspace: &Workspace, matchable: Matchable) -> Result<(), Error> {
        for queue in matchable.pools.into_values() {
            self.match_pool(workspace, queue, Arriving::default())
                .await?;
        }
        if Bug::LongListCutShort.is_planted() {
            return Ok(());
        }
        let sids: Vec<TaskSid> = matchable.first.iter().map(|first| first.sid).collect();
        let mut left = self.store.tasks(&sids).await?;
        left.retain(Task::is_pending);
        left.sort_by_cached_key(order::position_of);
        for task in left.into_iter().take(MATCHED_ALONE_MAX) {
            let sid = task.sid;
            if let Err(error) = self.search_for_task(task, None).await {
                log_not_swept(sid, &error);
            }
        }
        Ok(())
    }

    async fn sweep_task(
        &self,
        task: &Task,
        effects: Vec<Effect>,
        pass: Pass,
        is_complete: bool,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        if let Some(check) = caller_check(task, pass, now) {
            self.outbox.callback(check).await?;
        }
        let is_settled = effects.is_empty() && is_complete;
        self.carry_out_task(effects, task, Search::Now).await?;
        if is_settled
            && task.assignment_status.is_end()
            && now.since(task.date_updated) > SETTLED_AFTER
        {
            self.settled_tasks(|settled| {
                let kept_max = SETTLED_TASKS_MAX / settled.len().max(1);
                settled
                    .entry(task.workspace_sid)
                    .or_default()
                    .add(task.sid, kept_max);
            });
        }
        Ok(())
    }

    fn unsettled(&self, workspace: WorkspaceSid, mut sids: Vec<TaskSid>) -> Vec<TaskSid> {
        self.settled_tasks(|settled| {
            let known = settled.entry(workspace).or_default();
            sids.retain(|sid| !known.note_listed(*sid));
        });
        sids
    }

    fn settled_tasks<R>(
        &self,
        act: impl FnOnce(&mut BTreeMap<WorkspaceSid, SettledTasks>) -> R,
    ) -> R {
        act(&mut self
            .settled_tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
    }
}

/// What one sweep does with the Tasks that it reads.
#[derive(Debug, Clone, Copy)]
struct Pass {
    sweep: Sweep,
    /// Whether several sweeps read the Workspace's Tasks, each of them a part.
    is_partial: bool,
}

/// Waiting Tasks that a free Worker could take.
#[derive(Default)]
struct Matchable {
    /// The first ones in the order of service, up to [`MATCHABLE_KEPT_MAX`].
    first: BTreeSet<Position>,
    /// Each pool with such a Task, with one of its TaskQueues.
    pools: BTreeMap<TaskQueueSid, TaskQueueSid>,
}

impl Matchable {
    fn add(&mut self, workspace: &Workspace, queue: TaskQueueSid, task: &Task) {
        self.pools.insert(Pool::of(workspace, queue).name(), queue);
        self.first.insert(order::position_of(task));
        if self.first.len() > MATCHABLE_KEPT_MAX {
            self.first.pop_last();
        }
    }
}

/// Logs a failure. After a conflict the other writer of the Task has done what was due.
fn log_not_swept(task: TaskSid, error: &Error) {
    match error {
        Error::Store(store::Error::Conflict) => {
            tracing::debug!(task_sid = %task, "Task not swept: conflict with another writer")
        }
        Error::Store(_) | Error::Outbox(_) => {
            tracing::error!(task_sid = %task, %error, "sweep of Task failed, next sweep retries");
        }
    }
}

/// What is due for a Task.
struct Due {
    effects: Vec<Effect>,
    /// The TaskQueue of a waiting Task that a free Worker could take.
    matchable: Option<TaskQueueSid>,
}

/// What is due for a Task. Seen as new, it has every Effect that its state can have; those that are
/// not overdue are left out.
fn due(
    workspace: &Workspace,
    snapshot: &mut WorkerSnapshot,
    task: &Task,
    pass: Pass,
    now: Timestamp,
) -> Due {
    let mut matchable = None;
    let mut is_due = |effect: &Effect| match (effect, pass.sweep) {
        (Effect::MatchTask(_), _) if !task.is_in_waiting_list() || may_skip(workspace, task) => {
            true
        }
        (Effect::MatchTask(_), _) => match snapshot.free_worker_for(workspace, task, now) {
            FreeWorker::Exists => {
                matchable = queue_of_list(workspace, task);
                matchable.is_none()
            }
            FreeWorker::None => false,
            FreeWorker::Unknown => is_turn_of(task, pass, now),
        },
        (_, Sweep::Everything) => true,
        (Effect::UseChannel(_), Sweep::Overdue) => true,
        (Effect::Release(release), Sweep::Overdue) => snapshot.may_hold(release),
        (Effect::Callback(_), Sweep::Overdue) => has_old_offer(task, now),
        (Effect::MatchWorker(_) | Effect::Timer(_), Sweep::Overdue) => false,
    };
    let mut effects = effects::of_task(workspace, None, task);
    effects.retain(|effect| is_due(effect));
    Due { effects, matchable }
}

/// Is it the Task's turn to have the table queried for its Workers, if the snapshot does not know?
/// The Tasks of one shard of the listing are queried each minute, and all Tasks in
/// [`keys::LISTING_SHARDS`] minutes: queries for 10,000 Tasks at once would be too many. Where a
/// Task is read every few minutes, some shards might never have their minute, so chance decides.
fn is_turn_of(task: &Task, pass: Pass, now: Timestamp) -> bool {
    if pass.is_partial {
        return fastrand::u8(0..keys::LISTING_SHARDS) == 0;
    }
    let minute = now.as_millis() / 60_000;
    minute.rem_euclid(i64::from(keys::LISTING_SHARDS)) == i64::from(keys::listing_shard(task.sid))
}

/// The check of a call, in the minute in which it is due, or at each reading of a Task that is read
/// every few minutes. A call may have ended without a notice, because the carrier does not retry
/// the status callback at the end of a call.
fn caller_check(task: &Task, pass: Pass, now: Timestamp) -> Option<Callback> {
    let minutes = now.since(task.date_created).as_secs() / 60;
    let is_due = !task.assignment_status.is_end()
        && (pass.is_partial || minutes % CALLER_CHECK_MINUTES == CALLER_CHECK_MINUTES - 1);
    if !is_due || Bug::LostHangUpNotDetected.is_planted() {
        return None;
    }
    let call = match task.call_sid() {
        Some(call) => call,
        None => task
            .held_reservation()?
            .instruction
            .as_ref()?
            .customer_call_sid()?,
    };
    Some(Callback::CheckCaller {
        call,
        task: task.sid,
    })
}

/// Is there an offer without an instruction that is older than [`UNANSWERED_OFFER_AGE`]?
fn has_old_offer(task: &Task, now: Timestamp) -> bool {
    task.pending_reservations()
        .filter(|offer| offer.instruction.is_none())
        .any(|offer| now.since(offer.date_created) >= UNANSWERED_OFFER_AGE)
}
