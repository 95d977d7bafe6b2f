//! Search continuations: a step excludes more entries of a waiting list, or of a ready list, than
//! one search reads.
//!
//! The rest of the search is a message of the timers queue. Its receiver reads some pages and
//! schedules its own rest, so no message takes long, however long the list is. The message contains
//! the Worker or Task and a cursor. The receiver reads the current Worker or Task from the table:
//! for one that was served in between nothing is searched, and for a deleted one the search ends. A
//! duplicate or late message searches once more; a lost one is made up for by the next sweep. A
//! Worker who becomes free, or a Task that begins to wait, on either side of the cursor has a
//! stream record of its own.

use ids::WorkspaceSid;
use ids::time::{Millis, Timestamp};
use planted_bugs::Bug;
use task_router::model::Worker;
use task_router::router::search_continuation::SearchContinuation;
use task_router::router::timers::Subject;
use task_router::router::timers_queue::ResumeSearch;

use crate::candidate_search::Matched;
use crate::remembered::Remembered;
use crate::{Error, Routing};

/// The least time between the beginnings of two searches for the same Worker or Task. It bounds the
/// messages of a Worker who becomes free again and again: of 10,000 Tasks, one search takes ten
/// messages of ten pages each.
const APART: Millis = Millis::from_secs(5);

/// Workers and Tasks whose searches this instance remembers, some 150 bytes each. Forgetting one
/// costs a superfluous search.
const REMEMBERED_MAX: usize = 1_000;

/// The searches that this instance scheduled last, and when each begins.
pub(crate) type Scheduled = Remembered<Subject, (Timestamp, SearchContinuation), REMEMBERED_MAX>;

impl Routing {
    /// Finds Tasks for a Worker who has become free, at any Position.
    pub(crate) async fn match_freed_worker(&self, worker: Worker) -> Result<(), Error> {
        let workspace = worker.workspace_sid;
        let sid = worker.sid;
        match self.match_worker(worker).await? {
            Matched::Yes | Matched::No => Ok(()),
            Matched::Continue(after) => {
                let search = SearchContinuation::Tasks { worker: sid, after };
                self.continue_search(workspace, search).await
            }
        }
    }

    /// Schedules the rest of a search: at once, or [`APART`] after the previous one. A scheduled
    /// search that has not begun and reads as much is enough.
    pub(crate) async fn continue_search(
        &self,
        workspace: WorkspaceSid,
        search: SearchContinuation,
    ) -> Result<(), Error> {
        if Bug::LongListCutShort.is_planted() {
            return Ok(());
        }
        let now = self.clock.now();
        let subject = search.subject();
        let last = self.scheduled_searches.get(&subject);
        let at = match last {
            None => now,
            Some((begins_at, before)) if begins_at > now && before.covers(&search) => return Ok(()),
            Some((begins_at, _)) if begins_at > now => begins_at,
            Some((began_at, _)) => now.max(began_at + APART),
        };
        let message = ResumeSearch {
            workspace,
            search,
            at,
        };
        self.outbox.schedule(message.into(), now).await?;
        self.scheduled_searches.insert(subject, (at, search));
        Ok(())
    }

    /// Runs the next part of a search and schedules the rest.
    pub(crate) async fn resume_search(&self, message: ResumeSearch) -> Result<(), Error> {
        let rest = match message.search {
            SearchContinuation::Tasks { worker, after } => {
                let Some(found) = self.store.worker(worker).await? else {
                    return Ok(());
                };
                match self.search_for_worker(found, Some(after)).await? {
                    Matched::Yes | Matched::No => None,
                    Matched::Continue(after) => Some(SearchContinuation::Tasks { worker, after }),
                }
            }
            SearchContinuation::Workers { task, after } => {
                let Some(found) = self.store.task(task).await? else {
                    return Ok(());
                };
                match self.search_for_task(found, Some(after)).await? {
                    Matched::Yes | Matched::No => None,
                    Matched::Continue(after) => Some(SearchContinuation::Workers { task, after }),
                }
            }
        };
        let Some(search) = rest else {
            return Ok(());
        };
        let now = self.clock.now();
        let next = ResumeSearch {
            workspace: message.workspace,
            search,
            at: now,
        };
        Ok(self.outbox.schedule(next.into(), now).await?)
    }
}
