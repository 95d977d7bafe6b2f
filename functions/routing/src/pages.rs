//! ReadyLists, read side by side and page by page, and how far that goes in one go.

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, TryStreamExt, stream};
use task_router::router::Decision;

/// ReadyLists read at the same time, so that a Worker of a hundred queues does not open a hundred connections.
const BOARDS_AT_ONCE: usize = 32;

/// How much of each board is read: in one request, and before the rest is left to a message.
#[derive(Debug, Clone, Copy)]
pub struct Pages {
    /// Free Workers read at once for one Task: the queue's parallel offers (at most 50) and a few who turn out to be taken
    /// or excluded by the step's expression.
    pub workers: u16,
    /// Waiting Tasks read at once for one Worker. The first one nearly always fits; the others are there for steps that
    /// exclude this Worker.
    pub tasks: u16,
    /// The same where the first ones have not fitted: a step excludes this Worker, so most likely many do not fit.
    pub tasks_further_on: u16,
    /// Pages read in one go: a thousand Workers, or two hundred Tasks, who all do not fit. What is behind them is a message's
    /// work, which holds back no record of the stream and takes a few seconds at most.
    pub in_one_go: u32,
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            workers: 100,
            tasks: 20,
            tasks_further_on: 100,
            in_one_go: 10,
        }
    }
}

/// What a look at some pages came to. `P` is a place, in the one order in which all these boards stand.
#[derive(Debug)]
pub(crate) enum Look<P> {
    /// This is to be written.
    Found(Decision),
    /// Everything has been read, and nothing fits.
    Nothing,
    /// Up to here nothing fits, on any board; behind it there is more.
    Unread(P),
}

/// ReadyLists of which something may be unread, each with the last place read of it.
pub(crate) struct ReadyLists<B, P>(Vec<(B, Option<P>)>);

impl<B: Copy, P: Ord + Copy> ReadyLists<B, P> {
    /// These boards, read up to this place.
    pub(crate) fn new(boards: impl IntoIterator<Item = B>, behind: Option<P>) -> Self {
        Self(boards.into_iter().map(|board| (board, behind)).collect())
    }

    /// Reads the next page of each, of `page` items if so many are left.
    pub(crate) async fn next<'a, T>(
        &mut self,
        page: u16,
        read: impl Fn(B, Option<P>, u16) -> BoxFuture<'a, Result<Vec<T>, store::Error>>,
        position_of: fn(&T) -> P,
    ) -> Result<Vec<T>, store::Error> {
        let reads: Vec<_> = self
            .0
            .iter()
            .map(|(board, behind)| read(*board, *behind, page))
            .collect();
        let pages: Vec<Vec<T>> = stream::iter(reads)
            .buffered(BOARDS_AT_ONCE)
            .try_collect()
            .await?;
        let is_full = |read: &Vec<T>| read.len() >= usize::from(page);
        let read = std::mem::take(&mut self.0)
            .into_iter()
            .zip(&pages)
            .filter(|(_, read)| is_full(read));
        self.0 = read
            .map(|((board, _), read)| (board, read.last().map(position_of)))
            .collect();
        Ok(pages.into_iter().flatten().collect())
    }

    /// The place up to which everything has been read; `None`: there is nothing behind it.
    pub(crate) fn read_up_to(&self) -> Option<P> {
        self.0.iter().filter_map(|(_, behind)| *behind).min()
    }
}
