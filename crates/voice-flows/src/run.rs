//! Answers one webhook of a flow: follows the steps until a document is complete, or until a step
//! needs the outside world.

mod callback;
mod collect;
mod menu;
mod question;
mod queue;
mod record;
mod voicemail;

use std::collections::BTreeMap;

use ids::TaskSid;
use ids::time::{Millis, Timestamp};
use serde_json::{Map, Value};
use shared::menu::Texts;
use shared::twiml::{Hangup, Prompt as Heard, Redirect, Response, Verb};
use shared::webhook::{
    Call, DialCallStatus, ParameterError, Parameters, Recorded, attributes_of_call,
};

use crate::documents::{self, Speaker};
use crate::prompt::fill;
use crate::scope::{FlowScope, HoursNow, Parties, queues_of};
use crate::state::RETURNS_MAX;
use crate::{
    Action, Case, Figures, LookUp, NewCallTask, Resume, State, Step, StepId, Switches, Target,
    Transfer, VoiceFlows,
};

/// The most steps of one webhook: a flow that goes in circles without a question ends here.
pub const STEPS_MAX: u16 = 500;

pub use queue::{FLOW_ATTRIBUTE, TASKS_MAX};
pub use record::RECORDING;

/// What replaces a secret value after the next question.
const MASK: &str = "****";

/// The value that a [`Action::Tag`] adds to.
const TAGS: &str = "tags";

/// The most tags of a call; further ones are not added.
const TAGS_MAX: usize = 20;

/// What the carrier reports with a webhook besides the call itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Inputs {
    /// The pressed keys.
    keys: Option<String>,
    /// The recognized speech.
    speech: Option<String>,
    /// The message of the caller.
    recorded: Option<Recorded>,
    /// How the connection to another party ended.
    dialed: Option<DialCallStatus>,
    /// The Task for which the caller waits.
    task: Option<TaskSid>,
}

/// The result of [`Run::advance`].
#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    /// The answer to the webhook.
    Document(Response),
    /// A request to another server; continue with [`Run::looked_up`].
    LookUp {
        /// The URL.
        url: String,
        /// The parameters of the form to send: `CallSid`, `From`, `To`, `Language`, and values by
        /// their names.
        form: Vec<(String, String)>,
        /// Timeout of the request.
        timeout: Millis,
    },
    /// The figures of these TaskQueues, by the names that conditions use; continue with
    /// [`Run::counted`].
    Figures(Vec<String>),
    /// A Task to create; continue with [`Run::task_created`].
    CreateTask(Box<NewCallTask>),
    /// A waiting Task to end, because its caller leaves the queue; the answer is then `<Leave>`.
    LeaveQueue(TaskSid),
}

/// The webhook that a run answers.
#[derive(Clone, Copy)]
pub struct Webhook<'a> {
    /// Its call.
    pub call: &'a Call,
    /// All of its parameters.
    pub parameters: &'a Parameters,
    /// The emergency openings and closings that are in force.
    pub switches: &'a Switches,
    /// When it arrived.
    pub now: Timestamp,
}

/// The answer to one webhook, in the making.
pub struct Run<'a> {
    flows: &'a VoiceFlows,
    call: &'a Call,
    /// The attributes of the call, for its Tasks.
    attributes: Map<String, Value>,
    inputs: Inputs,
    hours: HoursNow,
    state: State,
    /// The verbs so far.
    document: Response,
    /// Names of the values that only this webhook knows.
    secrets: Vec<String>,
    figures: Option<Figures>,
    steps: u16,
}

/// Where a run continues after a step.
enum Next {
    /// Another step; `None`: the flow ends.
    Go(Option<StepId>),
    /// Nowhere: the caller of [`Run::advance`] has to act.
    Stop(Turn),
}

impl Inputs {
    /// Reads what a webhook reports.
    ///
    /// # Errors
    /// [`ParameterError`] naming the malformed parameter.
    fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            keys: parameters.get("Digits").map(str::to_owned),
            speech: parameters.get("SpeechResult").map(str::to_owned),
            recorded: Recorded::parse(parameters)?,
            dialed: parameters.optional("DialCallStatus")?,
            task: parameters.optional("TaskSid")?,
        })
    }
}

