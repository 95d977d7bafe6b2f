//! Deletion of Workspaces. A deleted Workspace disappears at once; its Workers, Tasks and parts are
//! deleted afterwards in batches of bounded size.

use aws_sdk_dynamodb::types::TransactWriteItem;
use futures_util::{StreamExt, TryStreamExt, stream};
use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid, WorkspaceSid};
use task_router::model::Workspace;

use crate::configuration::Revision;
use crate::items::{key_of, text};
use crate::keys::{self, Key, Part};
use crate::{Error, Store};

/// Items deleted at the same time.
pub(crate) const REMOVED_AT_ONCE: usize = 16;

impl Store {
    /// The ids of all Workspaces, oldest first. A hint: the index may lag, so a new Workspace may
    /// be missing for a moment.
    pub async fn workspace_sids(&self) -> Result<Vec<WorkspaceSid>, Error> {
        self.listed(keys::workspace_listing()).await
    }

    /// The ids of deleted Workspaces that may still contain items.
    pub async fn removed_workspace_sids(&self) -> Result<Vec<WorkspaceSid>, Error> {
        self.listed(keys::removed_listing()).await
    }

    /// Deletes a Workspace as it was read. It does not exist from then on; its content stays until
    /// [`Store::clear_removed`] deletes it. [`Error::Conflict`]: its configuration was written
    /// since it was read.
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

    /// Deletes up to `items_max` items of a deleted Workspace: first its Workers, then its Tasks,
    /// then its parts. Returns their number; 0: it is empty, and [`Store::forget_removed`]
    /// completes the deletion. Its Events stay until they expire.
    ///
    /// A Task is deleted without a condition: no Command applies to a Task whose Workspace does not
    /// exist. A Worker is deleted on condition of its version.
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
        ignoring_conflicts(workers, |worker| self.clear_worker(worker)).await?;
        ignoring_conflicts(tasks, async |task: TaskSid| {
            self.delete(&Key::task(task)).await
        })
        .await?;
        ignoring_conflicts(parts, |part| self.clear_part(part)).await?;
        Ok(count)
    }

    /// Completes the deletion of an empty Workspace: deletes its revision.
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

    /// Deletes a part and, if it is a TaskQueue, the item with its wait times.
    async fn clear_part(&self, key: Key) -> Result<(), Error> {
        if let Some(queue) = key
            .sk
            .strip_prefix(Part::TaskQueue.prefix())
            .and_then(|sid| sid.parse().ok())
        {
            self.delete(&Key::wait_times(queue)).await?;
        }
        self.delete(&key).await
    }

    /// The keys of all items in a Workspace's own partition except its revision.
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

/// Deletes items concurrently. An item that another process changed at the same time is left to the
/// next pass.
async fn ignoring_conflicts<T, F: Future<Output = Result<(), Error>>>(
    items: Vec<T>,
    remove: impl Fn(T) -> F,
) -> Result<(), Error> {
    let removed = stream::iter(items)
        .map(remove)
        .buffer_unordered(REMOVED_AT_ONCE);
    let failed =
        removed.filter(|removed| std::future::ready(!matches!(removed, Err(Error::Conflict))));
    failed.try_for_each(|()| async { Ok(()) }).await
}
