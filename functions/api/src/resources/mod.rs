//! The resources, one file each: its JSON and its operations.

pub mod activity;
pub mod calendar;
mod configuration;
mod dialing;
pub mod event;
pub mod event_stream;
pub mod explain;
mod listing;
pub mod reservation;
pub mod statistics;
pub mod task;
pub mod task_channel;
pub mod task_queue;
pub mod webhook;
pub mod worker;
pub mod worker_channel;
pub mod workflow;
pub mod workspace;

use std::future::Future;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::error::ApiError;
use crate::limits::ITEMS_READ_MAX;

/// Concurrent reads of the table for one list: as many as the table's client keeps connections for.
const READS_AT_ONCE: usize = 32;

/// Reads the items with these SIDs, in this order. An item that was deleted since it was listed is
/// left out.
///
/// # Errors
/// [`ApiError::ListTooLong`] for more than [`ITEMS_READ_MAX`] SIDs.
async fn read_all<S, T, F>(sids: Vec<S>, read: impl Fn(S) -> F) -> Result<Vec<T>, ApiError>
where
    F: Future<Output = Result<Option<T>, store::Error>>,
{
    if sids.len() > ITEMS_READ_MAX {
        return Err(ApiError::ListTooLong { items: sids.len() });
    }
    let items: Vec<Option<T>> = stream::iter(sids)
        .map(read)
        .buffered(READS_AT_ONCE)
        .try_collect()
        .await?;
    Ok(items.into_iter().flatten().collect())
}

#[cfg(test)]
pub mod samples;
