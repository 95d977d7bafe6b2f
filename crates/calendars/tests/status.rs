//! Which rule decides, and what the clock changes.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use calendars::{Calendar, Rule, Switch, SwitchState};
use ids::time::Timestamp;
use serde_json::{Value, json};

fn calendar(time_zone: &str, more: Value) -> Calendar {
    let mut calendar = json!({"name": "support", "time_zone": time_zone, "hours": {}});
    for (key, value) in more.as_object().unwrap() {
        calendar[key] = value.clone();
    }
    serde_json::from_value(calendar).unwrap()
}

fn berlin() -> Calendar {
    calendar(
        "Europe/Berlin",
        json!({
            "hours": {
                "mon": "08:00-12:00, 13:00-18:00", "tue": "08:00-18:00", "wed": "08:00-18:00",
                "thu": "08:00-18:00", "fri": "08:00-12:00, 22:00-06:00", "sun": "00:00-24:00",
            },
            "holidays": [
                {"dates": "2026-12-25..2026-12-26", "name": "Christmas"},
                {"dates": "12-24", "name": "Christmas Eve", "hours": "08:00-12:00"},
                {"dates": "12-31", "name": "New Year's Eve", "hours": "20:00-02:00"},
            ],
            "exceptions": [
                {"dates": "2026-12-26", "name": "Storm", "hours": "10:00-11:00"},
                {"dates": "11-28..12-20", "weekdays": "sat", "name": "Advent", "hours": "23:00-01:00"},
            ],
        }),
    )
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// `open by hours until …`.
fn status_at(calendar: &Calendar, switch: Option<&Switch>, now: &str) -> String {
    let status = calendar.status(switch, at(now));
    let state = if status.open { "open" } else { "closed" };
    let until = status
        .next_change
        .map_or("-".to_owned(), Timestamp::to_iso8601);
    let rule = match &status.rule {
        Rule::WeeklyHours => "hours",
        Rule::Switch { reason: name } | Rule::Exception { name } | Rule::Holiday { name } => name,
    };
    format!("{state} by {rule} until {until}")
}

#[test]
fn exception_precedes_holiday_and_hours() {
    let berlin = berlin();
    for (now, expected) in [
        (
            "2026-12-14T07:59:59.999+01:00",
            "closed by hours until 2026-12-14T07:00:00Z",
        ),
        (
            "2026-12-14T08:00:00+01:00",
            "open by hours until 2026-12-14T11:00:00Z",
        ),
        (
            "2026-12-14T12:00:00+01:00",
            "closed by hours until 2026-12-14T12:00:00Z",
        ),
        (
            "2026-12-14T18:00:00+01:00",
            "closed by hours until 2026-12-15T07:00:00Z",
        ),
        // A holiday with hours, then closed holidays, of which an exception replaces the second.
        (
            "2026-12-24T11:00:00+01:00",
            "open by Christmas Eve until 2026-12-24T11:00:00Z",
        ),
        (
            "2026-12-24T13:00:00+01:00",
            "closed by Christmas Eve until 2026-12-26T09:00:00Z",
        ),
        (
            "2026-12-25T09:00:00+01:00",
            "closed by Christmas until 2026-12-26T09:00:00Z",
        ),
        (
            "2026-12-26T10:30:00+01:00",
            "open by Storm until 2026-12-26T10:00:00Z",
        ),
        (
            "2026-12-26T11:00:00+01:00",
            "closed by Storm until 2026-12-26T23:00:00Z",
        ),
    ] {
        assert_eq!(status_at(&berlin, None, now), expected, "{now}");
    }
}

#[test]
fn hours_continue_after_midnight() {
    let berlin = berlin();
    for (now, expected) in [
        (
            "2026-11-14T05:59:00+01:00",
            "open by hours until 2026-11-14T05:00:00Z",
        ),
        // Sunday is open, until the break of Monday.
        (
            "2026-11-15T12:00:00+01:00",
            "open by hours until 2026-11-15T23:00:00Z",
        ),
        // Friday's hours end when a special Saturday begins; its hours end on a normal Sunday.
        (
            "2026-11-27T23:00:00+01:00",
            "open by hours until 2026-11-27T23:00:00Z",
        ),
        (
            "2026-11-28T00:30:00+01:00",
            "closed by Advent until 2026-11-28T22:00:00Z",
        ),
        (
            "2026-11-28T23:30:00+01:00",
            "open by Advent until 2026-11-29T23:00:00Z",
        ),
        (
            "2026-11-29T00:30:00+01:00",
            "open by hours until 2026-11-29T23:00:00Z",
        ),
        // New Year's Eve is a Thursday.
        (
            "2027-01-01T01:30:00+01:00",
            "open by New Year's Eve until 2027-01-01T01:00:00Z",
        ),
    ] {
        assert_eq!(status_at(&berlin, None, now), expected, "{now}");
    }
}

#[test]
fn hours_continue_within_one_exception() {
    let night = json!({"dates": "2026-03-02..2026-03-03", "name": "Night", "hours": "22:00-06:00"});
    let calendar = calendar("UTC", json!({"exceptions": [night]}));
    for (now, expected) in [
        (
            "2026-03-02T23:00:00Z",
            "open by Night until 2026-03-03T06:00:00Z",
        ),
        (
            "2026-03-04T05:00:00Z",
            "open by Night until 2026-03-04T06:00:00Z",
        ),
        ("2026-03-04T06:00:00Z", "closed by hours until -"),
    ] {
        assert_eq!(status_at(&calendar, None, now), expected);
    }
}

#[test]
fn switch_precedes_everything() {
    let berlin = berlin();
    let switch = |state, until: Option<&str>| Switch {
        state,
        until: until.map(at),
        reason: "Fire alarm".to_owned(),
    };
    let closed = switch(SwitchState::Closed, None);
    let closed_until = |until| switch(SwitchState::Closed, Some(until));
    let open_until = |until| switch(SwitchState::Open, Some(until));
    let monday = "2026-12-14T09:00:00+01:00";
    for (switch, now, expected) in [
        (&closed, monday, "closed by Fire alarm until -"),
        // The calendar is open when the switch ends.
        (
            &closed_until("2026-12-14T10:00:00+01:00"),
            monday,
            "closed by Fire alarm until 2026-12-14T09:00:00Z",
        ),
        // The calendar is closed when the switch ends: closed until it opens.
        (
            &closed_until("2026-12-14T12:30:00+01:00"),
            monday,
            "closed by Fire alarm until 2026-12-14T12:00:00Z",
        ),
        (
            &open_until("2026-12-14T09:30:00+01:00"),
            monday,
            "open by Fire alarm until 2026-12-14T11:00:00Z",
        ),
        (
            &open_until("2026-12-25T09:30:00+01:00"),
            "2026-12-25T09:00:00+01:00",
            "open by Fire alarm until 2026-12-25T08:30:00Z",
        ),
        // The switch has ended.
        (
            &closed_until(monday),
            monday,
            "open by hours until 2026-12-14T11:00:00Z",
        ),
    ] {
        assert_eq!(status_at(&berlin, Some(switch), now), expected);
    }
}

/// Hours in a gap of the clock begin after it, and hours at a repeated time begin at the first.
#[test]
fn clock_changes_do_not_split_hours() {
    let night = |time_zone, hours: &str| {
        calendar(
            time_zone,
            json!({"hours": {"sun": hours, "sat": hours, "fri": hours}}),
        )
    };
    for (time_zone, hours, now, expected) in [
        // Berlin, 2026-03-29: 02:00 to 03:00 does not exist.
        (
            "Europe/Berlin",
            "02:30-05:00",
            "2026-03-29T00:00:00Z",
            "closed by hours until 2026-03-29T01:30:00Z",
        ),
        (
            "Europe/Berlin",
            "01:00-02:30",
            "2026-03-29T01:15:00Z",
            "open by hours until 2026-03-29T01:30:00Z",
        ),
        // Berlin, 2026-10-25: 02:00 to 03:00 exists twice.
        (
            "Europe/Berlin",
            "01:00-02:30",
            "2026-10-25T00:29:00Z",
            "open by hours until 2026-10-25T00:30:00Z",
        ),
        (
            "Europe/Berlin",
            "02:30-05:00",
            "2026-10-25T00:30:00Z",
            "open by hours until 2026-10-25T04:00:00Z",
        ),
        // Two ranges whose order the gap changes.
        (
            "Europe/Berlin",
            "02:15-02:45, 03:00-03:10",
            "2026-03-29T00:59:00Z",
            "closed by hours until 2026-03-29T01:00:00Z",
        ),
        // Nuuk, 2026-03-28: 23:00 to 24:00 does not exist.
        (
            "America/Nuuk",
            "20:00-23:30",
            "2026-03-29T00:59:00Z",
            "open by hours until 2026-03-29T01:00:00Z",
        ),
        (
            "America/Nuuk",
            "23:30-02:00",
            "2026-03-29T01:10:00Z",
            "open by hours until 2026-03-29T03:00:00Z",
        ),
        // Santiago, 2026-09-06: 00:00 to 01:00 does not exist.
        (
            "America/Santiago",
            "00:00-02:00",
            "2026-09-06T04:00:00Z",
            "open by hours until 2026-09-06T05:00:00Z",
        ),
        // Santiago, 2026-04-04: 23:00 to 24:00 exists twice.
        (
            "America/Santiago",
            "22:00-24:00",
            "2026-04-05T03:30:00Z",
            "open by hours until 2026-04-05T04:00:00Z",
        ),
        // Lord Howe, 2026-04-05: 01:30 to 02:00 exists twice.
        (
            "Australia/Lord_Howe",
            "01:45-03:00",
            "2026-04-04T14:45:00Z",
            "open by hours until 2026-04-04T16:30:00Z",
        ),
    ] {
        assert_eq!(
            status_at(&night(time_zone, hours), None, now),
            expected,
            "{time_zone} {hours} {now}"
        );
    }
}

/// Before 2011 the clocks of St. John's were put back at 00:01, so that a date appeared again.
#[test]
fn date_that_appears_again_has_ended() {
    let calendar = calendar("America/St_Johns", json!({"hours": {"sun": "00:00-24:00"}}));
    // Sunday, 2010-11-07, 00:00:30, and half an hour later Saturday, 23:31.
    for now in ["2010-11-07T02:30:30Z", "2010-11-07T03:01:00Z"] {
        assert_eq!(
            status_at(&calendar, None, now),
            "open by hours until 2010-11-08T03:30:00Z"
        );
    }
}

#[test]
fn calendar_without_changes_has_no_next_change() {
    let always = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .map(|day| (day.to_owned(), json!("00:00-24:00")));
    let always: Value = Value::Object(always.into_iter().collect());
    let now = "2026-12-14T09:00:00Z";
    let open = calendar("Europe/Berlin", json!({"hours": always}));
    assert_eq!(status_at(&open, None, now), "open by hours until -");
    assert_eq!(
        status_at(&calendar("UTC", json!({})), None, now),
        "closed by hours until -"
    );
    let yearly = json!([{"dates": "12-13", "name": "Open day", "hours": "09:00-17:00"}]);
    let yearly = calendar("UTC", json!({"exceptions": yearly}));
    assert_eq!(
        status_at(&yearly, None, now),
        "closed by hours until 2027-12-13T09:00:00Z"
    );
}

#[test]
fn extreme_moments_have_a_status() {
    for millis in [i64::MIN, -62_135_596_800_000, 253_402_300_799_999, i64::MAX] {
        let status = berlin().status(None, Timestamp::from_millis(millis));
        assert!(!status.rule.kind().is_empty());
    }
}

#[test]
fn facts_are_plain_values() {
    let berlin = berlin();
    let facts = |now: &str| {
        let now = at(now);
        serde_json::to_value(berlin.status(None, now).facts(now)).unwrap()
    };
    assert_eq!(
        facts("2026-12-24T07:58:59+01:00"),
        json!({"open": false, "rule": "holiday", "name": "Christmas Eve",
            "opens_in_minutes": 2, "closes_in_minutes": null})
    );
    assert_eq!(
        facts("2026-12-14T11:59:59+01:00"),
        json!({"open": true, "rule": "hours", "name": "",
            "opens_in_minutes": null, "closes_in_minutes": 1})
    );
}
