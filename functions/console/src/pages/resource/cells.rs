//! What stands in the cells of tables. Everything is escaped by the template: a name like `<script>` is text.

use http::StatusCode;
use ids::time::Millis;
use maud::{Markup, html};
use serde_json::Value;

use super::Row;
use crate::request_context::{Refused, RequestContext, text};
use crate::routes::nothing_here;

/// Characters of attributes shown in a table.
const ATTRIBUTES_CHARS_MAX: usize = 160;

/// A part of an address that can be a SID; anything else would become part of another address of the API.
pub fn sid_of<'p>(visit: &RequestContext<'_>, part: &'p str) -> Result<&'p str, Refused> {
    let is_sid = part.len() == 34 && part.chars().all(|char| char.is_ascii_alphanumeric());
    is_sid.then_some(part).ok_or_else(|| Refused {
        status: StatusCode::NOT_FOUND,
        ..nothing_here(visit)
    })
}

/// How long something has lasted; the script counts on.
pub fn age(secs: Option<u64>) -> Markup {
    html! { @if let Some(secs) = secs { span .number data-age=(secs) { (words(secs)) } } @else { "–" } }
}

/// How long something will last; the script counts down.
pub fn left_secs(secs: u64) -> Markup {
    html! { span .number .countdown data-left=(secs) { (words(secs)) } }
}

fn words(secs: u64) -> String {
    Millis::from_secs(secs).in_words()
}

/// A Task by the end of its SID, and who it is about.
pub fn task(row: &Row<'_>) -> Markup {
    let sid = text(row.resource, "sid");
    let attributes: Value =
        serde_json::from_str(text(row.resource, "attributes")).unwrap_or_default();
    let from = ["from", "name"]
        .into_iter()
        .find_map(|key| attributes.get(key).and_then(Value::as_str));
    html! { code title=(sid) { (short(sid)) } @if let Some(from) = from { " " (from) } }
}

/// The end of a Task's SID, which tells it from others.
fn short(sid: &str) -> String {
    let start = sid.char_indices().rev().nth(7).map_or(0, |(at, _)| at);
    format!("WT…{}", sid.get(start..).unwrap_or(sid))
}

pub fn name(row: &Row<'_>) -> Markup {
    html! { (text(row.resource, "friendly_name")) }
}

pub fn status(row: &Row<'_>) -> Markup {
    html! { span .tag { (text(row.resource, "assignment_status")) } }
}

pub fn priority(row: &Row<'_>) -> Markup {
    html! { (row.resource.get("priority").and_then(Value::as_u64).unwrap_or_default()) }
}

pub fn channel(row: &Row<'_>) -> Markup {
    html! { (text(row.resource, "task_channel_unique_name")) }
}

pub fn queue(row: &Row<'_>) -> Markup {
    link(
        "task-queues",
        text(row.resource, "task_queue_sid"),
        text(row.resource, "task_queue_friendly_name"),
    )
}

pub fn workflow(row: &Row<'_>) -> Markup {
    link(
        "workflows",
        text(row.resource, "workflow_sid"),
        text(row.resource, "workflow_friendly_name"),
    )
}

/// Workers with an open Reservation.
pub fn who_holds(row: &Row<'_>) -> Markup {
    html! {
        @for worker in of(row.beside, "workers") {
            (link("workers", text(worker, "sid"), text(worker, "friendly_name"))) " "
        }
    }
}

