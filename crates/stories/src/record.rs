//! Writes the story of a Task that happened, from its Events.
//!
//! The story creates the same Task, makes each Worker available when the Task was offered to them,
//! answers as they did, and expects what happened. A call becomes a Task of the channel `voice`:
//! the keys of the caller are in no Event. Numbers in attributes are replaced, because a story is
//! kept for years and a caller's number is not.

use std::fmt::Write;

use ids::time::{Millis, Timestamp};
use serde_json::{Map, Value};

/// The moment of the story at which the Task is created.
const CREATED_AT: Millis = Millis::from_secs(10);

/// Stands for every telephone number in the attributes.
const NUMBER: &str = "+17075550142";

/// Attributes that belong to the call and not to its routing.
const LEFT_OUT: [&str; 2] = ["call_sid", "flow"];

/// Reasons of an end that comes by itself as time passes.
const ENDS_OF_TIME: [&str; 5] = [
    "Task TTL Exceeded",
    "Task canceled on Workflow timeout",
    "Task canceled on Workflow skip",
    "Task TTL Exceeded or Max assignment count exceeded",
    "wrap-up limit reached",
];

/// The Events do not make a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoStory {
    /// There is no Event of the Task's creation: it was longer ago than Events are kept.
    NotCreated,
    /// An Event lacks a field.
    Field(&'static str),
}

impl std::fmt::Display for NoStory {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotCreated => out.write_str("there is no event of the Task's creation"),
            Self::Field(name) => write!(out, "an event has no field {name}"),
        }
    }
}

impl std::error::Error for NoStory {}

/// An Event, as the REST API shows it.
struct Event<'e> {
    kind: &'e str,
    at: Timestamp,
    data: &'e Map<String, Value>,
}

/// What a story does and expects at one moment.
#[derive(Default)]
struct Moment {
    steps: Vec<String>,
    expectations: Vec<String>,
}

/// The story of the Task `sid`, whose Events the REST API shows as `events`, oldest first.
///
/// # Errors
/// The Events do not begin with the Task's creation.
pub fn story(sid: &str, events: &[Value]) -> Result<String, NoStory> {
    let events: Vec<Event<'_>> = events.iter().map(Event::read).collect::<Result<_, _>>()?;
    let created = events.iter().find(|event| event.kind == "task.created");
    let created = created.ok_or(NoStory::NotCreated)?;
    let mut text = format!(
        "== Recorded: {sid}\n# Created at {}.\n00:00  no Worker is available\n",
        created.at.to_iso8601()
    );
    let mut known: Vec<&str> = Vec::new();
    let mut rest = events.as_slice();
    while let Some(first) = rest.first() {
        let second = first.at.as_secs();
        let count = rest.iter().take_while(|event| event.at.as_secs() == second);
        let (group, after) = rest.split_at(count.count());
        rest = after;
        let moment = Moment::of(group, &mut known)?;
        let at = CREATED_AT.saturating_add(since(created.at, first.at));
        moment.write(&mut text, at);
    }
    Ok(text)
}

fn since(start: Timestamp, at: Timestamp) -> Millis {
    let seconds = at.as_secs().saturating_sub(start.as_secs());
    Millis::from_secs(u64::try_from(seconds).unwrap_or(0))
}

impl<'e> Event<'e> {
    fn read(event: &'e Value) -> Result<Self, NoStory> {
        let kind = event.get("event_type").and_then(Value::as_str);
        let at = event.get("event_date_ms").and_then(Value::as_i64);
        let data = event.get("event_data").and_then(Value::as_object);
        Ok(Self {
            kind: kind.ok_or(NoStory::Field("event_type"))?,
            at: Timestamp::from_millis(at.ok_or(NoStory::Field("event_date_ms"))?),
            data: data.ok_or(NoStory::Field("event_data"))?,
        })
    }

