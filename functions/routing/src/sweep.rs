//! Looking after everything that waits: what a lost message would leave behind.

use serde::{Deserialize, Serialize};
use shared::model::{Millis, Task, TaskSid, WorkerSid, WorkspaceSid};
use shared::router::effects::{self, Effect};
use shared::router::{Event, Outcome};

use crate::{Error, Routing};

/// How long an offer may wait for its assignment callback before the sweep sends it again: the callback's own time
/// limits for two URLs, and some.
const UNANSWERED_OFFER_AGE: Millis = Millis::from_secs(15);

/// What a sweep is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sweep {
    /// The schedule's: do what is overdue.
    Overdue,
    /// After a restart that lost all messages: do what is overdue and send every message anew.
    Everything,
}

impl Routing {
    /// Goes through the Workspace of the centre. Costs a read for each Worker and each living Task.
    pub async fn sweep(&self, sweep: Sweep) -> Result<(), Error> {
        let now = self.clock.now();
        let Some(centre) = self.store.centre(now).await? else { return Ok(()) };
        for sid in self.store.task_sids(centre.workspace_sid).await? {
            self.sweep_task(sid, sweep).await?;
        }
        for sid in self.store.worker_sids(centre.workspace_sid).await? {
            self.sweep_worker(centre.workspace_sid, sid, sweep).await?;
        }
        Ok(())
    }

    async fn sweep_task(&self, sid: TaskSid, sweep: Sweep) -> Result<(), Error> {
        let now = self.clock.now();
        let applied = self.store.apply(&Event::Advance { task: sid }, now).await?;
        let (Outcome::AlreadySo, Some(task)) = (applied.outcome, applied.task) else { return Ok(()) };
        let Some(workspace) = self.workspace(task.workspace_sid).await? else { return Ok(()) };
        // Seen as new, a Task has every effect its state can have.
        let due = |effect: &Effect| match (effect, sweep) {
            (Effect::Match(_), _) | (_, Sweep::Everything) => true,
            (Effect::Call(_), Sweep::Overdue) => has_old_offer(&task, now),
            (Effect::Serve(_) | Effect::Wake(_) | Effect::Answered { .. }, Sweep::Overdue) => false,
        };
        let effects = effects::of_task(&workspace, None, &task).into_iter().filter(due).collect();
        self.carry_out_task(effects, task).await
    }

    async fn sweep_worker(&self, workspace: WorkspaceSid, sid: WorkerSid, sweep: Sweep) -> Result<(), Error> {
        let applied = self.store.apply(&Event::AdvanceWorker { worker: sid }, self.clock.now()).await?;
        let (Outcome::AlreadySo, Some(worker)) = (applied.outcome, applied.worker) else { return Ok(()) };
        let Some(workspace) = self.workspace(workspace).await? else { return Ok(()) };
        for effect in effects::of_worker(&workspace, None, &worker) {
            match (effect, sweep) {
                (Effect::Serve(_), _) => self.serve(worker.clone()).await?,
                (Effect::Wake(wake), Sweep::Everything) => self.outbox.wake(wake, self.clock.now()).await?,
                (Effect::Wake(_), Sweep::Overdue)
                | (Effect::Match(_) | Effect::Call(_) | Effect::Answered { .. }, _) => {}
            }
        }
        Ok(())
    }
}

fn has_old_offer(task: &Task, now: shared::model::Timestamp) -> bool {
    let unanswered = task.pending_reservations().filter(|offer| offer.instruction.is_none());
    unanswered.into_iter().any(|offer| now.since(offer.date_created) >= UNANSWERED_OFFER_AGE)
}
