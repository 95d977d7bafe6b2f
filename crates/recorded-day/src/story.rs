//! A recorded incident as a story, the text format of routing tests.
//!
//! The story has the Workers as they were, what was in the centre when the Task came, and everything
//! until the Task ended. Calls become Tasks that the API creates, with the attributes of the call;
//! Workers accept and complete them by requests. Numbers of callers are replaced.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid};
use serde_json::{Map, Value};
use task_router::model::{
    AssignmentStatus, EndReason, Reservation, ReservationStatus, Task, Worker, Workspace,
};

use crate::check::task_changes;
use crate::world::{WaitEnd, ended};
use crate::write::{Change, Write};

/// The most lines of a story: more than a person reads.
const LINES_MAX: usize = 500;

/// Why there is no story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoryError {
    /// The creation of the Task is not in the recording.
    #[error("the recording does not have the creation of Task {0}")]
    NoSuchTask(TaskSid),
    /// Too much happened meanwhile.
    #[error(
        "the story would have more than {LINES_MAX} lines: too much happened while the Task waited"
    )]
    TooLong,
}

/// The story of a Task. `file` is the configuration file that the story names.
///
/// # Errors
/// The Task was not created in the recording, or the story would be too long.
pub fn story<'w>(
    writes: impl IntoIterator<Item = &'w Write>,
    subject: TaskSid,
    file: &str,
) -> Result<String, StoryError> {
    let mut teller = Teller::new(subject);
    for write in writes {
        if teller.has_ended {
            break;
        }
        teller.write(write);
    }
    let Some(begun) = teller.begun else {
        return Err(StoryError::NoSuchTask(subject));
    };
    if teller.lines.len() > LINES_MAX {
        return Err(StoryError::TooLong);
    }
    let name = teller.name_of(subject);
    let mut text = format!(
        "# Written by `cordboard replay --story {subject}`. Calls are Tasks of the API here, and numbers of\n\
         # callers are replaced.\n\
         == Task {} of {}\n\
         file {file}\n",
        name,
        begun.to_iso8601(),
    );
    for line in teller.lines {
        text.push_str(&line);
        text.push('\n');
    }
    Ok(text)
}

struct Teller {
    subject: TaskSid,
    begun: Option<Timestamp>,
    has_ended: bool,
    workspace: Option<Arc<Workspace>>,
    tasks: BTreeMap<TaskSid, Task>,
    workers: BTreeMap<WorkerSid, Worker>,
    names: BTreeMap<TaskSid, String>,
    numbers: BTreeMap<String, String>,
    lines: Vec<String>,
    count: usize,
    /// The moment in the story, seconds, at which what was there before is made; then that at which
    /// the Task of the story comes.
    secs: u64,
}

impl Teller {
    fn new(subject: TaskSid) -> Self {
        Self {
            subject,
            begun: None,
            has_ended: false,
            workspace: None,
            tasks: BTreeMap::new(),
            workers: BTreeMap::new(),
            names: BTreeMap::new(),
            numbers: BTreeMap::new(),
            lines: Vec::new(),
            count: 0,
            secs: 0,
        }
    }

    fn write(&mut self, write: &Write) {
        match &write.change {
            Change::Configuration(workspace) => self.workspace = Some(Arc::clone(workspace)),
            Change::KnownTask(task) => {
                self.tasks.insert(task.sid, Task::clone(task));
            }
            Change::KnownWorker(worker) => {
                self.workers.insert(worker.sid, Worker::clone(worker));
            }
            Change::Task(task) => self.task(task),
            Change::Worker(worker) => self.worker(write.at, worker),
            Change::WorkerRemoved(worker) => {
                self.workers.remove(worker);
            }
        }
    }

    fn task(&mut self, new: &Task) {
        let old = self.tasks.insert(new.sid, new.clone());
        if old.as_ref().is_some_and(|old| old.version >= new.version) {
            return;
        }
        if new.sid == self.subject && new.is_new() {
            self.begun = Some(new.date_created);
            self.begin();
        }
        if self.begun.is_none() {
            return;
        }
        match &old {
            None if new.is_new() => self.created(new),
            None => {}
            Some(old) => self.changed(old, new),
        }
        if new.sid == self.subject && new.assignment_status.is_end() {
            self.has_ended = true;
        }
    }

    fn worker(&mut self, at: Timestamp, new: &Worker) {
        let old = self.workers.insert(new.sid, new.clone());
        let has_moved = old.is_none_or(|old| old.activity_sid != new.activity_sid);
        if has_moved && self.begun.is_some() {
            self.becomes(at, new);
        }
    }

