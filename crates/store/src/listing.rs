//! The listings: all Workers or Tasks of a Workspace, oldest first, whatever their state; read as a
//! whole or page by page.
//!
//! The cursor is a creation time and an id. A page begins after its cursor even if the item at the
//! cursor was deleted. The index may lag a moment.

use std::fmt::Display;
use std::str::FromStr;

use futures_util::future::try_join_all;
use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid, WorkspaceSid};

use crate::items::{text, text_of};
use crate::keys;
use crate::{Error, Store};

/// Keys that a query of a shard reads beyond its share of a page: Tasks and Events are spread
/// evenly over the shards, not exactly.
const SHARE_MARGIN: usize = 8;

/// The most keys one query reads. A query's limit of 1 MB holds seven thousand.
const KEYS_PER_QUERY_MAX: usize = 5_000;

/// An item of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<S> {
    /// Its creation time.
    pub created: Timestamp,
    /// Its id.
    pub sid: S,
}

/// The direction in which a listing is read, and the cursor after which reading begins; without a
/// cursor, at the listing's first item in that direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Oldest first: what is newer than the cursor.
    Forward(Option<(Timestamp, String)>),
    /// Newest first: what is older than the cursor.
    Backward(Option<(Timestamp, String)>),
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<S> {
    /// In the order of reading.
    pub entries: Vec<Entry<S>>,
    /// Whether the listing may continue after the last entry.
    pub has_more: bool,
}

/// The result of one query of a shard: sort keys and ids.
struct Keys<S> {
    found: Vec<(String, S)>,
    has_more: bool,
}

impl Reading {
    /// The reading that continues after this page; `None` if it was the last page.
    pub fn after<S: Display>(&self, part: &Part<S>) -> Option<Self> {
        if !part.has_more {
            return None;
        }
        let last = part.entries.last()?;
        let cursor = Some((last.created, last.sid.to_string()));
        Some(match self {
            Self::Forward(_) => Self::Forward(cursor),
            Self::Backward(_) => Self::Backward(cursor),
        })
    }

    fn is_forward(&self) -> bool {
        matches!(self, Self::Forward(_))
    }

    /// The sort key after which reading begins.
    fn bound(&self) -> String {
        match self {
            Self::Forward(Some((created, sid))) | Self::Backward(Some((created, sid))) => {
                keys::listing_sk(*created, sid)
            }
            Self::Forward(None) => keys::BEFORE_ALL.to_owned(),
            Self::Backward(None) => keys::AFTER_ALL.to_owned(),
        }
    }
}

impl<S: Copy> Part<S> {
    /// The ids, in the order of reading.
    pub fn sids(&self) -> Vec<S> {
        self.entries.iter().map(|entry| entry.sid).collect()
    }
}

impl Store {
    /// The ids of all Workers of a Workspace, oldest first.
    pub async fn worker_sids(&self, workspace: WorkspaceSid) -> Result<Vec<WorkerSid>, Error> {
        self.listed(keys::worker_listing(workspace)).await
    }

    /// The ids of all stored Tasks of a Workspace, shard by shard, oldest first in each.
    pub async fn task_sids(&self, workspace: WorkspaceSid) -> Result<Vec<TaskSid>, Error> {
        let mut sids = Vec::new();
        for listing in task_listings(workspace) {
            sids.extend(self.listed::<TaskSid>(listing).await?);
        }
        Ok(sids)
    }

    /// At most `limit` Workers of a Workspace, with one query.
    pub async fn listed_workers(
        &self,
        workspace: WorkspaceSid,
        reading: &Reading,
        limit: usize,
    ) -> Result<Part<WorkerSid>, Error> {
        self.part(vec![keys::worker_listing(workspace)], reading, limit)
            .await
    }

    /// At most `limit` Tasks of a Workspace in one order over all shards, with one query for each
    /// shard.
    pub async fn listed_tasks(
        &self,
        workspace: WorkspaceSid,
        reading: &Reading,
        limit: usize,
    ) -> Result<Part<TaskSid>, Error> {
        self.part(task_listings(workspace).collect(), reading, limit)
            .await
    }

