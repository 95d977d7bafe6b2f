//! `routing`: handles the table's stream, the timers queue and the schedule.
//!
//! A stream record contains a write. [`task_router::router::effects`] derives its Effects, and this
//! function carries them out: it sends timers and callbacks to their queues, and searches for
//! Workers and Tasks. A timer says that a moment has been reached. Records and timers may be
//! duplicate, late or lost: every write is conditional, and a sweep does what a lost message would
//! have done.

mod backfill;
mod backlog;
mod candidate_search;
mod contention;
mod event;
mod event_publisher;
mod known;
mod matcher;
mod measure;
mod pages;
mod ready_lists;
mod remembered;
mod roll_up;
mod search_continuation;
mod settled_tasks;
mod shadow;
mod sweep;
mod time_limit;
mod worker_snapshot;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ids::time::{Clock, Millis, Timestamp};
use ids::{TaskSid, WorkerSid, WorkspaceSid};
use runtime::{Outbox, OutboxError};
use store::Store;
use store::stream::{self, Change, EventRecord};
use task_router::model::{Task, Workspace};
use task_router::router::effects::{self, Effect};
use task_router::router::search_continuation::SearchContinuation;
use task_router::router::timers::{self, Subject, Timer};
use task_router::router::timers_queue::TimersMessage;
use task_router::router::{Command, Outcome, events};

use candidate_search::Matched;

pub use event::{Incoming, handle};
pub use pages::Pages;
pub use sweep::Sweep;

/// How far the table's indexes may lag. A Task and a Worker who become ready within the lag may
/// each be missing from the other's list. A Task without a match is searched for again after the
/// lag, and only that search reads the lists to their end.
const INDEX_LAG: Millis = Millis::from_secs(2);

/// The function, with its store, outbox and clock, and what this instance remembers.
pub struct Routing {
    store: Store,
    outbox: Arc<dyn Outbox>,
    clock: Arc<dyn Clock>,
    pages: Pages,
    contended: contention::Contended,
    scheduled_backfills: backfill::Scheduled,
    scheduled_searches: search_continuation::Scheduled,
    scheduled_runs: backlog::ScheduledRuns,
    settled_tasks: Mutex<BTreeMap<WorkspaceSid, settled_tasks::SettledTasks>>,
}

/// When Workers are searched for a Task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Search {
    /// Now.
    Now,
    /// When the records before this late one have been handled ([`backlog`]).
    AfterBacklog,
}

/// Why a record, a message or the schedule could not be handled; it is retried.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A queue failed.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
}

