//! The scenario file: calls, agents and lengths of time, as YAML.

mod distribution;
pub(crate) mod recorded;
mod scalars;

use ids::time::{Millis, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

pub use distribution::Distribution;
pub use recorded::{RecordedCall, RecordedError};
pub use scalars::{Span, TimeOfDay};
pub(crate) use scalars::{millis, secs};

/// The largest scenario file, in bytes: recorded calls are in files of their own.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The largest file of recorded calls, in bytes: a million calls of some 40 bytes.
pub const RECORDED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The most kinds of calls: each has a row of figures for each interval.
pub const CALL_KINDS_MAX: usize = 200;

/// The most agents, as many as Workers of a Workspace (taskrouter.md section 14).
pub const AGENTS_MAX: usize = 15_000;

/// The most intervals of a day: one for each minute.
pub const INTERVALS_MAX: usize = 1_440;

/// The most replications: the width of an interval shrinks with their square root.
pub const REPLICATIONS_MAX: u32 = 100_000;

/// The most days of a replication.
pub const DAYS_MAX: u32 = 366;

/// The most calls of a kind in an hour; more would be a mistake in the file.
const PER_HOUR_MAX: f64 = 1_000_000.0;

/// A scenario: what happens to a contact centre.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The hours of a day in which calls arrive, and the intervals of the figures.
    pub day: Day,
    /// The days of a replication; each has the same calls and shifts.
    #[serde(default = "one")]
    pub days: u32,
    /// Independent repetitions, from which the confidence intervals follow.
    #[serde(default = "default_replications")]
    pub replications: u32,
    /// The number that all random numbers follow from.
    #[serde(default = "one_u64")]
    pub seed: u64,
    /// The beginning of each replication that no figure counts.
    #[serde(default)]
    pub warm_up: Option<Span>,
    /// The N seconds of the service level.
    #[serde(default = "default_service_level")]
    pub service_level: Span,
    /// The kinds of calls.
    pub calls: Vec<Calls>,
    /// The agents; without this key each Worker of the centre is on duty all day.
    #[serde(default)]
    pub agents: Option<Vec<Agents>>,
    /// How agents answer.
    #[serde(default)]
    pub answers: Answers,
}

/// The hours of a day.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Day {
    /// The first call arrives after it.
    pub from: TimeOfDay,
    /// The last call arrives before it.
    pub to: TimeOfDay,
    /// The length of an interval of the figures and of `per_interval`.
    #[serde(default = "half_an_hour")]
    pub interval: Span,
    /// The date of the first day, `2026-12-07`: expressions that ask for the time of day, in UTC,
    /// see it.
    #[serde(default = "default_date")]
    pub date: Spanned<String>,
}

/// A kind of calls, or of other Tasks.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// The name in the figures.
    pub name: Spanned<String>,
    /// The Task's attributes.
    #[serde(default)]
    pub attributes: Map<String, Value>,
    /// The name of the Workflow; the centre's Workflow of calls by default.
    #[serde(default)]
    pub workflow: Option<Spanned<String>>,
    /// The TaskChannel.
    #[serde(default = "default_channel")]
    pub channel: Spanned<String>,
    /// The Task's priority.
    #[serde(default)]
    pub priority: u32,
    /// Calls an hour, the same all day.
    #[serde(default)]
    pub per_hour: Option<Spanned<f64>>,
    /// Calls in each interval of the day, on average.
    #[serde(default)]
    pub per_interval: Option<Spanned<Vec<f64>>>,
    /// A CSV file of recorded calls.
    #[serde(default)]
    pub recorded: Option<Spanned<String>>,
    /// From the answer to the end of the conversation.
    pub talk: Distribution,
    /// From the end of the conversation until the agent is free; without it, the limits of the
    /// centre's file decide.
    #[serde(default)]
    pub wrap_up: Option<Distribution>,
    /// How long a caller waits before hanging up; without it, for ever.
    #[serde(default)]
    pub patience: Option<Distribution>,
}

/// Agents with the same shifts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agents {
    /// The name of a Worker of the centre's file or, with `like` or `attributes`, of these agents.
    pub name: Spanned<String>,
    /// The Worker whose attributes and capacity these agents have.
    #[serde(default)]
    pub like: Option<Spanned<String>>,
    /// Attributes of these agents, which replace those of `like`.
    #[serde(default)]
    pub attributes: Option<Map<String, Value>>,
    /// How many such agents.
    #[serde(default)]
    pub count: Option<Spanned<u32>>,
    /// Their shifts on each day; all day by default.
    #[serde(default)]
    pub shifts: Option<Vec<Spanned<Shift>>>,
}