/// What of a Worker's capacity is taken, by TaskChannel; channels in which they take nothing are left out.
pub fn channels(row: &Row<'_>) -> Markup {
    let number = |channel: &Value, name: &str| {
        channel
            .get(name)
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    let shown = |channel: &&Value| number(channel, "capacity") + number(channel, "occupied") > 0;
    html! {
        @for channel in of(row.beside, "channels").iter().filter(shown) {
            span .tag {
                (text(channel, "name")) " " (number(channel, "occupied")) "/" (number(channel, "capacity"))
                @if channel.get("is_open").and_then(Value::as_bool) == Some(false) { " closed" }
            } " "
        }
    }
}

/// The Tasks a Worker holds or is offered.
pub fn reservations(row: &Row<'_>) -> Markup {
    html! {
        @for open in of(row.beside, "reservations") {
            (link("tasks", text(open, "task_sid"), &short(text(open, "task_sid")))) " " (text(open, "channel")) " "
        }
    }
}

fn of<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Tasks of a TaskQueue that have not ended.
pub fn tasks_in_queue(row: &Row<'_>) -> Markup {
    figure(row, "total_tasks")
}

/// How long the one that waits longest has done so.
pub fn longest_wait(row: &Row<'_>) -> Markup {
    waits(row.beside)
}

/// The longest wait among a TaskQueue's numbers. Where nobody waits, the API says 0: that is no wait, and must not count on.
pub fn waits(numbers: &Value) -> Markup {
    let sid = text(numbers, "longest_task_waiting_sid");
    age(numbers
        .get("longest_task_waiting_age")
        .and_then(Value::as_u64)
        .filter(|_| !sid.is_empty()))
}

/// Workers who match a TaskQueue.
pub fn eligible(row: &Row<'_>) -> Markup {
    figure(row, "total_eligible_workers")
}

/// Those of them whose Activity is available.
pub fn available_workers(row: &Row<'_>) -> Markup {
    figure(row, "total_available_workers")
}

fn figure(row: &Row<'_>, name: &str) -> Markup {
    let number = row.beside.get(name).and_then(Value::as_u64);
    html! { @if let Some(number) = number { (number) } @else { "–" } }
}

pub fn activity(row: &Row<'_>) -> Markup {
    let available = row.resource.get("available").and_then(Value::as_bool) == Some(true);
    html! { span .tag { (text(row.resource, "activity_name")) } @if !available { span .unseen { " (not available)" } } }
}

/// Since the Activity was set, by the clock of the answer.
pub fn age_of_status(row: &Row<'_>) -> Markup {
    age(row
        .resource
        .get("seconds_in_status")
        .and_then(Value::as_u64))
}

pub fn attributes(row: &Row<'_>) -> Markup {
    let all = text(row.resource, "attributes");
    let shown: String = all.chars().take(ATTRIBUTES_CHARS_MAX).collect();
    html! { code { (shown) @if shown.len() < all.len() { "…" } } }
}

pub fn expression(row: &Row<'_>) -> Markup {
    html! { code { (text(row.resource, "target_workers")) } }
}

pub fn version_date(row: &Row<'_>) -> Markup {
    html! { time { (text(row.resource, "date_updated")) } }
}

pub fn available(row: &Row<'_>) -> Markup {
    html! { @if row.resource.get("available").and_then(Value::as_bool) == Some(true) { "yes" } @else { "no" } }
}

pub fn step_count(row: &Row<'_>) -> Markup {
    let configuration: Value =
        serde_json::from_str(text(row.resource, "configuration")).unwrap_or_default();
    let filters = configuration
        .pointer("/task_routing/filters")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    html! { (filters) }
}

pub fn event_type(row: &Row<'_>) -> Markup {
    html! { (text(row.resource, "event_type")) }
}

pub fn event_time(row: &Row<'_>) -> Markup {
    html! { time { (text(row.resource, "event_date")) } }
}

pub fn event_about(row: &Row<'_>) -> Markup {
    html! { (text(row.resource, "description")) }
}

/// A link to a resource by its name, or by its SID where it has none.
pub fn link(section: &str, sid: &str, name: &str) -> Markup {
    let shown = if name.is_empty() { sid } else { name };
    html! { @if !sid.is_empty() { a href={ "/console/" (section) "/" (sid) } { (shown) } } }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whatever_people_write_is_shown_as_text() {
        let hostile = "<script>alert(1)</script>\"'&";
        let resource = json!({
            "sid": "WT00000000000000000000000000000001", "friendly_name": hostile, "activity_name": hostile, "description": hostile,
            "attributes": json!({ "from": hostile }).to_string(), "task_queue_sid": hostile, "target_workers": hostile,
        });
        let row = Row {
            resource: &resource,
            beside: &Value::Null,
        };
        for cell in [
            task,
            name,
            activity,
            attributes,
            queue,
            expression,
            event_about,
        ] {
            let markup = cell(&row).into_string();
            assert!(
                !markup.contains("<script") && markup.contains("&lt;script&gt;alert(1)"),
                "{markup}"
            );
        }
    }

    #[test]
    fn where_nobody_waits_no_wait_is_shown_that_would_count_on() {
        let shown = |sid: Option<&str>| {
            waits(&json!({ "longest_task_waiting_age": 0, "longest_task_waiting_sid": sid }))
                .into_string()
        };
        assert_eq!(shown(None), "–");
        assert!(shown(Some("WT1")).contains("data-age=\"0\""));
    }

    #[test]
    fn a_workers_channels_and_reservations_are_shown_as_far_as_they_take_anything() {
        let channel = |name: &str, occupied: u8, capacity: u8, is_open: bool| json!({ "name": name, "occupied": occupied, "capacity": capacity, "is_open": is_open });
        let beside = json!({
            "channels": [channel("voice", 1, 1, true), channel("<b>", 0, 3, false), channel("sms", 0, 0, true)],
            "reservations": [{ "task_sid": "WT00000000000000000000000000000001", "channel": "voice" }],
        });
        let row = Row {
            resource: &Value::Null,
            beside: &beside,
        };
        let shown = channels(&row).into_string();
        assert!(
            shown.contains("voice 1/1<")
                && shown.contains("&lt;b&gt; 0/3 closed")
                && !shown.contains("sms"),
            "{shown}"
        );
        assert!(
            reservations(&row)
                .into_string()
                .contains("/console/tasks/WT00000000000000000000000000000001\">WT…00000001</a>")
        );
    }

    #[test]
    fn spans_of_time_are_said_in_the_largest_fitting_words() {
        for (secs, expected) in [
            (0, "0 s"),
            (59, "59 s"),
            (61, "1 min 1 s"),
            (3_600, "1 h 0 min"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(words(secs), expected);
        }
    }
}