impl Routing {
    /// Creates the function.
    pub fn new(store: Store, outbox: Arc<dyn Outbox>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            outbox,
            clock,
            pages: Pages::default(),
            contended: contention::Contended::default(),
            scheduled_backfills: backfill::Scheduled::default(),
            scheduled_searches: search_continuation::Scheduled::default(),
            scheduled_runs: backlog::ScheduledRuns::default(),
            settled_tasks: Mutex::default(),
        }
    }

    /// Sets how much of each list one search reads. Small pages make a small test centre behave
    /// like a large one.
    pub fn with_pages(self, pages: Pages) -> Self {
        Self { pages, ..self }
    }

    /// Carries out the Effects of one stream record, and publishes its Events.
    pub async fn on_record(&self, record: &EventRecord) -> Result<(), Error> {
        match stream::change(record)? {
            Change::Task { old, new } => {
                let Some(workspace) = self.workspace(new.workspace_sid).await? else {
                    return Ok(());
                };
                let effects = effects::of_task(&workspace, old.as_deref(), &new);
                let search = if self.is_late(new.date_updated) {
                    Search::AfterBacklog
                } else {
                    Search::Now
                };
                self.carry_out_task(effects, &new, search).await?;
                self.publish_task_events(&workspace, old.as_deref(), &new)
                    .await?;
                self.compare_wait(&workspace, old.as_deref(), &new).await;
                measure::task(old.as_deref(), &new);
                Ok(())
            }
            Change::Worker { old, new } => {
                let Some(workspace) = self.workspace(new.workspace_sid).await? else {
                    return Ok(());
                };
                let moved = stream::moved_to_another_list(record);
                let before = effects::image_before_move(&workspace, old.as_deref(), &new, moved);
                for effect in effects::of_worker(&workspace, before, &new) {
                    match effect {
                        Effect::MatchWorker(_) if self.is_late(new.date_updated) => {
                            self.match_late_worker(new.as_ref().clone()).await?
                        }
                        Effect::MatchWorker(_) => {
                            self.match_freed_worker(new.as_ref().clone()).await?
                        }
                        Effect::Timer(timer) => self.schedule(timer).await?,
                        Effect::MatchTask(_)
                        | Effect::Release(_)
                        | Effect::Callback(_)
                        | Effect::UseChannel(_) => {}
                    }
                }
                let events = events::of_worker(
                    &workspace,
                    old.as_deref(),
                    Some(&new),
                    stream::written_at(record),
                );
                self.publish(Some(&workspace), &events).await?;
                self.compare_offer(&workspace, old.as_deref(), &new).await;
                Ok(())
            }
            Change::WorkerRemoved { old } => {
                let Some(workspace) = self.workspace(old.workspace_sid).await? else {
                    return Ok(());
                };
                let events =
                    events::of_worker(&workspace, Some(&old), None, stream::written_at(record));
                self.publish(Some(&workspace), &events).await
            }
            Change::Part(change) => {
                self.schedule_backfills(&change).await?;
                self.publish_part_events(&change).await
            }
            Change::Other => Ok(()),
        }
    }

    /// How long ago the write of a record was.
    fn age(&self, record: &EventRecord) -> Millis {
        self.clock.now().since(stream::written_at(record))
    }

    /// Handles a message of the timers queue. A message that arrives before its moment is sent on.
    pub async fn on_timers_message(&self, message: TimersMessage) -> Result<(), Error> {
        let now = self.clock.now();
        if now < message.at() {
            return self.send_on(message, now).await;
        }
        match message {
            TimersMessage::Timer(timer) => match timer.subject {
                Subject::Task(sid) => self.advance_task(sid, timer.at).await,
                Subject::Worker(sid) => self.advance_worker(sid).await,
            },
            TimersMessage::Backfill(backfill) => self.run_backfill(backfill).await,
            TimersMessage::ResumeSearch(resume) => self.resume_search(resume).await,
            TimersMessage::RunMatcher(run) => self.run_matcher(run).await,
        }
    }

    /// Sends an early message on. SQS delays a message by 15 minutes at most, so each longer timer
    /// arrives early. The timer of an ended Task is dropped: it would arrive four times an hour for
    /// a day, and most Tasks have ended before its first arrival.
    async fn send_on(&self, message: TimersMessage, now: Timestamp) -> Result<(), Error> {
        if let TimersMessage::Timer(timer) = message
            && let Subject::Task(sid) = timer.subject
            && self
                .store
                .task(sid)
                .await?
                .is_none_or(|task| task.assignment_status.is_end())
        {
            return Ok(());
        }
        Ok(self.outbox.schedule(message, now).await?)
    }

    async fn schedule(&self, timer: Timer) -> Result<(), Error> {
        Ok(self.outbox.schedule(timer.into(), self.clock.now()).await?)
    }

    /// Carries out the Effects of a Task's write. Messages are sent first: they need no search, and
    /// a Task without a Worker must not hold them up.
    async fn carry_out_task(
        &self,
        effects: Vec<Effect>,
        task: &Task,
        search: Search,
    ) -> Result<(), Error> {
        let mut needs_match = false;
        for effect in effects {
            match effect {
                Effect::Timer(timer) => self.schedule(timer).await?,
                Effect::Callback(callback) => self.outbox.callback(callback).await?,
                Effect::Release(release) => {
                    self.store
                        .apply(&Command::Released(release), self.clock.now())
                        .await?;
                }
                Effect::UseChannel(channel) => {
                    self.store
                        .use_channel(task.workspace_sid, channel, self.clock.now())
                        .await?;
                }
                Effect::MatchTask(_) => needs_match = true,
                Effect::MatchWorker(_) => {}
            }
        }
        if !needs_match {
            return Ok(());
        }
        let matched = match search {
            Search::Now => self.match_task(task.clone()).await?,
            Search::AfterBacklog => self.match_late_task(task.clone()).await?,
        };
        if matched != Matched::Yes {
            let now = self.clock.now();
            self.schedule(task_timer(task, now + INDEX_LAG)).await?;
        }
        Ok(())
    }

    async fn advance_task(&self, sid: TaskSid, at: Timestamp) -> Result<(), Error> {
        let applied = self
            .store
            .apply(&Command::Advance { task: sid }, self.clock.now())
            .await?;
        let (Outcome::AlreadySo, Some(task)) = (applied.outcome, applied.task) else {
            // Changed: its stream record follows. Refused: the Task was deleted.
            return Ok(());
        };
        match self.match_task(task.clone()).await? {
            Matched::Yes => return Ok(()),
            Matched::No => {}
            Matched::Continue(after) => {
                let search = SearchContinuation::Workers { task: sid, after };
                self.continue_search(task.workspace_sid, search).await?;
            }
        }
        let Some(workspace) = self.workspace(task.workspace_sid).await? else {
            return Ok(());
        };
        // The Task's deadline is no longer that of this timer: the write that moved it sent
        // another.
        if timers::of_task(&workspace, &task, at - Millis::from_millis(1)) != Some(at) {
            return Ok(());
        }
        let now = self.clock.now();
        match timers::of_task(&workspace, &task, now) {
            Some(at) if at > now => self.schedule(task_timer(&task, at)).await,
            Some(_) | None => Ok(()),
        }
    }

    /// Ends a wrap-up that has expired. A wrap-up that was restarted in between has a timer of its
    /// own.
    async fn advance_worker(&self, sid: WorkerSid) -> Result<(), Error> {
        self.store
            .apply(&Command::AdvanceWorker { worker: sid }, self.clock.now())
            .await?;
        Ok(())
    }

    async fn workspace(&self, sid: WorkspaceSid) -> Result<Option<Arc<Workspace>>, Error> {
        let workspace = self.store.workspace(sid, self.clock.now()).await?;
        if workspace.is_none() {
            tracing::debug!(workspace_sid = %sid, "change in a deleted Workspace ignored");
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
