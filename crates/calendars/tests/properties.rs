//! `next_change` is the first moment at which `open` differs, in random calendars and weeks.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use calendars::{Calendar, Dates, Hours, SpecialDays, Status, Switch, SwitchState, Weekdays, ics};
use ids::time::{Millis, Timestamp};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::json;

/// Zones with a change at midnight, with half hours, with a missing day, and without changes.
const ZONES: [&str; 11] = [
    "America/Nuuk",
    "America/Santiago",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Europe/Berlin",
    "America/Havana",
    "America/St_Johns",
    "Pacific/Apia",
    "Africa/Cairo",
    "UTC",
];

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Days that are compared, with a change of the clock in their middle.
const DAYS_COMPARED: u64 = 4;

const MINUTES: u64 = DAYS_COMPARED * 24 * 60;

/// Random calendars a property; each takes some 0.2 s.
const CASES: u32 = 8;

/// Hours of up to three ranges, the last of which may pass midnight.
fn hours() -> impl Strategy<Value = String> {
    let written = |minutes: &u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let times = proptest::collection::btree_set(0_u16..=96, 0..=6);
    (times, any::<bool>()).prop_map(move |(times, overnight)| {
        let mut times: Vec<u16> = times.into_iter().map(|quarter| quarter * 15).collect();
        if times.len() % 2 == 1 {
            times.pop();
        }
        let last = times.len().saturating_sub(1);
        if overnight && times.len() >= 2 && times[last - 1] > 15 {
            times[last] = times[last - 1] / 2;
        }
        let ranges: Vec<String> = times
            .chunks(2)
            .map(|range| format!("{}-{}", written(&range[0]), written(&range[1])))
            .collect();
        if ranges.is_empty() {
            "closed".to_owned()
        } else {
            ranges.join(", ")
        }
    })
}

/// Two days before a change of the clock, or any minute, from 2005 to 2035.
fn begin(zone: &'static str) -> impl Strategy<Value = Timestamp> {
    let any_day = 1_104_537_600_i64..2_051_222_400;
    (any_day, any::<bool>()).prop_map(move |(secs, at_change)| {
        let zone = TimeZone::get(zone).unwrap();
        let moment = jiff::Timestamp::from_second(secs / 60 * 60).unwrap();
        let change = zone
            .following(moment)
            .next()
            .map(|change| change.timestamp());
        let begin = match change {
            Some(change) if at_change => change.as_millisecond() - 2 * 86_400_000,
            Some(_) | None => moment.as_millisecond(),
        };
        Timestamp::from_millis(begin)
    })
}

fn case() -> impl Strategy<Value = (Calendar, Timestamp)> {
    (0..ZONES.len()).prop_flat_map(|zone| {
        let zone = ZONES[zone];
        let week = proptest::collection::vec(hours(), 7);
        let special = proptest::collection::vec((0_i64..5, 0_i64..3, hours()), 0..4);
        (week, special, begin(zone)).prop_map(move |(week, special, begin)| {
            let hours: serde_json::Map<_, _> = DAYS
                .iter()
                .zip(week)
                .map(|(day, hours)| ((*day).to_owned(), json!(hours)))
                .collect();
            let first = |offset: i64| {
                let moment =
                    jiff::Timestamp::from_millisecond(begin.as_millis() + offset * 86_400_000);
                moment
                    .unwrap()
                    .to_zoned(TimeZone::get(zone).unwrap())
                    .date()
            };
            let special: Vec<_> = special
                .into_iter()
                .map(|(offset, days, hours)| {
                    let dates = format!("{}..{}", first(offset), first(offset + days));
                    json!({"dates": dates, "name": "Special", "hours": hours})
                })
                .collect();
            let (exceptions, holidays) = special.split_at(special.len() / 2);
            let calendar = json!({"name": "a", "time_zone": zone, "hours": hours,
                "holidays": holidays, "exceptions": exceptions});
            (serde_json::from_value(calendar).unwrap(), begin)
        })
    })
}

/// The minutes from `begin`, each with its status.
fn minutes(
    calendar: &Calendar,
    switch: Option<&Switch>,
    begin: Timestamp,
) -> Vec<(Timestamp, Status)> {
    (0..MINUTES)
        .map(|minute| begin + Millis::from_secs(minute * 60))
        .map(|moment| (moment, calendar.status(switch, moment)))
        .collect()
}

