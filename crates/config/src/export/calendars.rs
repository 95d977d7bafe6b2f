//! The sections `calendars` and `lists`.

use std::collections::BTreeMap;

use ::calendars::{Calendar, Hours, SpecialDays, Weekday};
use shared::phone_list::{Listed, PhoneList, PhoneNumber};

use super::tree::{Entries, Tree};

pub(super) fn calendars(calendars: &BTreeMap<String, Calendar>) -> Tree {
    let calendars = calendars
        .iter()
        .map(|(name, calendar)| (name.clone(), write_calendar(calendar)));
    Tree::Map(calendars.collect())
}

fn write_calendar(calendar: &Calendar) -> Tree {
    let mut entries = Entries::new();
    entries.set("time_zone", Tree::text(calendar.time_zone.name()));
    entries.set("hours", weekly_hours(&calendar.hours));
    for (key, days) in [
        ("holidays", &calendar.holidays),
        ("exceptions", &calendar.exceptions),
    ] {
        if !days.is_empty() {
            entries.set(key, Tree::List(days.iter().map(special_days).collect()));
        }
    }
    entries.into_tree()
}

/// Days of the same hours that follow one another are one entry: `mon-fri`.
fn weekly_hours(hours: &BTreeMap<Weekday, Hours>) -> Tree {
    let mut entries = Entries::new();
    let week: Vec<(Weekday, Option<&Hours>)> = Weekday::ALL
        .into_iter()
        .map(|day| (day, hours.get(&day)))
        .collect();
    for days in week.chunk_by(|one, next| one.1 == next.1) {
        let (Some((first, Some(hours))), Some((last, _))) = (days.first(), days.last()) else {
            continue;
        };
        let key = if first == last {
            first.as_str().to_owned()
        } else {
            format!("{}-{}", first.as_str(), last.as_str())
        };
        entries.set(key, Tree::Text(hours.to_string()));
    }
    entries.into_tree()
}

/// A line such as `12-24 Christmas Eve, 08:00-12:00`, if it is read as the same days.
fn special_days(days: &SpecialDays) -> Tree {
    let hours = days.hours();
    let mut line = format!("{} {}", days.dates(), days.name());
    if !hours.is_closed() {
        line.push_str(&format!(", {hours}"));
    }
    let is_same = |read: SpecialDays| read == *days;
    if line.parse().is_ok_and(is_same) {
        return Tree::Text(line);
    }
    let mut entries = Entries::new();
    entries.set("dates", Tree::Text(days.dates().to_string()));
    let weekdays = days.weekdays();
    entries.set_some(
        "weekdays",
        weekdays.map(|days| Tree::Text(days.to_string())),
    );
    entries.set("name", Tree::text(days.name()));
    if !hours.is_closed() {
        entries.set("hours", Tree::Text(hours.to_string()));
    }
    entries.into_tree()
}

pub(super) fn lists(lists: &BTreeMap<String, PhoneList>) -> Tree {
    let lists = lists.iter().map(|(name, list)| {
        let numbers = list
            .iter()
            .map(|(number, listed)| write_listed(number, listed));
        (name.clone(), Tree::List(numbers.collect()))
    });
    Tree::Map(lists.collect())
}

fn write_listed(number: &PhoneNumber, listed: &Listed) -> Tree {
    let number = Tree::text(number.as_str());
    if *listed == Listed::default() {
        return number;
    }
    let mut entries = Entries::new();
    entries.set("number", number);
    if !listed.tags.is_empty() {
        let tags = listed.tags.iter();
        entries.set(
            "tags",
            Tree::List(tags.map(|tag| Tree::text(&**tag)).collect()),
        );
    }
    entries.set_some("priority", listed.priority.map(Tree::number));
    entries.into_tree()
}
