//! Bringing a waiting Task and free Workers together: read the board, decide, write on condition.
//!
//! What the board says is a hint. When the write finds it stale, whatever was chosen is read again from the table
//! itself and the decision is taken anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt;
use ids::{TaskSid, WorkerSid};
use store::COMMIT_ATTEMPTS_MAX;
use task_router::model::{
    AssignmentStatus, IdleKey, Readiness, Task, WORKER_CAPACITY_MAX, Worker, Workspace,
};
use task_router::router::WorkerCounts;
use task_router::router::known_worker::{self, Meant};
use task_router::router::order::{self, Position, WaitingList};
use task_router::router::{self, Command, Decision, Snapshot, decide};

use crate::pages::{Look, ReadyLists};
use crate::{Error, Routing};

/// Tasks reserved for one Worker in one go: as many as a channel may hold ([`WORKER_CAPACITY_MAX`]).
const SERVE_ROUNDS_MAX: u16 = WORKER_CAPACITY_MAX;

/// Did a Task find somebody?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placed {
    /// It was reserved, or changed in another way.
    Yes,
    /// It waits on: nobody fits.
    No,
    /// It waits on: nobody fits up to this place, and behind it there are Workers who have not been looked at.
    Unread(IdleKey),
}

impl Routing {
    /// Finds Workers for a pending Task; a search that goes on looks behind a place of the boards.
    pub(crate) async fn place(&self, task: Task, behind: Option<IdleKey>) -> Result<Placed, Error> {
        let mut task = task;
        let mut known = BTreeMap::new();
        for attempt in 1..=COMMIT_ATTEMPTS_MAX {
            if task.assignment_status != AssignmentStatus::Pending {
                return Ok(Placed::No);
            }
            let Some((workspace, look)) = self.choose_workers(&task, &known, behind).await? else {
                return Ok(Placed::No);
            };
            let decision = match look {
                Look::Found(decision) => decision,
                Look::Nothing => return Ok(Placed::No),
                Look::Unread(place) => return Ok(Placed::Unread(place)),
            };
            match self.store.commit(&decision, &workspace).await {
                Ok(()) => {
                    log_reservations(&decision);
                    return Ok(Placed::Yes);
                }
                Err(store::Error::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
            store::back_off(attempt).await;
            match self.store.task(task.sid).await? {
                Some(newer) => task = newer,
                None => return Ok(Placed::No),
            }
            self.reread_workers(&decision, &mut known).await?;
        }
        Err(store::Error::Conflict.into())
    }

    /// Finds Tasks for a Worker with a free slot, until there is no slot or no Task; a search that goes on looks behind a place of
    /// the lines. `Some`: up to this place nothing more is for them, and behind it there are Tasks that have not been looked at.
    pub(crate) async fn serve(
        &self,
        worker: Worker,
        behind: Option<Position>,
    ) -> Result<Option<Position>, Error> {
        let sid = worker.sid;
        let mut worker = worker;
        let mut known = BTreeMap::new();
        let mut conflicts = 0;
        for _ in 0..SERVE_ROUNDS_MAX {
            let Some(workspace) = self.workspace(worker.workspace_sid).await? else {
                return Ok(None);
            };
            let (workspace, look) = self.choose_task(workspace, &worker, &known, behind).await?;
            let decision = match look {
                Look::Found(decision) => decision,
                Look::Nothing => return Ok(None),
                Look::Unread(place) => return Ok(Some(place)),
            };
            match self.store.commit(&decision, &workspace).await {
                Ok(()) => {
                    log_reservations(&decision);
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
                None => return Ok(None),
            }
            for task in &decision.tasks {
                known.insert(task.sid, self.store.task(task.sid).await?);
            }
        }
        Ok(None)
    }

    /// What is to be written for a waiting Task; `None`: its Workspace is gone. A new one for which nobody is found is put in
    /// line at once; the record of that write looks further. Nobody found in configuration that was read a moment ago
    /// is no reason to give up: a readiness may be newer than that.
    ///
    /// Being put in line is harmless, and done even where not everybody has been looked at: there the Task is seen by who becomes
    /// free. What cannot be undone, a step that is skipped and a caller who is turned away, is decided at the end of the
    /// search.
    async fn choose_workers(
        &self,
        task: &Task,
        known: &BTreeMap<WorkerSid, Option<Worker>>,
        behind: Option<IdleKey>,
    ) -> Result<Option<(Arc<Workspace>, Look<IdleKey>)>, Error> {
        let workspace = self
            .store
            .workspace_for(task.workspace_sid, [task], self.clock.now())
            .await?;
        let Some(mut workspace) = workspace else {
            return Ok(None);
        };
        let mut look = self
            .choose_workers_in(&workspace, task, known, behind)
            .await?;
        if matches!(look, Look::Found(_)) {
            return Ok(Some((workspace, look)));
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
            if newest.boards != workspace.boards {
                look = self.choose_workers_in(&newest, task, known, behind).await?;
            }
            workspace = newest;
        }
        let decision = match &look {
            Look::Found(_) => None,
            Look::Unread(_) => self
                .decide_to_wait(&workspace, task)
                .await?
                .filter(|decision| !turns_away(decision)),
            Look::Nothing if only_waits => self.decide_to_wait(&workspace, task).await?,
            Look::Nothing => {
                self.note_known_worker(&workspace, task).await?;
                match self.decide_skip(&workspace, task).await? {
                    Some(skip) => Some(skip),
                    None => self.decide_to_wait(&workspace, task).await?,
                }
            }
        };
        Ok(Some((workspace, decision.map_or(look, Look::Found))))
    }

    /// A place in line for a new Task; for a call only if there is room. Those in line are counted as of a moment ago, so calls
    /// that come at once may be some more than there is room for.
    async fn decide_to_wait(
        &self,
        workspace: &Workspace,
        task: &Task,
    ) -> Result<Option<Decision>, store::Error> {
        let line = order::waiting_list_of(workspace, task)
            .filter(|_| task.is_new() && task.call_sid().is_some());
        let max = workspace.rules.waiting_calls_max;
        let is_full = match line {
            Some(line) => self.store.waiting_count(line, max).await? >= max,
            None => false,
        };
        let task_sid = task.sid;
        let event = if is_full {
            Command::WaitingListFull { task: task_sid }
        } else {
            Command::NoWorkerFound { task: task_sid }
        };
        let snapshot = Snapshot::new(workspace).with_tasks([task.clone()]);
        Ok(decide(snapshot, &event, self.clock.now()).if_changed())
    }

    /// Nobody was found: if the step wants one Worker who cannot have the Task, that goes into the log.
    async fn note_known_worker(&self, workspace: &Workspace, task: &Task) -> Result<(), Error> {
        let found = match known_worker::meant_by(workspace, task) {
            None => return Ok(()),
            Some(Meant::Nobody) => None,
            Some(Meant::Sid(sid)) => match sid.parse() {
                Ok(sid) => self.store.worker(sid).await?,
                Err(_) => None,
            },
            Some(Meant::FriendlyName(name)) => self.store.worker_named(workspace.sid, name).await?,
        };
        if let Some(trouble) = known_worker::trouble(task, found.as_ref()) {
            tracing::warn!(task_sid = %task.sid, code = trouble.code(), %trouble, "the known worker cannot have the task");
        }
        Ok(())
    }

    /// Looks for Workers where this Task's can be.
    async fn choose_workers_in(
        &self,
        workspace: &Workspace,
        task: &Task,
        known: &BTreeMap<WorkerSid, Option<Worker>>,
        behind: Option<IdleKey>,
    ) -> Result<Look<IdleKey>, Error> {
        match order::waiting_list_of(workspace, task) {
            None => Ok(Look::Nothing),
            Some(WaitingList::Worker(sid)) => {
                let worker = match known.get(&sid) {
                    Some(known) => known.clone(),
                    None => self.store.worker(sid).await?,
                };
                let decision = self
                    .decide_among(workspace, task, worker, None)
                    .if_changed();
                Ok(decision.map_or(Look::Nothing, Look::Found))
            }
            Some(WaitingList::Queue(queue, channel)) => {
                let boards = ReadyLists::new(workspace.ready_lists_serving(queue, channel), behind);
                self.choose_on_ready_lists(workspace, task, boards, known)
                    .await
            }
        }
    }

    /// Reads the boards of the Task's queue, page by page, until somebody fits.
    async fn choose_on_ready_lists(
        &self,
        workspace: &Workspace,
        task: &Task,
        mut boards: ReadyLists<&Readiness, IdleKey>,
        known: &BTreeMap<WorkerSid, Option<Worker>>,
    ) -> Result<Look<IdleKey>, Error> {
        for _ in 0..self.pages.in_one_go {
            let page = |board, behind, limit| {
                self.store
                    .free_workers(workspace, board, behind, limit)
                    .boxed()
            };
            let read = boards
                .next(self.pages.workers, page, Worker::idle_key)
                .await?;
            let read = read
                .into_iter()
                .map(|worker| (worker.sid, worker))
                .collect();
            let decision = self
                .decide_among(workspace, task, corrected(read, known), None)
                .if_changed();
            if let Some(decision) = decision {
                return Ok(Look::Found(decision));
            }
            if boards.read_up_to().is_none() {
                break;
            }
        }
        Ok(boards.read_up_to().map_or(Look::Nothing, Look::Unread))
    }

    /// Nobody fits: the step may say that the Task goes on at once.
    async fn decide_skip(
        &self,
        workspace: &Workspace,
        task: &Task,
    ) -> Result<Option<Decision>, Error> {
        if !router::may_skip(workspace, task) {
            return Ok(None);
        }
        let presence = self.store.worker_counts(workspace, task.task_queue_sid).await?;
        Ok(self
            .decide_among(workspace, task, None, Some(presence))
            .if_changed())
    }

    fn decide_among(
        &self,
        workspace: &Workspace,
        task: &Task,
        candidates: impl IntoIterator<Item = Worker>,
        presence: Option<WorkerCounts>,
    ) -> Decision {
        let snapshot = Snapshot::new(workspace)
            .with_tasks([task.clone()])
            .with_candidates(task.task_queue_sid, candidates)
            .with_presence(presence);
        decide(
            snapshot,
            &Command::Advance { task: task.sid },
            self.clock.now(),
        )
    }

    /// Reads the lines a Worker looks at, page by page, until a Task fits. The decision is taken in configuration that is as new as
    /// what was read.
    async fn choose_task(
        &self,
        mut workspace: Arc<Workspace>,
        worker: &Worker,
        known: &BTreeMap<TaskSid, Option<Task>>,
        behind: Option<Position>,
    ) -> Result<(Arc<Workspace>, Look<Position>), Error> {
        let limit = if behind.is_none() {
            self.pages.tasks
        } else {
            self.pages.tasks_further_on
        };
        let mut boards = ReadyLists::new(order::waiting_lists_for(&workspace, worker), behind);
        for _ in 0..self.pages.in_one_go {
            let page = |line, behind, limit| self.store.waiting_tasks(line, behind, limit).boxed();
            let read = boards.next(limit, page, order::position_of).await?;
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
                return Ok((workspace, Look::Found(decision)));
            }
            if boards.read_up_to().is_none() {
                break;
            }
        }
        let look = boards.read_up_to().map_or(Look::Nothing, Look::Unread);
        Ok((workspace, look))
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

/// Does a decision end the Task?
fn turns_away(decision: &Decision) -> bool {
    decision
        .tasks
        .iter()
        .any(|task| task.assignment_status.is_end())
}

/// What the board says, but for what is known better from the table itself.
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
