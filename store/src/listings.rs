//! The listings: what there is, whatever its state, oldest first.

use std::fmt::Display;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use shared::model::{TaskSid, Timestamp, WorkerSid, WorkspaceSid};
use shared::router::walk::Listed;

use crate::items::{Item, text};
use crate::keys;
use crate::{Error, Store};

impl Store {
    /// The ids of all Workers of a Workspace, oldest first.
    pub async fn worker_sids(&self, workspace: WorkspaceSid) -> Result<Vec<WorkerSid>, Error> {
        self.listed(keys::worker_listing(workspace)).await
    }

    /// The ids of all Tasks of a Workspace that have not been cleaned up, shard by shard, oldest first in each.
    pub async fn task_sids(&self, workspace: WorkspaceSid) -> Result<Vec<TaskSid>, Error> {
        let mut sids = Vec::new();
        for shard in 0..keys::LISTING_SHARDS {
            sids.extend(self.listed::<TaskSid>(keys::task_listing(workspace, shard)).await?);
        }
        Ok(sids)
    }

    /// Workers of a Workspace, oldest first, at most `limit`, those behind `after` if it is given. Fewer than `limit` are
    /// the last ones. A hint: the index may lag behind.
    pub async fn worker_page(
        &self,
        workspace: WorkspaceSid,
        after: Option<Listed<WorkerSid>>,
        limit: u16,
    ) -> Result<Vec<Listed<WorkerSid>>, Error> {
        self.listing_page(keys::worker_listing(workspace), keys::WORKER, after, limit).await
    }

    /// Tasks in one shard of the listing, oldest first, at most `limit`, those behind `after` if it is given. Fewer than
    /// `limit` are the last ones. A hint: the index may lag behind.
    pub async fn task_page(
        &self,
        workspace: WorkspaceSid,
        shard: u8,
        after: Option<Listed<TaskSid>>,
        limit: u16,
    ) -> Result<Vec<Listed<TaskSid>>, Error> {
        self.listing_page(keys::task_listing(workspace, shard), keys::TASK, after, limit).await
    }

    async fn listing_page<S: FromStr + Display>(
        &self,
        listing: String,
        sk: &str,
        after: Option<Listed<S>>,
        limit: u16,
    ) -> Result<Vec<Listed<S>>, Error> {
        let start = after.map(|after| start_behind(&listing, sk, &after));
        let found = self
            .client
            .query()
            .table_name(&*self.table)
            .index_name(keys::LISTING)
            .key_condition_expression("#pk = :listing")
            .expression_attribute_names("#pk", keys::LISTING_PK)
            .expression_attribute_values(":listing", text(listing))
            .set_exclusive_start_key(start)
            .limit(i32::from(limit))
            .send()
            .await?;
        Ok(found.items.unwrap_or_default().iter().filter_map(entry).collect())
    }

    async fn listed<S: FromStr>(&self, listing: String) -> Result<Vec<S>, Error> {
        let mut pages = self
            .client
            .query()
            .table_name(&*self.table)
            .index_name(keys::LISTING)
            .key_condition_expression("#pk = :listing")
            .expression_attribute_names("#pk", keys::LISTING_PK)
            .expression_attribute_values(":listing", text(listing))
            .into_paginator()
            .items()
            .send();
        let mut sids = Vec::new();
        while let Some(item) = pages.try_next().await? {
            sids.extend(entry(&item).map(|entry| entry.sid));
        }
        Ok(sids)
    }
}

fn entry<S: FromStr>(item: &Item) -> Option<Listed<S>> {
    let value = |name| item.get(name).and_then(|value| AttributeValue::as_s(value).ok());
    let created = value(keys::LISTING_SK)?.parse().ok()?;
    Some(Listed { created: Timestamp::from_millis(created), sid: value(keys::PK)?.parse().ok()? })
}

/// All keys of an entry; nothing need be there any more.
fn start_behind<S: Display>(listing: &str, sk: &str, after: &Listed<S>) -> Item {
    Item::from([
        (keys::LISTING_PK.to_owned(), text(listing)),
        (keys::LISTING_SK.to_owned(), text(keys::listing_sk(after.created))),
        (keys::PK.to_owned(), text(after.sid.to_string())),
        (keys::SK.to_owned(), text(sk)),
    ])
}
