//! The variables of an expression: what a path means where the expression is written (taskrouter.md
//! section 8.2).

use task_router::model::PathStep;

use super::domain::Kind;
use super::minutes::TimeField;

/// Where an expression is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Context {
    /// `target_workers` of a TaskQueue.
    Queue,
    /// `expression` of a filter.
    Filter,
    /// `expression` of a target.
    Target,
    /// `skip_if` of a target.
    SkipIf,
}

/// The owner of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// An attribute of the Task.
    Task,
    /// An attribute or a built-in name of the Worker.
    Worker,
    /// The day of the week. A filter and a target are evaluated at different moments.
    Day(Context),
    /// Workers of a TaskQueue.
    Count,
}

/// A variable: its owner, and its path in normal form without a prefix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable {
    /// The owner.
    pub owner: Owner,
    /// The path, `address.city` or `sid`.
    pub path: String,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// A variable.
    Variable(Variable),
    /// A number of the time of day.
    Time(TimeField),
    /// Nothing: the prefix that is mandatory here is missing, so the value is always null.
    Nothing,
}

/// The names that every Worker has.
pub const BUILT_IN: [&str; 4] = ["sid", "friendly_name", "activity_sid", "activity_name"];

/// The prefix of the time of day.
pub const TIME_PREFIX: &str = "taskrouter";

/// The names of the time of day.
pub const TIME_NAMES: [&str; 4] = ["currentTime", "currentHour", "currentMin", "dayOfWeek"];

impl Context {
    /// What a path means here.
    pub fn meaning(self, path: &[PathStep]) -> Meaning {
        let of = |owner, path: &[PathStep]| {
            let path = spelled(path);
            Meaning::Variable(Variable { owner, path })
        };
        match self {
            Self::Queue => of(Owner::Worker, strip(path, "worker").unwrap_or(path)),
            Self::SkipIf => of(Owner::Count, path),
            Self::Filter => self
                .time(path)
                .unwrap_or_else(|| of(Owner::Task, strip(path, "task").unwrap_or(path))),
            Self::Target => {
                if let Some(rest) = strip(path, "worker") {
                    return of(Owner::Worker, rest);
                }
                self.time(path).unwrap_or_else(|| {
                    strip(path, "task").map_or(Meaning::Nothing, |rest| of(Owner::Task, rest))
                })
            }
        }
    }

    fn time(self, path: &[PathStep]) -> Option<Meaning> {
        let [PathStep::Key(prefix), PathStep::Key(name)] = path else {
            return None;
        };
        if prefix != TIME_PREFIX {
            return None;
        }
        match name.as_str() {
            "currentTime" => Some(Meaning::Time(TimeField::Time)),
            "currentHour" => Some(Meaning::Time(TimeField::Hour)),
            "currentMin" => Some(Meaning::Time(TimeField::Minute)),
            "dayOfWeek" => Some(Meaning::Variable(Variable {
                owner: Owner::Day(self),
                path: "dayOfWeek".to_owned(),
            })),
            _attribute => None,
        }
    }
}

impl Variable {
    /// What is known of its values.
    pub fn kind(&self) -> Kind {
        match self.owner {
            Owner::Day(_) => Kind::Day,
            Owner::Count => Kind::Count,
            Owner::Worker if BUILT_IN.contains(&self.path.as_str()) => Kind::Text,
            Owner::Worker | Owner::Task => Kind::Any,
        }
    }
}

/// `path` without its first step, if that step is the key `prefix` and a key follows.
pub fn strip<'p>(path: &'p [PathStep], prefix: &str) -> Option<&'p [PathStep]> {
    match path.split_first() {
        Some((PathStep::Key(key), rest))
            if key == prefix && matches!(rest.first(), Some(PathStep::Key(_))) =>
        {
            Some(rest)
        }
        _ => None,
    }
}

/// A path in normal form.
pub fn spelled(path: &[PathStep]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            PathStep::Key(key) if text.is_empty() => text.push_str(key),
            PathStep::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
            PathStep::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}
