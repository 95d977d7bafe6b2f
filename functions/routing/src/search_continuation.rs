//! Searches that go on: a step excludes more of a line, or of a board, than is read in one go.
//!
//! The rest is a message of the timers queue, which reads some pages and sends its own rest on, so no message takes long
//! however long the line is. It says for whom and where, and whoever gets it reads the Worker or Task anew: one who was served
//! meanwhile has nothing to look for, and one who is gone ends the search. A message that comes twice or late looks once more;
//! one that is lost is made good by the next sweep. Whoever becomes free, or begins to wait, behind a search or before it has a
//! stream record of their own.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use ids::WorkspaceSid;
use ids::time::{Millis, Timestamp};
use planted_bugs::Bug;
use task_router::model::Worker;
use task_router::router::effects::{Subject, Timer};
use task_router::router::search_continuation::SearchContinuation;

use crate::candidate_search::Placed;
use crate::{Error, Routing};

/// How long after one search for a Worker or Task the next one for the same begins. Who comes and goes all the time has so
/// many searches under way and no more: of 10,000 Tasks, one takes ten messages of ten pages each.
const APART: Millis = Millis::from_secs(5);

/// Workers and Tasks of whose searches this instance remembers, some 150 bytes each. Forgetting one costs a search too many.
const REMEMBERED_MAX: usize = 1_000;

/// The searches this instance has ordered last, and when they begin.
pub(crate) type Ordered = BTreeMap<Subject, (Timestamp, SearchContinuation)>;

impl Routing {
    /// Finds Tasks for a Worker who has become free, however far behind they stand.
    pub(crate) async fn serve_freed(&self, worker: Worker) -> Result<(), Error> {
        let (workspace, sid) = (worker.workspace_sid, worker.sid);
        match self.serve(worker, None).await? {
            Some(behind) => {
                self.order_search(
                    workspace,
                    SearchContinuation::Tasks {
                        worker: sid,
                        behind,
                    },
                )
                .await
            }
            None => Ok(()),
        }
    }

    /// Orders the rest of a search: at once, or [`APART`] from the one before. One that is still to begin and sees as much is
    /// enough.
    pub(crate) async fn order_search(
        &self,
        workspace: WorkspaceSid,
        search: SearchContinuation,
    ) -> Result<(), Error> {
        if Bug::LongLineNotReadToItsEnd.is_planted() {
            return Ok(());
        }
        let (now, subject) = (self.clock.now(), search.subject());
        let last = self.ordered_searches().get(&subject).copied();
        let at = match last {
            None => now,
            Some((begins_at, before)) if begins_at > now && before.covers(&search) => return Ok(()),
            Some((begins_at, _)) if begins_at > now => begins_at,
            Some((began_at, _)) => now.max(began_at + APART),
        };
        self.outbox
            .schedule(
                Timer {
                    workspace,
                    subject: Subject::Rest(search),
                    at,
                },
                now,
            )
            .await?;
        let mut ordered = self.ordered_searches();
        if ordered.len() >= REMEMBERED_MAX {
            ordered.clear();
        }
        ordered.insert(subject, (at, search));
        Ok(())
    }

    /// Goes a part of a search and sends the rest on.
    pub(crate) async fn search_on(
        &self,
        workspace: WorkspaceSid,
        search: SearchContinuation,
    ) -> Result<(), Error> {
        let rest = match search {
            SearchContinuation::Tasks { worker, behind } => {
                let Some(found) = self.store.worker(worker).await? else {
                    return Ok(());
                };
                let unread = self.serve(found, Some(behind)).await?;
                unread.map(|behind| SearchContinuation::Tasks { worker, behind })
            }
            SearchContinuation::Workers { task, behind } => {
                let Some(found) = self.store.task(task).await? else {
                    return Ok(());
                };
                match self.place(found, Some(behind)).await? {
                    Placed::Yes | Placed::No => None,
                    Placed::Unread(behind) => Some(SearchContinuation::Workers { task, behind }),
                }
            }
        };
        let Some(rest) = rest else { return Ok(()) };
        let now = self.clock.now();
        Ok(self
            .outbox
            .schedule(
                Timer {
                    workspace,
                    subject: Subject::Rest(rest),
                    at: now,
                },
                now,
            )
            .await?)
    }

    fn ordered_searches(&self) -> MutexGuard<'_, Ordered> {
        self.ordered_searches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
