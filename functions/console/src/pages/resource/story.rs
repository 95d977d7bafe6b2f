//! A Task's story: its events, oldest first, and why it waits.

use maud::{Markup, html};
use serde_json::Value;

use super::cells::link;
use crate::visit::{Visit, entries, text};

/// Events of one Task that are shown.
const EVENTS_MAX: usize = 200;

/// Minutes back: as long as events are kept.
const MINUTES: u32 = 30 * 24 * 60;

/// The section of a Task's page.
pub async fn of(visit: &Visit<'_>, task: &str) -> Markup {
    let list = visit.get(&format!("Events?TaskSid={task}&Minutes={MINUTES}&PageSize={EVENTS_MAX}")).await;
    html! {
        section aria-labelledby="story" {
            h2 #story { "Story" }
            @match &list {
                Ok(list) => (time_line(list)),
                Err(refused) => { p .quiet { (refused.message) } }
            }
        }
    }
}

fn time_line(list: &Value) -> Markup {
    let mut events: Vec<&Value> = entries(list).iter().collect();
    events.sort_by_key(|event| moment(event));
    html! {
        @if events.is_empty() { p .empty { "Nothing is known of it." } }
        ol .transcript {
            @for event in events {
                li {
                    time { (text(event, "event_date")) } " "
                    strong { (link("events", text(event, "sid"), text(event, "event_type"))) } " "
                    (text(event, "description"))
                }
            }
        }
    }
}

/// When, to the millisecond, and then the id, which counts on within one.
fn moment(event: &Value) -> (String, String) {
    let millis = event.get("event_date_ms").map(ToString::to_string);
    (millis.unwrap_or_else(|| text(event, "event_date").to_owned()), text(event, "sid").to_owned())
}
