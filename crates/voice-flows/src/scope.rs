//! What the conditions of a flow can ask for: the call, its values, lists of numbers, opening
//! hours, and the figures of TaskQueues.

use std::collections::BTreeMap;

use calendars::{Facts, Switch};
use ids::time::{Millis, Timestamp};
use serde_json::Value as Json;
use shared::webhook::Call;
use task_router::model::{Expression, PathStep};
use task_router::router::expression::{Scope, Value};

use crate::{Greeted, State, VoiceFlows};

/// The prefix of the figures of a TaskQueue: `queue.support.waiting`.
const QUEUE: &str = "queue";

/// The names of the lists that contain the caller's number: `lists HAS "vip"`.
const LISTS: &str = "lists";

/// The prefix of what a Worker's greeting knows of the Task: `task.queue`.
const TASK: &str = "task";

/// The prefix of opening hours: `hours.support.open`.
const HOURS: &str = "hours";

/// The emergency openings and closings that are in force, by calendar.
pub type Switches = BTreeMap<String, Switch>;

/// The state of each calendar at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HoursNow(BTreeMap<String, Facts>);

impl HoursNow {
    pub fn of(flows: &VoiceFlows, switches: &Switches, now: Timestamp) -> Self {
        let calendars = flows.calendars.iter();
        let facts = calendars.map(|(name, calendar)| {
            let status = calendar.status(switches.get(name), now);
            (name.clone(), status.facts(now))
        });
        Self(facts.collect())
    }

    fn value(&self, calendar: &str, fact: &str) -> Value<'_> {
        let Some(facts) = self.0.get(calendar) else {
            return Value::Null;
        };
        let minutes = |minutes: Option<u64>| {
            let minutes = minutes.and_then(|minutes| i64::try_from(minutes).ok());
            minutes.map_or(Value::Null, |minutes| Value::Number(minutes.into()))
        };
        match fact {
            "open" => Value::Bool(facts.open),
            "rule" => Value::Text(facts.rule),
            "name" => Value::Text(&facts.name),
            "opens_in_minutes" => minutes(facts.opens_in_minutes),
            "closes_in_minutes" => minutes(facts.closes_in_minutes),
            _unknown => Value::Null,
        }
    }
}

/// The figures of TaskQueues, by the name that conditions use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures(pub BTreeMap<String, FiguresOfQueue>);

/// The figures of one TaskQueue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FiguresOfQueue {
    /// `waiting`: number of waiting Tasks, as far as they are counted.
    pub waiting: u32,
    /// `staffed`: whether a Worker is available.
    pub is_staffed: bool,
    /// `expected_wait`, in seconds, if it is known.
    pub expected_wait: Option<Millis>,
}

/// The numbers of a call.
#[derive(Clone, Copy)]
pub(crate) struct Parties<'a> {
    pub from: &'a str,
    pub to: &'a str,
}

impl<'a> Parties<'a> {
    pub fn of(call: &'a Call) -> Self {
        Self {
            from: call.from.as_str(),
            to: call.to.as_str(),
        }
    }
}

/// The scope of the conditions of a flow.
pub(crate) struct FlowScope<'a> {
    parties: Parties<'a>,
    state: &'a State,
    language: &'a str,
    /// The names of the lists that contain the caller's number.
    lists: Vec<Json>,
    hours: &'a HoursNow,
    figures: Option<&'a Figures>,
    /// The Task, in the greeting of its Worker.
    task: Option<Greeted<'a>>,
}

impl<'a> FlowScope<'a> {
    pub fn new(
        flows: &'a VoiceFlows,
        state: &'a State,
        parties: Parties<'a>,
        hours: &'a HoursNow,
        figures: Option<&'a Figures>,
    ) -> Self {
        let from = parties.from;
        let lists = flows.lists.iter();
        let language = flows.language(state.language.as_deref());
        Self {
            parties,
            state,
            language: &language.selected_language,
            lists: lists
                .filter(|(_, list)| list.contains(from))
                .map(|(name, _)| name.as_str().into())
                .collect(),
            hours,
            figures,
            task: None,
        }
    }

    /// The same scope with a Task.
    pub fn with_task(self, task: Greeted<'a>) -> Self {
        Self {
            task: Some(task),
            ..self
        }
    }

    fn task(&self, fact: &str) -> Value<'_> {
        let Some(task) = &self.task else {
            return Value::Null;
        };
        let number = |number: u64| {
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            Value::Number(number.into())
        };
        match fact {
            "queue" => Value::Text(task.task_queue),
            "waited_minutes" => number(task.waited.as_secs() / 60),
            "waited_seconds" => number(task.waited.as_secs()),
            _unknown => Value::Null,
        }
    }

    /// A value as it is spoken and put into texts; empty if there is none.
    pub fn text(&self, name: &str) -> String {
        let path: Vec<PathStep> = name
            .split('.')
            .map(|key| PathStep::Key(key.to_owned()))
            .collect();
        match self.lookup(&path) {
            Value::Text(text) => text.to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Literal(_) | Value::Object => String::new(),
        }
    }

    fn figure(&self, queue: &str, figure: &str) -> Value<'_> {
        let Some(figures) = self.figures.and_then(|figures| figures.0.get(queue)) else {
            return Value::Null;
        };
        match figure {
            "waiting" => Value::Number(i64::from(figures.waiting).into()),
            "staffed" => Value::Bool(figures.is_staffed),
            "expected_wait" => figures.expected_wait.map_or(Value::Null, |wait| {
                let secs = i64::try_from(wait.as_secs_ceil()).unwrap_or(i64::MAX);
                Value::Number(secs.into())
            }),
            _unknown => Value::Null,
        }
    }
}

impl Scope for FlowScope<'_> {
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a> {
        let keys: Vec<&str> = path
            .iter()
            .filter_map(|step| match step {
                PathStep::Key(key) => Some(key.as_str()),
                PathStep::Index(_) => None,
            })
            .collect();
        match keys.as_slice() {
            ["from"] => Value::Text(self.parties.from),
            ["to"] => Value::Text(self.parties.to),
            ["language"] => Value::Text(self.language),
            [LISTS] => Value::Array(&self.lists),
            [HOURS, calendar, fact] => self.hours.value(calendar, fact),
            [QUEUE, queue, figure] => self.figure(queue, figure),
            [TASK, fact] if self.task.is_some() => self.task(fact),
            [name, ..] => match self.state.values.get(name) {
                Some(value) => inner(value, path.get(1..).unwrap_or_default()),
                None => Value::Null,
            },
            [] => Value::Null,
        }
    }

    fn owner(&self, _path: &[PathStep]) -> Option<&'static str> {
        Some("the call")
    }
}

/// The value at a path within a JSON value.
fn inner<'a>(value: &'a Json, path: &[PathStep]) -> Value<'a> {
    let found = path.iter().try_fold(value, |value, step| match step {
        PathStep::Key(key) => value.get(key),
        PathStep::Index(index) => value.get(index),
    });
    found.map_or(Value::Null, Value::of)
}

/// The TaskQueues whose figures an expression asks for, by the name that conditions use.
pub(crate) fn queues_of(expression: &Expression) -> Vec<String> {
    let paths = expression.paths().into_iter();
    let queues = paths.filter_map(|path| match path.steps() {
        [PathStep::Key(prefix), PathStep::Key(queue), ..] if prefix == QUEUE => Some(queue.clone()),
        _other => None,
    });
    queues.collect()
}
