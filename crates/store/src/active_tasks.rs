//! The active Tasks of a Workspace, for real-time statistics (taskrouter.md section 13,
//! "Real-time"): the rows of the last roll-up, brought up to date with the Events stored since.
//!
//! The result is cached in memory for each Workspace, and the next query reads only newer Events.
//! Concurrent queries share a read: a query that arrives during a read waits for the next read,
//! which begins after its arrival, and shares that result with all other waiting queries.
//!
//! Events are published when the stream has been handled, which may take seconds under load. A
//! process that is alone with its table also shows the Tasks it has written, so what an answer of
//! the API has shown is counted at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ids::time::{Clock, Millis, Timestamp};
use ids::{TaskSid, WorkspaceSid};
use task_router::model::{Task, Workspace};
use task_router::statistics::{ActiveTasks, RolledUp, WrittenTask};
use tokio::sync::Mutex as AsyncMutex;

use crate::{Error, Store};

/// The longest time that is counted from the Events themselves. The roll-up begins with the
/// previous hour, and is one or two minutes late otherwise.
pub const UNROLLED_MAX: Millis = Millis::from_secs(2 * 3_600);

/// The most rounds of queries for Events that are not rolled up: 128,000 items.
pub const UNROLLED_ROUNDS_MAX: usize = 54;

/// The overlap of two reads of Events. It finds Events that another process stored late. For its
/// own Events a process knows when they are stored.
const FOLLOWED_AGAIN: Millis = Millis::from_secs(10);

/// The time after which the rows are read again. An Event that was stored later than
/// [`FOLLOWED_AGAIN`] is missing from the cache for this long at most.
const ROWS_KEPT: Millis = Millis::from_secs(60);

/// The most Workspaces in the cache. The cache evicts the entry with the lowest SID.
const WORKSPACES_MAX: usize = 16;

/// How long a write is kept that no Event has shown: longer than the stream is behind in any load.
/// The Events of a write that was not published are lost.
const WRITTEN_KEPT: Millis = Millis::from_secs(600);

/// The most writes that are kept of a Workspace, some 150 bytes each. Beyond it all are forgotten,
/// and the Tasks are counted as their Events show them.
const WRITTEN_MAX: usize = 20_000;

/// The active Tasks, unless the roll-up is too far behind.
#[derive(Debug, Clone, PartialEq)]
pub enum ActiveTasksNow {
    /// The Tasks, up to date.
    Counted(Arc<ActiveTasks>),
    /// The roll-up is so far behind that one answer cannot read all Events since then.
    Behind(RolledUp),
}

/// The results of the latest queries, for each Workspace.
#[derive(Default)]
pub(crate) struct ActiveTasksCache(Mutex<BTreeMap<WorkspaceSid, Arc<CacheEntry>>>);

/// The cache entry of one Workspace.
#[derive(Default)]
struct CacheEntry {
    /// Locked by the query that reads.
    followed: AsyncMutex<Option<Followed>>,
    /// The time of the earliest Event that this process has stored since the last read began.
    stored: Mutex<Option<Timestamp>>,
    /// The latest writes of Tasks by this process that no Event has shown yet.
    written: Mutex<BTreeMap<TaskSid, WrittenTask>>,
}

/// The Tasks, and the time up to which Events are applied to them.
struct Followed {
    tasks: Arc<ActiveTasks>,
    /// The roll-up whose rows the Tasks are built on.
    rolled: Option<RolledUp>,
    /// The time at which these rows were read.
    rows_read: Timestamp,
    /// Every Event that was stored by this time is applied.
    until: Timestamp,
}