    async fn part<S: FromStr>(
        &self,
        listings: Vec<String>,
        reading: &Reading,
        limit: usize,
    ) -> Result<Part<S>, Error> {
        let share = share(limit, listings.len()).min(KEYS_PER_QUERY_MAX);
        let queries = listings
            .into_iter()
            .map(|listing| self.keys(listing, reading, share));
        let shards = try_join_all(queries).await?;
        Ok(merged(shards, reading, limit))
    }

    async fn keys<S: FromStr>(
        &self,
        listing: String,
        reading: &Reading,
        limit: usize,
    ) -> Result<Keys<S>, Error> {
        let comparison = if reading.is_forward() { ">" } else { "<" };
        let found = self
            .client
            .query()
            .table_name(&*self.table)
            .index_name(keys::LISTING)
            .key_condition_expression(format!("#pk = :listing AND #sk {comparison} :cursor"))
            .expression_attribute_names("#pk", keys::LISTING_PK)
            .expression_attribute_names("#sk", keys::LISTING_SK)
            .expression_attribute_values(":listing", text(listing))
            .expression_attribute_values(":cursor", text(reading.bound()))
            .scan_index_forward(reading.is_forward())
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await?;
        let has_more = found
            .last_evaluated_key
            .as_ref()
            .is_some_and(|key| !key.is_empty());
        let entries = found
            .items
            .unwrap_or_default()
            .into_iter()
            .filter_map(|item| {
                let sk = text_of(&item, keys::LISTING_SK)?;
                let sid = text_of(&item, keys::PK)?.parse().ok()?;
                Some((sk, sid))
            });
        Ok(Keys {
            found: entries.collect(),
            has_more,
        })
    }

    /// The ids of all items of a listing, oldest first.
    pub(crate) async fn listed<S: FromStr>(&self, listing: String) -> Result<Vec<S>, Error> {
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
            let sid = item.get(keys::PK).and_then(|value| value.as_s().ok());
            sids.extend(sid.and_then(|sid| sid.parse::<S>().ok()));
        }
        Ok(sids)
    }
}

/// The number of items to read from each of `shards` shards, so that together they most likely give
/// `limit`.
pub(crate) fn share(limit: usize, shards: usize) -> usize {
    match shards {
        0 | 1 => limit,
        shards => limit.min(limit / shards * 2 + SHARE_MARGIN),
    }
}

fn task_listings(workspace: WorkspaceSid) -> impl Iterator<Item = String> {
    (0..keys::LISTING_SHARDS).map(move |shard| keys::task_listing(workspace, shard))
}

/// Merges the shards into one page. A shard with more keys was read only up to its last key, so the
/// page ends at the first such end.
fn merged<S>(shards: Vec<Keys<S>>, reading: &Reading, limit: usize) -> Part<S> {
    let forward = reading.is_forward();
    let unfinished = shards
        .iter()
        .filter(|shard| shard.has_more)
        .filter_map(|shard| shard.found.last());
    let ends = unfinished.map(|(sk, _)| sk.clone());
    let horizon = if forward { ends.min() } else { ends.max() };
    let mut has_more = horizon.is_some();
    let mut found: Vec<(String, S)> = shards.into_iter().flat_map(|shard| shard.found).collect();
    if let Some(horizon) = horizon {
        found.retain(|(sk, _)| {
            if forward {
                *sk <= horizon
            } else {
                *sk >= horizon
            }
        });
    }
    found.sort_by(|(one, _), (other, _)| {
        if forward {
            one.cmp(other)
        } else {
            other.cmp(one)
        }
    });
    has_more |= found.len() > limit;
    found.truncate(limit);
    let entries = found.into_iter().map(|(sk, sid)| Entry {
        created: keys::listed_at(&sk),
        sid,
    });
    Part {
        entries: entries.collect(),
        has_more,
    }
}
