//! Candidate search: reads the lists, asks the engine for a Decision, and commits it conditionally.
//!
//! An entry of a list is a hint, because an index may lag. When the commit fails with a conflict
//! (contention with another writer), other searches are after the same Worker or Task, and the pool
//! is left to the matcher. A search that the matcher does not do backs off, reads the chosen Workers
//! or Tasks again from the table itself, and decides again. `router::matching` decides; this module
//! reads and writes.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::try_join;
use store::COMMIT_ATTEMPTS_MAX;
use task_router::model::{
    AssignmentStatus, IdleKey, Readiness, Task, WORKER_CAPACITY_MAX, Worker, Workspace,
};
use task_router::router::WorkerCounts;
use task_router::router::known_worker::{self, WantedWorker};
use task_router::router::order::{self, Position, WaitingList};
use task_router::router::pool::Pool;
use task_router::router::{self, Command, Decision, Snapshot, decide};

use crate::contention::queue_of_list;
use crate::known::Known;
use crate::pages::{Found, PagedLists};
use crate::{Error, Routing};

/// Tasks reserved for one Worker in one search: as many as a channel may hold
/// ([`WORKER_CAPACITY_MAX`]).
const MATCHES_MAX: u16 = WORKER_CAPACITY_MAX;

/// Waiting lists that a search for a Task reads beside the ready lists: their Tasks compete for the
/// same slots. A Worker who reads more lists may be offered a Task before an earlier one of the
/// others, until the Worker's next search.
pub(crate) const COMPETING_LISTS_MAX: usize = 100;

/// The result of a search. `C` is the cursor in the lists that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Matched<C> {
    /// A Decision was committed: a Reservation, or another change of the Task.
    Yes,
    /// Nothing fits, and all lists were read.
    No,
    /// Nothing more fits up to this cursor, and there are entries after it that were not read.
    Continue(C),
}

impl Routing {
    /// Finds Workers for a pending Task whose record or timer arrived. In a contended pool the matcher
    /// does.
    pub(crate) async fn match_task(&self, task: Task) -> Result<Matched<IdleKey>, Error> {
        if task.assignment_status != AssignmentStatus::Pending {
            return Ok(Matched::No);
        }
        let workspace = self
            .store
            .workspace_for(task.workspace_sid, [&task], self.clock.now())
            .await?;
        if let Some(workspace) = workspace
            && let Some(queue) = queue_of_list(&workspace, &task)
            && self.is_contended(Pool::of(&workspace, queue).name())
            && let Some(matched) = self.leave_to_matcher(&workspace, &task).await?
        {
            return Ok(matched);
        }
        self.search_for_task(task, None).await
    }

    /// Finds Workers for a pending Task. A continued search reads the ready lists after a cursor.
    ///
    /// A Worker who is found may have an earlier Task to take. Then the Decision is about that Task,
    /// and the search for this one continues.
    pub(crate) async fn search_for_task(
        &self,
        task: Task,
        after: Option<IdleKey>,
    ) -> Result<Matched<IdleKey>, Error> {
        let sid = task.sid;
        let mut task = task;
        let mut known = Known::default();
        let mut conflicts = 0;
        for _ in 0..MATCHES_MAX {
            let is_paused = router::is_paused(&task, self.clock.now());
            if task.assignment_status != AssignmentStatus::Pending || is_paused {
                return Ok(Matched::No);
            }
            let search = self.search_workers(&task, &known, after);
            let (searched, has_matcher) = try_join(search, self.has_matcher(&task)).await?;
            let Some((workspace, found)) = searched else {
                return Ok(Matched::No);
            };
            let decision = match found {
                Found::Decision(decision) => decision,
                Found::Nothing => return Ok(Matched::No),
                Found::Unread(cursor) => return Ok(Matched::Continue(cursor)),
            };
            if has_matcher && let Some(matched) = self.leave_to_matcher(&workspace, &task).await? {
                return Ok(matched);
            }
            let is_about_task = decision.tasks.iter().any(|written| written.sid == sid);
            match self.store.commit(&decision, &workspace).await {
                Ok(()) => {
                    log_reservations(&decision);
                    if is_about_task {
                        return Ok(Matched::Yes);
                    }
                    known.note(decision);
                    continue;
                }
                Err(store::Error::Conflict) => conflicts += 1,
                Err(error) => return Err(error.into()),
            }
            if conflicts >= COMMIT_ATTEMPTS_MAX {
                return Err(store::Error::Conflict.into());
            }
            match self.store.task(sid).await? {
                Some(newer) => task = newer,
                None => return Ok(Matched::No),
            }
            if let Some(matched) = self.leave_after_conflict(&workspace, &task).await? {
                return Ok(matched);
            }
            store::back_off(conflicts).await;
            self.reread(&[decision], &mut known).await?;
        }
        Ok(Matched::No)
    }

