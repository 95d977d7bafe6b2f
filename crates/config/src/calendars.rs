//! The section `calendars`: opening hours, holidays and exceptions.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use calendars::{
    Calendar, Dates, EXCEPTIONS_MAX, HOLIDAYS_MAX, Hours, SpecialDays, Weekday, Weekdays, ics,
};

use crate::document::{Entry, Node, Value, place};
use crate::files::{self, ReadFile};
use crate::names::Names;
use crate::reader::Reader;

/// Most calendars: one for each of 100 numbers or teams.
const CALENDARS_MAX: usize = 100;

const HOURS: &str = "hours such as 08:00-12:00, or closed";

/// The calendars of a file by name; invalid ones are left out.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    section: Option<&Node>,
    files: ReadFile<'_>,
) -> BTreeMap<String, Calendar> {
    let Some(node) = section else {
        return BTreeMap::new();
    };
    let mut names = Names::new("calendar");
    let calendars = entries(reader, node, "calendars", "names with calendars")
        .iter()
        .filter_map(|entry| read_calendar(reader, entry, &mut names, files))
        .map(|calendar| (calendar.name.clone(), calendar));
    let calendars: BTreeMap<String, Calendar> = calendars.collect();
    if calendars.len() > CALENDARS_MAX {
        let got = calendars.len();
        let message = format!("calendars: expected at most {CALENDARS_MAX} entries, got {got}");
        reader.problem(place(node), message);
    }
    calendars
}

fn read_calendar(
    reader: &mut Reader<'_>,
    entry: &Entry,
    names: &mut Names<()>,
    files: ReadFile<'_>,
) -> Option<Calendar> {
    let at = place(&entry.key);
    let declared = names.declare(&entry.key.value, (), at);
    reader.take(declared, at);
    let keys = ["time_zone", "hours", "holidays", "exceptions"];
    let fields = reader.mapping(&entry.value, "a calendar", &keys)?;
    let time_zone = reader
        .required(&fields, "time_zone")
        .and_then(|node| written(reader, node, "time_zone", "a name such as Europe/Berlin"));
    let hours = reader
        .required(&fields, "hours")
        .map(|node| weekly_hours(reader, node));
    let holidays = match fields.get("holidays") {
        Some(node) => holidays(reader, node, files),
        None => Vec::new(),
    };
    let exceptions = match fields.get("exceptions") {
        Some(node) => exceptions(reader, node),
        None => Vec::new(),
    };
    let calendar = Calendar {
        name: entry.key.value.clone(),
        time_zone: time_zone?,
        hours: hours?,
        holidays,
        exceptions,
    };
    reader.take(calendar.check().map_err(|error| error.to_string()), at)
}

