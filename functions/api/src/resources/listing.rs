//! Lists of Workers and Tasks. An order by date of creation is read from the table's listing one
//! page at a time; for any other order the whole list is read and sorted.

use std::fmt::Display;
use std::future::Future;

use ids::time::Timestamp;
use store::{Entry, Part, Reading};

use crate::error::ApiError;
use crate::limits::ITEMS_READ_MAX;
use crate::ordering::Direction;
use crate::paging::{Page, Paging, SortKey, Token};

/// Items read for one page, whether the filters match or not. At this limit the page is returned as
/// it is, with the URL of the next one. At a hundred items a read and eight concurrent reads it
/// takes half a second.
const ITEMS_PER_PAGE_MAX: usize = 4_000;

/// Items of the largest batch. The first batch has the size of the page; while the page is not
/// full, each following batch is twice as large, up to this limit.
const BATCH_MAX: usize = 500;

/// A listing of items by date of creation, with filters.
pub trait Listing: Sync {
    /// The id of an item.
    type Sid: Copy + Display + Send + Sync;
    /// An item.
    type Item: Send;

    /// Reads up to `limit` entries of the listing.
    fn part(
        &self,
        reading: &Reading,
        limit: usize,
    ) -> impl Future<Output = Result<Part<Self::Sid>, store::Error>> + Send;

    /// Reads the items with these ids, in this order. Items that are deleted or not readable any
    /// more are left out.
    fn read(
        &self,
        sids: &[Self::Sid],
    ) -> impl Future<Output = Result<Vec<Self::Item>, store::Error>> + Send;

    /// Do the filters match this item?
    fn matches(&self, item: &Self::Item) -> bool;

    /// The item's entry in the listing.
    fn entry(item: &Self::Item) -> Entry<Self::Sid>;
}

/// The requested page, ordered by date of creation. Its cost depends on [`Paging::size`] and
/// [`ITEMS_PER_PAGE_MAX`] alone: with filters, a page that is not the last may be short or empty.
pub async fn page<L: Listing>(
    listing: &L,
    paging: &Paging,
    order: Direction,
) -> Result<Page<L::Item>, ApiError> {
    // A previous page is read against the order, from the token back to its start.
    let (start, backward) = match paging.token() {
        None => (None, false),
        Some(Token::After(key)) => (Some(start_of(key, order)), false),
        Some(Token::Before(key)) => (Some(start_of(key, order)), true),
    };
    let is_first = start.is_none();
    let reading = if backward == (order == Direction::Descending) {
        Reading::Forward(start)
    } else {
        Reading::Backward(start)
    };
    let Batches {
        mut items,
        continue_after,
    } = read_batches(listing, reading, paging.size()).await?;
    let key = |entry: Entry<L::Sid>| {
        let created = order.sort_field(entry.created.as_millis());
        SortKey::by(vec![created], entry.sid)
    };
    if backward {
        items.reverse();
        let next = items.last().map(|last| Token::After(key(L::entry(last))));
        return Ok(Page {
            items,
            previous: continue_after.map(|entry| Token::Before(key(entry))),
            next,
        });
    }
    let mut previous = None;
    if !is_first {
        previous = items
            .first()
            .map(|first| Token::Before(key(L::entry(first))));
    }
    Ok(Page {
        items,
        previous,
        next: continue_after.map(|entry| Token::After(key(entry))),
    })
}

/// All items that the filters match, for an order that the listing does not have.
///
/// # Errors
/// [`ApiError::ListTooLong`]
pub async fn all<L: Listing>(listing: &L) -> Result<Vec<L::Item>, ApiError> {
    let mut matching = Vec::new();
    let mut count = 0;
    let mut next = Some(Reading::Forward(None));
    while let Some(reading) = next {
        let part = listing.part(&reading, BATCH_MAX).await?;
        let items = listing.read(&part.sids()).await?;
        count += items.len();
        if count > ITEMS_READ_MAX {
            return Err(ApiError::ListTooLong { items: count });
        }
        matching.extend(items.into_iter().filter(|item| listing.matches(item)));
        next = reading.after(&part);
    }
    Ok(matching)
}

/// The items found, in the order of reading, and the entry after which the next page continues.
struct Batches<T, S> {
    items: Vec<T>,
    continue_after: Option<Entry<S>>,
}

/// Reads batches until the page is full, the listing ends, or [`ITEMS_PER_PAGE_MAX`] items are
/// read.
async fn read_batches<L: Listing>(
    listing: &L,
    mut reading: Reading,
    size: usize,
) -> Result<Batches<L::Item, L::Sid>, ApiError> {
    let mut items: Vec<L::Item> = Vec::new();
    let mut seen = 0;
    let mut limit = size.saturating_add(1);
    loop {
        let part = listing.part(&reading, limit).await?;
        items.extend(
            listing
                .read(&part.sids())
                .await?
                .into_iter()
                .filter(|item| listing.matches(item)),
        );
        seen += part.entries.len();
        // One item more than the page holds shows that there is a next page.
        if items.len() > size {
            items.truncate(size);
            let continue_after = items.last().map(L::entry);
            return Ok(Batches {
                items,
                continue_after,
            });
        }
        match reading.after(&part) {
            Some(next) if seen < ITEMS_PER_PAGE_MAX => reading = next,
            Some(_) | None => {
                let mut continue_after = None;
                if part.has_more {
                    continue_after = part.entries.last().copied();
                }
                return Ok(Batches {
                    items,
                    continue_after,
                });
            }
        }
        limit = BATCH_MAX.min(limit * 2);
    }
}

/// The date of creation and the id in a sort key, as the listing orders by them.
fn start_of(key: &SortKey, order: Direction) -> (Timestamp, String) {
    let (field, sid) = key.first_field();
    let created = Timestamp::from_millis(order.sort_field(field));
    (created, sid.to_owned())
}
