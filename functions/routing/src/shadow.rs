//! Evaluates shadow Workflows beside the live ones, and stores what they would have done.
//!
//! A stream record shows an offer or the begin of a wait. For an offer it is the record of the Worker,
//! because its old image is the Worker before the offer; the other free Workers are read from the
//! ready lists. Nothing follows from a comparison: a failure is logged, and the record counts as
//! handled.

use ids::TaskSid;
use task_router::model::{Task, Worker, Workflow, Workspace};
use task_router::router::shadow;

use crate::{Error, Routing};

/// Free Workers that are read of each ready list.
const WORKERS_PER_LIST: u16 = 100;

impl Routing {
    /// A Worker was written: if a Task was offered, its shadow is evaluated.
    pub(crate) async fn compare_offer(
        &self,
        workspace: &Workspace,
        old: Option<&Worker>,
        new: &Worker,
    ) {
        let Some(old) = old.filter(|_| has_shadows(workspace)) else {
            return;
        };
        let offered = new.open_reservations.iter().find(|open| {
            let mut before = old.open_reservations.iter();
            !before.any(|known| known.sid == open.sid)
        });
        let Some(offered) = offered else {
            return;
        };
        let compared = async {
            let Some(task) = self.store.task(offered.task_sid).await? else {
                return Ok(());
            };
            // Of parallel offers the first one stands for all.
            if task.reservations.first().map(|it| it.sid) != Some(offered.sid) {
                return Ok(());
            }
            self.compare_with_shadow(workspace, &task, Some(old)).await
        };
        log_failure(offered.task_sid, compared.await);
    }

    /// A Task was written: if it begins to wait, its shadow is evaluated.
    pub(crate) async fn compare_wait(&self, workspace: &Workspace, old: Option<&Task>, new: &Task) {
        let has_begun = new.put_in_waiting_list && old.is_some_and(|old| !old.put_in_waiting_list);
        if has_begun && has_shadows(workspace) {
            let compared = self.compare_with_shadow(workspace, new, None).await;
            log_failure(new.sid, compared);
        }
    }

    async fn compare_with_shadow(
        &self,
        workspace: &Workspace,
        task: &Task,
        offered: Option<&Worker>,
    ) -> Result<(), Error> {
        let Some(shadow) = shadow::shadow_of(workspace, task) else {
            return Ok(());
        };
        // The same for each delivery of the record, so that a repeated one stores nothing twice.
        let at = match task.pending_reservations().next() {
            Some(offer) if offered.is_some() => offer.date_created,
            Some(_) | None => task.date_updated,
        };
        let other = shadow::under_shadow(workspace, shadow, task, at);
        let free = match &other {
            Some(other) => self.free_before(workspace, other, offered).await?,
            None => Vec::new(),
        };
        let compared = shadow::compare(workspace, shadow, task, other.as_ref(), &free, at);
        Ok(self.store.keep_shadow(workspace.sid, &compared).await?)
    }

    /// The Workers who were free for the TaskQueue of a Task, the offered Worker as before the offer.
    async fn free_before(
        &self,
        workspace: &Workspace,
        task: &Task,
        offered: Option<&Worker>,
    ) -> Result<Vec<Worker>, Error> {
        let mut free = Vec::new();
        for ready in workspace.ready_lists_serving(task.task_queue_sid, task.channel) {
            let list = self
                .store
                .free_workers(workspace, ready, None, WORKERS_PER_LIST);
            free.extend(list.await?);
        }
        if let Some(offered) = offered {
            free.retain(|worker| worker.sid != offered.sid);
            free.push(offered.clone());
        }
        Ok(free)
    }
}

fn has_shadows(workspace: &Workspace) -> bool {
    let mut workflows = workspace.workflows.values();
    workflows.any(|workflow: &Workflow| workflow.shadow_sid.is_some())
}

fn log_failure(task: TaskSid, compared: Result<(), Error>) {
    if let Err(error) = compared {
        tracing::warn!(task_sid = %task, %error, "shadow Workflow not evaluated");
    }
}
