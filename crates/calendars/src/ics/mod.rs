//! Holidays from a calendar file (iCalendar, RFC 5545): the all-day events, one-time or yearly.
//!
//! An event that this module does not understand is an error, because a holiday that is left out
//! would open the contact centre.

use std::fmt;

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use crate::calendar::HOLIDAYS_MAX;
use crate::dates::Dates;
use crate::hours::Hours;
use crate::special_days::SpecialDays;
use crate::written::{WrittenError, number, shortened};

/// Maximum size of a file, in bytes: [`HOLIDAYS_MAX`] events with 1,000 bytes each.
pub const ICS_BYTES_MAX: usize = 1024 * 1024;

/// Most errors in one report; further ones are dropped.
const ERRORS_MAX: usize = 20;

/// Longest event, in days: a year.
const EVENT_DAYS_MAX: i32 = 366;

/// Properties that change on which days an event takes place, and are not supported.
const UNSUPPORTED: [&str; 4] = ["RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"];

/// An error in a calendar file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IcsError {
    /// Line of the file, from 1.
    pub line: usize,
    /// What is wrong.
    pub mistake: IcsMistake,
}

/// What is wrong in a line of a calendar file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IcsMistake {
    /// The file is larger than [`ICS_BYTES_MAX`].
    #[error("expected at most {ICS_BYTES_MAX} bytes, got {0}")]
    TooLarge(usize),
    /// The file has more events than a calendar holidays.
    #[error("expected at most {HOLIDAYS_MAX} events")]
    TooManyEvents,
    /// The file does not begin as a calendar.
    #[error("expected a calendar file, which begins with BEGIN:VCALENDAR")]
    NotACalendar,
    /// The file ends within a component.
    #[error("the file ends before END:{0}")]
    Unfinished(String),
    /// The end of another component than the one that began last.
    #[error("expected END:{expected}, got END:{got}")]
    WrongEnd {
        /// The component that began last.
        expected: String,
        /// The component that the line ends.
        got: String,
    },
    /// Not `NAME:value`.
    #[error("expected NAME:value, got \"{0}\"")]
    NotAProperty(String),
    /// An event lacks a property.
    #[error("the event has no {0}")]
    Missing(&'static str),
    /// The event begins or ends at a time of day.
    #[error("{property}: expected an all-day event, with a date such as 20261225, got \"{got}\"")]
    NotADate {
        /// The property.
        property: &'static str,
        /// Its value.
        got: String,
    },
    /// The duration is not in whole days or weeks.
    #[error("DURATION: expected days such as P1D, got \"{0}\"")]
    Duration(String),
    /// The event ends before it begins, or is longer than a year.
    #[error("expected an event of 1 to {EVENT_DAYS_MAX} days")]
    Length,
    /// The event is repeated, and not on its date in every year.
    #[error("RRULE: expected FREQ=YEARLY, the date of DTSTART in every year, got \"{0}\"")]
    Recurrence(String),
    /// A property that changes the days of an event.
    #[error("{0} is not supported; write an event for each day")]
    Unsupported(&'static str),
    /// The summary is no name of a holiday.
    #[error("SUMMARY: {0}")]
    Name(#[from] WrittenError),
}

impl fmt::Display for IcsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.mistake)
    }
}

impl std::error::Error for IcsError {}

/// Reads the events of a calendar file as closed days, in the order of the file. Reports all
/// errors, at most 20. A yearly event applies in every year, whatever its first; a cancelled one is
/// left out.
pub fn read(text: &str) -> Result<Vec<SpecialDays>, Vec<IcsError>> {
    if text.len() > ICS_BYTES_MAX {
        let mistake = IcsMistake::TooLarge(text.len());
        return Err(vec![IcsError { line: 1, mistake }]);
    }
    let mut file = File::default();
    for (line, content) in unfolded(text) {
        if let Err(mistake) = file.read_line(line, &content) {
            file.errors.push(IcsError { line, mistake });
        }
        if file.errors.len() >= ERRORS_MAX {
            return Err(file.errors);
        }
    }
    file.finish()
}

/// The lines with their numbers; a line that begins with a space or a tab continues the one before.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(continuation), Some((_, content))) => content.push_str(continuation),
            (Some(_) | None, _) if line.trim().is_empty() => {}
            (Some(_) | None, _) => lines.push((index + 1, line.to_owned())),
        }
    }
    lines
}

