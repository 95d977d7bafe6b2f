//! Load, decide, commit: the only way a Task or Worker changes.

use std::sync::Arc;
use std::time::Duration;

use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid, WorkspaceSid};
use task_router::model::{Task, Worker, Workspace};
use task_router::router::{
    Command, Decision, Outcome, Refusal, Snapshot, WorkersWritten, decide, queue_membership_of,
};

use crate::items;
use crate::keys::Key;
use crate::{Error, Store};

/// The most attempts to decide and commit. Each attempt reads the newest state, so only contention
/// from a stream of other writers to the same Task or Worker can use them up.
pub const COMMIT_ATTEMPTS_MAX: u32 = 8;

/// The longest backoff before the next attempt, in milliseconds for each attempt so far. The random
/// part (jitter) keeps two writers from colliding again and again.
const JITTER_MILLIS_PER_ATTEMPT: u64 = 15;

/// The result of a Command.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The outcome of the Decision, or a refusal.
    pub outcome: Outcome,
    /// The Task the Command names, after the Command; `None` if it names none or there is no such
    /// Task.
    pub task: Option<Task>,
    /// The Worker the Command names, after the Command; `None` if it names none or there is no such
    /// Worker.
    pub worker: Option<Worker>,
}

/// The result of [`Store::change_worker`].
#[derive(Debug, Clone, PartialEq)]
pub enum WorkerChange {
    /// The Worker was changed and written.
    Written {
        /// Before the change.
        before: Box<Worker>,
        /// After the change.
        after: Box<Worker>,
    },
    /// Nothing had to be changed: the Worker as stored.
    Unchanged(Box<Worker>),
    /// There is no such Worker.
    NoSuchWorker,
}

impl Store {
    /// Applies a Command to the stored state. A conflict is retried: the state is reloaded and
    /// decided again, [`COMMIT_ATTEMPTS_MAX`] attempts at most, with a backoff between them.
    pub async fn apply(&self, command: &Command, now: Timestamp) -> Result<Applied, Error> {
        self.apply_if(command, None, now).await
    }

    /// Applies a Command on condition that its Task or Worker has one of the `expected` versions;
    /// `None`: any version.
    ///
    /// The condition holds until the write. A write by another process in between is a conflict,
    /// and the reloaded version is then refused ([`Refusal::WrongVersion`]).
    pub async fn apply_if(
        &self,
        command: &Command,
        expected: Option<&[u64]>,
        now: Timestamp,
    ) -> Result<Applied, Error> {
        for attempt in 1..=COMMIT_ATTEMPTS_MAX {
            let Some((workspace, snapshot)) = self.load(command, now).await? else {
                return Ok(absent(command));
            };
            let task_before = subject_task(command, &snapshot);
            let worker_before = subject_worker(command, &snapshot);
            let version = match (&task_before, &worker_before) {
                (Some(task), _) => Some(task.visible_version()),
                (None, Some(worker)) => Some(worker.version),
                (None, None) => None,
            };
            if let Some(refusal) = wrong_version(version, expected) {
                return Ok(Applied {
                    outcome: Outcome::Refused(refusal),
                    task: task_before,
                    worker: worker_before,
                });
            }
            let decision = decide(snapshot.view(&workspace), command, now);
            let renaming = self.renaming(worker_before.as_ref(), &decision)?;
            match self.commit_with(&decision, &workspace, renaming).await {
                Ok(()) => return Ok(applied(command, decision, task_before, worker_before)),
                Err(Error::Conflict) => back_off(attempt).await,
                Err(error) => return Err(error),
            }
        }
        Err(Error::Conflict)
    }

    /// Changes a Worker without a Command: its attributes, its capacity, or what follows from a
    /// changed Workspace.
    ///
    /// `change` gets the newest Worker and returns what it should be. It is called again after each
    /// conflict, [`COMMIT_ATTEMPTS_MAX`] times at most. Queue membership, ready list and version
    /// follow by themselves. A Worker whose ready list changes and nothing else, as
    /// with a new TaskChannel, is written too.
    pub async fn change_worker(
        &self,
        sid: WorkerSid,
        workspace: &Workspace,
        now: Timestamp,
        change: impl Fn(Worker) -> Worker,
    ) -> Result<WorkerChange, Error> {
        for attempt in 1..=COMMIT_ATTEMPTS_MAX {
            let Some(stored) = self.get_item(&Key::worker(sid)).await? else {
                return Ok(WorkerChange::NoSuchWorker);
            };
            let before: Worker = items::read(stored.clone())?;
            let mut after = change(before.clone());
            after.queue_membership = queue_membership_of(workspace, &after);
            if after == before
                && items::same_index_entry(&stored, &items::of_worker(&after, workspace)?)
            {
                return Ok(WorkerChange::Unchanged(Box::new(before)));
            }
            after.version = before.version + 1;
            after.date_updated = now;
            let decision = Decision {
                outcome: Outcome::Changed,
                workers_written: WorkersWritten::WithTheTask,
                tasks: Vec::new(),
                workers: vec![after.clone()],
            };
            match self.commit(&decision, workspace).await {
                Ok(()) => {
                    return Ok(WorkerChange::Written {
                        before: Box::new(before),
                        after: Box::new(after),
                    });
                }
                Err(Error::Conflict) => back_off(attempt).await,
                Err(error) => return Err(error),
            }
        }
        Err(Error::Conflict)
    }

