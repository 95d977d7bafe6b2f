//! The cells of tables. The template escapes everything: a name like `<script>` is shown as text.

use ids::time::Millis;
use maud::{Markup, html};
use serde_json::Value;

use super::schema::Row;
use crate::console::{Refused, text};
use crate::request_context::RequestContext;
use crate::section::Resource;

/// Maximum number of characters of attributes in a table.
const ATTRIBUTES_CHARS_MAX: usize = 160;

/// A path part that has the form of a SID. Anything else is refused: it would change the address of
/// the API request.
pub fn sid_of<'p>(context: &RequestContext<'_>, part: &'p str) -> Result<&'p str, Refused> {
    let is_sid = part.len() == 34 && part.chars().all(|char| char.is_ascii_alphanumeric());
    if is_sid {
        Ok(part)
    } else {
        Err(context.no_such_page())
    }
}

/// An age in words; the page's script counts it up.
pub fn age(secs: Option<u64>) -> Markup {
    html! { @if let Some(secs) = secs { span .number data-age=(secs) { (words(secs)) } } @else { "–" } }
}

/// A time that is left, in words; the page's script counts it down.
pub fn left_secs(secs: u64) -> Markup {
    html! { span .number .countdown data-left=(secs) { (words(secs)) } }
}

fn words(secs: u64) -> String {
    Millis::from_secs(secs).in_words()
}

/// A Task: the end of its SID, and the number or name in its attributes.
pub fn task(row: &Row<'_>) -> Markup {
    let sid = text(row.resource, "sid");
    let attributes: Value =
        serde_json::from_str(text(row.resource, "attributes")).unwrap_or_default();
    let from = ["from", "name"]
        .into_iter()
        .find_map(|key| attributes.get(key).and_then(Value::as_str));
    html! { code title=(sid) { (short(sid)) } @if let Some(from) = from { " " (from) } }
}

/// The last eight characters of a Task's SID.
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
        Resource::TaskQueues,
        text(row.resource, "task_queue_sid"),
        text(row.resource, "task_queue_friendly_name"),
    )
}

pub fn workflow(row: &Row<'_>) -> Markup {
    link(
        Resource::Workflows,
        text(row.resource, "workflow_sid"),
        text(row.resource, "workflow_friendly_name"),
    )
}

/// The Workers with an open Reservation for the Task.
pub fn holders(row: &Row<'_>) -> Markup {
    html! {
        @for worker in array(row.related, "workers") {
            (link(Resource::Workers, text(worker, "sid"), text(worker, "friendly_name"))) " "
        }
    }
}

/// The occupied capacity of a Worker by TaskChannel; channels without capacity are left out.
pub fn channels(row: &Row<'_>) -> Markup {
    let number = |channel: &Value, name: &str| {
        channel
            .get(name)
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    let shown = |channel: &&Value| number(channel, "capacity") + number(channel, "occupied") > 0;
    html! {
        @for channel in array(row.related, "channels").iter().filter(shown) {
            span .tag {
                (text(channel, "name")) " " (number(channel, "occupied")) "/" (number(channel, "capacity"))
                @if channel.get("is_open").and_then(Value::as_bool) == Some(false) { " closed" }
            } " "
        }
    }
}

/// The open Reservations of a Worker, by Task.
pub fn reservations(row: &Row<'_>) -> Markup {
    html! {
        @for open in array(row.related, "reservations") {
            (link(Resource::Tasks, text(open, "task_sid"), &short(text(open, "task_sid")))) " " (text(open, "channel")) " "
        }
    }
}

fn array<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The number of Tasks of a TaskQueue that have not ended.
pub fn tasks_in_queue(row: &Row<'_>) -> Markup {
    figure(row, "total_tasks")
}

/// The age of the Task that waits longest.
pub fn longest_wait(row: &Row<'_>) -> Markup {
    longest_wait_of(row.related)
}

/// The longest wait in a TaskQueue's statistics. When no Task waits, the API reports an age of 0
/// without a SID; a dash is shown, because an age would be counted up.
pub fn longest_wait_of(statistics: &Value) -> Markup {
    if text(statistics, "longest_task_waiting_sid").is_empty() {
        return age(None);
    }
    age(statistics
        .get("longest_task_waiting_age")
        .and_then(Value::as_u64))
}

/// The number of Workers who satisfy the TaskQueue's expression.
pub fn eligible(row: &Row<'_>) -> Markup {
    figure(row, "total_eligible_workers")
}

/// The number of those Workers whose Activity is available.
pub fn available_workers(row: &Row<'_>) -> Markup {
    figure(row, "total_available_workers")
}

fn figure(row: &Row<'_>, name: &str) -> Markup {
    let number = row.related.get(name).and_then(Value::as_u64);
    html! { @if let Some(number) = number { (number) } @else { "–" } }
}

pub fn activity(row: &Row<'_>) -> Markup {
    let available = row.resource.get("available").and_then(Value::as_bool) == Some(true);
    html! { span .tag { (text(row.resource, "activity_name")) } @if !available { span .unseen { " (not available)" } } }
}

/// Seconds since the Worker's Activity changed.
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

/// A link to a resource, labelled with its name, or with its SID if it has no name.
pub fn link(resource: Resource, sid: &str, name: &str) -> Markup {
    let shown = if name.is_empty() { sid } else { name };
    html! { @if !sid.is_empty() { a href={ "/console/" (resource.path()) "/" (sid) } { (shown) } } }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn resource_text_is_escaped() {
        let hostile = "<script>alert(1)</script>\"'&";
        let resource = json!({
            "sid": "WT00000000000000000000000000000001", "friendly_name": hostile, "activity_name": hostile, "description": hostile,
            "attributes": json!({ "from": hostile }).to_string(), "task_queue_sid": hostile, "target_workers": hostile,
        });
        let row = Row {
            resource: &resource,
            related: &Value::Null,
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
    fn no_waiting_task_shows_a_dash() {
        let shown = |sid: Option<&str>| {
            longest_wait_of(
                &json!({ "longest_task_waiting_age": 0, "longest_task_waiting_sid": sid }),
            )
            .into_string()
        };
        assert_eq!(shown(None), "–");
        assert!(shown(Some("WT1")).contains("data-age=\"0\""));
    }

    #[test]
    fn channels_without_capacity_are_left_out() {
        let channel = |name: &str, occupied: u8, capacity: u8, is_open: bool| json!({ "name": name, "occupied": occupied, "capacity": capacity, "is_open": is_open });
        let related = json!({
            "channels": [channel("voice", 1, 1, true), channel("<b>", 0, 3, false), channel("sms", 0, 0, true)],
            "reservations": [{ "task_sid": "WT00000000000000000000000000000001", "channel": "voice" }],
        });
        let row = Row {
            resource: &Value::Null,
            related: &related,
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
    fn durations_use_the_largest_units() {
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
