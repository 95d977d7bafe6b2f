//! Events: kept for everybody to read, and handed on to whoever wants to be told (taskrouter.md section 12.1).
//!
//! They come after what a record makes happen: nobody waits for a Worker because somebody is told about it.

use futures_util::future::try_join_all;
use task_router::model::{Task, Workspace};
use task_router::router::events::{self, Event, PartChange, Workers};

use crate::{Error, Routing};

impl Routing {
    /// Tells of a Task's write. What a Reservation's Worker is like is not in the Task: it is as of now.
    pub(crate) async fn tell_of_task(
        &self,
        workspace: &Workspace,
        old: Option<&Task>,
        new: &Task,
    ) -> Result<(), Error> {
        let wanted = events::workers_told_of(old, new).map(|sid| self.store.worker(sid));
        let found = try_join_all(wanted).await?.into_iter().flatten();
        let workers: Workers = found.map(|worker| (worker.sid, worker)).collect();
        self.tell(
            Some(workspace),
            &events::of_task(workspace, &workers, old, new),
        )
        .await
    }

    /// Tells of a write of configuration. Of a Workspace that is gone nobody is told any more: it said whom.
    pub(crate) async fn tell_of_part(&self, change: &PartChange) -> Result<(), Error> {
        let workspace = self
            .store
            .workspace(change.workspace_sid, self.clock.now())
            .await?;
        self.tell(
            workspace.as_deref(),
            &events::of_part(workspace.as_deref(), change),
        )
        .await
    }

    /// Keeps the events of one write and hands on those that are wanted.
    pub(crate) async fn tell(
        &self,
        workspace: Option<&Workspace>,
        events: &[Event],
    ) -> Result<(), Error> {
        self.store.add_events(events).await?;
        let Some(workspace) = workspace else {
            return Ok(());
        };
        for event in events
            .iter()
            .filter(|event| events::is_wanted(workspace, event.event_type))
        {
            self.outbox.publish(event.notice()).await?;
        }
        Ok(())
    }
}
