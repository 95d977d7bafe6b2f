//! The matcher: matches a whole pool while searches contend.
//!
//! In a quiet centre each search commits what it finds, and the first conflict is the sign that
//! other searches do the same. From then on the pool is contended for a while: searches leave it to
//! one matcher at a time, which holds the pool's lease (`router::matcher_lease`). The matcher reads
//! the heads of all lists once, lets the engine decide as many pairs as there are
//! (`router::match_many`), and commits many of them in each transaction.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use ids::time::{Millis, Timestamp};
use ids::{TaskQueueSid, WorkspaceSid};
use store::TRANSACTION_ITEMS_MAX;
use task_router::model::{IdleKey, Readiness, Task, Worker, Workspace};
use task_router::router::matcher_lease::{Arrival, Finish, MatcherLease};
use task_router::router::order::{self, Position, WaitingList};
use task_router::router::pool::Pool;
use task_router::router::search_continuation::SearchContinuation;
use task_router::router::timers_queue::RunMatcher;
use task_router::router::{Decision, Snapshot, Unread, match_many};

use crate::candidate_search::{COMPETING_LISTS_MAX, log_reservations};
use crate::known::Known;
use crate::pages::PagedLists;
use crate::{Error, Routing};

/// How long a run lasts that a stream record began, before a message continues it: the other records
/// of its lane wait for as long, and what they are about is not visible to any search until then.
const RECORD_RUN_MAX: Millis = Millis::from_millis(100);

/// How long a run lasts that a message began, or whose last round lost a conflict, before another
/// message continues it: the lease must not expire.
const MESSAGE_RUN_MAX: Millis = Millis::from_secs(1);

/// Rounds of one run, whatever the clock says.
const ROUNDS_MAX: u32 = 100;

/// How long the matcher waits before it reads the lists again because it was asked: the asker's
/// write may not be in the index yet.
const INDEX_DELAY: Duration = Duration::from_millis(30);

/// Items of a transaction after conflicts: four Tasks and their Workers. A smaller transaction loses
/// fewer conflicts, and more of them take longer.
const ITEMS_MIN: usize = 8;

/// Ready lists that a round reads.
const READY_LISTS_MAX: usize = 300;

/// Attempts to take the lease or to ask its holder. A failed attempt means that another process
/// wrote the lease, and the next one nearly always finds that the holder was asked.
const LEASE_ATTEMPTS_MAX: u32 = 8;

/// When the matcher runs if all of these attempts failed.
const LATER: Millis = Millis::from_secs(1);

/// Searches that a round continues where lists have more entries than it reads.
const CONTINUED_MAX: usize = 20;

/// A Task or Worker that may not be in its list yet, because the index lags.
#[derive(Clone, Default)]
pub(crate) struct Arriving {
    pub(crate) task: Option<Task>,
    pub(crate) worker: Option<Worker>,
}

/// A matcher that holds the lease.
struct Run {
    workspace: WorkspaceSid,
    /// A TaskQueue of the pool.
    queue: TaskQueueSid,
    /// The name of the pool.
    pool: TaskQueueSid,
    /// The random number of this run.
    me: u64,
    lease: MatcherLease,
    arriving: Arriving,
    /// How long it lasts.
    lasts: Millis,
    /// Items of the next transaction: fewer after a conflict, more after a success.
    items_max: usize,
}

/// Which configuration a round uses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Configuration {
    /// At most as old as the cache permits.
    Cached,
    /// The newest: a Readiness may be newer than the cache.
    Newest,
}

/// The result of a round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    /// All Decisions were committed.
    Committed,
    /// A Decision lost a conflict.
    Contended,
    /// There is nothing to match.
    Nothing,
}

impl Routing {
    /// Runs the matcher for the pool of this TaskQueue, or asks the running one to read the lists
    /// again.
    pub(crate) async fn match_pool(
        &self,
        workspace: &Workspace,
        queue: TaskQueueSid,
        arriving: Arriving,
    ) -> Result<(), Error> {
        self.match_pool_for(workspace, queue, arriving, RECORD_RUN_MAX)
            .await
    }

