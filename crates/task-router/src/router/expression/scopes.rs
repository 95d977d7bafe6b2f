//! The scopes of expressions: which keys exist, and their values (taskrouter.md section 8.2).
//! Creating a scope costs nothing. The value of a built-in name is computed when an expression asks
//! for it.

use std::cell::OnceCell;

use serde_json::{Map, Value as Json};

use super::{Scope, Value, time_of_day};
use crate::model::{ASSIGNED_TASKS_KEY, CHANNEL_KEY, Number, PathStep, Task, Worker, Workspace};
use ids::SidText;
use ids::time::Timestamp;

/// The scope of a TaskQueue's `target_workers`: bare keys are a Worker's, with `worker.` as a
/// synonym. It does not contain the Worker's channels, because queue membership does not depend on
/// how busy a Worker is.
pub struct WorkerScope<'a> {
    worker: &'a Worker,
    workspace: &'a Workspace,
    sid: OnceCell<SidText>,
    activity_sid: OnceCell<SidText>,
}

impl<'a> WorkerScope<'a> {
    /// The scope of `worker` in `workspace`.
    pub fn new(worker: &'a Worker, workspace: &'a Workspace) -> Self {
        Self {
            worker,
            workspace,
            sid: OnceCell::new(),
            activity_sid: OnceCell::new(),
        }
    }

    /// The value at `path`, without the prefix `worker.`, for targets and `order_by`: channels
    /// first, then built-in names, then attributes.
    pub fn value(&self, path: &[PathStep]) -> Value<'_> {
        channel_figure(self.worker, self.workspace, path)
            .map_or_else(|| self.named(path), Value::Number)
    }

    fn named(&self, path: &[PathStep]) -> Value<'_> {
        let name = match path {
            [PathStep::Key(name)] => name.as_str(),
            _ => "",
        };
        match name {
            "sid" => Value::Text(self.sid.get_or_init(|| self.worker.sid.text()).as_str()),
            "friendly_name" => Value::Text(&self.worker.friendly_name),
            "activity_sid" => Value::Text(
                self.activity_sid
                    .get_or_init(|| self.worker.activity_sid.text())
                    .as_str(),
            ),
            "activity_name" => Value::Text(self.activity_name()),
            _attribute => attribute(self.worker.attributes.as_object(), path),
        }
    }

    fn activity_name(&self) -> &str {
        let activity = self.workspace.activities.get(&self.worker.activity_sid);
        activity.map_or("", |activity| &activity.friendly_name)
    }
}

impl Scope for WorkerScope<'_> {
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a> {
        self.named(strip(path, "worker").unwrap_or(path))
    }

    fn owner(&self, _path: &[PathStep]) -> Option<&'static str> {
        Some("the Worker")
    }
}

/// The scope of a Workflow filter: bare keys are a Task's attributes, with `task.` as a synonym,
/// and `taskrouter.` leads to the time of day.
pub struct TaskScope<'a> {
    /// The Task that is filtered.
    pub task: &'a Task,
    /// The moment of the evaluation.
    pub now: Timestamp,
}

impl Scope for TaskScope<'_> {
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a> {
        time_of_day::value(path, self.now).unwrap_or_else(|| {
            let path = strip(path, "task").unwrap_or(path);
            attribute(self.task.attributes.as_object(), path)
        })
    }

    fn owner(&self, _path: &[PathStep]) -> Option<&'static str> {
        Some("the Task")
    }
}

/// The scope of a Workflow target: `task.x`, `worker.x` and the time of day, `taskrouter.x`. The
/// prefixes are mandatory.
pub struct TargetScope<'a> {
    /// The Task that is searched for.
    pub task: &'a Task,
    /// The candidate for the Task.
    pub worker: WorkerScope<'a>,
    /// The moment of the evaluation.
    pub now: Timestamp,
}