    /// Finds Tasks for a Worker who has become free. In a contended pool the matcher does, unless a
    /// Task waits for this Worker alone.
    pub(crate) async fn match_worker(&self, worker: Worker) -> Result<Matched<Position>, Error> {
        let Some(workspace) = self.workspace(worker.workspace_sid).await? else {
            return Ok(Matched::No);
        };
        if let Some(queue) = worker.queue_membership.queues().first()
            && self.is_contended(Pool::of(&workspace, *queue).name())
        {
            let own = WaitingList::Worker(worker.sid);
            if self.store.waiting_tasks(own, None, 1).await?.is_empty() {
                return self.leave_worker_to_matcher(&workspace, worker).await;
            }
        }
        self.search_for_worker(worker, None).await
    }

    /// Finds Tasks for a Worker with a free slot, until there is no slot or no Task. A continued
    /// search reads the waiting lists after a cursor.
    pub(crate) async fn search_for_worker(
        &self,
        worker: Worker,
        after: Option<Position>,
    ) -> Result<Matched<Position>, Error> {
        let sid = worker.sid;
        let mut worker = worker;
        let mut known = Known::default();
        let mut conflicts = 0;
        let mut end = Matched::No;
        for _ in 0..MATCHES_MAX {
            let Some(workspace) = self.workspace(worker.workspace_sid).await? else {
                return Ok(end);
            };
            let queue = worker.queue_membership.queues().first().copied();
            let pool = queue.map(|queue| Pool::of(&workspace, queue).name());
            let search = self.search_tasks(workspace, &worker, &known, after);
            let ((workspace, found), has_matcher) = match pool {
                Some(pool) => try_join(search, self.runs_matcher(pool)).await?,
                None => (search.await?, false),
            };
            let decision = match found {
                Found::Decision(decision) => decision,
                Found::Nothing => return Ok(end),
                Found::Unread(cursor) => return Ok(Matched::Continue(cursor)),
            };
            let is_in_queue = decision
                .tasks
                .iter()
                .any(|task| queue_of_list(&workspace, task).is_some());
            if has_matcher && is_in_queue {
                return self.leave_worker_to_matcher(&workspace, worker).await;
            }
            match self.store.commit(&decision, &workspace).await {
                Ok(()) => {
                    log_reservations(&decision);
                    end = Matched::Yes;
                    let written = decision.workers.iter().find(|written| written.sid == sid);
                    worker = written.cloned().unwrap_or(worker);
                    known.note(decision);
                    continue;
                }
                Err(store::Error::Conflict) => conflicts += 1,
                Err(error) => return Err(error.into()),
            }
            if conflicts >= COMMIT_ATTEMPTS_MAX {
                return Err(store::Error::Conflict.into());
            }
            match self.store.worker(sid).await? {
                Some(newer) => worker = newer,
                None => return Ok(end),
            }
            if is_in_queue {
                self.leave_worker_to_matcher(&workspace, worker).await?;
                return Ok(end);
            }
            store::back_off(conflicts).await;
            self.reread(&[decision], &mut known).await?;
        }
        Ok(end)
    }

