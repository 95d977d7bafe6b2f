//! A change of configuration, carried to those who wait by it (taskrouter.md sections 2.6 and 2.7): who that is, is said by
//! [`task_router::router::backfill`]; here they are visited, page by page, each page a message of the timers queue.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use ids::time::{Millis, Timestamp};
use ids::{TaskSid, WorkerSid, WorkspaceSid};
use store::{CONFIGURATION_KEPT, Part, Reading};
use task_router::model::Workspace;
use task_router::router::backfill::{self, Backfill, Listed};
use task_router::router::effects::{Subject, Timer};
use task_router::router::events::PartChange;
use task_router::router::timers;

use crate::{Error, Routing};

/// Tasks or Workers visited by one message: a second's work, and less than a thirtieth of the function's time limit.
const VISITED_MAX: usize = 500;

/// How much longer than needed a walk waits, so that one walk is enough for all that was changed within this time: a file
/// of a hundred queues is a hundred changes.
const GATHERED: Millis = Millis::from_secs(1);

/// Workspaces of whose walks this instance remembers. Forgetting one costs a walk too many.
const REMEMBERED_MAX: usize = 100;

/// The walks this instance has ordered last.
pub(crate) type Ordered = BTreeMap<(WorkspaceSid, Backfill), Timestamp>;

impl Routing {
    /// Orders the walks a write of configuration calls for. They begin when nobody knows the old configuration any more.
    pub(crate) async fn order_walks(&self, change: &PartChange) -> Result<(), Error> {
        for walk in backfill::of_part(change.old.as_ref(), change.new.as_ref()) {
            let (now, key) = (self.clock.now(), (change.workspace_sid, walk));
            let known_everywhere = now + CONFIGURATION_KEPT;
            let begins_at = self.ordered_walks().get(&key).copied();
            if begins_at.is_some_and(|at| at >= known_everywhere) {
                continue;
            }
            let at = known_everywhere + GATHERED;
            self.outbox
                .schedule(walk_on(change.workspace_sid, walk, at), now)
                .await?;
            let mut ordered = self.ordered_walks();
            if ordered.len() >= REMEMBERED_MAX {
                ordered.clear();
            }
            ordered.insert(key, at);
        }
        Ok(())
    }

    /// Goes a part of a walk and sends the rest on.
    pub(crate) async fn walk(&self, workspace: WorkspaceSid, walk: Backfill) -> Result<(), Error> {
        let now = self.clock.now();
        let Some(workspace) = self.store.fresh_workspace(workspace, now).await? else {
            return Ok(());
        };
        let rest = match walk {
            Backfill::Tasks { after } => self.walk_tasks(&workspace, after).await?,
            Backfill::Workers { after } => self.walk_workers(&workspace, after).await?,
        };
        match rest {
            Some(rest) => Ok(self
                .outbox
                .schedule(walk_on(workspace.sid, rest, now), now)
                .await?),
            None => Ok(()),
        }
    }

    /// What changes has a stream record, which does the rest.
    async fn walk_tasks(
        &self,
        workspace: &Workspace,
        after: Option<Listed<TaskSid>>,
    ) -> Result<Option<Backfill>, Error> {
        let page = self
            .store
            .listed_tasks(workspace.sid, &behind(after), VISITED_MAX)
            .await?;
        self.store
            .advance_tasks(workspace, &page.sids(), self.clock.now())
            .await?;
        Ok(last(&page).map(|last| Backfill::Tasks { after: Some(last) }))
    }

    /// Workers in wrap-up are told its end anew: it may be another now, and no write of theirs says so.
    async fn walk_workers(
        &self,
        workspace: &Workspace,
        after: Option<Listed<WorkerSid>>,
    ) -> Result<Option<Backfill>, Error> {
        let page = self
            .store
            .listed_workers(workspace.sid, &behind(after), VISITED_MAX)
            .await?;
        let now = self.clock.now();
        for worker in self
            .store
            .advance_workers(workspace, &page.sids(), now)
            .await?
        {
            if let Some(at) = timers::of_worker(workspace, &worker) {
                let wake = Timer {
                    workspace: workspace.sid,
                    subject: Subject::Worker(worker.sid),
                    at,
                };
                self.outbox.schedule(wake, now).await?;
            }
        }
        Ok(last(&page).map(|last| Backfill::Workers { after: Some(last) }))
    }

    fn ordered_walks(&self) -> MutexGuard<'_, Ordered> {
        self.ordered_walks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn walk_on(workspace: WorkspaceSid, walk: Backfill, at: Timestamp) -> Timer {
    Timer {
        workspace,
        subject: Subject::All(walk),
        at,
    }
}

fn behind<S: ToString>(place: Option<Listed<S>>) -> Reading {
    Reading::Forward(place.map(|place| (place.created, place.sid.to_string())))
}

/// Where the next page begins, if there is one.
fn last<S: Copy>(page: &Part<S>) -> Option<Listed<S>> {
    let last = page.entries.last().filter(|_| page.has_more)?;
    Some(Listed {
        created: last.created,
        sid: last.sid,
    })
}