    async fn match_pool_for(
        &self,
        workspace: &Workspace,
        queue: TaskQueueSid,
        arriving: Arriving,
        lasts: Millis,
    ) -> Result<(), Error> {
        let pool = Pool::of(workspace, queue).name();
        let me = fastrand::u64(..);
        for _ in 0..LEASE_ATTEMPTS_MAX {
            let now = self.clock.now();
            match self.store.matcher_lease(pool).await?.arrive(me, now) {
                Arrival::Asked => return Ok(()),
                Arrival::Ask { lease, guard_at } => {
                    if let Some(at) = guard_at {
                        self.schedule_matcher(workspace.sid, queue, at).await?;
                    }
                    if self.store.write_matcher_lease(pool, &lease, now).await? {
                        return Ok(());
                    }
                }
                Arrival::Run(lease) => {
                    if self.store.write_matcher_lease(pool, &lease, now).await? {
                        let workspace = workspace.sid;
                        let run = Run {
                            workspace,
                            queue,
                            pool,
                            me,
                            lease,
                            arriving,
                            lasts,
                            items_max: TRANSACTION_ITEMS_MAX,
                        };
                        return self.run(run).await;
                    }
                }
            }
        }
        let later = self.clock.now() + LATER;
        self.schedule_matcher(workspace.sid, queue, later).await
    }

    /// Runs the matcher because a message says so.
    pub(crate) async fn run_matcher(&self, message: RunMatcher) -> Result<(), Error> {
        let Some(workspace) = self.workspace(message.workspace).await? else {
            return Ok(());
        };
        let arriving = Arriving::default();
        self.match_pool_for(&workspace, message.queue, arriving, MESSAGE_RUN_MAX)
            .await
    }

    pub(crate) async fn schedule_matcher(
        &self,
        workspace: WorkspaceSid,
        queue: TaskQueueSid,
        at: Timestamp,
    ) -> Result<(), Error> {
        let message = RunMatcher {
            workspace,
            queue,
            at,
        };
        Ok(self
            .outbox
            .schedule(message.into(), self.clock.now())
            .await?)
    }

    /// Matches the pool round by round. A failed run releases the lease, so that the retry need not
    /// wait until it expires.
    async fn run(&self, mut run: Run) -> Result<(), Error> {
        let ended = self.rounds(&mut run).await;
        if ended.is_err() {
            // If this fails as well, the lease expires.
            let _released = self.release(&mut run).await;
        }
        ended
    }

    async fn rounds(&self, run: &mut Run) -> Result<(), Error> {
        let began = self.clock.now();
        let mut known = Known::default();
        let mut configuration = Configuration::Cached;
        for conflicts in 1..=ROUNDS_MAX {
            let lasts = match self.round(run, configuration, &mut known).await? {
                Round::Committed => run.lasts,
                Round::Contended => {
                    store::back_off(conflicts.min(store::COMMIT_ATTEMPTS_MAX)).await;
                    // What was lost still matches, and the next matcher would begin with as many
                    // items.
                    MESSAGE_RUN_MAX
                }
                Round::Nothing => {
                    if self.is_finished(run).await? {
                        return Ok(());
                    }
                    configuration = Configuration::Newest;
                    tokio::time::sleep(INDEX_DELAY).await;
                    run.lasts
                }
            };
            if self.clock.now().since(began) >= lasts {
                break;
            }
        }
        self.hand_over(run).await
    }

    /// Lets a message run the matcher next. The lease is released first: a message that finds it
    /// held is an ask, and the run that releases it would not heed it. If the process dies in
    /// between, the guard of an earlier ask runs the matcher.
    async fn hand_over(&self, run: &mut Run) -> Result<(), Error> {
        self.release(run).await?;
        self.schedule_matcher(run.workspace, run.queue, self.clock.now())
            .await
    }

