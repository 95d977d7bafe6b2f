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

/// Times a decision is taken anew because somebody else wrote first. Each attempt reads the newest state, so only a
/// stream of other writers to the very same Task can use them up.
pub const COMMIT_ATTEMPTS_MAX: u32 = 8;

/// The longest pause before another attempt, in milliseconds for each attempt so far: keeps two writers from meeting
/// again and again.
const JITTER_MILLIS_PER_ATTEMPT: u64 = 15;

/// What became of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// What became of it.
    pub outcome: Outcome,
    /// The Task it was about, as it now stands; `None` if it is about none or there is none.
    pub task: Option<Task>,
    /// The Worker it was about, as they now stand.
    pub worker: Option<Worker>,
}

/// What became of a Worker that was to be changed.
#[derive(Debug, Clone, PartialEq)]
pub enum WorkerChange {
    /// They are written.
    Written {
        /// As they were.
        before: Box<Worker>,
        /// As they now stand.
        after: Box<Worker>,
    },
    /// There was nothing to change: here they are.
    AsItWas(Box<Worker>),
    /// There is no such Worker.
    NoSuchWorker,
}

impl Store {
    /// Applies an event to what is stored. A conflict is reloaded and decided again, [`COMMIT_ATTEMPTS_MAX`] times.
    pub async fn apply(&self, event: &Command, now: Timestamp) -> Result<Applied, Error> {
        self.apply_if(event, None, now).await
    }

    /// Applies an event on condition that its Task or Worker still has one of these versions; `None`: whatever it has.
    /// The condition holds until the write: what somebody else writes in between makes it a conflict, and then the newer
    /// version is the wrong one ([`Refusal::WrongVersion`]).
    pub async fn apply_if(
        &self,
        event: &Command,
        expected: Option<&[u64]>,
        now: Timestamp,
    ) -> Result<Applied, Error> {
        for attempt in 1..=COMMIT_ATTEMPTS_MAX {
            let Some((workspace, snapshot)) = self.load(event, now).await? else {
                return Ok(absent(event));
            };
            let before = (
                subject_task(event, &snapshot),
                subject_worker(event, &snapshot),
            );
            if let Some(refusal) = wrong_version(&before, expected) {
                return Ok(Applied {
                    outcome: Outcome::Refused(refusal),
                    task: before.0,
                    worker: before.1,
                });
            }
            let decision = decide(snapshot.view(&workspace), event, now);
            let renaming = self.renaming(before.1.as_ref(), &decision)?;
            match self.commit_with(&decision, &workspace, renaming).await {
                Ok(()) => return Ok(applied(event, decision, before)),
                Err(Error::Conflict) => pause(attempt).await,
                Err(error) => return Err(error),
            }
        }
        Err(Error::Conflict)
    }

    /// Changes a Worker outside the course of events: their attributes, their capacity, or what follows from a changed
    /// Workspace. `change` gets the newest state and says what it should be, anew after each conflict,
    /// [`COMMIT_ATTEMPTS_MAX`] times; roster, board and version follow by themselves. A Worker on whom nothing has changed
    /// but the board they belong on, as with a new TaskChannel, is written too.
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
            after.roster = queue_membership_of(workspace, &after);
            if after == before && items::same_place(&stored, &items::of_worker(&after, workspace)?)
            {
                return Ok(WorkerChange::AsItWas(Box::new(before)));
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
                Err(Error::Conflict) => pause(attempt).await,
                Err(error) => return Err(error),
            }
        }
        Err(Error::Conflict)
    }

    /// Everything the event needs, as it stands: its Task, that Task's Workers, or its Worker and, if their
    /// offers matter, their Tasks.
    async fn load(
        &self,
        event: &Command,
        now: Timestamp,
    ) -> Result<Option<(Arc<Workspace>, Loaded)>, Error> {
        let loaded = match (event.task(), event.worker()) {
            (Some(sid), _) => self.load_task(sid).await?,
            (None, Some(sid)) => self.load_worker(sid, event.concerns_offers()).await?,
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

    async fn load_worker(
        &self,
        sid: WorkerSid,
        with_tasks: bool,
    ) -> Result<Option<(WorkspaceSid, Loaded)>, Error> {
        let Some(worker) = self.worker(sid).await? else {
            return Ok(None);
        };
        let mut tasks = Vec::new();
        for open in worker.open_reservations.iter().filter(|_| with_tasks) {
            tasks.extend(self.task(open.task_sid).await?);
        }
        Ok(Some((
            worker.workspace_sid,
            Loaded {
                tasks,
                workers: vec![worker],
            },
        )))
    }
}

/// WaitTimes a random moment before attempt number `attempt` + 1.
pub async fn pause(attempt: u32) {
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

fn subject_task(event: &Command, loaded: &Loaded) -> Option<Task> {
    let sid = event.task()?;
    loaded.tasks.iter().find(|task| task.sid == sid).cloned()
}

fn subject_worker(event: &Command, loaded: &Loaded) -> Option<Worker> {
    let sid = event.worker()?;
    loaded
        .workers
        .iter()
        .find(|worker| worker.sid == sid)
        .cloned()
}

/// The refusal, if the Task or Worker the event is about has a version that is not expected.
fn wrong_version(
    (task, worker): &(Option<Task>, Option<Worker>),
    expected: Option<&[u64]>,
) -> Option<Refusal> {
    let version = task
        .as_ref()
        .map(Task::visible_version)
        .or(worker.as_ref().map(|worker| worker.version))?;
    let as_expected = expected?.contains(&version);
    (!as_expected).then_some(Refusal::WrongVersion { version })
}

fn applied(event: &Command, decision: Decision, before: (Option<Task>, Option<Worker>)) -> Applied {
    let task = decision
        .tasks
        .into_iter()
        .find(|task| Some(task.sid) == event.task());
    let worker = decision
        .workers
        .into_iter()
        .find(|worker| Some(worker.sid) == event.worker());
    Applied {
        outcome: decision.outcome,
        task: task.or(before.0),
        worker: worker.or(before.1),
    }
}

fn absent(event: &Command) -> Applied {
    let refusal = match (event.task(), event.worker()) {
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