/// The hours by days: `mon-fri: 08:00-12:00, 13:00-18:00`.
fn weekly_hours(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<Weekday, Hours> {
    let mut weekly = BTreeMap::new();
    let mut names = Names::new("day");
    for entry in entries(
        reader,
        node,
        "hours",
        "days with hours such as mon-fri: 08:00-18:00",
    ) {
        let at = place(&entry.key);
        let days = parsed::<Weekdays>(&entry.key.value, "hours");
        let days = reader.take(days, at);
        let hours = written::<Hours>(reader, &entry.value, "hours", HOURS);
        let (Some(days), Some(hours)) = (days, hours) else {
            continue;
        };
        for day in days.days() {
            let declared = names.declare(day.as_str(), (), at);
            reader.take(declared, at);
            weekly.insert(*day, hours.clone());
        }
    }
    weekly
}

fn holidays(reader: &mut Reader<'_>, node: &Node, files: ReadFile<'_>) -> Vec<SpecialDays> {
    let mut holidays = Vec::new();
    for node in reader.list(node, "holidays", HOLIDAYS_MAX) {
        match file_of(node) {
            Some(_) => holidays.extend(holidays_of_file(reader, node, files)),
            None => holidays.extend(special_days(reader, node, "holidays", "a holiday")),
        }
    }
    holidays
}

fn exceptions(reader: &mut Reader<'_>, node: &Node) -> Vec<SpecialDays> {
    reader
        .list(node, "exceptions", EXCEPTIONS_MAX)
        .iter()
        .filter_map(|node| special_days(reader, node, "exceptions", "an exception"))
        .collect()
}

/// The value of the key `file`, if the entry is a mapping that has it.
fn file_of(node: &Node) -> Option<&Node> {
    let Value::Mapping(entries) = &node.value else {
        return None;
    };
    let file = entries.iter().find(|entry| entry.key.value == "file")?;
    Some(&file.value)
}

/// The holidays of a calendar file: `file: holidays.ics`. Each error of the file is a problem.
fn holidays_of_file(reader: &mut Reader<'_>, node: &Node, files: ReadFile<'_>) -> Vec<SpecialDays> {
    let Some(node) = reader
        .mapping(node, "a calendar file", &["file"])
        .and_then(|fields| fields.get("file"))
    else {
        return Vec::new();
    };
    let Some(file) = files::read(reader, node, "file", files) else {
        return Vec::new();
    };
    ics::read(&file.text).unwrap_or_else(|errors| {
        for error in errors {
            let message = format!("{}:{}: {}", file.name, error.line, error.mistake);
            reader.problem(place(node), message);
        }
        Vec::new()
    })
}

/// A line such as `12-24 Christmas Eve, 08:00-12:00`, or the same as a mapping.
fn special_days(
    reader: &mut Reader<'_>,
    node: &Node,
    key: &str,
    what: &str,
) -> Option<SpecialDays> {
    if !matches!(node.value, Value::Mapping(_)) {
        return written(reader, node, key, "a line such as 2026-12-25 Christmas Day");
    }
    let fields = reader.mapping(node, what, &["dates", "weekdays", "name", "hours"])?;
    let dates = reader
        .required(&fields, "dates")
        .and_then(|node| written::<Dates>(reader, node, "dates", "a date such as 2026-12-25"));
    let weekdays = match fields.get("weekdays") {
        Some(node) => Some(written::<Weekdays>(
            reader,
            node,
            "weekdays",
            "days such as mon-fri",
        )?),
        None => None,
    };
    let hours = match fields.get("hours") {
        Some(node) => written::<Hours>(reader, node, "hours", HOURS),
        None => Some(Hours::CLOSED),
    };
    let name_node = reader.required(&fields, "name")?;
    let name = reader.text(name_node, "name", "a name")?;
    let days = SpecialDays::new(dates?, weekdays, name, hours?);
    let days = days.map_err(|error| format!("name: {error}"));
    reader.take(days, place(name_node))
}

/// The entries of a mapping with keys of the user.
fn entries<'n>(reader: &mut Reader<'_>, node: &'n Node, key: &str, expected: &str) -> &'n [Entry] {
    let Value::Mapping(entries) = &node.value else {
        reader.unexpected(node, key, &format!("a mapping of {expected}"));
        return &[];
    };
    entries
}

/// A text in the written form of its type.
fn written<T: FromStr<Err: Display>>(
    reader: &mut Reader<'_>,
    node: &Node,
    key: &str,
    expected: &str,
) -> Option<T> {
    let text = reader.text(node, key, expected)?;
    let value = parsed(text, key);
    reader.take(value, place(node))
}

fn parsed<T: FromStr<Err: Display>>(text: &str, key: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{key}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;

    const ICS: &str = "BEGIN:VCALENDAR
BEGIN:VEVENT
SUMMARY:Unity Day
DTSTART;VALUE=DATE:20261003
END:VEVENT
END:VCALENDAR
";

    fn file(name: &str) -> Result<Vec<u8>, String> {
        let text = match name {
            "holidays.ics" => ICS.to_owned(),
            "wrong.ics" => ICS
                .replace("20261003", "20261003T08")
                .replace("SUMMARY", "NOTE"),
            _other => return Err("no such file".to_owned()),
        };
        Ok(text.into_bytes())
    }

    fn read_text(text: &str) -> (BTreeMap<String, Calendar>, Vec<String>) {
        let document = document::parse(text).unwrap();
        let mut reader = Reader::new(text, "centre.yaml");
        let fields = reader
            .mapping(&document, "the file", &["calendars"])
            .unwrap();
        let calendars = read(&mut reader, fields.get("calendars"), &file);
        let (problems, _) = reader.into_problems_and_warnings();
        let problems = problems.iter().map(|problem| {
            format!(
                "{}:{}: {}",
                problem.place.line, problem.place.column, problem.message
            )
        });
        (calendars, problems.collect())
    }

    #[test]
    fn calendar_has_every_key() {
        let (calendars, problems) = read_text(
            "calendars:
  support:
    time_zone: Europe/Berlin
    hours:
      mon-thu: 08:00-12:00, 13:00-18:00
      fri: 22:00-06:00
      sat, sun: closed
    holidays:
      - 2026-12-25 Christmas Day
      - 12-24 Christmas Eve, 08:00-12:00
      - file: holidays.ics
      - { dates: 12-31, name: \"New Year's Eve\", hours: \"08:00-10:00, 11:00-12:00\" }
    exceptions:
      - 2026-06-30..2026-07-01 Stocktaking
      - dates: 2026-11-28..2026-12-19
        weekdays: sat
        name: Advent
        hours: 10:00-16:00
  sales:
    time_zone: UTC
    hours: {}
",
        );
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(calendars.keys().collect::<Vec<_>>(), ["sales", "support"]);
        let support = serde_json::to_value(&calendars["support"]).unwrap();
        let days = "08:00-12:00, 13:00-18:00";
        assert_eq!(
            support,
            serde_json::json!({
                "name": "support",
                "time_zone": "Europe/Berlin",
                "hours": {"mon": days, "tue": days, "wed": days, "thu": days,
                    "fri": "22:00-06:00", "sat": "closed", "sun": "closed"},
                "holidays": [
                    {"dates": "2026-12-25", "name": "Christmas Day"},
                    {"dates": "12-24", "name": "Christmas Eve", "hours": "08:00-12:00"},
                    {"dates": "2026-10-03", "name": "Unity Day"},
                    {"dates": "12-31", "name": "New Year's Eve", "hours": "08:00-10:00, 11:00-12:00"},
                ],
                "exceptions": [
                    {"dates": "2026-06-30..2026-07-01", "name": "Stocktaking"},
                    {"dates": "2026-11-28..2026-12-19", "weekdays": "sat", "name": "Advent",
                        "hours": "10:00-16:00"},
                ],
            })
        );
    }

    #[test]
    fn all_mistakes_have_their_place() {
        let (calendars, problems) = read_text(
            "calendars:
  1st:
    time_zone: Berlin
    hours:
      mon-fry: 08:00-12:00
      mon-tue: 8-12
      wed: 08:00-12:00
      wed-thu:
    holidays:
      - 25.12. Christmas
      - 2026-12-25
      - { file: wrong.ics }
      - { file: ../holidays.ics }
      - { file: other.ics }
      - { file: holidays.ics, name: Holidays }
    exceptions:
      - [2026-12-25]
      - { dates: 2026-12, weekdays: monday, name: A }
      - { dates: 12-24, name: \"\", hours: 08:00 }
      - { dates: 12-24, day: A }
  sales: { time_zone: UTC, hours: { mon: closed, mon-tue: closed } }
  b: { time_zone: UTC, hours: [] }
  c.d: { time_zone: UTC, hours: {} }
  sales: { time_zone: UTC }
",
        );
        assert_eq!(calendars.keys().collect::<Vec<_>>(), ["b", "sales"]);
        let dates =
            "a date such as 2026-12-25, 12-25 for every year, or a range such as 12-24..12-26";
        assert_eq!(
            problems,
            [
                "3:16: time_zone: unknown time zone \"Berlin\"; expected Europe/Berlin",
                "5:7: hours: expected days such as mon, mon-fri or \"sat, sun\", got \"fry\"",
                "6:16: hours: expected a time from 00:00 to 24:00, got \"8\"",
                "8:14: hours: expected hours such as 08:00-12:00, or closed, got nothing",
                &format!("10:9: holidays: expected {dates}, got \"25.12.\""),
                "11:9: holidays: expected a name of 1 to 100 characters, got 0 characters",
                "12:17: wrong.ics:4: DTSTART: expected an all-day event, with a date such as 20261225, got \"20261003T08\"",
                "13:17: file: expected the name of a file beside the configuration, such as holidays.ics, got \"../holidays.ics\"",
                "14:17: file: other.ics cannot be read: no such file",
                "15:31: unknown key \"name\" in a calendar file; allowed: file.",
                "17:9: exceptions: expected a line such as 2026-12-25 Christmas Day, got a list",
                &format!("18:18: dates: expected {dates}, got \"2026-12\""),
                "18:37: weekdays: expected days such as mon, mon-fri or \"sat, sun\", got \"monday\"",
                "19:42: hours: expected hours such as 08:00-12:00, or closed, got \"08:00\"",
                "20:9: an exception needs the key \"name\"",
                "20:25: unknown key \"day\" in an exception; allowed: dates, weekdays, name, hours.",
                "21:50: the day \"mon\" is declared twice, first in line 21",
                "22:31: hours: expected a mapping of days with hours such as mon-fri: 08:00-18:00, got a list",
                "23:3: the name of a calendar has 1 to 64 letters, digits or _ and starts with a letter, got \"c.d\"",
                "24:3: the calendar \"sales\" is declared twice, first in line 21",
                "24:10: a calendar needs the key \"hours\"",
            ]
        );
    }

    #[test]
    fn section_is_optional_and_a_mapping() {
        assert_eq!(read_text("{}").1, Vec::<String>::new());
        assert_eq!(
            read_text("calendars: [a]").1,
            ["1:12: calendars: expected a mapping of names with calendars, got a list"]
        );
        let calendar = "a0: { time_zone: UTC, hours: {} }";
        let many: Vec<String> = (0..=CALENDARS_MAX)
            .map(|index| calendar.replace("a0", &format!("a{index}")))
            .collect();
        assert_eq!(
            read_text(&format!("calendars: {{ {} }}", many.join(", "))).1,
            ["1:12: calendars: expected at most 100 entries, got 101"]
        );
    }
}