impl<'a> Run<'a> {
    /// A run that answers a webhook in `state`.
    ///
    /// # Errors
    /// [`ParameterError`] naming the malformed parameter.
    pub fn new(
        flows: &'a VoiceFlows,
        state: State,
        webhook: Webhook<'a>,
    ) -> Result<Self, ParameterError> {
        let Webhook {
            call,
            parameters,
            switches,
            now,
        } = webhook;
        Ok(Self {
            flows,
            call,
            attributes: attributes_of_call(call, parameters),
            inputs: Inputs::parse(parameters)?,
            hours: HoursNow::of(flows, switches, now),
            state,
            document: Response::new(),
            secrets: Vec::new(),
            figures: None,
            steps: 0,
        })
    }

    /// Follows the steps.
    pub fn advance(&mut self) -> Turn {
        let flows = self.flows;
        while self.steps < STEPS_MAX
            && let Some(step) = flows.step(self.state.at)
        {
            self.steps += 1;
            let next = self.step(step);
            if let Some(turn) = self.follow(next) {
                return turn;
            }
        }
        self.give_up()
    }

    /// Continues after [`Turn::LookUp`] with the answer, a JSON object; `None`: no usable answer.
    pub fn looked_up(&mut self, answer: Option<&Value>) -> Turn {
        self.resume(|run, step| match (&step.action, answer) {
            (Action::LookUp(look_up), Some(answer)) if run.take(look_up, answer) => {
                Next::Go(step.next)
            }
            _failed => run.fail(step),
        })
    }

    /// Continues after [`Turn::Figures`].
    pub fn counted(&mut self, figures: Figures) -> Turn {
        self.figures = Some(figures);
        self.advance()
    }

    /// Continues after [`Turn::CreateTask`]. `since`: the moment from which the Task waits.
    pub fn task_created(&mut self, task: TaskSid, since: Timestamp) -> Turn {
        self.state.tasks = self.state.tasks.saturating_add(1);
        self.state.waiting_since = Some(since);
        self.resume(|run, step| match &step.action {
            Action::Queue(_) => run.enqueue(task),
            Action::Voicemail(voicemail) => run.thank(voicemail, step),
            Action::Callback(_)
            | Action::Say(_)
            | Action::Menu(_)
            | Action::Collect(_)
            | Action::Branch(_)
            | Action::Set(_)
            | Action::Tag(_)
            | Action::Language(_)
            | Action::LookUp(_)
            | Action::Record(_)
            | Action::Transfer(_)
            | Action::Use(_)
            | Action::GoTo(_)
            | Action::HangUp => Next::Go(step.next),
        })
    }

    /// Continues after a Task that cannot be created: the step fails.
    pub fn failed(&mut self) -> Turn {
        self.resume(Self::fail)
    }

    /// The answer of a function that cannot follow the flow here: the webhook continues at
    /// `/flow-step`.
    pub fn redirect(&mut self) -> Response {
        let redirect = Redirect::new(self.carried().url());
        self.complete(redirect)
    }

    /// An apology, and the end of the call.
    pub fn end(&mut self) -> Response {
        self.hear_text(|texts| &texts.give_up);
        self.complete(Hangup)
    }