/// A shift.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Its begin.
    pub from: TimeOfDay,
    /// Its end; a conversation is finished beyond it.
    pub to: TimeOfDay,
    /// Its breaks.
    #[serde(default)]
    pub breaks: Vec<Break>,
}

/// A break within a shift.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Break {
    /// Its begin.
    pub from: TimeOfDay,
    /// Its end.
    pub to: TimeOfDay,
}

/// How agents answer offers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answers {
    /// How the Worker is asked.
    pub by: AnsweredBy,
    /// From the offer to the answer.
    pub after: Distribution,
    /// The share of offers that the Worker does not answer, from 0 to 1.
    pub missed: f64,
    /// When a Worker returns that a missed offer has moved to the timeout Activity.
    pub return_after: Span,
}

/// How a Worker is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnsweredBy {
    /// The Worker's phone rings, as by the built-in assignment callback: an offer ends after
    /// `worker_ring_timeout`.
    Phone,
    /// The Worker accepts on a desktop: an offer ends after the Workflow's `reservation_timeout`.
    Desktop,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            by: AnsweredBy::Phone,
            after: Distribution::Fixed(Span(Millis::ZERO)),
            missed: 0.0,
            return_after: Span(Millis::from_secs(300)),
        }
    }
}

/// What is wrong with a scenario, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", place.map(|(line, column)| format!("{line}:{column}: ")).unwrap_or_default())]
pub struct ScenarioError {
    /// Line and column, from 1, if the place is known.
    pub place: Option<(u64, u64)>,
    /// The field, its value and what was expected.
    pub message: String,
}

impl ScenarioError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            place: None,
            message: message.into(),
        }
    }

    pub(crate) fn at<T>(value: &Spanned<T>, message: impl Into<String>) -> Self {
        let location = value.defined;
        Self {
            place: (location.line() > 0).then(|| (location.line(), location.column())),
            message: message.into(),
        }
    }
}

/// Reads a scenario.
///
/// # Errors
/// The first mistake, with its line and column.
pub fn read(text: &str) -> Result<Scenario, ScenarioError> {
    if text.len() > FILE_BYTES_MAX {
        return Err(ScenarioError::new(format!(
            "expected at most {FILE_BYTES_MAX} bytes, got {}",
            text.len()
        )));
    }
    let scenario: Scenario =
        serde_saphyr::from_str_with_options(text, options()).map_err(|error| sentence(&error))?;
    scenario.check()?;
    Ok(scenario)
}

/// The limits of the parser are those of a file of this size.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! { with_snippet: false }
}

fn sentence(error: &serde_saphyr::Error) -> ScenarioError {
    let message = error.without_snippet().to_string();
    if let Some((place, message)) = scalars::place_of(&message) {
        let message = message.split(" at line ").next().unwrap_or(message);
        return ScenarioError {
            place: Some(place),
            message: message.to_owned(),
        };
    }
    let Some(location) = error.location() else {
        return ScenarioError::new(message);
    };
    let suffix = format!(" at line {}, column {}", location.line(), location.column());
    let message = message.strip_suffix(&suffix).unwrap_or(&message);
    ScenarioError {
        place: Some((location.line(), location.column())),
        message: message.to_owned(),
    }
}

impl Scenario {
    /// The number of intervals of a day; the last one may be shorter.
    pub fn intervals(&self) -> usize {
        let length = self.day.to.0.as_millis() - self.day.from.0.as_millis();
        let intervals = length.div_ceil(self.day.interval.0.as_millis().max(1));
        usize::try_from(intervals).unwrap_or(INTERVALS_MAX)
    }

    /// Midnight of the first day.
    pub(crate) fn midnight(&self) -> Result<Timestamp, ScenarioError> {
        let date = &self.day.date;
        format!("{}T00:00:00Z", date.value)
            .parse()
            .map_err(|_| ScenarioError::at(date, "date: expected a date such as 2026-12-07"))
    }

