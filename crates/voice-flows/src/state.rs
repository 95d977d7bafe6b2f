//! Where a call is in its flow, between two webhooks.
//!
//! The state is carried in the query of the URLs that the documents contain, and in short form in
//! the Task of a waiting call. The carrier signs a request with its whole URL, so a state cannot be
//! changed or invented without the account's auth token.

use form_urlencoded::Serializer;
use ids::time::Timestamp;
use serde_json::{Map, Value};
use shared::flows_version::FlowsVersion;
use shared::webhook::{FromParameter, ParameterError, Parameters, path};

use crate::{FLOW_ATTRIBUTE, ReturnUrl, StepId, Values};

/// The most flows that may be in use within one another.
pub const RETURNS_MAX: usize = 8;

/// The most steps of a call's path that are kept, the newest ones: some 130 characters of a URL, of
/// which carriers accept about 4,000.
pub const PATH_STEPS_MAX: usize = 32;

/// The most webhooks of one call in its flow. A call in which a program answers itself ends here.
pub const WEBHOOKS_MAX: u16 = 300;

/// In a Task's attribute: the names of the attributes that are values of the flow.
const NAMES: &str = "names";

/// The state of a call in its flow.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The version of the flows in which the call started.
    pub version: FlowsVersion,
    /// The step.
    pub at: StepId,
    /// Why the next webhook comes.
    pub on: Resume,
    /// Number of times the question of this step was asked.
    pub attempt: u8,
    /// Number of webhooks of this call in its flow.
    pub webhooks: u16,
    /// Number of Tasks of this call.
    pub tasks: u8,
    /// When the call began to wait, if it did.
    pub waiting_since: Option<Timestamp>,
    /// The language, a `selected_language`; `None`: not chosen yet.
    pub language: Option<String>,
    /// Where flows that are in use return, innermost last.
    pub returns: Vec<StepId>,
    /// The application that gets the call back when the flow ends.
    pub application: Option<ReturnUrl>,
    /// The steps through which the call came, the present one last; the newest
    /// `PATH_STEPS_MAX`.
    pub path: Vec<StepId>,
    /// The values.
    pub values: Values,
}

/// Why a webhook of a flow comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// The step begins.
    Begin,
    /// The caller answered the question.
    Input,
    /// The caller did not answer the question.
    NoInput,
    /// The caller confirms the input, or not.
    Confirm,
    /// The caller left a message.
    Recorded,
    /// The caller left no message.
    NotRecorded,
    /// The connection to another party ended or failed.
    Dialed,
    /// The caller pressed a key while waiting.
    Leave,
    /// The conversation with a Worker ended, and the caller is still on the line.
    Bridged,
    /// The caller left the queue by key.
    Left,
    /// The Task ended without a Worker.
    TimedOut,
}

/// A state that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// A parameter is missing or malformed.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The call went through too many webhooks.
    #[error("the call had {WEBHOOKS_MAX} webhooks in its flow, more than a caller can answer")]
    TooLong,
}

impl Resume {
    const ALL: [(Self, &'static str); 11] = [
        (Self::Begin, "begin"),
        (Self::Input, "input"),
        (Self::NoInput, "no-input"),
        (Self::Confirm, "confirm"),
        (Self::Recorded, "recorded"),
        (Self::NotRecorded, "not-recorded"),
        (Self::Dialed, "dialed"),
        (Self::Leave, "leave"),
        (Self::Bridged, "bridged"),
        (Self::Left, "left"),
        (Self::TimedOut, "timed-out"),
    ];

    fn as_str(self) -> &'static str {
        Self::ALL
            .into_iter()
            .find(|(resume, _)| *resume == self)
            .map_or("begin", |(_, word)| word)
    }
}

impl FromParameter for Resume {
    fn expected() -> String {
        let words: Vec<_> = Self::ALL.into_iter().map(|(_, word)| word).collect();
        format!("one of {}", words.join(", "))
    }

    fn parse(text: &str) -> Option<Self> {
        let found = Self::ALL.into_iter().find(|(_, word)| *word == text);
        found.map(|(resume, _)| resume)
    }
}

/// At most `MAX` numbers of steps, separated by dots.
struct Steps<const MAX: usize>(Vec<StepId>);

impl<const MAX: usize> FromParameter for Steps<MAX> {
    fn expected() -> String {
        format!("at most {MAX} numbers of steps, separated by dots")
    }

    fn parse(text: &str) -> Option<Self> {
        let steps: Option<Vec<StepId>> = text.split('.').map(StepId::parse).collect();
        steps.filter(|steps| steps.len() <= MAX).map(Self)
    }
}