    /// Searches for the Decision to commit for a waiting Task. `None`: its Workspace was deleted. A
    /// new Task without an available Worker is added to its waiting list at once, and the record of
    /// that write searches further. If no Worker fits in configuration from the cache, the newest
    /// configuration is read before the search gives up: a Readiness may be newer than the cache.
    ///
    /// Entering the waiting list is harmless, so it is done even where not every Worker was read: a
    /// Worker who becomes free finds the Task there. A skipped step and a caller who is turned away
    /// cannot be undone, so these are decided at the end of the search.
    async fn search_workers(
        &self,
        task: &Task,
        known: &Known,
        after: Option<IdleKey>,
    ) -> Result<Option<(Arc<Workspace>, Found<IdleKey>)>, Error> {
        let workspace = self
            .store
            .workspace_for(task.workspace_sid, [task], self.clock.now())
            .await?;
        let Some(mut workspace) = workspace else {
            return Ok(None);
        };
        let mut found = self
            .search_workers_in(&workspace, task, known, after)
            .await?;
        if matches!(found, Found::Decision(_)) {
            return Ok(Some((workspace, found)));
        }
        let only_waits = task.is_new() && !router::may_skip(&workspace, task);
        if !only_waits {
            let newest = self
                .store
                .fresh_workspace(task.workspace_sid, self.clock.now())
                .await?;
            let Some(newest) = newest else {
                return Ok(None);
            };
            if newest.ready_lists != workspace.ready_lists {
                found = self.search_workers_in(&newest, task, known, after).await?;
            }
            workspace = newest;
        }
        let decision = match &found {
            Found::Decision(_) => None,
            Found::Unread(_) => self
                .waiting_decision(&workspace, task)
                .await?
                .filter(|decision| !turns_away(decision)),
            Found::Nothing if only_waits => self.waiting_decision(&workspace, task).await?,
            Found::Nothing => {
                self.log_known_worker(&workspace, task).await?;
                match self.skip_decision(&workspace, task).await? {
                    Some(skip) => Some(skip),
                    None => self.waiting_decision(&workspace, task).await?,
                }
            }
        };
        Ok(Some((workspace, decision.map_or(found, Found::Decision))))
    }

    /// Adds a new Task to its waiting list; a new call only if the list is not full. The waiting
    /// calls are counted eventually consistently, so calls that arrive at the same time may exceed
    /// the limit by some.
    pub(crate) async fn waiting_decision(
        &self,
        workspace: &Workspace,
        task: &Task,
    ) -> Result<Option<Decision>, store::Error> {
        let max = workspace.rules.waiting_calls_max;
        let is_new_call = task.is_new() && task.call_sid().is_some();
        let is_full = match order::waiting_list_of(workspace, task) {
            Some(waiting_list) if is_new_call => {
                self.store.waiting_count(waiting_list, max).await? >= max
            }
            Some(_) | None => false,
        };
        let task_sid = task.sid;
        let command = if is_full {
            Command::WaitingListFull { task: task_sid }
        } else {
            Command::NoWorkerFound { task: task_sid }
        };
        let snapshot = Snapshot::new(workspace).with_tasks([task.clone()]);
        Ok(decide(snapshot, &command, self.clock.now()).if_changed())
    }

    /// Logs why the known Worker of the Task's step cannot have the Task, if that is so.
    async fn log_known_worker(&self, workspace: &Workspace, task: &Task) -> Result<(), Error> {
        let found = match known_worker::wanted_by(workspace, task) {
            None => return Ok(()),
            Some(WantedWorker::Unnamed) => None,
            Some(WantedWorker::Sid(sid)) => match sid.parse() {
                Ok(sid) => self.store.worker(sid).await?,
                Err(_) => None,
            },
            Some(WantedWorker::FriendlyName(name)) => {
                self.store.worker_named(workspace.sid, name).await?
            }
        };
        if let Some(problem) = known_worker::problem(task, found.as_ref()) {
            tracing::warn!(
                task_sid = %task.sid,
                code = problem.code(),
                %problem,
                "the known worker cannot have the task"
            );
        }
        Ok(())
    }

