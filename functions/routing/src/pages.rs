//! Several ready lists or waiting lists, read in parallel and page by page, and how far one search
//! reads them.

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, TryStreamExt, stream};
use task_router::router::Decision;

/// Lists that are read at the same time, so that a Worker of a hundred queues does not open a
/// hundred connections.
const LISTS_AT_ONCE: usize = 32;

/// How much of each list is read: in one request, and before the rest is left to a message.
#[derive(Debug, Clone, Copy)]
pub struct Pages {
    /// Free Workers on one page for a Task: the queue's parallel offers (at most 50), and some who
    /// are busy by now or whom the step's expression excludes.
    pub workers: u16,
    /// Waiting Tasks on one page for a Worker. The first one nearly always fits; the others are for
    /// steps that exclude this Worker.
    pub tasks: u16,
    /// Waiting Tasks on one page of a continued search: a step excludes this Worker, so most likely
    /// many Tasks do not fit.
    pub tasks_further_on: u16,
    /// Free Workers, and waiting Tasks, that the matcher reads of each list in a round: as many
    /// pairs as it commits in some 100 ms.
    pub batch: u16,
    /// Pages read in one search: a thousand Workers, or two hundred Tasks, none of whom fits. What
    /// is after them is left to a message, which holds up no stream record and takes a few seconds
    /// at most.
    pub in_one_go: u32,
    /// Tasks or Workers that a sweep lists in one batch: keys only.
    pub listed: usize,
    /// Tasks of a Workspace that one sweep of the schedule reads: 50,000 read units, so that a
    /// Workspace with any number of Tasks costs this much a minute at most. The next sweep
    /// continues.
    pub swept_tasks: usize,
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            workers: 100,
            tasks: 20,
            tasks_further_on: 100,
            batch: 100,
            in_one_go: 10,
            listed: 5_000,
            swept_tasks: 100_000,
        }
    }
}

/// Free Workers on the first page beside those wanted: some are busy by now.
const SPARE_WORKERS: usize = 9;

impl Pages {
    /// The first page of free Workers for a Task that takes as many as `wanted` of the longest
    /// idle. A whole page would be read for nothing.
    pub(crate) fn first_workers(&self, wanted: usize) -> u16 {
        let limit = u16::try_from(wanted + SPARE_WORKERS).unwrap_or(u16::MAX);
        limit.min(self.workers)
    }
}

/// What some pages of several lists contained. `C` is a cursor in the one order that all these
/// lists share.
#[derive(Debug)]
pub(crate) enum Found<C> {
    /// This Decision is to be committed.
    Decision(Decision),
    /// All lists were read, and nothing fits.
    Nothing,
    /// Nothing fits up to this cursor, in any list; there are entries after it.
    Unread(C),
}

impl<C> Found<C> {
    /// What a Decision over everything there is comes to.
    pub(crate) fn decision(decision: Decision) -> Self {
        decision.if_changed().map_or(Self::Nothing, Self::Decision)
    }
}

/// The lists that may have unread entries, each with its cursor: the last entry that was read.
pub(crate) struct PagedLists<L, C>(Vec<(L, Option<C>)>);

impl<L: Copy, C: Ord + Copy> PagedLists<L, C> {
    /// These lists, read up to this cursor.
    pub(crate) fn new(lists: impl IntoIterator<Item = L>, after: Option<C>) -> Self {
        Self(lists.into_iter().map(|list| (list, after)).collect())
    }

    /// Reads the next page of each list, with at most `limit` entries. A list whose page was not
    /// full has been read to its end.
    pub(crate) async fn next<'a, T>(
        &mut self,
        limit: u16,
        read: impl Fn(L, Option<C>, u16) -> BoxFuture<'a, Result<Vec<T>, store::Error>>,
        cursor_of: fn(&T) -> C,
    ) -> Result<Vec<T>, store::Error> {
        let reads: Vec<_> = self
            .0
            .iter()
            .map(|(list, after)| read(*list, *after, limit))
            .collect();
        let pages: Vec<Vec<T>> = stream::iter(reads)
            .buffered(LISTS_AT_ONCE)
            .try_collect()
            .await?;
        let is_full = |page: &Vec<T>| page.len() >= usize::from(limit);
        self.0 = std::mem::take(&mut self.0)
            .into_iter()
            .zip(&pages)
            .filter(|(_, page)| is_full(page))
            .map(|((list, _), page)| (list, page.last().map(cursor_of)))
            .collect();
        Ok(pages.into_iter().flatten().collect())
    }

    /// The last entry that was read of each list that may have more.
    pub(crate) fn unread(&self) -> impl Iterator<Item = C> {
        self.0.iter().filter_map(|(_, after)| *after)
    }

    /// The cursor up to which every list has been read. `None`: all lists were read to their end.
    pub(crate) fn cursor(&self) -> Option<C> {
        self.unread().min()
    }
}