impl Scope for TargetScope<'_> {
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a> {
        if let Some(rest) = strip(path, "worker") {
            return self.worker.value(rest);
        }
        time_of_day::value(path, self.now).unwrap_or_else(|| of_task(self.task, path))
    }

    fn owner(&self, path: &[PathStep]) -> Option<&'static str> {
        if strip(path, "task").is_some() {
            return Some("the Task");
        }
        if strip(path, "worker").is_some() {
            return Some("the Worker");
        }
        strip(path, time_of_day::PREFIX).map(|_| "the time of day")
    }
}

/// The attribute of the Task at a path with the prefix `task.`.
pub(super) fn of_task<'a>(task: &'a Task, path: &[PathStep]) -> Value<'a> {
    strip(path, "task").map_or(Value::Null, |rest| {
        attribute(task.attributes.as_object(), rest)
    })
}

/// `channel.<name>.configured_capacity | assigned_tasks | available_capacity_percentage`
/// (taskrouter.md section 4).
fn channel_figure(worker: &Worker, workspace: &Workspace, path: &[PathStep]) -> Option<Number> {
    let [
        PathStep::Key(channel),
        PathStep::Key(name),
        PathStep::Key(figure),
    ] = path
    else {
        return None;
    };
    if channel != CHANNEL_KEY {
        return None;
    }
    let figure: fn(ChannelUse) -> u32 = match figure.as_str() {
        "configured_capacity" => |channel| channel.capacity,
        ASSIGNED_TASKS_KEY => |channel| channel.accepted,
        "available_capacity_percentage" => ChannelUse::available_percentage,
        _attribute => return None,
    };
    channel_use(worker, workspace, name).map(|channel| figure(channel).into())
}

/// A Worker's capacity in a TaskChannel, and how much of it is taken.
#[derive(Clone, Copy)]
struct ChannelUse {
    capacity: u32,
    occupied: u32,
    accepted: u32,
}

impl ChannelUse {
    /// Free slots in percent, rounded down; 0 without any capacity, and with more Tasks than slots.
    fn available_percentage(self) -> u32 {
        (self.capacity.saturating_sub(self.occupied) * 100)
            .checked_div(self.capacity)
            .unwrap_or(0)
    }
}

/// `None`: the Workspace has no TaskChannel with this name, so the path is an ordinary attribute.
fn channel_use(worker: &Worker, workspace: &Workspace, name: &str) -> Option<ChannelUse> {
    let channel = name
        .parse()
        .ok()
        .filter(|channel| workspace.task_channels.contains_key(channel))?;
    let count = |reservations: usize| u32::try_from(reservations).unwrap_or(u32::MAX);
    Some(ChannelUse {
        capacity: worker.share(channel).configured_capacity.into(),
        occupied: count(worker.occupied(channel)),
        accepted: count(worker.accepted(channel)),
    })
}

/// The value at `path` in `object`.
pub(super) fn attribute<'a>(object: &'a Map<String, Json>, path: &[PathStep]) -> Value<'a> {
    let Some((PathStep::Key(key), rest)) = path.split_first() else {
        return Value::Null;
    };
    let mut value = object.get(key);
    for step in rest {
        value = match (step, value) {
            (PathStep::Key(key), Some(Json::Object(inner))) => inner.get(key),
            (PathStep::Index(index), Some(Json::Array(elements))) => elements.get(*index),
            (PathStep::Key(_) | PathStep::Index(_), _) => None,
        };
    }
    value.map_or(Value::Null, Value::of)
}

/// `path` without its first step, if that step is the key `prefix` and a key follows.
pub(super) fn strip<'p>(path: &'p [PathStep], prefix: &str) -> Option<&'p [PathStep]> {
    match path.split_first() {
        Some((PathStep::Key(key), rest))
            if key == prefix && matches!(rest.first(), Some(PathStep::Key(_))) =>
        {
            Some(rest)
        }
        _ => None,
    }
}
