//! Workspaces that come and go. A deleted one is gone at once; what was in it follows, a bounded number of items at a time.

use aws_sdk_dynamodb::types::TransactWriteItem;
use futures_util::{StreamExt, TryStreamExt, stream};
use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid, WorkspaceSid};
use task_router::model::Workspace;

use crate::configuration::Revision;
use crate::items::{key_of, text};
use crate::keys::{self, Key, Part};
use crate::{Error, Store};

/// Items removed at the same time.
pub(crate) const REMOVED_AT_ONCE: usize = 16;

impl Store {
    /// The ids of all Workspaces, oldest first. A hint: a new one may be missing for a moment.
    pub async fn workspace_sids(&self) -> Result<Vec<WorkspaceSid>, Error> {
        self.listed(keys::workspace_listing()).await
    }

    /// The ids of the Workspaces that were deleted and may still have something in them.
    pub async fn removed_workspace_sids(&self) -> Result<Vec<WorkspaceSid>, Error> {
        self.listed(keys::removed_listing()).await
    }

    /// Deletes a Workspace as it was read: from now on there is none. What is in it stays until [`Store::clear_removed`].
    /// [`Error::Conflict`]: its configuration was written since.
    pub async fn remove_workspace(
        &self,
        workspace: &Workspace,
        now: Timestamp,
    ) -> Result<(), Error> {
        let revision = Revision {
            revision: workspace.ledger.revision + 1,
            removed: true,
        };
        let listed = (
            keys::removed_listing(),
            keys::listing_sk(now, workspace.sid.text().as_str()),
        );
        let marked: TransactWriteItem =
            self.put_revision(workspace.sid, &revision, Some(listed))?;
        self.transact(vec![
            marked,
            self.delete_row(&Key::workspace(workspace.sid))?,
        ])
        .await?;
        self.forget_workspace(workspace.sid).await;
        Ok(())
    }

    /// Removes up to `items_max` of what a deleted Workspace still has: Workers and Tasks first, then its parts. Gives back
    /// how many there were; 0: it is empty, and [`Store::forget_removed`] ends it. Its events stay for as long as events do.
    pub async fn clear_removed(
        &self,
        workspace: WorkspaceSid,
        items_max: usize,
    ) -> Result<usize, Error> {
        let workers = first(self.worker_sids(workspace).await?, items_max);
        let tasks = first(
            self.task_sids(workspace).await?,
            items_max.saturating_sub(workers.len()),
        );
        let room = items_max.saturating_sub(workers.len() + tasks.len());
        let parts = first(self.keys_in(workspace).await?, room);
        let count = workers.len() + tasks.len() + parts.len();
        at_once(workers, |worker| self.clear_worker(worker)).await?;
        at_once(tasks, async |task: TaskSid| {
            self.delete(&Key::task(task)).await
        })
        .await?;
        at_once(parts, |part| self.clear_part(part)).await?;
        Ok(count)
    }

    /// Ends a deleted Workspace that is empty.
    pub async fn forget_removed(&self, workspace: WorkspaceSid) -> Result<(), Error> {
        self.delete(&Key::revision(workspace)).await
    }

    async fn clear_worker(&self, sid: WorkerSid) -> Result<(), Error> {
        self.save_declaration(sid, None).await?;
        match self.worker(sid).await? {
            Some(worker) => self.delete_worker(&worker).await,
            None => Ok(()),
        }
    }

    /// A TaskQueue's recent waits have an item of their own.
    async fn clear_part(&self, key: Key) -> Result<(), Error> {
        if let Some(queue) = key
            .sk
            .strip_prefix(Part::TaskQueue.prefix())
            .and_then(|sid| sid.parse().ok())
        {
            self.delete(&Key::waits(queue)).await?;
        }
        self.delete(&key).await
    }

    /// Keys of everything in a Workspace's own partition but its revision.
    async fn keys_in(&self, workspace: WorkspaceSid) -> Result<Vec<Key>, Error> {
        let mut pages = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression("#pk = :workspace")
            .projection_expression("#pk, #sk")
            .expression_attribute_names("#pk", keys::PK)
            .expression_attribute_names("#sk", keys::SK)
            .expression_attribute_values(":workspace", text(workspace.to_string()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut found = Vec::new();
        while let Some(item) = pages.try_next().await? {
            found.push(key_of(&item));
        }
        found.retain(|key| key.sk != keys::REVISION);
        Ok(found)
    }
}

fn first<T>(mut items: Vec<T>, count: usize) -> Vec<T> {
    items.truncate(count);
    items
}

/// Removes all of them; what changed meanwhile is left to the next time.
async fn at_once<T, F: Future<Output = Result<(), Error>>>(
    items: Vec<T>,
    remove: impl Fn(T) -> F,
) -> Result<(), Error> {
    let removed = stream::iter(items)
        .map(remove)
        .buffer_unordered(REMOVED_AT_ONCE);
    let left =
        removed.filter(|removed| std::future::ready(!matches!(removed, Err(Error::Conflict))));
    left.try_for_each(|()| async { Ok(()) }).await
}