fn dotted(steps: &[StepId]) -> String {
    let numbers: Vec<_> = steps.iter().map(|step| step.0.to_string()).collect();
    numbers.join(".")
}

impl State {
    /// A call that begins at `at`.
    pub fn new(version: FlowsVersion, at: StepId) -> Self {
        Self {
            version,
            at,
            on: Resume::Begin,
            attempt: 1,
            webhooks: 1,
            tasks: 0,
            waiting_since: None,
            language: None,
            returns: Vec::new(),
            application: None,
            path: vec![at],
            values: Values::default(),
        }
    }

    /// Reads the state that a webhook carries; `None`: the webhook belongs to no flow.
    ///
    /// # Errors
    /// [`StateError`] for a state that no document contained.
    pub fn parse(parameters: &Parameters) -> Result<Option<Self>, StateError> {
        let Some(version) = parameters.optional(path::FLOW)? else {
            return Ok(None);
        };
        let webhooks = parameters.required::<u32>(path::FLOW_WEBHOOKS)?;
        let webhooks = u16::try_from(webhooks).unwrap_or(WEBHOOKS_MAX);
        if webhooks >= WEBHOOKS_MAX {
            return Err(StateError::TooLong);
        }
        let at = parameters.required(path::FLOW_AT)?;
        let returns = parameters.optional::<Steps<RETURNS_MAX>>(path::FLOW_RETURNS)?;
        let steps = parameters.optional::<Steps<PATH_STEPS_MAX>>(path::FLOW_PATH)?;
        let since = parameters.optional::<i64>(path::FLOW_SINCE)?;
        Ok(Some(Self {
            version,
            at,
            on: parameters.optional(path::FLOW_ON)?.unwrap_or(Resume::Begin),
            // The first time is written as no number.
            attempt: parameters.optional(path::FLOW_ATTEMPT)?.unwrap_or(1).max(1),
            webhooks: webhooks + 1,
            tasks: parameters.optional(path::FLOW_TASKS)?.unwrap_or(0),
            waiting_since: since.map(Timestamp::from_millis),
            language: parameters.optional(path::LANGUAGE)?,
            returns: returns.map(|returns| returns.0).unwrap_or_default(),
            application: parameters.optional(path::FLOW_RETURN)?,
            path: steps.map_or_else(|| vec![at], |steps| steps.0),
            values: parameters.optional(path::FLOW_VALUES)?.unwrap_or_default(),
        }))
    }

    /// The state of a waiting call, from the attribute of its Task ([`State::attribute`]) and the
    /// Task's other attributes, which contain the values.
    pub fn of_task(attribute: &str, attributes: &Map<String, Value>) -> Option<Self> {
        let pairs = form_urlencoded::parse(attribute.as_bytes()).into_owned();
        let parameters = Parameters::new(pairs.collect());
        let mut state = Self::parse(&parameters).ok().flatten()?;
        for name in parameters.get(NAMES).unwrap_or_default().split(' ') {
            if let Some(value) = attributes.get(name) {
                // The values were carried in a URL before, so they fit.
                state.values.set(name, value.clone()).ok()?;
            }
        }
        Some(state)
    }

    /// The state of a call in the attributes of its Task; `None`: the Task is of no flow.
    pub fn of_attributes(attributes: &Map<String, Value>) -> Option<Self> {
        Self::of_task(attributes.get(FLOW_ATTRIBUTE)?.as_str()?, attributes)
    }

    /// Enters a step.
    pub fn enter(&mut self, step: StepId) {
        self.at = step;
        self.on = Resume::Begin;
        self.attempt = 1;
        if self.path.last() == Some(&step) {
            return;
        }
        self.path.push(step);
        let excess = self.path.len().saturating_sub(PATH_STEPS_MAX);
        self.path.drain(..excess);
    }

    /// This state, resumed for another reason.
    #[must_use]
    pub fn resumed(&self, on: Resume) -> Self {
        Self { on, ..self.clone() }
    }

    /// The URL of the webhook that continues here.
    pub fn url(&self) -> String {
        format!("{}?{}", path::FLOW_STEP, self.query())
    }

    /// The query of a URL.
    pub fn query(&self) -> String {
        let mut query = self.pairs();
        if let Some(language) = &self.language {
            query.append_pair(path::LANGUAGE, language);
        }
        if !self.values.is_empty() {
            query.append_pair(path::FLOW_VALUES, &self.values.json());
        }
        query.finish()
    }

