//! `routing`: the table's stream and the timers in, decisions out.
//!
//! A record of the stream says what was written; what follows from it is read off by [`task_router::router::effects`] and
//! done here: timers and callbacks are sent to their queues, waiting Tasks and free Workers are brought together. A
//! timer says that a moment has come. Both may come twice, late or never: everything done here is conditional, and a
//! sweep looks after what a lost message would leave behind.

mod backfill;
mod candidate_search;
mod event;
mod event_publisher;
mod pages;
mod ready_lists;
mod roll_up;
mod search_continuation;
mod sweep;
mod worker_snapshot;

use std::sync::{Arc, Mutex};

use aws_lambda_events::event::dynamodb::EventRecord;
use ids::time::{Clock, Millis, Timestamp};
use ids::{TaskSid, WorkerSid, WorkspaceSid};
use runtime::{Outbox, OutboxError};
use store::Store;
use store::stream::{self, Change};
use task_router::model::{Task, Workspace};
use task_router::router::effects::{self, Effect, Subject, Timer};
use task_router::router::search_continuation::SearchContinuation;
use task_router::router::{Command, Outcome, events, timers};

use candidate_search::Placed;

pub use event::{Incoming, handle};
pub use pages::Pages;
pub use sweep::Sweep;

/// How far the table's indexes may lag behind. A Task and a Worker that become ready within it may each be missing from
/// the other's board; a Task that found nobody looks once more after it, and only then as far as the boards go.
const INDEX_LAG: Millis = Millis::from_secs(2);

/// The function's world.
pub struct Routing {
    store: Store,
    outbox: Arc<dyn Outbox>,
    clock: Arc<dyn Clock>,
    pages: Pages,
    ordered_walks: Mutex<backfill::Ordered>,
    ordered_searches: Mutex<search_continuation::Ordered>,
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
        let (pages, ordered_walks, ordered_searches, long_ended) = Default::default();
        Self {
            store,
            outbox,
            clock,
            pages,
            ordered_walks,
            ordered_searches,
            long_ended,
        }
    }

    /// The same, reading so much of a board at once: less, for a small centre that is to be like a large one.
    pub fn with_pages(self, pages: Pages) -> Self {
        Self { pages, ..self }
    }

    /// Does what follows from one record of the stream.
    pub async fn on_record(&self, record: &EventRecord) -> Result<(), Error> {
        match stream::change(record)? {
            Change::Task { old, new } => {
                let Some(workspace) = self.workspace(new.workspace_sid).await? else {
                    return Ok(());
                };
                let effects = effects::of_task(&workspace, old.as_deref(), &new);
                self.carry_out_task(effects, &new).await?;
                self.tell_of_task(&workspace, old.as_deref(), &new).await
            }
            Change::Worker { old, new } => {
                let Some(workspace) = self.workspace(new.workspace_sid).await? else {
                    return Ok(());
                };
                for effect in effects::of_worker(&workspace, old.as_deref(), &new) {
                    match effect {
                        Effect::MatchWorker(_) => self.serve_freed(new.as_ref().clone()).await?,
                        Effect::Timer(wake) => self.outbox.schedule(wake, self.clock.now()).await?,
                        Effect::MatchTask(_) | Effect::Release(_) | Effect::Callback(_) => {}
                    }
                }
                let told = events::of_worker(
                    &workspace,
                    old.as_deref(),
                    Some(&new),
                    stream::written_at(record),
                );
                self.tell(Some(&workspace), &told).await
            }
            Change::WorkerRemoved { old } => {
                let Some(workspace) = self.workspace(old.workspace_sid).await? else {
                    return Ok(());
                };
                let told =
                    events::of_worker(&workspace, Some(&old), None, stream::written_at(record));
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
    pub async fn on_timer(&self, wake: Timer) -> Result<(), Error> {
        let now = self.clock.now();
        if now < wake.at {
            return self.send_on(wake, now).await;
        }
        match wake.subject {
            Subject::Task(sid) => self.advance_task(sid, wake.at).await,
            Subject::Worker(sid) => self.advance_worker(sid).await,
            Subject::All(walk) => self.walk(wake.workspace, walk).await,
            Subject::Rest(search) => self.search_on(wake.workspace, search).await,
        }
    }

    /// Sends on a timer that comes before its time, as every long one does. That of a Task that has ended goes no further: it
    /// would come for a day, four times an hour in the cloud, and most Tasks have ended before the first time.
    async fn send_on(&self, wake: Timer, now: Timestamp) -> Result<(), Error> {
        if let Subject::Task(sid) = wake.subject
            && self
                .store
                .task(sid)
                .await?
                .is_none_or(|task| task.assignment_status.is_end())
        {
            return Ok(());
        }
        Ok(self.outbox.schedule(wake, now).await?)
    }

    /// Messages first: they need no decision, and a Task that finds no Worker must not keep them back.
    async fn carry_out_task(&self, effects: Vec<Effect>, task: &Task) -> Result<(), Error> {
        let mut waits = false;
        for effect in effects {
            match effect {
                Effect::Timer(wake) => self.outbox.schedule(wake, self.clock.now()).await?,
                Effect::Callback(callback) => self.outbox.callback(callback).await?,
                Effect::Release(release) => {
                    self.store
                        .apply(&Command::Released(release), self.clock.now())
                        .await?;
                }
                Effect::MatchTask(_) => waits = true,
                Effect::MatchWorker(_) => {}
            }
        }
        if waits && self.place(task.clone(), None).await? != Placed::Yes {
            let now = self.clock.now();
            self.outbox
                .schedule(task_timer(task, now + INDEX_LAG), now)
                .await?;
        }
        Ok(())
    }

    async fn advance_task(&self, sid: TaskSid, at: Timestamp) -> Result<(), Error> {
        let applied = self
            .store
            .apply(&Command::Advance { task: sid }, self.clock.now())
            .await?;
        let (Outcome::AlreadySo, Some(task)) = (applied.outcome, applied.task) else {
            // Changed: its record follows. Refused: it is gone.
            return Ok(());
        };
        match self.place(task.clone(), None).await? {
            Placed::Yes => return Ok(()),
            Placed::No => {}
            Placed::Unread(behind) => {
                self.order_search(
                    task.workspace_sid,
                    SearchContinuation::Workers { task: sid, behind },
                )
                .await?
            }
        }
        let Some(workspace) = self.workspace(task.workspace_sid).await? else {
            return Ok(());
        };
        // A timer that is not the Task's own moment any more has a successor: the write that moved the moment sent it.
        if timers::of_task(&workspace, &task, at - Millis::from_millis(1)) != Some(at) {
            return Ok(());
        }
        let now = self.clock.now();
        match timers::of_task(&workspace, &task, now).filter(|at| *at > now) {
            Some(at) => Ok(self.outbox.schedule(task_timer(&task, at), now).await?),
            None => Ok(()),
        }
    }

    /// A wrap-up that was begun anew meanwhile has a timer of its own.
    async fn advance_worker(&self, sid: WorkerSid) -> Result<(), Error> {
        self.store
            .apply(&Command::AdvanceWorker { worker: sid }, self.clock.now())
            .await?;
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

fn task_timer(task: &Task, at: Timestamp) -> Timer {
    Timer {
        workspace: task.workspace_sid,
        subject: Subject::Task(task.sid),
        at,
    }
}