    /// Releases the lease, whether or not the matcher was asked.
    async fn release(&self, run: &mut Run) -> Result<(), Error> {
        for _ in 0..LEASE_ATTEMPTS_MAX {
            let is_mine = run.lease.holder == Some(run.me);
            if !is_mine || self.write_lease(run, run.lease.released()).await? {
                break;
            }
        }
        Ok(())
    }

    /// Releases the lease, unless the matcher was asked to read the lists again.
    async fn is_finished(&self, run: &mut Run) -> Result<bool, Error> {
        for _ in 0..LEASE_ATTEMPTS_MAX {
            let (next, is_finished) = match run.lease.finish(run.me) {
                Finish::Lost => return Ok(true),
                Finish::Release(next) => (next, true),
                Finish::ReadAgain(next) => (next, false),
            };
            if self.write_lease(run, next).await? {
                return Ok(is_finished);
            }
        }
        Ok(false)
    }

    /// Writes the next version of the run's lease. False: an asker wrote it first, and the run has
    /// that version now.
    async fn write_lease(&self, run: &mut Run, next: MatcherLease) -> Result<bool, Error> {
        let now = self.clock.now();
        let is_written = self.store.write_matcher_lease(run.pool, &next, now).await?;
        run.lease = match is_written {
            true => next,
            false => self.store.matcher_lease(run.pool).await?,
        };
        Ok(is_written)
    }

    /// Reads the heads of the pool's lists, decides, and commits.
    async fn round(
        &self,
        run: &mut Run,
        configuration: Configuration,
        known: &mut Known,
    ) -> Result<Round, Error> {
        let now = self.clock.now();
        let workspace = match configuration {
            Configuration::Cached => self.workspace(run.workspace).await?,
            Configuration::Newest => self.store.fresh_workspace(run.workspace, now).await?,
        };
        let Some(workspace) = workspace else {
            return Ok(Round::Nothing);
        };
        let (workers, ready_lists) = self.heads_of_ready_lists(&workspace, run, known).await?;
        if workers.is_empty() {
            return Ok(Round::Nothing);
        }
        let (tasks, waiting_lists) = self
            .heads_of_waiting_lists(&workspace, &workers, run, known)
            .await?;
        let newest = self
            .store
            .workspace_for(workspace.sid, &tasks, self.clock.now())
            .await?;
        let newest = newest.unwrap_or_else(|| Arc::clone(&workspace));
        let unread = Unread {
            tasks: waiting_lists
                .unread()
                .map(|position| position.sid)
                .collect(),
            workers: ready_lists.unread().map(|(_, _, sid)| sid).collect(),
        };
        let cursors = (waiting_lists.cursor(), ready_lists.cursor());
        let snapshot = Snapshot::new(&newest)
            .with_tasks(tasks)
            .with_workers(workers);
        let decisions = match_many(&snapshot, &unread, self.clock.now());
        if !decisions.is_empty() {
            return self.commit_all(&newest, decisions, run, known).await;
        }
        self.continue_searches(&snapshot, cursors).await?;
        Ok(Round::Nothing)
    }

    /// Continues the searches of the Workers and Tasks that nothing matches, after what the round
    /// has read of their lists.
    async fn continue_searches(
        &self,
        snapshot: &Snapshot<'_>,
        (tasks_read, workers_read): (Option<Position>, Option<IdleKey>),
    ) -> Result<(), Error> {
        let for_workers = tasks_read.into_iter().flat_map(|after| {
            let workers = snapshot.workers.keys().take(CONTINUED_MAX);
            workers.map(move |worker| SearchContinuation::Tasks {
                worker: *worker,
                after,
            })
        });
        let for_tasks = workers_read.into_iter().flat_map(|after| {
            let tasks = snapshot.tasks.keys().take(CONTINUED_MAX);
            tasks.map(move |task| SearchContinuation::Workers { task: *task, after })
        });
        let searches: Vec<SearchContinuation> = for_workers.chain(for_tasks).collect();
        for search in searches {
            self.continue_search(snapshot.workspace.sid, search).await?;
        }
        Ok(())
    }

