//! A decision that differs from the recorded one.

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
    let (Value::Object(replayed), Value::Object(recorded)) = (replayed, recorded) else {
        return String::new();
    };
    let mut keys: Vec<&String> = replayed.keys().chain(recorded.keys()).collect();
    keys.sort();
    keys.dedup();
    let differing = keys
        .into_iter()
        .filter(|key| replayed.get(*key) != recorded.get(*key))
        .map(|key| {
            let shown = |value: Option<&Value>| {
                let text = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
                text.chars().take(SHOWN_CHARS_MAX).collect::<String>()
            };
            format!(
                "{key}: {} instead of {}",
                shown(replayed.get(key)),
                shown(recorded.get(key))
            )
        });
    differing.collect::<Vec<_>>().join("; ")
}