    fn check(&self) -> Result<(), ScenarioError> {
        let wrong = |message: &str| Err(ScenarioError::new(message));
        if self.day.from >= self.day.to {
            return wrong("day: expected `from` before `to`");
        }
        if self.day.interval.0 == Millis::ZERO || self.intervals() > INTERVALS_MAX {
            return wrong("day: expected an `interval` of a minute or more");
        }
        if !(1..=DAYS_MAX).contains(&self.days) {
            return wrong("days: expected a whole number from 1 to 366");
        }
        if !(1..=REPLICATIONS_MAX).contains(&self.replications) {
            return wrong("replications: expected a whole number from 1 to 100000");
        }
        if !(0.0..=1.0).contains(&self.answers.missed) {
            return wrong("answers: expected `missed` to be a share from 0 to 1");
        }
        if self.calls.is_empty() || self.calls.len() > CALL_KINDS_MAX {
            return wrong("calls: expected a list of 1 to 200 kinds of calls");
        }
        self.midnight()?;
        for (index, calls) in self.calls.iter().enumerate() {
            let earlier = self.calls.iter().take(index);
            if earlier
                .clone()
                .any(|one| one.name.value == calls.name.value)
            {
                let message = format!(
                    "name: expected another name than that of earlier calls, got {:?}",
                    calls.name.value
                );
                return Err(ScenarioError::at(&calls.name, message));
            }
            calls.check(self.intervals())?;
        }
        for agents in self.agents.iter().flatten() {
            agents.check()?;
        }
        Ok(())
    }
}

impl Calls {
    fn check(&self, intervals: usize) -> Result<(), ScenarioError> {
        let sources = [
            self.per_hour.is_some(),
            self.per_interval.is_some(),
            self.recorded.is_some(),
        ];
        if sources.iter().filter(|is_there| **is_there).count() != 1 {
            let message = "expected one of the keys per_hour, per_interval and recorded";
            return Err(ScenarioError::at(&self.name, message));
        }
        if let Some(per_hour) = &self.per_hour
            && !(0.0..=PER_HOUR_MAX).contains(&per_hour.value)
        {
            let message = format!("per_hour: expected a number from 0 to {PER_HOUR_MAX}");
            return Err(ScenarioError::at(per_hour, message));
        }
        let Some(per_interval) = &self.per_interval else {
            return Ok(());
        };
        let numbers = &per_interval.value;
        if numbers.len() != intervals || !numbers.iter().all(|it| (0.0..=PER_HOUR_MAX).contains(it))
        {
            let message = format!(
                "per_interval: expected {intervals} numbers from 0 to {PER_HOUR_MAX}, one for each interval of the day, got {}",
                numbers.len()
            );
            return Err(ScenarioError::at(per_interval, message));
        }
        Ok(())
    }
}

impl Agents {
    fn check(&self) -> Result<(), ScenarioError> {
        if let Some(count) = &self.count {
            if self.like.is_none() && self.attributes.is_none() {
                let message = "count: expected `like` or `attributes` beside it: a Worker of the centre's file exists once";
                return Err(ScenarioError::at(count, message));
            }
            if usize::try_from(count.value).map_or(true, |count| count > AGENTS_MAX) {
                let message = format!("count: expected a whole number from 0 to {AGENTS_MAX}");
                return Err(ScenarioError::at(count, message));
            }
        }
        let mut end = TimeOfDay(Millis::ZERO);
        for shift in self.shifts.iter().flatten() {
            let wrong = |message: &str| Err(ScenarioError::at(shift, message));
            if shift.value.from < end || shift.value.from >= shift.value.to {
                return wrong(
                    "shifts: expected `from` before `to`, and shifts one after the other",
                );
            }
            let mut begin = shift.value.from;
            for pause in &shift.value.breaks {
                if pause.from < begin || pause.from >= pause.to || pause.to > shift.value.to {
                    return wrong(
                        "breaks: expected breaks within their shift, one after the other",
                    );
                }
                begin = pause.to;
            }
            end = shift.value.to;
        }
        Ok(())
    }
}

fn one() -> u32 {
    1
}

fn one_u64() -> u64 {
    1
}

fn default_replications() -> u32 {
    30
}

fn default_service_level() -> Span {
    Span(Millis::from_secs(20))
}

fn half_an_hour() -> Span {
    Span(Millis::from_secs(1_800))
}

fn default_channel() -> Spanned<String> {
    unplaced("voice")
}

fn default_date() -> Spanned<String> {
    unplaced("2026-12-07")
}

/// A value that the file does not contain.
fn unplaced(text: &str) -> Spanned<String> {
    Spanned {
        value: text.to_owned(),
        referenced: serde_saphyr::Location::UNKNOWN,
        defined: serde_saphyr::Location::UNKNOWN,
    }
}