    fn text(&self, name: &'static str) -> Result<&'e str, NoStory> {
        let text = self.data.get(name).and_then(Value::as_str);
        text.ok_or(NoStory::Field(name))
    }
}

impl Moment {
    /// The moment of Events within one second. `known` are the Workers who were made available.
    fn of<'e>(group: &[Event<'e>], known: &mut Vec<&'e str>) -> Result<Self, NoStory> {
        let mut moment = Self::default();
        let mut offered: Vec<String> = Vec::new();
        let mut queue = None;
        for event in group {
            match event.kind {
                "task.created" => moment.steps.push(creation(event)?),
                "task-queue.entered" => queue = Some(event.text("task_queue_name")?),
                "reservation.created" => {
                    let worker = event.text("worker_name")?;
                    if !known.contains(&worker) {
                        known.push(worker);
                        let activity = event.text("worker_activity_name")?;
                        let step = format!("{} becomes {}", word(worker), word(activity));
                        // Before the Task is created, so that it is offered at once.
                        moment.steps.insert(0, step);
                    }
                    offered.push(word(worker));
                }
                _ => moment.add(event)?,
            }
        }
        if !offered.is_empty() {
            let offered = offered.join(" and ");
            moment
                .expectations
                .push(format!("t1 is offered to {offered}"));
        } else if let Some(queue) = queue {
            moment
                .expectations
                .push(format!("t1 is pending in {}", word(queue)));
        }
        Ok(moment)
    }

    /// Adds what a Worker or the system did.
    fn add(&mut self, event: &Event<'_>) -> Result<(), NoStory> {
        let worker = || event.text("worker_name").map(word);
        match event.kind {
            "reservation.accepted" => {
                let worker = worker()?;
                self.steps.push(format!("{worker} accepts t1"));
                self.expectations.push(format!("t1 belongs to {worker}"));
            }
            // A call that a Worker's phone did not take: the Task's Worker rejects it here.
            "reservation.rejected" | "reservation.canceled" => {
                self.steps.push(format!("{} rejects t1", worker()?));
            }
            "reservation.timeout" => {
                let expected = format!("{}'s reservation of t1 is timeout", worker()?);
                self.expectations.push(expected);
            }
            "reservation.wrapup" => self.steps.push(format!("{} wraps up t1", worker()?)),
            "reservation.completed" => {
                self.steps.push(format!("{} completes t1", worker()?));
                self.expectations.push("t1 is completed".to_owned());
            }
            "task.canceled" => {
                let reason = event.text("task_canceled_reason")?;
                if !ENDS_OF_TIME.contains(&reason) {
                    let reason = reason.replace('"', "'");
                    let step =
                        format!("POST Tasks/{{t1}} AssignmentStatus=canceled Reason=\"{reason}\"");
                    self.steps.push(step);
                }
                self.expectations
                    .push(format!("t1 is canceled because {reason}"));
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes a line for each step, the expectations after the last one.
    fn write(&self, text: &mut String, at: Millis) {
        let seconds = at.as_secs();
        let time = if seconds >= 3_600 {
            let (hours, rest) = (seconds / 3_600, seconds % 3_600);
            format!("{hours}:{:02}:{:02}", rest / 60, rest % 60)
        } else {
            format!("{:02}:{:02}", seconds / 60, seconds % 60)
        };
        let nothing = ["time passes".to_owned()];
        let steps = match self.steps.as_slice() {
            [] if self.expectations.is_empty() => return,
            [] => nothing.as_slice(),
            steps => steps,
        };
        for (number, step) in steps.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{time}  {step}");
            if number + 1 == steps.len() && !self.expectations.is_empty() {
                let _ = write!(text, "  -> {}", self.expectations.join(", "));
            }
            text.push('\n');
        }
    }
}

fn creation(event: &Event<'_>) -> Result<String, NoStory> {
    let attributes: Value =
        serde_json::from_str(event.text("task_attributes")?).unwrap_or_default();
    let attributes = Value::Object(
        attributes
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), without_number(value)))
            .collect(),
    );
    Ok(format!(
        "task t1 {attributes} priority {} channel {} workflow {}",
        event.text("task_priority")?,
        event.text("task_channel_unique_name")?,
        word(event.text("workflow_name")?)
    ))
}

fn without_number(value: &Value) -> Value {
    let digits = value.as_str().and_then(|text| text.strip_prefix('+'));
    let is_number = digits.is_some_and(|digits| {
        digits.len() >= 7 && digits.bytes().all(|digit| digit.is_ascii_digit())
    });
    if is_number {
        Value::String(NUMBER.to_owned())
    } else {
        value.clone()
    }
}

/// A name as one word of a story.
fn word(name: &str) -> String {
    if name.contains(char::is_whitespace) {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, second: i64, data: Value) -> Value {
        let at = 1_795_348_800_000 + second * 1_000;
        json!({ "event_type": kind, "event_date_ms": at, "event_data": data })
    }

    fn created() -> Value {
        let attributes = r#"{"from":"+12025550123","call_sid":"CA1","reason":"bill"}"#;
        let data = json!({
            "task_attributes": attributes, "task_priority": "5",
            "task_channel_unique_name": "voice", "workflow_name": "Incoming calls",
        });
        event("task.created", 0, data)
    }

    #[test]
    fn task_becomes_a_story() {
        let maya = json!({ "worker_name": "Maya", "worker_activity_name": "Available" });
        let queue = json!({ "task_queue_name": "Support Desk" });
        let canceled = json!({ "task_canceled_reason": "hangup" });
        let events = [
            created(),
            event("task-queue.entered", 0, queue),
            event("reservation.created", 7, maya.clone()),
            event("reservation.rejected", 12, maya),
            event("task.canceled", 3_600, canceled),
        ];
        let expected = r#"== Recorded: WT1
# Created at 2026-11-22T12:00:00Z.
00:00  no Worker is available
00:10  task t1 {"from":"+17075550142","reason":"bill"} priority 5 channel voice workflow "Incoming calls"  -> t1 is pending in "Support Desk"
00:17  Maya becomes Available  -> t1 is offered to Maya
00:22  Maya rejects t1
1:00:10  POST Tasks/{t1} AssignmentStatus=canceled Reason="hangup"  -> t1 is canceled because hangup
"#;
        let written = story("WT1", &events).unwrap();
        assert_eq!(written, expected);
        assert_eq!(crate::read(&written).unwrap().len(), 1);
    }

    #[test]
    fn story_begins_with_the_creation() {
        assert_eq!(story("WT1", &[]), Err(NoStory::NotCreated));
        let broken = json!({ "event_type": "task.created" });
        assert_eq!(
            story("WT1", &[broken]),
            Err(NoStory::Field("event_date_ms"))
        );
    }
}
