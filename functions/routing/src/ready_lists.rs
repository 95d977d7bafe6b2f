//! Maintains the Workspace's known Readinesses after a sweep: a Readiness that a Worker has is
//! known, and one that no Worker has had for long is forgotten.

use store::ReadyListSeen;
use task_router::model::Workspace;

use crate::worker_snapshot::WorkerSnapshot;
use crate::{Error, Routing};

impl Routing {
    /// Updates every known Readiness, and saves those of Workers whose Readiness is unknown:
    /// without it no search would read their ready list. The snapshot must contain all Workers.
    pub(crate) async fn tend_ready_lists(
        &self,
        workspace: &Workspace,
        snapshot: &WorkerSnapshot,
    ) -> Result<(), Error> {
        for (key, readiness) in &workspace.ready_lists {
            let seen = if snapshot.has_ready_list(key) {
                ReadyListSeen::Occupied
            } else {
                ReadyListSeen::Empty
            };
            self.store
                .tend_readiness(workspace, readiness, seen, self.clock.now())
                .await?;
        }
        for (key, readiness) in snapshot.ready_lists() {
            if !workspace.ready_lists.contains_key(key) {
                self.store.save_readiness(workspace.sid, readiness).await?;
            }
        }
        Ok(())
    }
}
