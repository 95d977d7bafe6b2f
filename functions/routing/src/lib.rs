//! `routing`: the table's stream and the timers in, decisions out.
//!
//! A record of the stream says what was written; what follows from it is read off by [`shared::router::effects`] and
//! done here: timers and callbacks are sent to their queues, waiting Tasks and free Workers are brought together. A
//! timer says that a moment has come. Both may come twice, late or never: everything done here is conditional, and a
//! sweep looks after what a lost message would leave behind.

mod boards;
mod event;
mod matching;
mod roll_up;
mod sweep;
mod telling;
mod walks;

use std::sync::{Arc, Mutex};

use aws_lambda_events::event::dynamodb::EventRecord;
use runtime::{Outbox, OutboxError};
use shared::model::{Clock, Millis, Task, TaskSid, Timestamp, WorkerSid, Workspace, WorkspaceSid};
use shared::router::effects::{self, Effect, Subject, Wake};
use shared::router::{Event, Outcome, events, wake};
use store::Store;
use store::stream::{self, Change};

pub use event::{Incoming, handle};
pub use sweep::Sweep;

/// How far the table's indexes may lag behind. A Task and a Worker that become ready within it may each be missing from
/// the other's board; a Task that found nobody looks once more after it.
const INDEX_LAG: Millis = Millis::from_secs(2);

/// The function's world.
pub struct Routing {
    store: Store,
    outbox: Arc<dyn Outbox>,
    clock: Arc<dyn Clock>,
    ordered_walks: Mutex<walks::Ordered>,
    long_ended: Mutex<sweep::LongEnded>,
}

/// Why a record or a timer could not be handled; it will come again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A queue.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
}

impl Routing {
    /// The function over this table and these queues.
    pub fn new(store: Store, outbox: Arc<dyn Outbox>, clock: Arc<dyn Clock>) -> Self {
        let (ordered_walks, long_ended) = Default::default();
        Self { store, outbox, clock, ordered_walks, long_ended }
    }

    /// Does what follows from one record of the stream.
    pub async fn on_record(&self, record: &EventRecord) -> Result<(), Error> {
        match stream::change(record)? {
            Change::Task { old, new } => {
                let Some(workspace) = self.workspace(new.workspace_sid).await? else { return Ok(()) };
                let effects = effects::of_task(&workspace, old.as_deref(), &new);
                self.carry_out_task(effects, &new).await?;
                self.tell_of_task(&workspace, old.as_deref(), &new).await
            }
            Change::Worker { old, new } => {
                let Some(workspace) = self.workspace(new.workspace_sid).await? else { return Ok(()) };
                for effect in effects::of_worker(&workspace, old.as_deref(), &new) {
                    match effect {
                        Effect::Serve(_) => self.serve(new.as_ref().clone()).await?,
                        Effect::Wake(wake) => self.outbox.wake(wake, self.clock.now()).await?,
                        Effect::Match(_) | Effect::Release(_) | Effect::Call(_) => {}
                    }
                }
                let told = events::of_worker(&workspace, old.as_deref(), Some(&new), stream::written_at(record));
                self.tell(Some(&workspace), &told).await
            }
            Change::WorkerRemoved { old } => {
                let Some(workspace) = self.workspace(old.workspace_sid).await? else { return Ok(()) };
                let told = events::of_worker(&workspace, Some(&old), None, stream::written_at(record));
                self.tell(Some(&workspace), &told).await
            }
            Change::Part(change) => {
                self.order_walks(&change).await?;
                self.tell_of_part(&change).await
            }
            Change::Other => Ok(()),
        }
    }

    /// How long ago what a record says was written.
    fn age(&self, record: &EventRecord) -> Millis {
        self.clock.now().since(stream::written_at(record))
    }

    /// Looks again at what a timer is about.
    pub async fn on_wake(&self, wake: Wake) -> Result<(), Error> {
        let now = self.clock.now();
        if now < wake.at {
            return self.send_on(wake, now).await;
        }
        match wake.subject {
            Subject::Task(sid) => self.wake_task(sid, wake.at).await,
            Subject::Worker(sid) => self.wake_worker(sid).await,
            Subject::All(walk) => self.walk(wake.workspace, walk).await,
        }
    }

    /// Sends on a timer that comes before its time, as every long one does. That of a Task that has ended goes no further: it
    /// would come for a day, four times an hour in the cloud, and most Tasks have ended before the first time.
    async fn send_on(&self, wake: Wake, now: Timestamp) -> Result<(), Error> {
        if let Subject::Task(sid) = wake.subject
            && self.store.task(sid).await?.is_none_or(|task| task.assignment_status.is_end())
        {
            return Ok(());
        }
        Ok(self.outbox.wake(wake, now).await?)
    }

    /// Messages first: they need no decision, and a Task that finds no Worker must not keep them back.
    async fn carry_out_task(&self, effects: Vec<Effect>, task: &Task) -> Result<(), Error> {
        let mut waits = false;
        for effect in effects {
            match effect {
                Effect::Wake(wake) => self.outbox.wake(wake, self.clock.now()).await?,
                Effect::Call(callback) => self.outbox.call(callback).await?,
                Effect::Release(release) => {
                    self.store.apply(&Event::Released(release), self.clock.now()).await?;
                }
                Effect::Match(_) => waits = true,
                Effect::Serve(_) => {}
            }
        }
        if waits && self.place(task.clone()).await? == matching::Placed::No {
            let now = self.clock.now();
            self.outbox.wake(task_wake(task, now + INDEX_LAG), now).await?;
        }
        Ok(())
    }

    async fn wake_task(&self, sid: TaskSid, at: Timestamp) -> Result<(), Error> {
        let applied = self.store.apply(&Event::Advance { task: sid }, self.clock.now()).await?;
        let (Outcome::AlreadySo, Some(task)) = (applied.outcome, applied.task) else {
            // Changed: its record follows. Refused: it is gone.
            return Ok(());
        };
        if self.place(task.clone()).await? == matching::Placed::Yes {
            return Ok(());
        }
        let Some(workspace) = self.workspace(task.workspace_sid).await? else { return Ok(()) };
        // A timer that is not the Task's own moment any more has a successor: the write that moved the moment sent it.
        if wake::of_task(&workspace, &task, at - Millis::from_millis(1)) != Some(at) {
            return Ok(());
        }
        let now = self.clock.now();
        match wake::of_task(&workspace, &task, now).filter(|at| *at > now) {
            Some(at) => Ok(self.outbox.wake(task_wake(&task, at), now).await?),
            None => Ok(()),
        }
    }

    /// A wrap-up that was begun anew meanwhile has a timer of its own.
    async fn wake_worker(&self, sid: WorkerSid) -> Result<(), Error> {
        self.store.apply(&Event::AdvanceWorker { worker: sid }, self.clock.now()).await?;
        Ok(())
    }

    async fn workspace(&self, sid: WorkspaceSid) -> Result<Option<Arc<Workspace>>, Error> {
        let workspace = self.store.workspace(sid, self.clock.now()).await?;
        if workspace.is_none() {
            tracing::debug!(workspace_sid = %sid, "a change in a Workspace that was deleted");
        }
        Ok(workspace)
    }
}

fn task_wake(task: &Task, at: Timestamp) -> Wake {
    Wake { workspace: task.workspace_sid, subject: Subject::Task(task.sid), at }
}
