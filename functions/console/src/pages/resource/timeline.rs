//! The timeline of a Task: its Events and recorded webhooks, oldest first.

use maud::{Markup, html};
use serde_json::Value;

use super::cells::link;
use crate::console::{entries, text};
use crate::request_context::RequestContext;
use crate::section::Resource;

/// Maximum number of Events, and of webhooks, that are shown.
const ENTRIES_MAX: usize = 200;

/// Time range in minutes: the retention period of Events.
const MINUTES: u32 = 30 * 24 * 60;

/// The position of an entry in the timeline. In one millisecond, a received webhook precedes the
/// Events that it caused, and a sent webhook follows the Events that caused it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    millis: i64,
    kind: EntryKind,
    /// The number among the entries of the same kind.
    number: usize,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum EntryKind {
    Received,
    Event,
    Sent,
}

/// The section of a Task's page.
pub async fn of(context: &RequestContext<'_>, task: &str) -> Markup {
    let events = context
        .get(&format!(
            "Events?TaskSid={task}&Minutes={MINUTES}&PageSize={ENTRIES_MAX}"
        ))
        .await;
    // If the webhooks cannot be read, the timeline consists of Events only.
    let webhooks = context
        .get(&format!("Tasks/{task}/Webhooks?PageSize={ENTRIES_MAX}"))
        .await
        .unwrap_or_default();
    html! {
        section aria-labelledby="timeline" {
            h2 #timeline { "Timeline" }
            @match &events {
                Ok(events) => (list(events, &webhooks)),
                Err(refused) => { p .quiet { (refused.message) } }
            }
        }
    }
}

fn list(events: &Value, webhooks: &Value) -> Markup {
    let mut timeline: Vec<(Position, Markup)> = Vec::new();
    // The API lists the newest Event first.
    for (number, entry) in entries(events).iter().rev().enumerate() {
        let position = Position {
            millis: millis(entry, "event_date_ms"),
            kind: EntryKind::Event,
            number,
        };
        timeline.push((position, event(entry)));
    }
    for (number, entry) in entries(webhooks).iter().enumerate() {
        let kind = if is_sent(entry) {
            EntryKind::Sent
        } else {
            EntryKind::Received
        };
        timeline.push((
            Position {
                millis: millis(entry, "date_created_ms"),
                kind,
                number,
            },
            webhook(entry),
        ));
    }
    timeline.sort_by(|(one, _), (other, _)| one.cmp(other));
    html! {
        @if timeline.is_empty() { p .empty { "There are no entries." } }
        ol .transcript .timeline { @for (_, entry) in timeline { (entry) } }
    }
}

fn event(event: &Value) -> Markup {
    html! {
        li {
            time { (text(event, "event_date")) } " "
            strong { (link(Resource::Events, text(event, "sid"), text(event, "event_type"))) } " "
            (text(event, "description"))
        }
    }
}

/// One webhook as a line; the answer is in a closed section.
fn webhook(webhook: &Value) -> Markup {
    let number = |key: &str| webhook.get(key).and_then(Value::as_u64);
    let answer = text(webhook, "answer");
    let line = html! {
        time { (text(webhook, "date_created")) } " "
        (if is_sent(webhook) { "sent" } else { "received" }) " "
        code { (text(webhook, "method")) " " (text(webhook, "url")) } " "
        (outcome(webhook))
        @if let Some(times) = number("times").filter(|times| *times > 1) { ", " (times) " times" }
    };
    html! {
        li .webhook {
            @if answer.is_empty() { (line) } @else {
                details id={ "webhook-" (text(webhook, "sid")) } {
                    summary { (line) }
                    pre tabindex="0" aria-label={ "Answer to " (text(webhook, "url")) } { (answer) }
                }
            }
        }
    }
}

/// Status and duration, or the reason for which there is no answer.
fn outcome(webhook: &Value) -> Markup {
    let duration = webhook
        .get("duration_ms")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    html! {
        @match webhook.get("status").and_then(Value::as_u64) {
            Some(status) => { span .tag { (status) } " in " (duration) " ms" }
            None => { span .field-error { "no answer: " (text(webhook, "error")) } " after " (duration) " ms" }
        }
    }
}

fn is_sent(webhook: &Value) -> bool {
    text(webhook, "direction") == "sent"
}

fn millis(entry: &Value, key: &str) -> i64 {
    entry.get(key).and_then(Value::as_i64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_follow_received_and_precede_sent() {
        let event =
            |ms: i64, name: &str| json!({"event_date_ms": ms, "event_type": name, "sid": "EV1"});
        let webhook = |ms: i64, direction: &str, url: &str| json!({"date_created_ms": ms, "direction": direction, "url": url, "status": 200, "times": 1});
        let events = json!({"meta": {"key": "events"}, "events": [event(9, "e4"), event(5, "e3"), event(5, "e2")]});
        let webhooks = json!({"meta": {"key": "webhooks"}, "webhooks": [
            webhook(1, "received", "/e0"), webhook(5, "sent", "/e35"), webhook(5, "received", "/e1"), webhook(5, "sent", "/e36"),
        ]});
        let page = list(&events, &webhooks).into_string();
        let at: Vec<usize> = ["/e0", "/e1", "e2", "e3<", "/e35", "/e36", "e4"]
            .iter()
            .map(|name| page.find(name).unwrap())
            .collect();
        assert!(at.is_sorted(), "{at:?} in {page}");
    }

    #[test]
    fn answer_is_escaped_and_error_is_shown() {
        let hostile = json!({"answer": "<script>alert(1)</script>", "url": "/a?<b>", "status": 200, "times": 3});
        let page = webhook(&hostile).into_string();
        assert!(
            !page.contains("<script>") && !page.contains("<b>") && page.contains("3 times"),
            "{page}"
        );
        let lost = json!({"answer": "", "error": "time ran out", "direction": "sent", "status": null, "duration_ms": 5000});
        let page = webhook(&lost).into_string();
        assert!(
            page.contains("no answer: time ran out") && !page.contains("<details"),
            "{page}"
        );
    }
}
