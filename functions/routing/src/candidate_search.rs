//! Candidate search: reads the lists, asks the engine for a Decision, and commits it conditionally.
//!
//! An entry of a list is a hint, because an index may lag. When the commit fails with a conflict
//! (contention with another writer), the search backs off, reads the chosen Workers or Tasks again
//! from the table itself, and decides again. `router::matching` decides; this module reads and
//! writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt;
use ids::{TaskSid, WorkerSid};
use store::COMMIT_ATTEMPTS_MAX;
use task_router::model::{
    AssignmentStatus, IdleKey, Readiness, Task, WORKER_CAPACITY_MAX, Worker, Workspace,
};
use task_router::router::WorkerCounts;
use task_router::router::known_worker::{self, WantedWorker};
use task_router::router::order::{self, Position, WaitingList};
use task_router::router::{self, Command, Decision, Snapshot, decide};

use crate::pages::{Found, PagedLists};
use crate::{Error, Routing};

/// Tasks reserved for one Worker in one search: as many as a channel may hold
/// ([`WORKER_CAPACITY_MAX`]).
const MATCHES_MAX: u16 = WORKER_CAPACITY_MAX;

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
    /// Finds Workers for a pending Task. A continued search reads the ready lists after a cursor.
    pub(crate) async fn match_task(
        &self,
        task: Task,
        after: Option<IdleKey>,
    ) -> Result<Matched<IdleKey>, Error> {
        let mut task = task;
        let mut known = BTreeMap::new();
        for attempt in 1..=COMMIT_ATTEMPTS_MAX {
            if task.assignment_status != AssignmentStatus::Pending {
                return Ok(Matched::No);
            }
            let Some((workspace, found)) = self.search_workers(&task, &known, after).await? else {
                return Ok(Matched::No);
            };
            let decision = match found {
                Found::Decision(decision) => decision,
                Found::Nothing => return Ok(Matched::No),
                Found::Unread(cursor) => return Ok(Matched::Continue(cursor)),
            };
            match self.store.commit(&decision, &workspace).await {
                Ok(()) => {
                    log_reservations(&decision);
                    return Ok(Matched::Yes);
                }
                Err(store::Error::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
            store::back_off(attempt).await;
            match self.store.task(task.sid).await? {
                Some(newer) => task = newer,
                None => return Ok(Matched::No),
            }
            self.reread_workers(&decision, &mut known).await?;
        }
        Err(store::Error::Conflict.into())
    }

    /// Finds Tasks for a Worker with a free slot, until there is no slot or no Task. A continued
    /// search reads the waiting lists after a cursor.
    pub(crate) async fn match_worker(
        &self,
        worker: Worker,
        after: Option<Position>,
    ) -> Result<Matched<Position>, Error> {
        let sid = worker.sid;
        let mut worker = worker;
        let mut known = BTreeMap::new();
        let mut conflicts = 0;
        let mut end = Matched::No;
        for _ in 0..MATCHES_MAX {
            let Some(workspace) = self.workspace(worker.workspace_sid).await? else {
                return Ok(end);
            };
            let (workspace, found) = self.search_tasks(workspace, &worker, &known, after).await?;
            let decision = match found {
                Found::Decision(decision) => decision,
                Found::Nothing => return Ok(end),
                Found::Unread(cursor) => return Ok(Matched::Continue(cursor)),
            };
            match self.store.commit(&decision, &workspace).await {
                Ok(()) => {
                    log_reservations(&decision);
                    end = Matched::Yes;
                    let written = decision.workers.iter().find(|written| written.sid == sid);
                    worker = written.cloned().unwrap_or(worker);
                    known.extend(
                        decision
                            .tasks
                            .into_iter()
                            .map(|task| (task.sid, Some(task))),
                    );
                    continue;
                }
                Err(store::Error::Conflict) => conflicts += 1,
                Err(error) => return Err(error.into()),
            }
            if conflicts >= COMMIT_ATTEMPTS_MAX {
                return Err(store::Error::Conflict.into());
            }
            store::back_off(conflicts).await;
            match self.store.worker(sid).await? {
                Some(newer) => worker = newer,
                None => return Ok(end),
            }
            for task in &decision.tasks {
                known.insert(task.sid, self.store.task(task.sid).await?);
            }
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
        known: &BTreeMap<WorkerSid, Option<Worker>>,
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
    async fn waiting_decision(
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
        known: &BTreeMap<WorkerSid, Option<Worker>>,
        after: Option<IdleKey>,
    ) -> Result<Found<IdleKey>, Error> {
        match order::waiting_list_of(workspace, task) {
            None => Ok(Found::Nothing),
            Some(WaitingList::Worker(sid)) => {
                let worker = match known.get(&sid) {
                    Some(known) => known.clone(),
                    None => self.store.worker(sid).await?,
                };
                let decision = self
                    .advance_decision(workspace, task, worker, None)
                    .if_changed();
                Ok(decision.map_or(Found::Nothing, Found::Decision))
            }
            Some(WaitingList::Queue(queue, channel)) => {
                let ready_lists =
                    PagedLists::new(workspace.ready_lists_serving(queue, channel), after);
                self.search_ready_lists(workspace, task, ready_lists, known)
                    .await
            }
        }
    }

    /// Reads the ready lists page by page until a Worker fits.
    async fn search_ready_lists(
        &self,
        workspace: &Workspace,
        task: &Task,
        mut ready_lists: PagedLists<&Readiness, IdleKey>,
        known: &BTreeMap<WorkerSid, Option<Worker>>,
    ) -> Result<Found<IdleKey>, Error> {
        for _ in 0..self.pages.in_one_go {
            let page = |readiness, after, limit| {
                self.store
                    .free_workers(workspace, readiness, after, limit)
                    .boxed()
            };
            let read = ready_lists
                .next(self.pages.workers, page, Worker::idle_key)
                .await?;
            let read = read
                .into_iter()
                .map(|worker| (worker.sid, worker))
                .collect();
            let decision = self
                .advance_decision(workspace, task, corrected(read, known), None)
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
            .advance_decision(workspace, task, None, Some(worker_counts))
            .if_changed())
    }

    fn advance_decision(
        &self,
        workspace: &Workspace,
        task: &Task,
        candidates: impl IntoIterator<Item = Worker>,
        worker_counts: Option<WorkerCounts>,
    ) -> Decision {
        let snapshot = Snapshot::new(workspace)
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
        known: &BTreeMap<TaskSid, Option<Task>>,
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
            let read = read.into_iter().map(|task| (task.sid, task)).collect();
            let snapshot = Snapshot::new(&workspace)
                .with_tasks(corrected(read, known))
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

    async fn reread_workers(
        &self,
        decision: &Decision,
        known: &mut BTreeMap<WorkerSid, Option<Worker>>,
    ) -> Result<(), Error> {
        for worker in &decision.workers {
            known.insert(worker.sid, self.store.worker(worker.sid).await?);
        }
        Ok(())
    }
}

/// Does a Decision end the Task?
fn turns_away(decision: &Decision) -> bool {
    decision
        .tasks
        .iter()
        .any(|task| task.assignment_status.is_end())
}

/// The entries of a list, replaced by the newer versions that were read from the table itself.
fn corrected<K: Ord + Copy, V: Clone>(
    mut read: BTreeMap<K, V>,
    known: &BTreeMap<K, Option<V>>,
) -> Vec<V> {
    for (key, value) in known {
        match value {
            Some(value) => read.insert(*key, value.clone()),
            None => read.remove(key),
        };
    }
    read.into_values().collect()
}

fn log_reservations(decision: &Decision) {
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
