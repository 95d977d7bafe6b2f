//! Bringing a waiting Task and free Workers together: read the board, decide, write on condition.
//!
//! What the board says is a hint. When the write finds it stale, whatever was chosen is read again from the table
//! itself and the decision is taken anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use shared::model::{AssignmentStatus, Readiness, Task, TaskSid, WORKER_CAPACITY_MAX, Worker, WorkerSid, Workspace};
use shared::router::Presence;
use shared::router::known_worker::{self, Meant};
use shared::router::order::{self, Line};
use shared::router::{self, Decision, Event, Snapshot, decide};
use store::COMMIT_ATTEMPTS_MAX;

use crate::{Error, Routing};

/// Free Workers read at once for one Task from each board: the queue's parallel offers (at most 50) and a few who
/// turn out to be taken or excluded by the step's expression.
const FREE_WORKERS_PAGE: u16 = 100;

/// Waiting Tasks read at once for one Worker from each board. The first one nearly always fits; the others are
/// there for steps that exclude this Worker.
const WAITING_TASKS_PAGE: u16 = 20;

/// Pages read of one board before giving up until something changes: a thousand Workers, or two hundred Tasks, who all do
/// not fit.
const PAGES_MAX: u32 = 10;

/// Boards read at the same time, so that a Worker of a hundred queues does not open a hundred connections.
const BOARDS_AT_ONCE: usize = 32;

/// Tasks reserved for one Worker in one go: as many as a channel may hold ([`WORKER_CAPACITY_MAX`]).
const SERVE_ROUNDS_MAX: u16 = WORKER_CAPACITY_MAX;

/// Did a Task find somebody?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placed {
    /// It was reserved, or changed in another way.
    Yes,
    /// It waits on.
    No,
}

