//! The listings: what there is, oldest first, whatever its state; whole, or a part at a time.
//!
//! A place in a listing is a moment and an id, so a part begins behind a place whether or not something still stands
//! there. The index may lag a moment behind.

use std::fmt::Display;
use std::str::FromStr;

use futures_util::future::try_join_all;
use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid, WorkspaceSid};

use crate::items::text;
use crate::keys;
use crate::{Error, Store};

/// What one query of a shard brings beyond its share of a part: Tasks and events are spread evenly, not exactly.
const SHARE_MARGIN: usize = 8;

/// Most keys one query brings: a megabyte holds seven thousand.
const KEYS_PER_QUERY_MAX: usize = 5_000;

/// Something that is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<S> {
    /// When it was made.
    pub created: Timestamp,
    /// Which.
    pub sid: S,
}

/// Which way a listing is read, and behind which place; without one, from its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Oldest first, what is younger than this.
    Forward(Option<(Timestamp, String)>),
    /// Newest first, what is older than this.
    Backward(Option<(Timestamp, String)>),
}

/// A part of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<S> {
    /// In the order of reading.
    pub entries: Vec<Entry<S>>,
    /// Is there anything behind the last entry?
    pub has_more: bool,
}

/// What one query of a shard brings: sort key and id.
struct Keys<S> {
    found: Vec<(String, S)>,
    has_more: bool,
}

impl Reading {
    /// The same way on, behind this part of it; `None`: that was all.
    pub fn behind<S: Display>(&self, part: &Part<S>) -> Option<Self> {
        let last = part.entries.last().filter(|_| part.has_more)?;
        let place = Some((last.created, last.sid.to_string()));
        Some(if self.is_forward() {
            Self::Forward(place)
        } else {
            Self::Backward(place)
        })
    }

    fn is_forward(&self) -> bool {
        matches!(self, Self::Forward(_))
    }

    /// The sort key reading begins behind.
    fn bound(&self) -> String {
        match self {
            Self::Forward(Some((created, sid))) | Self::Backward(Some((created, sid))) => {
                keys::listing_sk(*created, sid)
            }
            Self::Forward(None) => keys::BEFORE_ALL.to_owned(),
            Self::Backward(None) => keys::BEHIND_ALL.to_owned(),
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

    /// The ids of all Tasks of a Workspace that have not been cleaned up, shard by shard, oldest first in each.
    pub async fn task_sids(&self, workspace: WorkspaceSid) -> Result<Vec<TaskSid>, Error> {
        let mut sids = Vec::new();
        for listing in task_listings(workspace) {
            sids.extend(self.listed::<TaskSid>(listing).await?);
        }
        Ok(sids)
    }

    /// At most `limit` Workers of a Workspace: one query.
    pub async fn listed_workers(
        &self,
        workspace: WorkspaceSid,
        reading: &Reading,
        limit: usize,
    ) -> Result<Part<WorkerSid>, Error> {
        self.part(vec![keys::worker_listing(workspace)], reading, limit)
            .await
    }

    /// At most `limit` Tasks of a Workspace, of all shards in one order: one query of each.
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
        Ok(merged(
            try_join_all(queries).await?,
            reading.is_forward(),
            limit,
        ))
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
            .key_condition_expression(format!("#pk = :listing AND #sk {comparison} :place"))
            .expression_attribute_names("#pk", keys::LISTING_PK)
            .expression_attribute_names("#sk", keys::LISTING_SK)
            .expression_attribute_values(":listing", text(listing))
            .expression_attribute_values(":place", text(reading.bound()))
            .scan_index_forward(reading.is_forward())
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await?;
        let has_more = found
            .last_evaluated_key
            .as_ref()
            .is_some_and(|key| !key.is_empty());
        let key = |item: &crate::items::Item, name: &str| {
            item.get(name).and_then(|value| value.as_s().ok()).cloned()
        };
        let entry = |item| {
            Some((
                key(&item, keys::LISTING_SK)?,
                key(&item, keys::PK)?.parse().ok()?,
            ))
        };
        Ok(Keys {
            found: found
                .items
                .unwrap_or_default()
                .into_iter()
                .filter_map(entry)
                .collect(),
            has_more,
        })
    }

    /// Everything in a listing, oldest first.
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

/// How many one of so many shards is asked for, so that together they most likely bring `limit`.
pub(crate) fn share(limit: usize, shards: usize) -> usize {
    match shards {
        0 | 1 => limit,
        shards => limit.min(limit / shards * 2 + SHARE_MARGIN),
    }
}

fn task_listings(workspace: WorkspaceSid) -> impl Iterator<Item = String> {
    (0..keys::LISTING_SHARDS).map(move |shard| keys::task_listing(workspace, shard))
}

/// What the shards bring, in one order. Behind the last key of a shard that has more, nothing is known.
fn merged<S>(shards: Vec<Keys<S>>, forward: bool, limit: usize) -> Part<S> {
    let unfinished = shards
        .iter()
        .filter(|shard| shard.has_more)
        .filter_map(|shard| shard.found.last());
    let ends = unfinished.map(|(sk, _)| sk.clone());
    let horizon = if forward { ends.min() } else { ends.max() };
    let mut has_more = horizon.is_some();
    let is_known = |sk: &String| {
        horizon.as_ref().is_none_or(|horizon| {
            if forward {
                sk <= horizon
            } else {
                sk >= horizon
            }
        })
    };
    let mut found: Vec<(String, S)> = shards.into_iter().flat_map(|shard| shard.found).collect();
    found.retain(|(sk, _)| is_known(sk));
    found.sort_by(|(one, _), (other, _)| {
        if forward {
            one.cmp(other)
        } else {
            other.cmp(one)
        }
    });
    has_more |= found.len() > limit;
    found.truncate(limit);
    let entry = |(sk, sid): (String, S)| Entry {
        created: keys::listed_at(&sk),
        sid,
    };
    Part {
        entries: found.into_iter().map(entry).collect(),
        has_more,
    }
}