#[derive(Default)]
struct File {
    /// The components that have begun and not ended, the innermost last.
    open: Vec<String>,
    event: Event,
    holidays: Vec<SpecialDays>,
    errors: Vec<IcsError>,
    lines: usize,
}

/// The properties of one event.
#[derive(Default)]
struct Event {
    line: usize,
    first: Option<Date>,
    /// The day after the last one.
    end: Option<Date>,
    days: Option<i32>,
    summary: Option<String>,
    recurrence: Option<String>,
    cancelled: bool,
    /// A property is wrong, and its error is recorded.
    wrong: bool,
}

impl File {
    fn read_line(&mut self, line: usize, content: &str) -> Result<(), IcsMistake> {
        self.lines = line;
        let property =
            Property::parse(content).ok_or_else(|| IcsMistake::NotAProperty(shortened(content)))?;
        if self.open.is_empty() && !property.is("BEGIN", "VCALENDAR") {
            return Err(IcsMistake::NotACalendar);
        }
        match property.name.as_str() {
            "BEGIN" => {
                self.begin(line, property.value);
                Ok(())
            }
            "END" => self.end(property.value),
            name if self.in_event() => {
                let read = self.event.read(name, property.value);
                self.event.wrong |= read.is_err();
                read
            }
            _of_another_component => Ok(()),
        }
    }

    /// Whether the innermost component is an event.
    fn in_event(&self) -> bool {
        self.open.last().is_some_and(|name| name == "VEVENT")
    }

    fn begin(&mut self, line: usize, component: &str) {
        self.open.push(component.to_ascii_uppercase());
        if self.in_event() {
            self.event = Event {
                line,
                ..Event::default()
            };
        }
    }

    fn end(&mut self, component: &str) -> Result<(), IcsMistake> {
        let got = component.to_ascii_uppercase();
        let in_event = self.in_event();
        let Some(expected) = self.open.pop() else {
            return Err(IcsMistake::NotACalendar);
        };
        if expected != got {
            let got = shortened(&got);
            return Err(IcsMistake::WrongEnd { expected, got });
        }
        if in_event {
            self.end_event();
        }
        Ok(())
    }

    /// Adds the event to the holidays; its errors are those of its first line.
    fn end_event(&mut self) {
        let event = std::mem::take(&mut self.event);
        let line = event.line;
        if event.cancelled || event.wrong {
            return;
        }
        if self.holidays.len() >= HOLIDAYS_MAX {
            let mistake = IcsMistake::TooManyEvents;
            self.errors.push(IcsError { line, mistake });
            return;
        }
        match event.holiday() {
            Ok(holiday) => self.holidays.push(holiday),
            Err(mistake) => self.errors.push(IcsError { line, mistake }),
        }
    }

    fn finish(mut self) -> Result<Vec<SpecialDays>, Vec<IcsError>> {
        let mistake = match self.open.pop() {
            Some(component) => Some(IcsMistake::Unfinished(shortened(&component))),
            None if self.lines == 0 => Some(IcsMistake::NotACalendar),
            None => None,
        };
        let line = self.lines.max(1);
        self.errors
            .extend(mistake.map(|mistake| IcsError { line, mistake }));
        if self.errors.is_empty() {
            Ok(self.holidays)
        } else {
            Err(self.errors)
        }
    }
}

impl Event {
    fn read(&mut self, name: &str, value: &str) -> Result<(), IcsMistake> {
        match name {
            "DTSTART" => self.first = Some(date("DTSTART", value)?),
            "DTEND" => self.end = Some(date("DTEND", value)?),
            "DURATION" => {
                let days = days(value).ok_or_else(|| IcsMistake::Duration(shortened(value)))?;
                self.days = Some(days);
            }
            "SUMMARY" => self.summary = Some(unescaped(value)),
            "RRULE" => self.recurrence = Some(value.to_owned()),
            "STATUS" => self.cancelled = value.eq_ignore_ascii_case("CANCELLED"),
            other => {
                if let Some(name) = UNSUPPORTED.into_iter().find(|name| *name == other) {
                    return Err(IcsMistake::Unsupported(name));
                }
            }
        }
        Ok(())
    }