    /// What was there when the Task came: who has waited for how long, who is busy, what waits.
    fn begin(&mut self) {
        let mut workers: Vec<Worker> = self.workers.values().cloned().collect();
        workers.sort_by_key(Worker::idle_key);
        let subject = self.subject;
        for worker in &workers {
            if worker.last_reserved_at().is_none() {
                continue;
            }
            // The order of the idle Workers is that of their last Reservations.
            self.secs += 1;
            let held: Vec<Task> = worker
                .open_reservations
                .iter()
                .filter_map(|open| self.tasks.get(&open.task_sid))
                .cloned()
                .collect();
            if held.is_empty() {
                let name = self.new_name();
                let worker = quoted(&worker.friendly_name);
                self.at_start(format!(
                    "task {name} {{}} for {worker} ignoring-capacity true"
                ));
                self.at_start(format!("{worker} accepts {name}"));
                self.at_start(format!("{worker} completes {name}"));
            }
            for task in held {
                let name = self.name_of(task.sid);
                let channel = task.channel.to_string();
                let worker = quoted(&worker.friendly_name);
                self.at_start(format!(
                    "task {name} {{}} channel {channel} for {worker} ignoring-capacity true"
                ));
                if !task.is_pending() && task.assignment_status != AssignmentStatus::Reserved {
                    self.at_start(format!("{worker} accepts {name}"));
                }
            }
        }
        self.secs += 1;
        for worker in &workers {
            if let Some(activity) = self.activity_of(worker) {
                let worker = quoted(&worker.friendly_name);
                self.at_start(format!("{worker} becomes {activity}"));
            }
        }
        let waiting = self.tasks.values().filter(|task| task.sid != subject);
        let mut waiting: Vec<Task> = waiting.filter(|task| task.is_pending()).cloned().collect();
        waiting.sort_by_key(|task| (task.virtual_start_time, task.sid));
        for task in waiting {
            self.secs += 1;
            let line = self.task_line(&task);
            self.at_start(line);
        }
        self.secs += 1;
    }

    fn created(&mut self, new: &Task) {
        let line = self.task_line(new);
        self.say(new.date_created, line, None);
    }

    fn changed(&mut self, old: &Task, new: &Task) {
        let at = new.date_updated;
        let name = self.name_of(new.sid);
        for reservation in new.reservations_changed_since(Some(old)) {
            self.reservation(at, new, reservation);
        }
        let changes = task_changes(old, new);
        if let (Some(_), true) = (&changes.attributes, new.is_pending()) {
            let attributes = self.attributes(new);
            self.say(
                at,
                format!("POST Tasks/{{{name}}} Attributes={attributes}"),
                None,
            );
        }
        if new.assignment_status != AssignmentStatus::Canceled
            || old.assignment_status == AssignmentStatus::Canceled
        {
            return;
        }
        let reason = new.reason.as_ref().map_or("", |reason| reason.as_str());
        let expected = self.expects(new, format!("{name} is canceled because {reason}"));
        let by_request = new.reason.as_ref().is_some_and(is_request);
        let step = if by_request {
            format!("POST Tasks/{{{name}}} AssignmentStatus=canceled Reason=\"{reason}\"")
        } else {
            "time passes".to_owned()
        };
        if by_request || expected.is_some() {
            self.say(at, step, expected);
        }
    }

    fn reservation(&mut self, at: Timestamp, new: &Task, reservation: &Reservation) {
        let name = self.name_of(new.sid);
        let worker = quoted(&reservation.worker_name);
        match reservation.status {
            ReservationStatus::Pending => {
                let is_first = new.reservations.first().map(|it| it.sid) == Some(reservation.sid);
                let offered: Vec<String> = new
                    .reservations
                    .iter()
                    .map(|it| quoted(&it.worker_name))
                    .collect();
                let expected = format!("{name} is offered to {}", offered.join(" and "));
                if let (true, Some(expected)) = (is_first, self.expects(new, expected)) {
                    self.say(at, "time passes".to_owned(), Some(expected));
                }
            }
            ReservationStatus::Accepted => {
                let expected = self.expects(new, format!("{name} belongs to {worker}"));
                self.say(at, format!("{worker} accepts {name}"), expected);
            }
            ReservationStatus::Rejected => {
                self.say(at, format!("{worker} rejects {name}"), None);
            }
            ReservationStatus::Canceled if !new.assignment_status.is_end() => {
                self.say(at, format!("{worker} rejects {name}"), None);
            }
            ReservationStatus::Wrapping => {
                self.say(at, format!("{worker} wraps up {name}"), None);
            }
            ReservationStatus::Completed => {
                self.say(at, format!("{worker} completes {name}"), None);
            }
            ReservationStatus::Timeout
            | ReservationStatus::Rescinded
            | ReservationStatus::Canceled => {}
        }
    }