    /// The state of the call.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The label of the step that the call is at.
    pub fn label(&self) -> &'a str {
        let step = self.flows.step(self.state.at);
        step.map_or("", |step| step.label.as_str())
    }

    /// Continues the step that the call is at.
    fn resume(&mut self, continuation: impl FnOnce(&mut Self, &'a Step) -> Next) -> Turn {
        let flows = self.flows;
        let Some(step) = flows.step(self.state.at) else {
            return self.give_up();
        };
        let next = continuation(self, step);
        match self.follow(next) {
            Some(turn) => turn,
            None => self.advance(),
        }
    }

    /// Enters the next step, or returns how the run stops.
    fn follow(&mut self, next: Next) -> Option<Turn> {
        let next = match next {
            Next::Stop(turn) => return Some(turn),
            Next::Go(next) => next.or_else(|| self.return_step()),
        };
        let Some(next) = next else {
            return Some(Turn::Document(self.finish()));
        };
        self.state.enter(next);
        None
    }

    /// The last document of the flow: the application that handed the call over gets it back, with
    /// its values, and any other call ends.
    fn finish(&mut self) -> Response {
        let state = self.carried();
        match &state.application {
            Some(application) => self.complete(Redirect::new(application.with(&state.values))),
            None => self.complete(Hangup),
        }
    }

    /// The step after the innermost use of a flow that has one.
    fn return_step(&mut self) -> Option<StepId> {
        while let Some(user) = self.state.returns.pop() {
            let next = self.flows.step(user).and_then(|step| step.next);
            if next.is_some() {
                return next;
            }
        }
        None
    }

    fn step(&mut self, step: &'a Step) -> Next {
        match &step.action {
            Action::Say(prompt) => {
                let verbs = self.speaker().prompt(prompt);
                self.hear(verbs);
                Next::Go(step.next)
            }
            Action::Menu(menu) => self.menu(menu, step),
            Action::Collect(collect) => self.collect(collect, step),
            Action::Branch(cases) => self.branch(cases, step),
            Action::Set(values) => self.set(values, step),
            Action::Tag(tag) => self.tag(tag, step),
            Action::Language(language) => {
                self.state.language = Some(language.clone());
                Next::Go(step.next)
            }
            Action::LookUp(look_up) => self.look_up(look_up),
            Action::Record(record) => self.record_call(record, step),
            Action::Queue(queue) => self.queue(queue, step),
            Action::Callback(callback) => self.callback(callback, step),
            Action::Voicemail(voicemail) => self.voicemail(voicemail, step),
            Action::Transfer(transfer) => self.transfer(transfer, step),
            Action::Use(flow) => self.use_flow(*flow, step),
            Action::GoTo(target) => Next::Go(Some(*target)),
            Action::HangUp => Next::Stop(Turn::Document(self.complete(Hangup))),
        }
    }

    fn branch(&mut self, cases: &'a [Case], step: &Step) -> Next {
        let queues: Vec<String> = cases
            .iter()
            .flat_map(|case| queues_of(&case.condition))
            .collect();
        if !queues.is_empty() && self.figures.is_none() {
            return self.outside(Turn::Figures(queues));
        }
        let scope = self.scope(self.figures.as_ref());
        let case = cases.iter().find(|case| case.condition.matches(&scope));
        Next::Go(case.map_or(Target::Next, |case| case.then).from(step))
    }

    fn set(&mut self, values: &BTreeMap<String, Value>, step: &Step) -> Next {
        for (name, value) in values {
            let value = self.filled(value);
            if self.state.values.set(name, value).is_err() {
                return self.fail(step);
            }
        }
        Next::Go(step.next)
    }

    fn tag(&mut self, tag: &str, step: &Step) -> Next {
        let mut tags = match self.state.values.get(TAGS) {
            Some(Value::Array(tags)) => tags.clone(),
            Some(_) | None => Vec::new(),
        };
        if tags.len() < TAGS_MAX && !tags.iter().any(|known| known == tag) {
            tags.push(tag.into());
            // A tag that does not fit is left out; a call does not fail for it.
            let _too_long = self.state.values.set(TAGS, tags.into());
        }
        Next::Go(step.next)
    }

    fn look_up(&mut self, look_up: &LookUp) -> Next {
        let speaker = self.speaker();
        let mut form = vec![
            ("CallSid".to_owned(), self.call.call_sid.to_string()),
            ("From".to_owned(), self.call.from.as_str().to_owned()),
            ("To".to_owned(), self.call.to.as_str().to_owned()),
            ("Language".to_owned(), speaker.scope.text("language")),
        ];
        let sent = look_up.send.iter();
        form.extend(sent.map(|name| (name.clone(), speaker.scope.text(name))));
        self.outside(Turn::LookUp {
            url: look_up.url.clone(),
            form,
            timeout: look_up.timeout,
        })
    }

    /// Takes the values of a look-up from its answer. A key that the answer lacks removes the value.
    /// Returns false if the values do not fit.
    fn take(&mut self, look_up: &LookUp, answer: &Value) -> bool {
        look_up
            .take
            .iter()
            .all(|(name, key)| match answer.get(key) {
                Some(value) if !value.is_null() => {
                    self.state.values.set(name, value.clone()).is_ok()
                }
                Some(_) | None => {
                    self.state.values.remove(name);
                    true
                }
            })
    }

    fn transfer(&mut self, transfer: &Transfer, step: &Step) -> Next {
        if self.state.on != Resume::Dialed {
            let dial = documents::dial(transfer, &self.carried());
            return Next::Stop(Turn::Document(self.complete(dial)));
        }
        let on_no_answer = transfer.on_no_answer;
        let target = match self.inputs.dialed {
            Some(DialCallStatus::Completed | DialCallStatus::Answered) => Some(Target::Next),
            Some(
                DialCallStatus::Busy
                | DialCallStatus::NoAnswer
                | DialCallStatus::Failed
                | DialCallStatus::Canceled,
            )
            | None => on_no_answer,
        };
        match target {
            Some(target) => Next::Go(target.from(step)),
            None => self.fail(step),
        }
    }

    fn use_flow(&mut self, flow: StepId, step: &Step) -> Next {
        if self.state.returns.len() >= RETURNS_MAX {
            return self.fail(step);
        }
        self.state.returns.push(self.state.at);
        Next::Go(Some(flow))
    }

    /// A step that needs the outside world begins a webhook of its own, so that the caller hears
    /// what was said so far before it.
    fn outside(&mut self, turn: Turn) -> Next {
        if self.document.verbs().is_empty() {
            return Next::Stop(turn);
        }
        Next::Stop(Turn::Document(self.redirect()))
    }

    /// The step failed: its own path for errors, or an apology and the end of the call.
    fn fail(&mut self, step: &Step) -> Next {
        match step.on_error {
            Some(target) => Next::Go(Some(target)),
            None => Next::Stop(self.give_up()),
        }
    }

    /// A goodbye, and the end of the call.
    fn say_goodbye(&mut self) -> Next {
        self.hear_text(|texts| &texts.goodbye);
        Next::Stop(Turn::Document(self.complete(Hangup)))
    }

    fn give_up(&mut self) -> Turn {
        Turn::Document(self.end())
    }

    /// The caller hears a built-in text.
    fn hear_text(&mut self, text: impl FnOnce(&Texts) -> &str) {
        let said = self.speaker().built_in(text);
        self.hear(said);
    }

    fn hear(&mut self, verbs: Vec<Heard>) {
        self.document.extend(verbs.into_iter().map(Into::into));
    }

    /// The document, completed with its last verb.
    fn complete(&mut self, last: impl Into<Verb>) -> Response {
        std::mem::take(&mut self.document).then(last)
    }

    /// The state as URLs and Tasks carry it: without secrets.
    fn carried(&self) -> State {
        let mut state = self.state.clone();
        for name in &self.secrets {
            // The mask is not longer than an input.
            let _fits = state.values.set(name, MASK.into());
        }
        state
    }

    /// A value with its placeholders filled.
    fn filled(&self, value: &Value) -> Value {
        let Value::String(text) = value else {
            return value.clone();
        };
        let speaker = self.speaker();
        fill(text, |name| speaker.scope.text(name)).into()
    }

    fn scope<'s>(&'s self, figures: Option<&'s Figures>) -> FlowScope<'s> {
        let parties = Parties::of(self.call);
        FlowScope::new(self.flows, &self.state, parties, &self.hours, figures)
    }

    fn speaker(&self) -> Speaker<'_> {
        Speaker {
            language: self.flows.language(self.state.language.as_deref()),
            scope: self.scope(self.figures.as_ref()),
        }
    }
}