    fn holiday(self) -> Result<SpecialDays, IcsMistake> {
        let first = self.first.ok_or(IcsMistake::Missing("DTSTART"))?;
        let summary = self.summary.ok_or(IcsMistake::Missing("SUMMARY"))?;
        let days = match (self.end, self.days) {
            // Some programs write the day itself as the end of an event of one day.
            (Some(end), _) if end == first => 1,
            (Some(end), _) => first.until(end).map_or(0, |span| span.get_days()),
            (None, days) => days.unwrap_or(1),
        };
        if !(1..=EVENT_DAYS_MAX).contains(&days) {
            return Err(IcsMistake::Length);
        }
        let after_first: Span = (days - 1).days();
        let last = first
            .checked_add(after_first)
            .map_err(|_out_of_range| IcsMistake::Length)?;
        let dates = match self.recurrence {
            Some(rule) if is_yearly(&rule, first) => Dates::yearly(first, last),
            Some(rule) => return Err(IcsMistake::Recurrence(shortened(&rule))),
            None => Dates::once(first, last)?,
        };
        Ok(SpecialDays::new(
            dates,
            None,
            summary.trim(),
            Hours::CLOSED,
        )?)
    }
}

/// One line: `NAME;PARAMETER=value:value`. Parameters have no meaning here, because the value
/// itself shows whether it is a date.
struct Property<'l> {
    /// In capital letters.
    name: String,
    value: &'l str,
}

impl<'l> Property<'l> {
    fn parse(line: &'l str) -> Option<Self> {
        let (head, value) = line.split_at_checked(colon(line)?)?;
        let value = value.strip_prefix(':')?;
        let name = head.split(';').next()?;
        let is_name = |char: char| char.is_ascii_alphanumeric() || char == '-';
        (!name.is_empty() && name.chars().all(is_name)).then(|| Self {
            name: name.to_ascii_uppercase(),
            value: value.trim_end(),
        })
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.name == name && self.value.eq_ignore_ascii_case(value)
    }
}

/// Position of the colon before the value; a parameter in quotes may contain others.
fn colon(line: &str) -> Option<usize> {
    let mut quoted = false;
    for (at, char) in line.char_indices() {
        match char {
            '"' => quoted = !quoted,
            ':' if !quoted => return Some(at),
            _other => {}
        }
    }
    None
}

/// A date without a time: `20261225`.
fn date(property: &'static str, value: &str) -> Result<Date, IcsMistake> {
    let date = || {
        let (year, month_day) = value.split_at_checked(4)?;
        let (month, day) = month_day.split_at_checked(2)?;
        Date::new(number(year, 4)?, number(month, 2)?, number(day, 2)?).ok()
    };
    date().ok_or_else(|| IcsMistake::NotADate {
        property,
        got: shortened(value),
    })
}

/// A duration in whole days or weeks, as days: `P1D`, `P2W`.
fn days(value: &str) -> Option<i32> {
    let number = value.strip_prefix("+").unwrap_or(value).strip_prefix('P')?;
    let (number, days) = match number.strip_suffix('W') {
        Some(weeks) => (weeks, 7),
        None => (number.strip_suffix('D')?, 1),
    };
    number
        .parse::<u16>()
        .ok()
        .map(|number| i32::from(number) * days)
}

/// Whether a rule repeats an event on the date `first` in every year, without an end.
fn is_yearly(rule: &str, first: Date) -> bool {
    let mut yearly = false;
    for part in rule.split(';') {
        let Some((name, value)) = part.split_once('=') else {
            return false;
        };
        let is_date = |part: i8| value.parse() == Ok(part);
        match name.to_ascii_uppercase().as_str() {
            "FREQ" if value.eq_ignore_ascii_case("YEARLY") => yearly = true,
            "INTERVAL" if value == "1" => {}
            "BYMONTH" if is_date(first.month()) => {}
            "BYMONTHDAY" if is_date(first.day()) => {}
            "WKST" => {}
            _another_rule => return false,
        }
    }
    yearly
}

/// A text without its escapes: `\,` `\;` `\\` and `\n`, a space here.
fn unescaped(value: &str) -> String {
    let mut text = String::new();
    let mut chars = value.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            text.push(char);
            continue;
        }
        match chars.next() {
            Some('n' | 'N') => text.push(' '),
            Some(escaped) => text.push(escaped),
            None => {}
        }
    }
    text
}

#[cfg(test)]
mod tests;
