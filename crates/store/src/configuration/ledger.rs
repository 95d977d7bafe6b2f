//! The ledger of a Workspace's configuration: what an item holds beside the part itself, which is
//! its dates, its place, and whether the file declares it. The revision is an item of its own.

use aws_sdk_dynamodb::types::AttributeValue;
use ids::time::Timestamp;
use task_router::model::{Dates, Ledger, PartId};

use crate::items::{Item, number};
use crate::keys;

const DATE_CREATED: &str = "date_created";
const DATE_UPDATED: &str = "date_updated";
const PLACE: &str = "place";
const DECLARED: &str = "declared";

/// The attributes of the ledger in a part's item.
pub(crate) const NAMES: [&str; 4] = [DATE_CREATED, DATE_UPDATED, PLACE, DECLARED];
/// The attribute that holds the revision.
pub(crate) const REVISION: &str = "revision";

/// Reads the ledger's attributes of a part's item, or the revision from the revision's item.
pub(super) fn note(ledger: &mut Ledger, item: &Item) {
    let sk = item
        .get(keys::SK)
        .and_then(|sk| sk.as_s().ok())
        .map(String::as_str)
        .unwrap_or_default();
    if sk == keys::REVISION {
        ledger.revision = revision_in(item);
        return;
    }
    let Some(part) = keys::part_named(sk) else {
        return;
    };
    if let (Some(date_created), Some(date_updated)) =
        (moment(item, DATE_CREATED), moment(item, DATE_UPDATED))
    {
        ledger.dates.insert(
            part,
            Dates {
                date_created,
                date_updated,
            },
        );
    }
    if let Some(place) = integer(item, PLACE) {
        ledger.places.insert(part, place);
    }
    if item
        .get(DECLARED)
        .and_then(|declared| declared.as_bool().ok())
        == Some(&true)
    {
        ledger.declared.insert(part);
    }
}

/// Writes the ledger's attributes into a part's item.
pub(super) fn write(item: &mut Item, part: PartId, dates: Dates, ledger: &Ledger) {
    item.insert(
        DATE_CREATED.to_owned(),
        number(dates.date_created.as_millis()),
    );
    item.insert(
        DATE_UPDATED.to_owned(),
        number(dates.date_updated.as_millis()),
    );
    if let Some(place) = ledger.places.get(&part) {
        item.insert(PLACE.to_owned(), number(place));
    }
    item.insert(
        DECLARED.to_owned(),
        AttributeValue::Bool(ledger.declared.contains(&part)),
    );
}

/// The revision in its item; 0 if it has none.
pub(crate) fn revision_in(item: &Item) -> u64 {
    integer(item, REVISION).unwrap_or_default()
}

fn moment(item: &Item, name: &str) -> Option<Timestamp> {
    integer(item, name).map(Timestamp::from_millis)
}

fn integer<N: std::str::FromStr>(item: &Item, name: &str) -> Option<N> {
    item.get(name)?.as_n().ok()?.parse().ok()
}
