//! A decision that differs from the recorded one.

use std::collections::BTreeSet;
use std::fmt::Write;

use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid};
use serde::Serialize;
use serde_json::Value;
use task_router::model::Task;

/// Characters of a value that a difference shows.
const SHOWN_CHARS_MAX: usize = 80;

/// A decision that the engine makes in another way now.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The moment of the decision.
    pub at: Timestamp,
    /// What was decided about.
    pub subject: Subject,
    /// The kind of the decision.
    pub topic: Topic,
    /// What was recorded.
    pub recorded: String,
    /// What the engine decides now.
    pub replayed: String,
}

/// The subject of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A Task.
    Task(TaskSid),
    /// A Worker, with the friendly name.
    Worker(WorkerSid, String),
}

/// The kind of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// TaskQueue, priority and step of a new Task.
    Creation,
    /// The Worker that a Task is offered to.
    Offer,
    /// The end of an offer, a step, a wait or a wrap-up by time.
    Time,
    /// What a Worker gets back after a Reservation.
    Worker,
}

impl Topic {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creation => "creation",
            Self::Offer => "offer",
            Self::Time => "time",
            Self::Worker => "worker",
        }
    }
}

/// A Task in few words.
pub(super) fn outcome_of(task: &Task) -> String {
    let mut text = task.assignment_status.as_str().to_owned();
    if let Some(reason) = &task.reason {
        // Writing to a String cannot fail.
        let _ = write!(text, " because {}", reason.as_str());
    }
    let _ = write!(
        text,
        ", priority {}, step {:?}, TaskQueue {}",
        task.priority, task.position.step, task.task_queue_sid
    );
    text
}

/// The fields in which two values differ, as `field: replayed instead of recorded`.
pub(super) fn fields<T: Serialize>(replayed: &T, recorded: &T) -> String {
    let replayed = serde_json::to_value(replayed).unwrap_or_default();
    let recorded = serde_json::to_value(recorded).unwrap_or_default();
    let mut found = Vec::new();
    differences("", Some(&replayed), Some(&recorded), &mut found);
    found.join("; ")
}

/// Adds the differing fields below a path. Recurses as deep as the values, whose depth the JSON
/// parser limits.
fn differences(
    path: &str,
    replayed: Option<&Value>,
    recorded: Option<&Value>,
    found: &mut Vec<String>,
) {
    if replayed == recorded {
        return;
    }
    match (replayed, recorded) {
        (Some(Value::Object(replayed)), Some(Value::Object(recorded))) => {
            let keys: BTreeSet<&String> = replayed.keys().chain(recorded.keys()).collect();
            for key in keys {
                let separator = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{separator}{key}");
                differences(&path, replayed.get(key), recorded.get(key), found);
            }
        }
        (Some(Value::Array(replayed)), Some(Value::Array(recorded))) => {
            for index in 0..replayed.len().max(recorded.len()) {
                let path = format!("{path}[{index}]");
                differences(&path, replayed.get(index), recorded.get(index), found);
            }
        }
        (replayed, recorded) => found.push(format!(
            "{path}: {} instead of {}",
            shown(replayed),
            shown(recorded)
        )),
    }
}

fn shown(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    text.chars().take(SHOWN_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differing_fields_have_paths() {
        let recorded = json!({ "a": [{ "b": 1, "c": 2 }], "d": "x" });
        let replayed = json!({ "a": [{ "b": 3, "c": 2 }, 4], "d": "x" });
        let expected = "a[0].b: 3 instead of 1; a[1]: 4 instead of nothing";
        assert_eq!(fields(&replayed, &recorded), expected);
        assert_eq!(fields(&recorded, &recorded), "");
    }
}
