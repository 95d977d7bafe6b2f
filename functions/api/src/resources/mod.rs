//! The resources, one a file: what it looks like, and the operations on it.

pub mod activity;
mod configuration;
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

/// Items read from the table at the same time for one list: as many as a client of the table keeps connections for.
const READS_AT_ONCE: usize = 32;

/// Most items read for one list: the Workers a Workspace may have (taskrouter.md section 14). At [`READS_AT_ONCE`] and 10 ms
/// a read they take 5 s of the 29 s a request may last.
pub const ITEMS_READ_MAX: usize = 15_000;

/// Reads everything listed under `sids`, in their order. What was removed since it was listed is left out.
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
