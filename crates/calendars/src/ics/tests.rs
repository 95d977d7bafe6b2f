use super::*;

fn file(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

fn event(properties: &str) -> String {
    file(&format!("BEGIN:VEVENT\r\n{properties}\r\nEND:VEVENT\r\n"))
}

fn lines(text: &str) -> Vec<String> {
    match read(text) {
        Ok(days) => days
            .iter()
            .map(|days| format!("{} {}", days.dates(), days.name()))
            .collect(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn all_day_events_are_holidays() {
    let text = "\u{feff}BEGIN:VCALENDAR
PRODID:-//Example//Holidays//EN
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261003
DTEND;VALUE=DATE:20261004
DTSTAMP:20260101T000000Z
SUMMARY;X-NOTE=\"a:b\":Tag der Deutschen Ein
 heit\\, bundes
\tweit\\nfrei
BEGIN:VALARM
SUMMARY:Not the holiday's
DURATION:PT5M
END:VALARM
END:VEVENT
begin:vevent
dtstart:20261224
duration:P3D
summary:Christmas
end:vevent
BEGIN:VEVENT
SUMMARY:New Year
RRULE:FREQ=YEARLY;INTERVAL=1;BYMONTH=1;BYMONTHDAY=1;WKST=MO
DTSTART;VALUE=DATE:20200101
END:VEVENT
BEGIN:VEVENT
SUMMARY:Between the years
RRULE:FREQ=YEARLY
DTSTART;VALUE=DATE:20201227
DTEND;VALUE=DATE:20210102
END:VEVENT
BEGIN:VEVENT
SUMMARY:Labour Day
DTSTART;VALUE=DATE:20260501
DTEND;VALUE=DATE:20260501
END:VEVENT
BEGIN:VEVENT
SUMMARY:Canceled
STATUS:CANCELLED
DTSTART;VALUE=DATE:20260505
END:VEVENT
END:VCALENDAR
";
    assert_eq!(
        lines(text),
        [
            "2026-10-03 Tag der Deutschen Einheit, bundesweit frei",
            "2026-12-24..2026-12-26 Christmas",
            "01-01 New Year",
            "12-27..01-01 Between the years",
            "2026-05-01 Labour Day",
        ]
    );
    assert_eq!(read(&file("")), Ok(Vec::new()));
}

#[test]
fn event_that_is_not_understood_is_an_error() {
    for (properties, expected) in [
        ("SUMMARY:A", "line 3: the event has no DTSTART"),
        ("DTSTART:20261225", "line 3: the event has no SUMMARY"),
        (
            "SUMMARY:A\r\nDTSTART:20261225T080000Z",
            "line 5: DTSTART: expected an all-day event, with a date such as 20261225, got \"20261225T080000Z\"",
        ),
        (
            "SUMMARY:A\r\nDTSTART:20260229",
            "line 5: DTSTART: expected an all-day event, with a date such as 20261225, got \"20260229\"",
        ),
        (
            "SUMMARY:A\r\nDTSTART:20261225\r\nDTEND:20261224",
            "line 3: expected an event of 1 to 366 days",
        ),
        (
            "SUMMARY:A\r\nDTSTART:20261225\r\nDURATION:P367D",
            "line 3: expected an event of 1 to 366 days",
        ),
        (
            "SUMMARY:A\r\nDTSTART:99991231\r\nDURATION:P2D",
            "line 3: expected an event of 1 to 366 days",
        ),
        (
            "SUMMARY:A\r\nDTSTART:20261225\r\nDURATION:PT8H",
            "line 6: DURATION: expected days such as P1D, got \"PT8H\"",
        ),
        (
            "SUMMARY:A\r\nDTSTART:20261126\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            "line 3: RRULE: expected FREQ=YEARLY, the date of DTSTART in every year, got \"FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\"",
        ),
        (
            "SUMMARY:A\r\nDTSTART:20261126\r\nRRULE:FREQ=YEARLY;COUNT=2",
            "line 3: RRULE: expected FREQ=YEARLY, the date of DTSTART in every year, got \"FREQ=YEARLY;COUNT=2\"",
        ),
        (
            "SUMMARY:A\r\nDTSTART:20261126\r\nRRULE:FREQ=YEARLY;BYMONTH=10",
            "line 3: RRULE: expected FREQ=YEARLY, the date of DTSTART in every year, got \"FREQ=YEARLY;BYMONTH=10\"",
        ),
        (
            "SUMMARY:A\r\nEXDATE:20261225",
            "line 5: EXDATE is not supported; write an event for each day",
        ),
        (
            "SUMMARY:\r\nDTSTART:20261225",
            "line 3: SUMMARY: expected a name of 1 to 100 characters, got 0 characters",
        ),
        (
            "no property",
            "line 4: expected NAME:value, got \"no property\"",
        ),
        (
            "END:VCALENDAR",
            "line 4: expected END:VEVENT, got END:VCALENDAR",
        ),
    ] {
        let got = lines(&event(properties));
        assert_eq!(got.first().map(String::as_str), Some(expected), "{got:?}");
    }
}

#[test]
fn all_errors_are_reported() {
    let wrong = "BEGIN:VEVENT\nSUMMARY:A\nDTSTART:1\nEND:VEVENT\n";
    assert_eq!(lines(&file(&wrong.repeat(3))).len(), 3);
    assert_eq!(
        lines(&file(&wrong.repeat(ERRORS_MAX + 1))).len(),
        ERRORS_MAX
    );
}

#[test]
fn file_that_is_no_calendar_is_refused() {
    let not_a_calendar = "expected a calendar file, which begins with BEGIN:VCALENDAR";
    let event = "BEGIN:VEVENT\nSUMMARY:A\nDTSTART:20261225\nEND:VEVENT\n";
    for (text, expected) in [
        ("", format!("line 1: {not_a_calendar}")),
        (
            "BEGIN:VCARD\nEND:VCARD",
            format!("line 1: {not_a_calendar}"),
        ),
        (
            "BEGIN:VCALENDAR",
            "line 1: the file ends before END:VCALENDAR".to_owned(),
        ),
        (
            &"a".repeat(ICS_BYTES_MAX + 1),
            "line 1: expected at most 1048576 bytes, got 1048577".to_owned(),
        ),
        (
            &file(&event.repeat(HOLIDAYS_MAX + 1)),
            "line 4003: expected at most 1000 events".to_owned(),
        ),
    ] {
        assert_eq!(lines(text).first(), Some(&expected));
    }
}