    /// Searches the ready lists that serve the Task, or asks its one Worker.
    async fn search_workers_in(
        &self,
        workspace: &Workspace,
        task: &Task,
        known: &Known,
        after: Option<IdleKey>,
    ) -> Result<Found<IdleKey>, Error> {
        match order::waiting_list_of(workspace, task) {
            None => Ok(Found::Nothing),
            Some(WaitingList::Worker(sid)) => {
                let worker = match known.worker(sid) {
                    Some(known) => known.clone(),
                    None => self.store.worker(sid).await?,
                };
                let Some(worker) = worker else {
                    let decision = self.advance_decision(workspace, [], task, None, None);
                    return Ok(Found::decision(decision));
                };
                let lists = order::waiting_lists_for(workspace, &worker);
                let lists = competing_lists(task, lists);
                let competing = self.competing_tasks(workspace, lists, known).await?;
                let decision = self.advance_decision(workspace, competing, task, [worker], None);
                Ok(Found::decision(decision))
            }
            Some(WaitingList::Queue(queue, channel)) => {
                let serving: Vec<&Readiness> =
                    workspace.ready_lists_serving(queue, channel).collect();
                self.search_ready_lists(workspace, task, &serving, known, after)
                    .await
            }
        }
    }

    /// Reads the ready lists page by page until a Worker fits, and the competing Tasks.
    ///
    /// For a new Task a Worker is usually free, so the competing Tasks are read beside the first
    /// page. For a waiting Task usually no Worker is free, so they are read after it, if at all.
    async fn search_ready_lists(
        &self,
        workspace: &Workspace,
        task: &Task,
        serving: &[&Readiness],
        known: &Known,
        after: Option<IdleKey>,
    ) -> Result<Found<IdleKey>, Error> {
        let mut ready_lists = PagedLists::new(serving.iter().copied(), after);
        let page = |readiness, after, limit| {
            self.store
                .free_workers(workspace, readiness, after, limit)
                .boxed()
        };
        let lists = serving
            .iter()
            .flat_map(|ready| order::waiting_lists_of_ready(ready));
        let lists = competing_lists(task, lists);
        let mut competing = None;
        let mut limit = router::first_workers_wanted(workspace, task)
            .map_or(self.pages.workers, |wanted| {
                self.pages.first_workers(wanted)
            });
        for _ in 0..self.pages.in_one_go {
            let next = ready_lists.next(limit, page, Worker::idle_key);
            limit = self.pages.workers;
            let read = if competing.is_none() && task.is_new() {
                let tasks = self.competing_tasks(workspace, lists.clone(), known);
                let (read, tasks) = try_join(next, tasks).await?;
                competing = Some(tasks);
                read
            } else {
                let read = next.await?;
                if competing.is_none() && !read.is_empty() {
                    let tasks = self.competing_tasks(workspace, lists.clone(), known);
                    competing = Some(tasks.await?);
                }
                read
            };
            let candidates = known.newest_workers(read);
            let tasks = competing.iter().flatten().cloned();
            let decision = self
                .advance_decision(workspace, tasks, task, candidates, None)
                .if_changed();
            if let Some(decision) = decision {
                return Ok(Found::Decision(decision));
            }
            if ready_lists.cursor().is_none() {
                break;
            }
        }
        Ok(ready_lists.cursor().map_or(Found::Nothing, Found::Unread))
    }

    /// The first Tasks of the waiting lists that the found Workers read. A Worker takes one of them
    /// if it comes before the Task that is being matched.
    async fn competing_tasks(
        &self,
        workspace: &Workspace,
        lists: impl IntoIterator<Item = WaitingList>,
        known: &Known,
    ) -> Result<Vec<Task>, store::Error> {
        let lists = lists.into_iter().take(COMPETING_LISTS_MAX);
        let page = |waiting_list, after, limit| {
            self.store.waiting_tasks(waiting_list, after, limit).boxed()
        };
        let read = PagedLists::new(lists, None)
            .next(self.pages.tasks, page, order::position_of)
            .await?;
        let mut tasks = known.newest_tasks(read);
        // A Task of a newer configuration than the cached one is left to its own search.
        tasks.retain(|task| workspace.is_as_new_as(task));
        Ok(tasks)
    }

