//! Expired Tasks: ended Tasks that can no longer be read.
//!
//! DynamoDB's time to live deletes them without cost, but may take a day. Until then they are
//! listed before all other Tasks, because they are the oldest, and each reader would read past
//! them. So a reader that lists Tasks also deletes some of the expired ones.

use futures_util::{StreamExt, stream};
use ids::TaskSid;
use ids::time::{Millis, Timestamp};
use task_router::model::{Task, Workspace};

use crate::deletion::REMOVED_AT_ONCE;
use crate::keys::Key;
use crate::{Error, Store};

/// The minimum time an ended Task stays, even if it can no longer be read: the sweep, which runs
/// every minute, checks that the Task's Workers got their slots back.
const STAYS_MIN: Millis = Millis::from_secs(180);

/// The most Tasks deleted by one read: delays a page by some 50 ms.
const REMOVED_MAX: usize = 100;

impl Store {
    /// Those of these Tasks that can be read, as stored, in this order. Deletes up to
    /// `REMOVED_MAX` of the expired ones.
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
        let expired = others
            .into_iter()
            .filter(|task| is_expired(task, now))
            .map(|task| task.sid);
        self.delete_expired(expired.take(REMOVED_MAX).collect())
            .await;
        Ok(readable)
    }

    /// Deletes expired Tasks. No condition is needed: an ended Task does not change any more. A
    /// failure does not fail the read.
    async fn delete_expired(&self, expired: Vec<TaskSid>) {
        stream::iter(expired)
            .for_each_concurrent(REMOVED_AT_ONCE, async |sid| {
                if let Err(error) = self.delete(&Key::task(sid)).await {
                    tracing::warn!(task_sid = %sid, %error, "expired Task not deleted, left to the next listing");
                }
            })
            .await;
    }
}

fn is_expired(task: &Task, now: Timestamp) -> bool {
    task.assignment_status.is_end() && now.since(task.date_updated) >= STAYS_MIN
}
