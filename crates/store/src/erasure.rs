//! Erasure of a caller's data by the caller's number: the attributes of ended Tasks, their Events and
//! their webhooks.
//!
//! The number is searched in every Task and every stored Event, because no index has it. Erasing is
//! idempotent: what was erased no longer has the number, so a run that was interrupted is repeated.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use ids::time::{Millis, Timestamp};
use ids::{TaskSid, WorkspaceSid};
use task_router::model::{Attributes, Task};
use task_router::router::events::{EVENT_KEPT, EventCursor};
use task_router::router::{Command, Outcome, TaskChanges};

use crate::deletion::REMOVED_AT_ONCE;
use crate::items::text;
use crate::keys::{self, Key};
use crate::{Error, Store};

/// Tasks that are read at the same time: DynamoDB's limit of a batch.
const TASKS_PER_READ: usize = 100;

/// Margin of the Events that are read: an Event is published a moment after its write, and expired ones
/// may still be stored.
const HOUR: Millis = Millis::from_secs(3_600);

/// What one run has erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erased {
    /// Ended Tasks whose attributes were erased.
    pub tasks: usize,
    /// Writes whose Events were changed.
    pub events: usize,
    /// Webhooks that were deleted.
    pub webhooks: usize,
    /// Tasks with the number that have not ended, or were deleted a moment ago. They are unchanged,
    /// because their calls need the number; a later run erases them.
    pub left: usize,
}

/// Whether a text has the number, and not only as a part of a longer one.
pub(crate) fn mentions(text: &str, number: &str) -> bool {
    text.match_indices(number).any(|(at, _)| {
        let next = text
            .get(at + number.len()..)
            .and_then(|rest| rest.chars().next());
        !next.is_some_and(|next| next.is_ascii_digit())
    })
}

/// The earliest moment of which Events can be stored.
pub fn oldest_event(now: Timestamp) -> Timestamp {
    now - EVENT_KEPT - HOUR
}

impl Store {
    /// Erases what is stored about the caller with this number (E.164) in all Workspaces. It reads
    /// every stored Task, and the Events since `since`: 16 queries for each hour, and the size of the
    /// Events. [`oldest_event`] is the earliest moment of which there can be any.
    pub async fn erase_caller(
        &self,
        number: &str,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Erased, Error> {
        let mut workspaces = self.workspace_sids().await?;
        workspaces.extend(self.removed_workspace_sids().await?);
        let mut erased = Erased::default();
        for workspace in workspaces {
            let mut tasks = BTreeSet::new();
            self.erase_in_tasks(workspace, number, now, &mut erased, &mut tasks)
                .await?;
            self.erase_in_events(workspace, number, (since, now), &mut erased, &mut tasks)
                .await?;
            for task in tasks {
                erased.webhooks += self.delete_webhooks(task).await?;
            }
        }
        Ok(erased)
    }

    async fn erase_in_tasks(
        &self,
        workspace: WorkspaceSid,
        number: &str,
        now: Timestamp,
        erased: &mut Erased,
        tasks: &mut BTreeSet<TaskSid>,
    ) -> Result<(), Error> {
        let sids = self.task_sids(workspace).await?;
        for page in sids.chunks(TASKS_PER_READ) {
            let stored = self.tasks(page).await?;
            let about = |task: &Task| mentions(&task.attributes.to_json(), number);
            for task in stored.into_iter().filter(about) {
                if self.erase_task(&task, now).await? {
                    erased.tasks += 1;
                    tasks.insert(task.sid);
                } else {
                    erased.left += 1;
                }
            }
        }
        Ok(())
    }

    /// Replaces the attributes of an ended Task by none: the others are about the caller, too, such
    /// as the link to a recording. False: the Task is unchanged.
    async fn erase_task(&self, task: &Task, now: Timestamp) -> Result<bool, Error> {
        if !task.assignment_status.is_end() {
            return Ok(false);
        }
        let nothing = Attributes::default();
        let erase = Command::TaskUpdated {
            task: task.sid,
            changes: TaskChanges {
                attributes: Some(nothing.into()),
                ..TaskChanges::default()
            },
        };
        match self.apply(&erase, now).await?.outcome {
            Outcome::Changed | Outcome::AlreadySo => Ok(true),
            Outcome::Refused(_) => Ok(false),
        }
    }

    async fn erase_in_events(
        &self,
        workspace: WorkspaceSid,
        number: &str,
        (since, now): (Timestamp, Timestamp),
        erased: &mut Erased,
        tasks: &mut BTreeSet<TaskSid>,
    ) -> Result<(), Error> {
        let oldest = EventCursor::before(since).hour();
        let newest = EventCursor::before(now + HOUR).hour();
        for hour in oldest..=newest {
            let found = self.erase_events_of_hour(workspace, hour, number).await?;
            erased.events += found.writes;
            tasks.extend(found.tasks);
        }
        Ok(())
    }

    /// Deletes the stored webhooks of a Task. Their numbers are masked, but not what callers pressed
    /// and said. Returns how many there were.
    async fn delete_webhooks(&self, task: TaskSid) -> Result<usize, Error> {
        let mut deleted = 0;
        loop {
            let found = self
                .client
                .query()
                .table_name(&*self.table)
                .key_condition_expression("#pk = :partition")
                .expression_attribute_names("#pk", keys::PK)
                .expression_attribute_names("#sk", keys::SK)
                .expression_attribute_values(":partition", text(keys::webhooks_partition(task)))
                .projection_expression("#pk, #sk")
                .send()
                .await?;
            let found = found.items.unwrap_or_default();
            if found.is_empty() {
                return Ok(deleted);
            }
            deleted += found.len();
            let keys: Vec<Key> = found.iter().map(crate::items::key_of).collect();
            stream::iter(keys)
                .map(Ok)
                .try_for_each_concurrent(REMOVED_AT_ONCE, async |key| self.delete(&key).await)
                .await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_number_is_another_number() {
        for (text, expected) in [
            (r#"{"from":"+17075550190"}"#, true),
            (r#"{"from":"+170755501901"}"#, false),
            (r#"{"from":"+170755501901","to":"+17075550190"}"#, true),
            ("call +17075550190", true),
            ("17075550190", false),
            ("", false),
        ] {
            assert_eq!(mentions(text, "+17075550190"), expected, "{text}");
        }
    }
}