impl Routing {
    /// Finds Workers for a pending Task.
    pub(crate) async fn place(&self, task: Task) -> Result<Placed, Error> {
        let mut task = task;
        let mut known = BTreeMap::new();
        for attempt in 1..=COMMIT_ATTEMPTS_MAX {
            if task.assignment_status != AssignmentStatus::Pending {
                return Ok(Placed::No);
            }
            let Some((workspace, decision)) = self.choose_workers(&task, &known).await? else { return Ok(Placed::No) };
            match self.store.commit(&decision, &workspace).await {
                Ok(()) => {
                    log_reservations(&decision);
                    return Ok(Placed::Yes);
                }
                Err(store::Error::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
            store::pause(attempt).await;
            match self.store.task(task.sid).await? {
                Some(newer) => task = newer,
                None => return Ok(Placed::No),
            }
            self.reread_workers(&decision, &mut known).await?;
        }
        Err(store::Error::Conflict.into())
    }

    /// Finds Tasks for a Worker with a free slot, until there is no slot or no Task.
    pub(crate) async fn serve(&self, worker: Worker) -> Result<(), Error> {
        let sid = worker.sid;
        let mut worker = worker;
        let mut known = BTreeMap::new();
        let mut conflicts = 0;
        for _ in 0..SERVE_ROUNDS_MAX {
            let Some(workspace) = self.workspace(worker.workspace_sid).await? else { return Ok(()) };
            let chosen = self.choose_task(workspace, &worker, &known).await?;
            let Some((workspace, decision)) = chosen else { return Ok(()) };
            match self.store.commit(&decision, &workspace).await {
                Ok(()) => {
                    log_reservations(&decision);
                    let written = decision.workers.iter().find(|written| written.sid == sid);
                    worker = written.cloned().unwrap_or(worker);
                    known.extend(decision.tasks.into_iter().map(|task| (task.sid, Some(task))));
                    continue;
                }
                Err(store::Error::Conflict) => conflicts += 1,
                Err(error) => return Err(error.into()),
            }
            if conflicts >= COMMIT_ATTEMPTS_MAX {
                return Err(store::Error::Conflict.into());
            }
            store::pause(conflicts).await;
            match self.store.worker(sid).await? {
                Some(newer) => worker = newer,
                None => return Ok(()),
            }
            for task in &decision.tasks {
                known.insert(task.sid, self.store.task(task.sid).await?);
            }
        }
        Ok(())
    }

    /// What is to be written for a waiting Task; `None`: nothing. A new one for which nobody is found is put in line at
    /// once; the record of that write looks further. Nobody found in configuration that was read a moment ago
    /// is no reason to give up: a readiness may be newer than that.
    async fn choose_workers(
        &self,
        task: &Task,
        known: &BTreeMap<WorkerSid, Option<Worker>>,
    ) -> Result<Option<(Arc<Workspace>, Decision)>, Error> {
        let workspace = self.store.workspace_for(task.workspace_sid, [task], self.clock.now()).await?;
        let Some(workspace) = workspace else { return Ok(None) };
        if let Some(decision) = self.choose_workers_in(&workspace, task, known).await? {
            return Ok(Some((workspace, decision)));
        }
        if task.is_new() && !router::may_skip(&workspace, task) {
            return Ok(self.decide_to_wait(&workspace, task).await?.map(|decision| (workspace, decision)));
        }
        let newest = self.store.fresh_workspace(task.workspace_sid, self.clock.now()).await?;
        let Some(newest) = newest else { return Ok(None) };
        if newest.boards != workspace.boards
            && let Some(decision) = self.choose_workers_in(&newest, task, known).await?
        {
            return Ok(Some((newest, decision)));
        }
        self.note_known_worker(&newest, task).await?;
        let decision = match self.decide_skip(&newest, task).await? {
            Some(skip) => Some(skip),
            None => self.decide_to_wait(&newest, task).await?,
        };
        Ok(decision.map(|decision| (newest, decision)))
    }

    /// A place in line for a new Task; for a call only if there is room. Those in line are counted as of a moment ago, so calls
    /// that come at once may be some more than there is room for.
    async fn decide_to_wait(&self, workspace: &Workspace, task: &Task) -> Result<Option<Decision>, store::Error> {
        let line = order::line_of(workspace, task).filter(|_| task.is_new() && task.call_sid().is_some());
        let max = workspace.rules.waiting_calls_max;
        let is_full = match line {
            Some(line) => self.store.waiting_count(line, max).await? >= max,
            None => false,
        };
        let task_sid = task.sid;
        let event = if is_full { Event::LineFull { task: task_sid } } else { Event::NobodyFound { task: task_sid } };
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
    ) -> Result<Option<Decision>, Error> {
        match order::line_of(workspace, task) {
            None => Ok(None),
            Some(Line::Worker(sid)) => {
                let worker = match known.get(&sid) {
                    Some(known) => known.clone(),
                    None => self.store.worker(sid).await?,
                };
                Ok(self.decide_among(workspace, task, worker, None).if_changed())
            }
            Some(Line::Queue(queue, channel)) => {
                let boards: Vec<&Readiness> = workspace.boards_serving(queue, channel).collect();
                self.choose_on_boards(workspace, task, boards, known).await
            }
        }
    }

    /// Reads the boards of the Task's queue, page by page, until somebody fits.
    async fn choose_on_boards(
        &self,
        workspace: &Workspace,
        task: &Task,
        boards: Vec<&Readiness>,
        known: &BTreeMap<WorkerSid, Option<Worker>>,
    ) -> Result<Option<Decision>, Error> {
        let mut boards: Vec<(&Readiness, Option<Worker>)> = boards.into_iter().map(|board| (board, None)).collect();
        for _ in 0..PAGES_MAX {
            let reads = boards.iter().map(|(readiness, after)| {
                self.store.free_workers(workspace, readiness, after.as_ref(), FREE_WORKERS_PAGE).boxed()
            });
            let pages = all_read(reads.collect()).await?;
            let read = pages.iter().flatten().map(|worker| (worker.sid, worker.clone())).collect();
            let decision = self.decide_among(workspace, task, corrected(read, known), None).if_changed();
            boards = unread(boards, pages, FREE_WORKERS_PAGE);
            if decision.is_some() || boards.is_empty() {
                return Ok(decision);
            }
        }
        Ok(None)
    }

    /// Nobody fits: the step may say that the Task goes on at once.
    async fn decide_skip(&self, workspace: &Workspace, task: &Task) -> Result<Option<Decision>, Error> {
        if !router::may_skip(workspace, task) {
            return Ok(None);
        }
        let presence = self.store.presence(workspace, task.task_queue_sid).await?;
        Ok(self.decide_among(workspace, task, None, Some(presence)).if_changed())
    }

    fn decide_among(
        &self,
        workspace: &Workspace,
        task: &Task,
        candidates: impl IntoIterator<Item = Worker>,
        presence: Option<Presence>,
    ) -> Decision {
        let snapshot = Snapshot::new(workspace)
            .with_tasks([task.clone()])
            .with_candidates(task.task_queue_sid, candidates)
            .with_presence(presence);
        decide(snapshot, &Event::Advance { task: task.sid }, self.clock.now())
    }

    /// Reads the boards a Worker looks at, page by page, until a Task fits; `None`: none does. The decision is taken in
    /// configuration that is as new as what was read.
    async fn choose_task(
        &self,
        mut workspace: Arc<Workspace>,
        worker: &Worker,
        known: &BTreeMap<TaskSid, Option<Task>>,
    ) -> Result<Option<(Arc<Workspace>, Decision)>, Error> {
        let mut boards: Vec<(Line, Option<Task>)> =
            order::lines_for(&workspace, worker).into_iter().map(|line| (line, None)).collect();
        for _ in 0..PAGES_MAX {
            let reads = boards.iter().map(|(line, after)| {
                self.store.waiting_tasks(&workspace, *line, after.as_ref(), WAITING_TASKS_PAGE).boxed()
            });
            let pages = all_read(reads.collect()).await?;
            let newest = self.store.workspace_for(workspace.sid, pages.iter().flatten(), self.clock.now()).await?;
            workspace = newest.unwrap_or(workspace);
            let read = pages.iter().flatten().map(|task| (task.sid, task.clone())).collect();
            let snapshot = Snapshot::new(&workspace).with_tasks(corrected(read, known)).with_workers([worker.clone()]);
            let decision = decide(snapshot, &Event::ServeWorker { worker: worker.sid }, self.clock.now()).if_changed();
            boards = unread(boards, pages, WAITING_TASKS_PAGE);
            if decision.is_some() || boards.is_empty() {
                return Ok(decision.map(|decision| (workspace, decision)));
            }
        }
        Ok(None)
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

/// Reads pages of several boards, some at the same time.
async fn all_read<T>(reads: Vec<BoxFuture<'_, Result<Vec<T>, store::Error>>>) -> Result<Vec<Vec<T>>, store::Error> {
    stream::iter(reads).buffered(BOARDS_AT_ONCE).try_collect().await
}

/// The boards of which a whole page was read, each with the last one read: there may be more behind.
fn unread<B, T>(boards: Vec<(B, Option<T>)>, pages: Vec<Vec<T>>, page: u16) -> Vec<(B, Option<T>)> {
    let full = |read: &Vec<T>| read.len() >= usize::from(page);
    let read = boards.into_iter().zip(pages).filter(|(_, read)| full(read));
    read.map(|((board, _), mut read)| (board, read.pop())).collect()
}

/// What the board says, but for what is known better from the table itself.
fn corrected<K: Ord + Copy, V: Clone>(mut read: BTreeMap<K, V>, known: &BTreeMap<K, Option<V>>) -> Vec<V> {
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