    /// The first Workers of the pool's ready lists who have a free slot.
    async fn heads_of_ready_lists<'a>(
        &self,
        workspace: &'a Workspace,
        run: &Run,
        known: &Known,
    ) -> Result<(Vec<Worker>, PagedLists<&'a Readiness, IdleKey>), Error> {
        let pool = Pool::of(workspace, run.queue);
        let ready = pool.ready_lists(workspace).into_iter();
        let mut ready_lists = PagedLists::new(ready.take(READY_LISTS_MAX), None);
        let page = |readiness, after, limit| {
            self.store
                .free_workers(workspace, readiness, after, limit)
                .boxed()
        };
        let mut read = ready_lists
            .next(self.pages.batch, page, Worker::idle_key)
            .await?;
        if let Some(arriving) = &run.arriving.worker
            && !read.iter().any(|worker| worker.sid == arriving.sid)
        {
            read.push(arriving.clone());
        }
        let mut workers = known.newest_workers(read);
        workers.retain(|worker| worker.readiness(workspace).is_some());
        Ok((workers, ready_lists))
    }

    /// The first Tasks of the waiting lists that these Workers read.
    async fn heads_of_waiting_lists(
        &self,
        workspace: &Workspace,
        workers: &[Worker],
        run: &Run,
        known: &Known,
    ) -> Result<(Vec<Task>, PagedLists<WaitingList, Position>), Error> {
        let ready: Vec<Readiness> = workers
            .iter()
            .filter_map(|worker| worker.readiness(workspace))
            .collect();
        let lists: BTreeSet<WaitingList> = ready
            .iter()
            .flat_map(order::waiting_lists_of_ready)
            .collect();
        let mut waiting_lists = PagedLists::new(lists.into_iter().take(COMPETING_LISTS_MAX), None);
        let page = |list, after, limit| self.store.waiting_tasks(list, after, limit).boxed();
        let mut read = waiting_lists
            .next(self.pages.batch, page, order::position_of)
            .await?;
        if let Some(arriving) = &run.arriving.task
            && !read.iter().any(|task| task.sid == arriving.sid)
        {
            read.push(arriving.clone());
        }
        Ok((known.newest_tasks(read), waiting_lists))
    }

    /// Commits the Decisions in their order, several in each transaction, and stops at the first
    /// conflict: a Task that lost it may be the first one for the Workers of the Decisions after it.
    async fn commit_all(
        &self,
        workspace: &Workspace,
        mut decisions: Vec<Decision>,
        run: &mut Run,
        known: &mut Known,
    ) -> Result<Round, Error> {
        while !decisions.is_empty() {
            let rest = decisions.split_off(first_transaction(&decisions, run.items_max));
            match self.store.commit_together(&decisions, workspace).await {
                Ok(()) => {
                    run.items_max = TRANSACTION_ITEMS_MAX.min(2 * run.items_max);
                    for decision in std::mem::replace(&mut decisions, rest) {
                        log_reservations(&decision);
                        known.note(decision);
                    }
                }
                Err(store::Error::Conflict) => {
                    run.items_max = ITEMS_MIN.max(run.items_max / 2);
                    self.reread(&decisions, known).await?;
                    return Ok(Round::Contended);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Round::Committed)
    }
}

/// How many of the Decisions fit into a transaction of so many items: at least one.
fn first_transaction(decisions: &[Decision], items_max: usize) -> usize {
    let mut items = 0;
    let fits = |decision: &&Decision| {
        items += decision.tasks.len() + decision.workers.len();
        items <= items_max
    };
    decisions.iter().take_while(fits).count().max(1)
}
