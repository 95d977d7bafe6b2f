//! The flows as data: a list of steps that refer to one another by number.
//!
//! The reader of `contact-centre.yaml` flattens the nested lists of the file. A step therefore
//! names the step after it, and a call's position in its flow is one number.

use std::collections::{BTreeMap, BTreeSet};

use calendars::Calendar;
use ids::time::Millis;
use ids::{TaskQueueSid, WorkflowSid};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::flows_version::FlowsVersion;
use shared::menu::{Digit, Language};
use shared::phone_list::PhoneList;
use shared::webhook::FromParameter;
use task_router::model::Expression;

use crate::{AgentGreeting, Collect, Menu, Prompt, SoundName, Text};

/// All flows of a contact centre.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoiceFlows {
    /// The language of a call that has not chosen one, with its voice and built-in texts.
    pub language: Language,
    /// The other languages.
    pub more_languages: Vec<Language>,
    /// The flow of each number, E.164.
    pub numbers: BTreeMap<String, String>,
    /// The first step of each flow.
    pub flows: BTreeMap<String, StepId>,
    /// The steps of all flows.
    pub steps: Vec<Step>,
    /// Opening hours, by the name that conditions use.
    #[serde(default)]
    pub calendars: BTreeMap<String, Calendar>,
    /// Lists of telephone numbers, E.164, by name.
    pub lists: BTreeMap<String, PhoneList>,
    /// The TaskQueues whose figures conditions ask for, by the name that conditions use.
    pub queues: BTreeMap<String, TaskQueueSid>,
    /// The audio files of all prompts.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sounds: BTreeSet<SoundName>,
}

/// The number of a step in [`VoiceFlows::steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub u16);

/// One step of a flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Flow and position, or the name that the file gives it: `main/3`, `main/ask_account`.
    pub label: String,
    /// What the step does.
    pub action: Action,
    /// The step after it; `None`: the flow ends, and a flow that was used by another returns.
    pub next: Option<StepId>,
    /// Where the call continues when the step fails; `None`: an apology, then the call ends.
    pub on_error: Option<StepId>,
    /// The list of the file that has the step, for writing the file again. `None`: a word as a target,
    /// such as `hang_up`, or the second number of a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<InList>,
}

/// A list of steps in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InList {
    /// Its number.
    pub number: u16,
    /// The step whose target it is; `None`: the list of a flow, or that of its `on_error`.
    pub of: Option<StepId>,
}

/// Where a call continues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The step after this one.
    #[default]
    Next,
    /// Another step.
    Step(StepId),
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The caller hears something.
    Say(Prompt),
    /// A question with options.
    Menu(Menu),
    /// A question whose answer becomes a value.
    Collect(Collect),
    /// The first case whose condition is true; without one, the next step.
    Branch(Vec<Case>),
    /// Sets values; texts may have placeholders.
    Set(BTreeMap<String, Value>),
    /// Adds a word to the value `tags`.
    Tag(String),
    /// The language in which the call continues.
    Language(String),
    /// Asks a server of the contact centre's owner.
    LookUp(LookUp),
    /// The call is recorded from here on.
    Record(Record),
    /// The call becomes a Task and waits for a Worker.
    Queue(Box<Queue>),
    /// A Worker will call back.
    Callback(Box<Callback>),
    /// The caller leaves a message, which becomes a Task.
    Voicemail(Voicemail),
    /// The caller is connected to a number.
    Transfer(Transfer),
    /// Another flow, which returns here.
    Use(StepId),
    /// The call continues at another step.
    GoTo(StepId),
    /// The call ends.
    HangUp,
}

/// One case of a [`Action::Branch`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The condition, over what is known of the call.
    pub condition: Expression,
    /// Where the call continues if it is true.
    pub then: Target,
}

/// A request to a server of the contact centre's owner: a signed POST of values as JSON, whose
/// answer becomes values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookUp {
    /// The URL.
    pub url: String,
    /// Names of the values that are sent, besides `call_sid`, `from`, `to` and `language`.
    pub send: BTreeSet<String>,
    /// The values that the answer becomes: name of the value, key in the answer.
    pub take: BTreeMap<String, String>,
    /// Timeout of the request.
    pub timeout: Millis,
}

/// The call becomes a Task and waits for a Worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// The Workflow that routes the Task.
    pub workflow: WorkflowSid,
    /// Attributes of the Task besides those of the call and the values of the flow; texts may have
    /// placeholders.
    pub attributes: BTreeMap<String, Value>,
    /// Priority of the Task; higher is served first.
    pub priority: u32,
    /// How long the caller may wait.
    pub timeout: Option<Millis>,
    /// What the caller hears while waiting.
    pub wait: Wait,
    /// Where the call continues when the Task timed out or its queue is full.
    pub on_timeout: Option<Target>,
    /// The key with which the caller leaves the queue.
    pub leave: Option<Leave>,
    /// What the Worker hears before they are connected; `None`: the built-in text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_greeting: Option<AgentGreeting>,
}

/// What a caller hears while waiting: one round of music after the other, some of them after an
/// announcement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// Heard once, when the wait begins; the built-in text if empty.
    pub welcome: Prompt,
    /// The music of one round, by language; `None`: the built-in music.
    pub music: Option<Text>,
    /// The length of the music, if it is a file beside the configuration; of several, the longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub music_length: Option<Millis>,
    /// Announcements, one after the other, every [`Wait::announce_every`].
    pub announcements: Vec<Prompt>,
    /// The interval of the announcements.
    pub announce_every: Millis,
    /// Whether the position in the queue is announced.
    pub has_position: bool,
    /// Whether the expected wait is announced, if a Worker is available for the queue at all.
    pub has_expected_wait: bool,
}