impl ActiveTasksCache {
    /// Records that this process has stored Events, the earliest of them at `earliest`.
    pub(crate) fn note(&self, workspace: WorkspaceSid, earliest: Timestamp) {
        let entry = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&workspace)
            .cloned();
        // A Workspace that is not cached is read from its rows, so there is nothing to record.
        let Some(entry) = entry else { return };
        let mut stored = entry.stored();
        *stored = Some(stored.map_or(earliest, |before| before.min(earliest)));
    }

    /// Records that this process has written a Task.
    pub(crate) fn note_written(&self, task: &Task) {
        let entry = self.entry(task.workspace_sid);
        let mut written = entry.written();
        if written.len() >= WRITTEN_MAX && !written.contains_key(&task.sid) {
            written.clear();
        }
        written.insert(task.sid, WrittenTask::of(task));
    }

    fn entry(&self, workspace: WorkspaceSid) -> Arc<CacheEntry> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= WORKSPACES_MAX && !entries.contains_key(&workspace) {
            entries.pop_first();
        }
        Arc::clone(entries.entry(workspace).or_default())
    }
}

impl CacheEntry {
    /// Applies this process's own writes, and forgets those that Events have shown.
    fn apply_written(&self, tasks: &mut ActiveTasks, now: Timestamp) {
        self.written().retain(|sid, written| {
            tasks.apply(*sid, written) && now.since(written.at) < WRITTEN_KEPT
        });
    }

    fn written(&self) -> MutexGuard<'_, BTreeMap<TaskSid, WrittenTask>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stored(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Followed {
    fn is_built_on(&self, rolled: Option<RolledUp>, now: Timestamp) -> bool {
        self.rolled == rolled && now.since(self.rows_read) < ROWS_KEPT
    }
}

impl Store {
    /// The Tasks of a Workspace, as they were at `asked` or later.
    pub async fn active_tasks_now(
        &self,
        workspace: &Workspace,
        asked: Timestamp,
        clock: &dyn Clock,
    ) -> Result<ActiveTasksNow, Error> {
        let entry = self.active_tasks.entry(workspace.sid);
        let mut kept = entry.followed.lock().await;
        if let Some(shared) = kept.as_ref().filter(|kept| kept.until > asked) {
            return Ok(ActiveTasksNow::Counted(Arc::clone(&shared.tasks)));
        }
        let now = clock.now();
        // The order matters: an Event that is applied twice does no harm, an Event that is left out
        // would.
        let rolled = self.rolled_up(workspace.sid).await?;
        let beginning = rolled.unwrap_or_else(|| RolledUp::beginning(now));
        // Moved out of the cache: a canceled or failed query leaves no half-applied state.
        let mut followed = match kept.take().filter(|kept| kept.is_built_on(rolled, now)) {
            Some(followed) => followed,
            None => {
                let tasks = Arc::new(self.active_tasks_for_answer(workspace.sid).await?);
                Followed {
                    tasks,
                    rolled,
                    rows_read: now,
                    until: beginning.minutes,
                }
            }
        };
        let from = if self.event_cache.is_only_writer() {
            // Before the Events are read: an Event that is stored from here on is left to the next
            // query.
            let stored = entry.stored().take();
            stored.map_or(followed.until, |stored| stored.min(followed.until))
        } else {
            followed.until - FOLLOWED_AGAIN
        };
        let from = from.max(beginning.minutes);
        if now.since(from) > UNROLLED_MAX {
            return Ok(ActiveTasksNow::Behind(beginning));
        }
        let tasks = Arc::make_mut(&mut followed.tasks);
        let until = now + Millis::from_millis(1);
        let is_complete = self
            .visit_events(
                workspace.sid,
                from,
                until,
                UNROLLED_ROUNDS_MAX,
                |event: &_| tasks.follow(event),
            )
            .await?;
        if !is_complete {
            return Ok(ActiveTasksNow::Behind(beginning));
        }
        entry.apply_written(tasks, now);
        tasks.forget(workspace.rules.ended_task_kept, now);
        followed.until = now;
        let tasks = Arc::clone(&followed.tasks);
        *kept = Some(followed);
        Ok(ActiveTasksNow::Counted(tasks))
    }
}