/// Compares `next_change` of every minute with the minutes after it. All changes are at whole
/// minutes.
fn check_changes(minutes: &[(Timestamp, Status)]) -> Result<(), TestCaseError> {
    let (mut next, last) = (None, minutes.last().unwrap());
    for (index, (moment, status)) in minutes.iter().enumerate().rev() {
        if let Some((after, later)) = minutes.get(index + 1)
            && later.open != status.open
        {
            next = Some(*after);
        }
        match next {
            Some(_) => prop_assert_eq!(status.next_change, next, "{:?}", moment),
            None => prop_assert!(status.next_change.is_none_or(|change| change > last.0)),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn next_change_is_the_first_difference((calendar, begin) in case()) {
        check_changes(&minutes(&calendar, None, begin))?;
    }

    #[test]
    fn switch_ends_at_its_moment(
        (calendar, begin) in case(),
        open in any::<bool>(),
        minutes_on in 1_u64..MINUTES,
    ) {
        let until = begin + Millis::from_secs(minutes_on * 60);
        let state = if open { SwitchState::Open } else { SwitchState::Closed };
        let switch = Switch { state, until: Some(until), reason: String::new() };
        let minutes = minutes(&calendar, Some(&switch), begin);
        check_changes(&minutes)?;
        for (moment, status) in &minutes {
            prop_assert_eq!(status.rule.kind() == "switch", *moment < until);
            prop_assert!(*moment >= until || status.open == open);
        }
    }

    /// Where the clock does not change, the hours are those that it shows.
    #[test]
    fn hours_are_those_of_the_clock((calendar, begin) in case()) {
        /// Yesterday's and today's hours, wherever in the day the moment is.
        const AROUND: jiff::SignedDuration = jiff::SignedDuration::from_hours(50);
        let zone = TimeZone::get(calendar.time_zone.name()).unwrap();
        for (moment, status) in minutes(&calendar, None, begin).iter().step_by(5) {
            let moment = jiff::Timestamp::from_millisecond(moment.as_millis()).unwrap();
            let unchanged = zone
                .following(moment - AROUND)
                .next()
                .is_none_or(|change| change.timestamp() > moment + AROUND);
            if unchanged {
                let shown = zone.to_datetime(moment);
                prop_assert_eq!(status.open, is_open(&calendar, shown), "{}", shown);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Every written form either is an error or is printed as it is read.
    #[test]
    fn written_forms_survive_a_round_trip(text in "[0-9:., -]{0,24}|[0-9-]{0,12}(\\.\\.[0-9-]{0,12})? ?\\PC{0,12}") {
        fn check<T: std::str::FromStr + ToString + PartialEq + std::fmt::Debug>(
            text: &str,
        ) -> Result<(), TestCaseError> {
            if let Ok(value) = text.parse::<T>() {
                prop_assert_eq!(value.to_string().parse::<T>().ok(), Some(value));
            }
            Ok(())
        }
        check::<Hours>(&text)?;
        check::<Weekdays>(&text)?;
        check::<Dates>(&text)?;
        let _read = text.parse::<SpecialDays>();
    }

    /// No calendar file causes a panic, and its holidays are valid.
    #[test]
    fn calendar_files_are_read_or_refused(
        lines in "(BEGIN:VEVENT\n|END:VEVENT\n|SUMMARY:A\n|DT(START|END):(9999|2026)(1231|0[0-9]0[0-9])\n|DURATION:P[0-9]{0,6}[DW]\n|RRULE:FREQ=YEARLY\n|\\PC\n? ?){0,12}",
    ) {
        let file = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}END:VEVENT\nEND:VCALENDAR");
        for holiday in ics::read(&file).unwrap_or_default() {
            let json = serde_json::to_value(&holiday).unwrap();
            prop_assert_eq!(serde_json::from_value::<SpecialDays>(json).unwrap(), holiday);
        }
    }
}

/// A second implementation, which knows dates and times only.
fn is_open(calendar: &Calendar, shown: jiff::civil::DateTime) -> bool {
    let minute = u16::try_from(shown.hour()).unwrap() * 60 + u16::try_from(shown.minute()).unwrap();
    let (today, today_rule) = hours_on(calendar, shown.date());
    let (yesterday, yesterday_rule) = hours_on(calendar, shown.date().yesterday().unwrap());
    let in_today = today
        .iter()
        .any(|(from, to)| *from <= minute && (minute < *to || to < from));
    let continues = today_rule.is_none() || today_rule == yesterday_rule;
    let in_yesterday = yesterday.iter().any(|(from, to)| to < from && minute < *to);
    in_today || (continues && in_yesterday)
}

/// The hours of a date in minutes, and the index of its exception or holiday.
fn hours_on(calendar: &Calendar, date: jiff::civil::Date) -> (Vec<(u16, u16)>, Option<usize>) {
    let special = calendar.exceptions.iter().chain(&calendar.holidays);
    let special = special.enumerate().find(|(_, days)| {
        let dates = days.dates().to_string();
        let (first, last) = dates.split_once("..").unwrap_or((&dates, &dates));
        (first..=last).contains(&date.to_string().as_str())
    });
    let monday_based = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap();
    let weekday: calendars::Weekday = DAYS[monday_based].parse().unwrap();
    let hours = match special {
        Some((_, days)) => days.hours(),
        None => &calendar.hours[&weekday],
    };
    let ranges = hours.ranges().iter();
    let ranges = ranges
        .map(|range| (range.from().minutes(), range.to().minutes()))
        .collect();
    (ranges, special.map(|(index, _)| index))
}
