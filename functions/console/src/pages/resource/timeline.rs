//! A Task's story: its events and the webhooks that were kept of it, oldest first.

use maud::{Markup, html};
use serde_json::Value;

use super::cells::link;
use crate::request_context::{RequestContext, entries, text};

/// Events of one Task that are shown, and webhooks.
const ENTRIES_MAX: usize = 200;

/// Minutes back: as long as events are kept.
const MINUTES: u32 = 30 * 24 * 60;

/// Where something stands in the story. What was received in a millisecond led to the events of that millisecond, and they to
/// what was sent.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    millis: i64,
    kind: Kind,
    /// Among those of the same kind.
    number: usize,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Received,
    Event,
    Sent,
}

/// The section of a Task's page.
pub async fn of(visit: &RequestContext<'_>, task: &str) -> Markup {
    let events = visit
        .get(&format!(
            "Events?TaskSid={task}&Minutes={MINUTES}&PageSize={ENTRIES_MAX}"
        ))
        .await;
    // Where nothing can be read of them the story is one of events alone.
    let webhooks = visit
        .get(&format!("Tasks/{task}/Webhooks?PageSize={ENTRIES_MAX}"))
        .await
        .unwrap_or_default();
    html! {
        section aria-labelledby="story" {
            h2 #story { "Story" }
            @match &events {
                Ok(events) => (time_line(events, &webhooks)),
                Err(refused) => { p .quiet { (refused.message) } }
            }
        }
    }
}

fn time_line(events: &Value, webhooks: &Value) -> Markup {
    let mut story: Vec<(Place, Markup)> = Vec::new();
    // They come newest first.
    for (number, entry) in entries(events).iter().rev().enumerate() {
        let place = Place {
            millis: millis(entry, "event_date_ms"),
            kind: Kind::Event,
            number,
        };
        story.push((place, event(entry)));
    }
    for (number, entry) in entries(webhooks).iter().enumerate() {
        let kind = if is_sent(entry) {
            Kind::Sent
        } else {
            Kind::Received
        };
        story.push((
            Place {
                millis: millis(entry, "date_created_ms"),
                kind,
                number,
            },
            webhook(entry),
        ));
    }
    story.sort_by(|(one, _), (other, _)| one.cmp(other));
    html! {
        @if story.is_empty() { p .empty { "Nothing is known of it." } }
        ol .transcript .story { @for (_, entry) in story { (entry) } }
    }
}

fn event(event: &Value) -> Markup {
    html! {
        li {
            time { (text(event, "event_date")) } " "
            strong { (link("events", text(event, "sid"), text(event, "event_type"))) } " "
            (text(event, "description"))
        }
    }
}

/// A line, and the answer behind it.
fn webhook(webhook: &Value) -> Markup {
    let number = |key: &str| webhook.get(key).and_then(Value::as_u64);
    let answer = text(webhook, "answer");
    let line = html! {
        time { (text(webhook, "date_created")) } " "
        (if is_sent(webhook) { "we asked" } else { "the carrier asked" }) " "
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

/// Status and duration, or why there is no answer.
fn outcome(webhook: &Value) -> Markup {
    let duration = webhook
        .get("duration_ms")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    html! {
        @match webhook.get("status").and_then(Value::as_u64) {
            Some(status) => { span .tag { (status) } " in " (duration) " ms" }
            None => { span .mistake { "no answer: " (text(webhook, "error")) } " after " (duration) " ms" }
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
    fn what_came_in_stands_before_the_events_of_its_millisecond_and_what_went_out_behind_them() {
        let event =
            |ms: i64, name: &str| json!({"event_date_ms": ms, "event_type": name, "sid": "EV1"});
        let webhook = |ms: i64, direction: &str, url: &str| json!({"date_created_ms": ms, "direction": direction, "url": url, "status": 200, "times": 1});
        let events = json!({"meta": {"key": "events"}, "events": [event(9, "e4"), event(5, "e3"), event(5, "e2")]});
        let webhooks = json!({"meta": {"key": "webhooks"}, "webhooks": [
            webhook(1, "received", "/e0"), webhook(5, "sent", "/e35"), webhook(5, "received", "/e1"), webhook(5, "sent", "/e36"),
        ]});
        let page = time_line(&events, &webhooks).into_string();
        let at: Vec<usize> = ["/e0", "/e1", "e2", "e3<", "/e35", "/e36", "e4"]
            .iter()
            .map(|name| page.find(name).unwrap())
            .collect();
        assert!(at.is_sorted(), "{at:?} in {page}");
    }

    #[test]
    fn an_answer_is_text_whatever_it_holds_and_no_answer_says_why() {
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
