//! Moments, numbers and names in words.

use std::cmp::Ordering;

use crate::model::Workspace;
use ids::TaskQueueSid;
use ids::time::Timestamp;

/// Characters of `2015-07-31T` and of `01:09:51` in an ISO 8601 text.
const DATE_CHARS: usize = 11;
const CLOCK_CHARS: usize = 8;

/// `14:03:21 UTC, in 8 s`; with the date if it is not today.
pub(super) fn moment(at: Timestamp, now: Timestamp) -> String {
    let distance = match at.cmp(&now) {
        Ordering::Greater => format!("in {}", at.since(now).in_words()),
        Ordering::Equal => "now".to_owned(),
        Ordering::Less => format!("{} ago", now.since(at).in_words()),
    };
    let then = at.to_iso8601();
    let today = now.to_iso8601();
    let is_today = then.get(..DATE_CHARS) == today.get(..DATE_CHARS);
    match then.get(DATE_CHARS..DATE_CHARS + CLOCK_CHARS) {
        Some(clock) if is_today => format!("{clock} UTC, {distance}"),
        Some(_) | None => format!("{then}, {distance}"),
    }
}

/// `1 Task`, `2 Tasks`.
pub(super) fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A TaskQueue's name, or its SID if it was deleted.
pub(super) fn queue_name(workspace: &Workspace, queue: TaskQueueSid) -> String {
    workspace
        .task_queues
        .get(&queue)
        .map_or_else(|| queue.to_string(), |queue| queue.friendly_name.clone())
}