    /// No Worker fits: decides `skip_if`, if the Task's step has one that is not decided yet.
    async fn skip_decision(
        &self,
        workspace: &Workspace,
        task: &Task,
    ) -> Result<Option<Decision>, Error> {
        if !router::may_skip(workspace, task) {
            return Ok(None);
        }
        let worker_counts = self
            .store
            .worker_counts(workspace, task.task_queue_sid)
            .await?;
        Ok(self
            .advance_decision(workspace, [], task, None, Some(worker_counts))
            .if_changed())
    }

    fn advance_decision(
        &self,
        workspace: &Workspace,
        competing: impl IntoIterator<Item = Task>,
        task: &Task,
        candidates: impl IntoIterator<Item = Worker>,
        worker_counts: Option<WorkerCounts>,
    ) -> Decision {
        let snapshot = Snapshot::new(workspace)
            .with_tasks(competing)
            // Last, because a list may have an older version of it.
            .with_tasks([task.clone()])
            .with_candidates(task.task_queue_sid, candidates)
            .with_worker_counts(worker_counts);
        decide(
            snapshot,
            &Command::Advance { task: task.sid },
            self.clock.now(),
        )
    }

    /// Reads the Worker's waiting lists page by page until a Task fits. The Decision is taken over
    /// configuration that is at least as new as the Tasks that were read.
    async fn search_tasks(
        &self,
        mut workspace: Arc<Workspace>,
        worker: &Worker,
        known: &Known,
        after: Option<Position>,
    ) -> Result<(Arc<Workspace>, Found<Position>), Error> {
        let limit = if after.is_none() {
            self.pages.tasks
        } else {
            self.pages.tasks_further_on
        };
        let mut waiting_lists =
            PagedLists::new(order::waiting_lists_for(&workspace, worker), after);
        for _ in 0..self.pages.in_one_go {
            let page = |waiting_list, after, limit| {
                self.store.waiting_tasks(waiting_list, after, limit).boxed()
            };
            let read = waiting_lists.next(limit, page, order::position_of).await?;
            let newest = self
                .store
                .workspace_for(workspace.sid, &read, self.clock.now())
                .await?;
            workspace = newest.unwrap_or(workspace);
            let snapshot = Snapshot::new(&workspace)
                .with_tasks(known.newest_tasks(read))
                .with_workers([worker.clone()]);
            let decision = decide(
                snapshot,
                &Command::ServeWorker { worker: worker.sid },
                self.clock.now(),
            )
            .if_changed();
            if let Some(decision) = decision {
                return Ok((workspace, Found::Decision(decision)));
            }
            if waiting_lists.cursor().is_none() {
                break;
            }
        }
        let found = waiting_lists.cursor().map_or(Found::Nothing, Found::Unread);
        Ok((workspace, found))
    }
}

/// The lists whose Tasks compete with this one: they take a slot of the same TaskChannel. A Task of
/// another channel takes another slot of the same Worker, who gets both.
fn competing_lists(
    task: &Task,
    lists: impl IntoIterator<Item = WaitingList>,
) -> BTreeSet<WaitingList> {
    let competes = |list: &WaitingList| match list {
        WaitingList::Queue(_, channel) => *channel == task.channel,
        WaitingList::Worker(_) => true,
    };
    lists.into_iter().filter(competes).collect()
}

/// Does a Decision end the Task?
pub(crate) fn turns_away(decision: &Decision) -> bool {
    decision
        .tasks
        .iter()
        .any(|task| task.assignment_status.is_end())
}

/// Logs the Reservations of a committed Decision.
pub(crate) fn log_reservations(decision: &Decision) {
    for task in &decision.tasks {
        for offer in task.pending_reservations() {
            tracing::info!(
                task_sid = %task.sid,
                worker_sid = %offer.worker_sid,
                reservation_sid = %offer.sid,
                round = task.rounds,
                "Task reserved"
            );
        }
    }
}