/// The key with which a caller leaves the queue. The place in the queue is kept for a later
/// [`Action::Queue`] or [`Action::Callback`] of the same call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leave {
    /// The key.
    pub key: Digit,
    /// Heard with each announcement: "To be called back, press 1."
    pub prompt: Prompt,
    /// Where the call continues.
    pub then: Target,
}

/// A Task for a call from a Worker to the caller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Callback {
    /// The Workflow that routes the Task.
    pub workflow: WorkflowSid,
    /// Attributes of the Task besides those of the call and the values of the flow.
    pub attributes: BTreeMap<String, Value>,
    /// Priority of the Task.
    pub priority: u32,
    /// How long the Task may wait for a Worker.
    pub expires: Option<Millis>,
    /// The most attempts to reach the customer.
    #[serde(default = "attempts")]
    pub attempts: u8,
    /// The pause after an attempt in vain.
    #[serde(default = "pause")]
    pub pause: Millis,
    /// The name of the value with the number to call; the caller's number if it has no value.
    pub number: String,
    /// What the Worker hears before the customer is called; `None`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_greeting: Option<AgentGreeting>,
}

/// The announcement that a call is recorded from here on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What the caller hears before the recording starts.
    pub prompt: Prompt,
    /// The key with which the caller refuses; `None`: the caller cannot.
    pub refuse: Option<Digit>,
    /// Seconds of silence that count as consent, where the caller can refuse.
    pub timeout_secs: u16,
}

/// A message of the caller, which becomes a Task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Voicemail {
    /// The TaskQueue of the Task.
    pub task_queue: TaskQueueSid,
    /// Heard before the tone; the built-in text if empty.
    pub prompt: Prompt,
    /// Heard after the message; the built-in text if empty.
    pub thanks: Prompt,
    /// Maximum length of the message, in seconds.
    pub max_length_secs: u16,
}

/// The caller is connected to a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// The other party.
    pub to: TransferTo,
    /// Seconds until the attempt ends without an answer.
    pub timeout_secs: u16,
    /// Where the call continues when the other party did not answer.
    pub on_no_answer: Option<Target>,
}

/// The other party of a [`Transfer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferTo {
    /// A telephone number, E.164.
    Number(String),
    /// A SIP address: `sip:office@example.com`.
    Sip(String),
}

/// The attempts of a callback that does not state them.
pub const CALLBACK_ATTEMPTS: u8 = 3;

/// The pause of a callback that does not state it: a customer who talks on their telephone has
/// usually finished.
pub const CALLBACK_PAUSE: Millis = Millis::from_secs(600);

fn attempts() -> u8 {
    CALLBACK_ATTEMPTS
}

fn pause() -> Millis {
    CALLBACK_PAUSE
}

impl VoiceFlows {
    /// The flows as they are stored, JSON.
    ///
    /// # Errors
    /// The flows cannot be serialized; no flows that were read from a file cause this.
    pub fn content(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The version of these flows.
    ///
    /// # Errors
    /// As [`VoiceFlows::content`].
    pub fn version(&self) -> Result<FlowsVersion, serde_json::Error> {
        Ok(FlowsVersion::of(self.content()?.as_bytes()))
    }

    /// The Workflows of the queue and callback steps.
    pub fn workflows(&self) -> impl Iterator<Item = WorkflowSid> {
        self.steps.iter().filter_map(|step| match &step.action {
            Action::Queue(queue) => Some(queue.workflow),
            Action::Callback(callback) => Some(callback.workflow),
            Action::Say(_)
            | Action::Menu(_)
            | Action::Collect(_)
            | Action::Branch(_)
            | Action::Set(_)
            | Action::Tag(_)
            | Action::Language(_)
            | Action::LookUp(_)
            | Action::Record(_)
            | Action::Voicemail(_)
            | Action::Transfer(_)
            | Action::Use(_)
            | Action::GoTo(_)
            | Action::HangUp => None,
        })
    }

    /// The TaskQueues of the voicemail steps.
    pub fn voicemail_task_queues(&self) -> impl Iterator<Item = TaskQueueSid> {
        self.steps.iter().filter_map(|step| {
            let Action::Voicemail(voicemail) = &step.action else {
                return None;
            };
            Some(voicemail.task_queue)
        })
    }

    /// The step with this number.
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.steps.get(usize::from(id.0))
    }

    /// The first step of the flow of a number.
    pub fn start_of(&self, number: &str) -> Option<StepId> {
        self.flows.get(self.numbers.get(number)?).copied()
    }

    /// The language with this name, or the one of a call that has not chosen one.
    pub fn language(&self, name: Option<&str>) -> &Language {
        let named = self
            .more_languages
            .iter()
            .find(|language| Some(language.selected_language.as_str()) == name);
        named.unwrap_or(&self.language)
    }

    /// All languages.
    pub fn languages(&self) -> impl Iterator<Item = &Language> {
        [&self.language].into_iter().chain(&self.more_languages)
    }
}

impl Target {
    /// The step, for a target of `step`; `None`: the flow ends.
    pub fn from(self, step: &Step) -> Option<StepId> {
        match self {
            Self::Next => step.next,
            Self::Step(id) => Some(id),
        }
    }
}

impl FromParameter for StepId {
    fn expected() -> String {
        "the number of a step".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}