    fn becomes(&mut self, at: Timestamp, worker: &Worker) {
        if let Some(activity) = self.activity_of(worker) {
            let name = quoted(&worker.friendly_name);
            self.say(at, format!("{name} becomes {activity}"), None);
        }
    }

    /// The expectation, if it is about the Task of the story.
    fn expects(&self, task: &Task, expected: String) -> Option<String> {
        (task.sid == self.subject).then_some(expected)
    }

    /// `task t3 {"selected_language":"en"} priority 5 channel voice workflow "Calls"`
    fn task_line(&mut self, task: &Task) -> String {
        let name = self.name_of(task.sid);
        let mut line = format!("task {name} {}", self.attributes(task));
        let workspace = self.workspace.clone();
        let configuration = workspace.as_ref().and_then(|it| it.configuration_of(task));
        let is_of_step = configuration.is_some_and(|it| {
            it.targets()
                .any(|target| target.priority == Some(task.priority))
        });
        if task.priority > 0 && !is_of_step {
            let _ = write!(line, " priority {}", task.priority);
        }
        let _ = write!(line, " channel {}", task.channel);
        let workflow = workspace
            .as_ref()
            .and_then(|it| it.workflows.get(&task.workflow_sid));
        if let Some(workflow) = workflow {
            let _ = write!(line, " workflow {}", quoted(&workflow.friendly_name));
        }
        line
    }

    /// The attributes without the call, and with other numbers, as one word of a story.
    fn attributes(&mut self, task: &Task) -> String {
        let kept = task.attributes.as_object().iter();
        let kept = kept.filter(|(key, _)| !is_of_call(key));
        let attributes: Map<String, Value> = kept
            .map(|(key, value)| (key.clone(), self.without_number(key, value)))
            .collect();
        // An arrow would end the step, and a number sign begin a comment.
        let text = Value::Object(attributes).to_string();
        text.replace('>', "\\u003e").replace('#', "\\u0023")
    }

    fn without_number(&mut self, key: &str, value: &Value) -> Value {
        let Value::String(text) = value else {
            return value.clone();
        };
        let digits = text.strip_prefix('+').unwrap_or_default();
        let is_number =
            (8..=15).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
        // The centre's own number is no personal data.
        if !is_number || matches!(key, "to" | "called") {
            return value.clone();
        }
        let next = 100 + self.numbers.len();
        let replaced = self.numbers.entry(text.clone());
        Value::String(
            replaced
                .or_insert_with(|| format!("+17075550{next}"))
                .clone(),
        )
    }

    fn activity_of(&self, worker: &Worker) -> Option<String> {
        let workspace = self.workspace.as_ref()?;
        let activity = workspace.activities.get(&worker.activity_sid)?;
        Some(quoted(&activity.friendly_name))
    }

    fn name_of(&mut self, task: TaskSid) -> String {
        if let Some(name) = self.names.get(&task) {
            return name.clone();
        }
        let name = self.new_name();
        self.names.insert(task, name.clone());
        name
    }

    fn new_name(&mut self) -> String {
        self.count += 1;
        format!("t{}", self.count)
    }

    fn at_start(&mut self, step: String) {
        self.lines.push(line(self.secs, &step));
    }

    /// A line at the next whole second, so that what needs time has had it.
    fn say(&mut self, at: Timestamp, step: String, expected: Option<String>) {
        let since = self.begun.map_or(0, |begun| at.since(begun).as_secs_ceil());
        let expected = expected.map(|it| format!("  -> {it}")).unwrap_or_default();
        let step = format!("{step}{expected}");
        self.lines.push(line(self.secs + since, &step));
    }
}

fn line(secs: u64, step: &str) -> String {
    format!("{:02}:{:02}  {step}", secs / 60, secs % 60)
}

/// Attributes that belong to the call leg, which the story does not have.
fn is_of_call(key: &str) -> bool {
    matches!(
        key,
        "call_sid"
            | "worker_call_sid"
            | "conference"
            | "account_sid"
            | "call_status"
            | "api_version"
    )
}

/// Whether a Task with this reason was ended from outside.
fn is_request(reason: &EndReason) -> bool {
    matches!(ended(Some(reason)), WaitEnd::Left) || *reason == EndReason::Deleted
}

fn quoted(name: &str) -> String {
    if name.contains(char::is_whitespace) {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    }
}
