//! Prompts as TwiML, in the language of the call.

use ids::TaskSid;
use shared::menu::{Language, Texts};
use shared::twiml::{
    Dial, DialNoun, Enqueue, EnqueueTarget, Pause, Play, Prompt as Heard, Record, Redirect,
    Response, Say, escaped,
};
use shared::webhook::path;

use crate::prompt::fill;
use crate::scope::FlowScope;
use crate::{Part, Prompt, Resume, State, Text, Transfer, TransferTo, Voicemail};

/// Silence that ends a voicemail, in seconds.
const VOICEMAIL_SILENCE_SECS: u16 = 5;

/// Speaks prompts in the language of a call.
pub(crate) struct Speaker<'a> {
    pub language: &'a Language,
    pub scope: FlowScope<'a>,
}

impl Speaker<'_> {
    /// A prompt. A part that has no text in the language of the call is left out; the reader of
    /// the file refuses such a prompt.
    pub fn prompt(&self, prompt: &Prompt) -> Vec<Heard> {
        let parts = prompt.0.iter();
        parts.filter_map(|part| self.part(part)).collect()
    }

    /// A prompt, or a built-in text if the prompt is empty.
    pub fn prompt_or(&self, prompt: &Prompt, built_in: impl FnOnce(&Texts) -> &str) -> Vec<Heard> {
        if prompt.0.is_empty() {
            return self.built_in(built_in);
        }
        self.prompt(prompt)
    }

    /// A built-in text; nothing if it is empty.
    pub fn built_in(&self, text: impl FnOnce(&Texts) -> &str) -> Vec<Heard> {
        let said = self.language.say(text(&self.language.texts));
        said.map(Heard::Say).into_iter().collect()
    }

    fn part(&self, part: &Part) -> Option<Heard> {
        match part {
            Part::Say(text) => self.say(self.in_language(text)?).map(Heard::Say),
            Part::Play(url) => Some(Heard::Play(Play::new(self.in_language(url)?))),
            Part::Pause(secs) => Some(Heard::Pause(Pause { length_secs: *secs })),
        }
    }

    fn in_language<'t>(&self, text: &'t Text) -> Option<&'t str> {
        text.in_language(&self.language.selected_language)
    }

    fn say(&self, text: &str) -> Option<Say> {
        let is_ssml = Text::is_ssml(text);
        let value = |name: &str| match self.scope.text(name) {
            value if is_ssml => escaped(&value),
            value => value,
        };
        let say = self.language.say(&fill(text, value))?;
        Some(Say { is_ssml, ..say })
    }
}

/// Puts the caller into a carrier queue of their own, named after the Task.
pub fn enqueue(task: TaskSid, state: &State) -> Enqueue {
    let query = state.query();
    Enqueue {
        target: EnqueueTarget::Queue(task.to_string()),
        wait_url: Some(path::flow_of_task(path::WAIT_MUSIC, task, &query)),
        action: Some(path::flow_of_task(path::QUEUE_EXIT, task, &query)),
    }
}

/// The document of a function that does not follow the flow itself: the call continues at
/// `/flow-step`.
pub fn continue_at(state: &State, on: Resume) -> Response {
    Response::new().then(Redirect::new(state.resumed(on).url()))
}

/// Records a message.
pub(crate) fn record(voicemail: &Voicemail, state: &State) -> Record {
    Record {
        action: state.resumed(Resume::Recorded).url(),
        max_length_secs: voicemail.max_length_secs,
        timeout_secs: VOICEMAIL_SILENCE_SECS,
    }
}

/// Connects the caller to another party.
pub(crate) fn dial(transfer: &Transfer, state: &State) -> Dial {
    let noun = match &transfer.to {
        TransferTo::Number(number) => DialNoun::Number(number.clone()),
        TransferTo::Sip(address) => DialNoun::Sip(address.clone()),
    };
    Dial {
        action: Some(state.resumed(Resume::Dialed).url()),
        timeout_secs: Some(transfer.timeout_secs),
        ..Dial::new(noun)
    }
}
