//! Stores Events and publishes those that the Workspace's callback wants (taskrouter.md section
//! 12.1).
//!
//! Events come after the Effects of a record, so that no Task waits for a Worker because an Event
//! is being published.

use futures_util::future::try_join_all;
use task_router::model::{Task, Workspace};
use task_router::router::events::{self, Event, PartChange, Workers};

use crate::{Error, Routing};

impl Routing {
    /// Publishes the Events of a Task's write. The Task does not contain the data of its
    /// Reservations' Workers, so they are read as of now.
    pub(crate) async fn publish_task_events(
        &self,
        workspace: &Workspace,
        old: Option<&Task>,
        new: &Task,
    ) -> Result<(), Error> {
        let reads = events::workers_of_events(old, new).map(|sid| self.store.worker(sid));
        let found = try_join_all(reads).await?.into_iter().flatten();
        let workers: Workers = found.map(|worker| (worker.sid, worker)).collect();
        self.publish(
            Some(workspace),
            &events::of_task(workspace, &workers, old, new),
        )
        .await
    }

    /// Publishes the Events of a configuration write. The Events of a deleted Workspace are stored
    /// but not delivered: the callback's URL was deleted with it.
    pub(crate) async fn publish_part_events(&self, change: &PartChange) -> Result<(), Error> {
        let workspace = self
            .store
            .workspace(change.workspace_sid, self.clock.now())
            .await?;
        self.publish(
            workspace.as_deref(),
            &events::of_part(workspace.as_deref(), change),
        )
        .await
    }

    /// Stores the Events of one write and sends the wanted ones to the events queue.
    pub(crate) async fn publish(
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