    /// The short form in the Task of a waiting call: without values and language, which are
    /// attributes of the Task.
    pub fn attribute(&self) -> String {
        let mut query = self.pairs();
        let names: Vec<&str> = self.values.iter().map(|(name, _)| name.as_str()).collect();
        if let Some(language) = &self.language {
            query.append_pair(path::LANGUAGE, language);
        }
        if !names.is_empty() {
            query.append_pair(NAMES, &names.join(" "));
        }
        query.finish()
    }

    fn pairs(&self) -> Serializer<'static, String> {
        let mut query = Serializer::new(String::new());
        query.append_pair(path::FLOW, self.version.as_str());
        query.append_pair(path::FLOW_AT, &self.at.0.to_string());
        query.append_pair(path::FLOW_WEBHOOKS, &self.webhooks.to_string());
        if self.on != Resume::Begin {
            query.append_pair(path::FLOW_ON, self.on.as_str());
        }
        if self.attempt > 1 {
            query.append_pair(path::FLOW_ATTEMPT, &self.attempt.to_string());
        }
        if self.tasks > 0 {
            query.append_pair(path::FLOW_TASKS, &self.tasks.to_string());
        }
        if let Some(since) = self.waiting_since {
            query.append_pair(path::FLOW_SINCE, &since.as_millis().to_string());
        }
        if !self.returns.is_empty() {
            query.append_pair(path::FLOW_RETURNS, &dotted(&self.returns));
        }
        if self.path != [self.at] {
            query.append_pair(path::FLOW_PATH, &dotted(&self.path));
        }
        if let Some(application) = &self.application {
            query.append_pair(path::FLOW_RETURN, application.as_str());
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn state() -> State {
        let mut values = Values::default();
        values.set("account", json!("49 & 50")).unwrap();
        values.set("vip", json!(true)).unwrap();
        State {
            on: Resume::NoInput,
            attempt: 2,
            webhooks: 7,
            tasks: 1,
            waiting_since: Some(Timestamp::from_millis(1_700_000_000_123)),
            language: Some("de".to_owned()),
            returns: vec![StepId(4), StepId(17)],
            application: ReturnUrl::parse("https://app.example/after?a=1"),
            path: vec![StepId(0), StepId(4), StepId(12)],
            values,
            ..State::new(FlowsVersion::parse("0123456789abcdef").unwrap(), StepId(12))
        }
    }

    fn parameters(query: &str) -> Parameters {
        Parameters::new(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    #[test]
    fn state_is_read_as_written() {
        let written = state();
        let read = State::parse(&parameters(&written.query()))
            .unwrap()
            .unwrap();
        assert_eq!(
            read,
            State {
                webhooks: 8,
                ..written
            }
        );
    }

    #[test]
    fn task_has_the_state_in_short_form() {
        let written = state();
        let attributes = json!({"account": "49 & 50", "vip": true, "from": "+17075550101"});
        let attribute = written.attribute();
        assert!(!attribute.contains("49"), "{attribute}");
        let read = State::of_task(&attribute, attributes.as_object().unwrap()).unwrap();
        assert_eq!(
            read,
            State {
                webhooks: 8,
                ..written
            }
        );
    }

    #[test]
    fn path_keeps_the_newest_steps() {
        let mut state = state();
        state.enter(StepId(12));
        assert_eq!(state.path.len(), 3, "the same step again");
        for step in 100..200 {
            state.enter(StepId(step));
        }
        assert_eq!(state.path.len(), PATH_STEPS_MAX);
        assert_eq!(state.path.last(), Some(&StepId(199)));
        let query = state.query();
        assert!(query.contains("via=168.169."), "{query}");
    }

    #[test]
    fn webhook_of_no_flow_has_no_state() {
        assert_eq!(State::parse(&parameters("TaskSid=WT1")), Ok(None));
    }

    #[test]
    fn invented_state_is_refused() {
        for (query, expected) in [
            (
                "flow=x",
                "flow cannot be understood: expected 16 hexadecimal digits",
            ),
            ("flow=0123456789abcdef&n=1", "at is missing"),
            ("flow=0123456789abcdef&at=1&n=300", "300 webhooks"),
            (
                "flow=0123456789abcdef&at=1&n=1&on=x",
                "on cannot be understood",
            ),
            (
                "flow=0123456789abcdef&at=1&n=1&back=1.2.3.4.5.6.7.8.9",
                "back cannot",
            ),
            (
                "flow=0123456789abcdef&at=70000&n=1",
                "at cannot be understood",
            ),
        ] {
            let error = State::parse(&parameters(query)).unwrap_err().to_string();
            assert!(error.contains(expected), "{query}: {error}");
        }
    }
}