    /// The snapshot for a Command: its Task and that Task's Workers, or its Worker and, if the
    /// Command concerns its Reservations, their Tasks.
    async fn load(
        &self,
        command: &Command,
        now: Timestamp,
    ) -> Result<Option<(Arc<Workspace>, Loaded)>, Error> {
        let loaded = match (command.task(), command.worker()) {
            (Some(sid), _) => self.load_task(sid).await?,
            (None, Some(sid)) if command.concerns_offers() => {
                self.load_worker_and_tasks(sid).await?
            }
            (None, Some(sid)) => self.load_worker(sid).await?,
            (None, None) => None,
        };
        let Some((workspace_sid, loaded)) = loaded else {
            return Ok(None);
        };
        let workspace = self
            .workspace_for(workspace_sid, &loaded.tasks, now)
            .await?;
        Ok(workspace.map(|workspace| (workspace, loaded)))
    }

    async fn load_task(&self, sid: TaskSid) -> Result<Option<(WorkspaceSid, Loaded)>, Error> {
        let Some(task) = self.task(sid).await? else {
            return Ok(None);
        };
        let mut workers = Vec::new();
        for reservation in task.open_reservations() {
            workers.extend(self.worker(reservation.worker_sid).await?);
        }
        Ok(Some((
            task.workspace_sid,
            Loaded {
                tasks: vec![task],
                workers,
            },
        )))
    }

    async fn load_worker(&self, sid: WorkerSid) -> Result<Option<(WorkspaceSid, Loaded)>, Error> {
        let loaded = self.worker(sid).await?.map(|worker| {
            (
                worker.workspace_sid,
                Loaded {
                    tasks: Vec::new(),
                    workers: vec![worker],
                },
            )
        });
        Ok(loaded)
    }

    async fn load_worker_and_tasks(
        &self,
        sid: WorkerSid,
    ) -> Result<Option<(WorkspaceSid, Loaded)>, Error> {
        let Some((workspace, mut loaded)) = self.load_worker(sid).await? else {
            return Ok(None);
        };
        for worker in &loaded.workers {
            for open in &worker.open_reservations {
                loaded.tasks.extend(self.task(open.task_sid).await?);
            }
        }
        Ok(Some((workspace, loaded)))
    }
}

/// Backs off: sleeps for a random time before attempt number `attempt` + 1, up to 15 ms for each
/// attempt so far.
pub async fn back_off(attempt: u32) {
    let longest = JITTER_MILLIS_PER_ATTEMPT.saturating_mul(u64::from(attempt));
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=longest))).await;
}

struct Loaded {
    tasks: Vec<Task>,
    workers: Vec<Worker>,
}

impl Loaded {
    fn view(self, workspace: &Workspace) -> Snapshot<'_> {
        Snapshot::new(workspace)
            .with_tasks(self.tasks)
            .with_workers(self.workers)
    }
}

fn subject_task(command: &Command, loaded: &Loaded) -> Option<Task> {
    let sid = command.task()?;
    loaded.tasks.iter().find(|task| task.sid == sid).cloned()
}

fn subject_worker(command: &Command, loaded: &Loaded) -> Option<Worker> {
    let sid = command.worker()?;
    loaded
        .workers
        .iter()
        .find(|worker| worker.sid == sid)
        .cloned()
}

/// The refusal, if `version` is not among the expected versions.
fn wrong_version(version: Option<u64>, expected: Option<&[u64]>) -> Option<Refusal> {
    let version = version?;
    let as_expected = expected?.contains(&version);
    (!as_expected).then_some(Refusal::WrongVersion { version })
}

fn applied(
    command: &Command,
    decision: Decision,
    task_before: Option<Task>,
    worker_before: Option<Worker>,
) -> Applied {
    let task = decision
        .tasks
        .into_iter()
        .find(|task| Some(task.sid) == command.task());
    let worker = decision
        .workers
        .into_iter()
        .find(|worker| Some(worker.sid) == command.worker());
    Applied {
        outcome: decision.outcome,
        task: task.or(task_before),
        worker: worker.or(worker_before),
    }
}

fn absent(command: &Command) -> Applied {
    let refusal = match (command.task(), command.worker()) {
        (Some(task), _) => Outcome::Refused(Refusal::NoSuchTask(task)),
        (None, Some(worker)) => Outcome::Refused(Refusal::NoSuchWorker(worker)),
        (None, None) => Outcome::AlreadySo,
    };
    Applied {
        outcome: refusal,
        task: None,
        worker: None,
    }
}
