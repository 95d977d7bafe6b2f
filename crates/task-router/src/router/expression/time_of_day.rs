//! The time of day in expressions of filters and targets, always in UTC (taskrouter.md section 8.2,
//! "time of day").

use super::{Scope, Value, compare};
use crate::model::{Comparison, Expression, Operand, Operator, PathStep, Task, Term};
use ids::time::Timestamp;

/// The first key of every path to the time of day.
pub(super) const PREFIX: &str = "taskrouter";

const MINUTE_MILLIS: i64 = 60_000;

/// Minutes of an hour, a day and a week.
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// 1970-01-01 was a Thursday.
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// What an expression can ask of the time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// `currentTime`: hour and minute as one number, 905 at five past nine.
    Time,
    /// `currentHour`: 0 to 23.
    Hour,
    /// `currentMin`: 0 to 59.
    Minute,
    /// `dayOfWeek`: `Mon` to `Sun`.
    Day,
}

/// The value at a path to the time of day. `None`: the path leads to something else.
pub(super) fn value(path: &[PathStep], now: Timestamp) -> Option<Value<'static>> {
    Some(Field::at(path)?.value(minute_of(now)))
}

/// The next moment after `after` at which a comparison of this expression can change by time alone,
/// whichever Worker it is evaluated over. `None`: it does not ask for the time of day, or is the
/// same at each time of day.
///
/// Where the time of day is compared with a constant or an attribute of the Task, this is the
/// moment of the change. Where it is looked up in an array or compared with an attribute of the
/// Worker, it is the next moment at which the time of day has another value: a minute, an hour or a
/// day begins.
pub(crate) fn next_change(
    expression: &Expression,
    task: &Task,
    after: Timestamp,
) -> Option<Timestamp> {
    let minute = next_change_in(expression.root(), task, minute_of(after))?;
    Some(start_of(minute))
}

impl Field {
    fn at(path: &[PathStep]) -> Option<Self> {
        let [PathStep::Key(prefix), PathStep::Key(name)] = path else {
            return None;
        };
        if prefix != PREFIX {
            return None;
        }
        match name.as_str() {
            "currentTime" => Some(Self::Time),
            "currentHour" => Some(Self::Hour),
            "currentMin" => Some(Self::Minute),
            "dayOfWeek" => Some(Self::Day),
            _unknown => None,
        }
    }

    /// Its value in a minute, counted from 1970-01-01T00:00Z.
    fn value(self, minute: i64) -> Value<'static> {
        let hour_of_day = minute.div_euclid(HOUR).rem_euclid(24);
        let minute_of_hour = minute.rem_euclid(HOUR);
        match self {
            Self::Time => Value::Number((hour_of_day * 100 + minute_of_hour).into()),
            Self::Hour => Value::Number(hour_of_day.into()),
            Self::Minute => Value::Number(minute_of_hour.into()),
            Self::Day => {
                let day = usize::try_from(minute.div_euclid(DAY).rem_euclid(7)).ok();
                let name = day.and_then(|day| DAYS.get(day));
                name.map_or(Value::Null, |name| Value::Text(name))
            }
        }
    }

    /// Minutes for which it has one value.
    fn step(self) -> i64 {
        match self {
            Self::Time | Self::Minute => 1,
            Self::Hour => HOUR,
            Self::Day => DAY,
        }
    }

    /// Minutes after which its values repeat.
    fn period(self) -> i64 {
        match self {
            Self::Minute => HOUR,
            Self::Time | Self::Hour => DAY,
            Self::Day => WEEK,
        }
    }
}

/// What a comparison asks for.
#[derive(Default)]
struct Asked {
    fields: Vec<Field>,
    /// Attributes of the Worker, or paths without a value.
    others: bool,
}

impl Asked {
    fn note(&mut self, operand: &Operand) {
        match operand {
            Operand::Null | Operand::Bool(_) | Operand::Number(_) | Operand::Text(_) => {}
            Operand::Array(elements) => elements.iter().for_each(|element| self.note(element)),
            Operand::Path(path) => match Field::at(path.steps()) {
                Some(field) => self.fields.push(field),
                None => self.others |= super::scopes::strip(path.steps(), "task").is_none(),
            },
        }
    }
}

/// The beginning of the minute after `minute` in which a condition can have changed.
fn next_change_in(condition: &Term, task: &Task, minute: i64) -> Option<i64> {
    match condition {
        Term::Any(terms) | Term::All(terms) => {
            let changes = terms
                .iter()
                .filter_map(|inner| next_change_in(inner, task, minute));
            changes.min()
        }
        Term::Not(inner) => next_change_in(inner, task, minute),
        Term::Compare(comparison) => next_change_of(comparison, task, minute),
    }
}

fn next_change_of(comparison: &Comparison, task: &Task, minute: i64) -> Option<i64> {
    let mut asked = Asked::default();
    asked.note(&comparison.left);
    asked.note(&comparison.right);
    let step = asked.fields.iter().map(|field| field.step()).min()?;
    let period = asked.fields.iter().map(|field| field.period()).max()?;
    let next = (minute.div_euclid(step) + 1).saturating_mul(step);
    if asked.others || !is_scalar(comparison.operator) {
        return Some(next);
    }
    let is_true = |minute| {
        let now = start_of(minute);
        compare(comparison, &MomentScope { task, now })
    };
    let before = is_true(minute);
    // The values repeat, so a comparison that has not changed after a period never does.
    (0..period / step)
        .map(|steps| next.saturating_add(steps * step))
        .find(|minute| is_true(*minute) != before)
}

/// Does the operator compare single values? Its comparisons cost the same, however long an array in
/// the attributes is.
fn is_scalar(operator: Operator) -> bool {
    match operator {
        Operator::Equal
        | Operator::NotEqual
        | Operator::Less
        | Operator::LessOrEqual
        | Operator::Greater
        | Operator::GreaterOrEqual => true,
        Operator::Contains | Operator::Has | Operator::In | Operator::NotIn => false,
    }
}

/// The scope of a comparison that asks for the time of day and the Task alone.
struct MomentScope<'a> {
    task: &'a Task,
    now: Timestamp,
}

impl Scope for MomentScope<'_> {
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a> {
        value(path, self.now).unwrap_or_else(|| super::scopes::of_task(self.task, path))
    }

    fn owner(&self, _path: &[PathStep]) -> Option<&'static str> {
        None
    }
}

fn minute_of(now: Timestamp) -> i64 {
    now.as_millis().div_euclid(MINUTE_MILLIS)
}

fn start_of(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute.saturating_mul(MINUTE_MILLIS))
}
