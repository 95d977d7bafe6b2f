//! The boards of free Workers, as a sweep leaves them: known where somebody stands, and forgotten where nobody has for long.

use store::ReadyListSeen;
use task_router::model::Workspace;

use crate::worker_snapshot::WorkerSnapshot;
use crate::{Error, Routing};

impl Routing {
    /// Tends every readiness that is known, and makes known what somebody has and nobody would look for. All Workers must have
    /// been read.
    pub(crate) async fn tend_ready_lists(
        &self,
        workspace: &Workspace,
        staff: &WorkerSnapshot,
    ) -> Result<(), Error> {
        for (key, readiness) in &workspace.boards {
            let seen = if staff.stands_on(key) {
                ReadyListSeen::Occupied
            } else {
                ReadyListSeen::Empty
            };
            self.store
                .tend_readiness(workspace, readiness, seen, self.clock.now())
                .await?;
        }
        for (_, readiness) in staff
            .boards()
            .filter(|(key, _)| !workspace.boards.contains_key(*key))
        {
            self.store.save_readiness(workspace.sid, readiness).await?;
        }
        Ok(())
    }
}
