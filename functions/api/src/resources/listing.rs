//! Lists of Workers and Tasks: read off the table's listing a page at a time where the order allows it, whole where not.

use std::fmt::Display;
use std::future::Future;

use ids::time::Timestamp;
use store::{Entry, Part, Reading};

use super::ITEMS_READ_MAX;
use crate::error::ApiError;
use crate::paging::{Page, Paging, Place, Token};

/// Items read for one page, wanted or not, before it is given back as it is, with the address where to go on. At a
/// hundred items a request and eight requests at a time it takes half a second.
const ITEMS_PER_PAGE_MAX: usize = 4_000;

/// Items asked for at a time, at most, once a page's own number did not fill it: each time twice as many.
const ITEMS_AT_A_TIME: usize = 500;

/// Something that is listed by age.
pub trait Listing: Sync {
    /// Its id.
    type Sid: Copy + Display + Send + Sync;
    /// What is shown.
    type Item: Send;

    /// A part of the listing.
    fn part(
        &self,
        reading: &Reading,
        limit: usize,
    ) -> impl Future<Output = Result<Part<Self::Sid>, store::Error>> + Send;

    /// These as they stand, in this order; those that are gone, and those that nobody may read, are left out.
    fn read(
        &self,
        sids: &[Self::Sid],
    ) -> impl Future<Output = Result<Vec<Self::Item>, store::Error>> + Send;

    /// Does the list show it?
    fn wants(&self, item: &Self::Item) -> bool;

    /// Where it is listed.
    fn entry(item: &Self::Item) -> Entry<Self::Sid>;
}

/// The page that is asked for, oldest first or newest first. Its cost depends on [`Paging::size`] and
/// [`ITEMS_PER_PAGE_MAX`] alone: a page of a list with filters may be short, even empty, and yet not the last one.
pub async fn page<L: Listing>(
    listing: &L,
    paging: &Paging,
    newest_first: bool,
) -> Result<Page<L::Item>, ApiError> {
    let (start, backward) = match paging.token() {
        None => (None, false),
        Some(Token::After(place)) => (Some(moment_of(place, newest_first)), false),
        Some(Token::Before(place)) => (Some(moment_of(place, newest_first)), true),
    };
    let begins_inside = start.is_some();
    let read = gather(listing, start, backward == newest_first, paging.size()).await?;
    let place = |entry: Entry<L::Sid>| {
        let created = entry.created.as_millis();
        Place::by(
            vec![if newest_first {
                created.saturating_neg()
            } else {
                created
            }],
            entry.sid,
        )
    };
    let Gathered { mut items, go_on } = read;
    if backward {
        items.reverse();
        let next = items.last().map(|last| Token::After(place(L::entry(last))));
        return Ok(Page {
            items,
            previous: go_on.map(|entry| Token::Before(place(entry))),
            next,
        });
    }
    let previous = items
        .first()
        .filter(|_| begins_inside)
        .map(|first| Token::Before(place(L::entry(first))));
    Ok(Page {
        items,
        previous,
        next: go_on.map(|entry| Token::After(place(entry))),
    })
}

/// Everything a list shows, for an order that the listing does not have.
///
/// # Errors
/// [`ApiError::ListTooLong`]
pub async fn all<L: Listing>(listing: &L) -> Result<Vec<L::Item>, ApiError> {
    let (mut wanted, mut count) = (Vec::new(), 0);
    let mut reading = Some(Reading::Forward(None));
    while let Some(here) = reading {
        let part = listing.part(&here, ITEMS_AT_A_TIME).await?;
        let items = listing.read(&part.sids()).await?;
        count += items.len();
        if count > ITEMS_READ_MAX {
            return Err(ApiError::ListTooLong { items: count });
        }
        wanted.extend(items.into_iter().filter(|item| listing.wants(item)));
        reading = here.after(&part);
    }
    Ok(wanted)
}

/// What was found, in the order of reading, and behind which entry to go on.
struct Gathered<T, S> {
    items: Vec<T>,
    go_on: Option<Entry<S>>,
}

async fn gather<L: Listing>(
    listing: &L,
    start: Option<(Timestamp, String)>,
    forward: bool,
    size: usize,
) -> Result<Gathered<L::Item, L::Sid>, ApiError> {
    let way = if forward {
        Reading::Forward
    } else {
        Reading::Backward
    };
    let mut reading = way(start);
    let mut items: Vec<L::Item> = Vec::new();
    let (mut seen, mut limit) = (0, size.saturating_add(1));
    loop {
        let part = listing.part(&reading, limit).await?;
        items.extend(
            listing
                .read(&part.sids())
                .await?
                .into_iter()
                .filter(|item| listing.wants(item)),
        );
        seen += part.entries.len();
        // One more than fits says that there is a next page.
        if items.len() > size {
            items.truncate(size);
            let go_on = items.last().map(L::entry);
            return Ok(Gathered { items, go_on });
        }
        let go_on = part.entries.last().copied().filter(|_| part.has_more);
        match reading.after(&part).filter(|_| seen < ITEMS_PER_PAGE_MAX) {
            Some(behind) => reading = behind,
            None => return Ok(Gathered { items, go_on }),
        }
        limit = ITEMS_AT_A_TIME.min(limit * 2);
    }
}

/// A place in a list by age, as the listing has it.
fn moment_of(place: &Place, newest_first: bool) -> (Timestamp, String) {
    let (key, sid) = place.first_key();
    (
        Timestamp::from_millis(if newest_first {
            key.saturating_neg()
        } else {
            key
        }),
        sid.to_owned(),
    )
}
