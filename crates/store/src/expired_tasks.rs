//! Ended Tasks that nobody may read any more. DynamoDB's time to live takes them away for nothing, in a minute or in a day; until then
//! they are listed, oldest first and so before all others. Whoever lists Tasks would read past them again and again: they remove
//! some of them instead.

use futures_util::{StreamExt, stream};
use ids::TaskSid;
use ids::time::{Millis, Timestamp};
use task_router::model::{Task, Workspace};

use crate::deletion::REMOVED_AT_ONCE;
use crate::keys::Key;
use crate::{Error, Store};

/// How long an ended Task stays, whether or not it can be read: the sweep, which comes every minute, looks whether its Workers have
/// been told.
const STAYS: Millis = Millis::from_secs(180);

/// Tasks removed by one reading: what a page may be delayed by, some 50 ms.
const REMOVED_MAX: usize = 100;

impl Store {
    /// Those of these Tasks that can be read, as they stand, in this order. Some of the others may be gone afterwards.
    pub async fn readable_tasks(
        &self,
        workspace: &Workspace,
        sids: &[TaskSid],
        now: Timestamp,
    ) -> Result<Vec<Task>, Error> {
        let (readable, others): (Vec<Task>, Vec<Task>) = self
            .tasks(sids)
            .await?
            .into_iter()
            .partition(|task| task.is_readable(workspace.rules.ended_task_kept, now));
        let leftovers = others
            .into_iter()
            .filter(|task| is_leftover(task, now))
            .map(|task| task.sid);
        self.remove_leftovers(leftovers.take(REMOVED_MAX).collect())
            .await;
        Ok(readable)
    }

    /// No condition: an ended Task stays as it is. Whoever reads need not fail because this did.
    async fn remove_leftovers(&self, leftovers: Vec<TaskSid>) {
        let remove = async |sid| {
            if let Err(error) = self.delete(&Key::task(sid)).await {
                tracing::warn!(task_sid = %sid, %error, "an ended Task was not removed; the next to list it tries again");
            }
        };
        stream::iter(leftovers)
            .for_each_concurrent(REMOVED_AT_ONCE, remove)
            .await;
    }
}

fn is_leftover(task: &Task, now: Timestamp) -> bool {
    task.assignment_status.is_end() && now.since(task.date_updated) >= STAYS
}
