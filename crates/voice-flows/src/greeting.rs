//! What a Worker hears before they are connected.

use ids::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use shared::menu::Digit;
use shared::twiml::Prompt as Heard;

use crate::documents::Speaker;
use crate::scope::{FlowScope, HoursNow, Parties};
use crate::{Action, Prompt, State, Switches, VoiceFlows};

/// What the Worker of a queue or callback step hears before they are connected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentGreeting {
    /// The greeting. It may name `task.queue`, `task.waited_minutes` and `task.waited_seconds`.
    pub prompt: Prompt,
    /// The key with which the Worker accepts; `None`: the Worker is connected after the greeting.
    pub accept: Option<Digit>,
    /// Seconds of silence after which a call that needs a key is declined.
    pub timeout_secs: u16,
}

/// The Task that a Worker is greeted with.
#[derive(Debug, Clone, Copy)]
pub struct Greeted<'a> {
    /// The caller's number.
    pub from: &'a str,
    /// The number that the caller dialed.
    pub to: &'a str,
    /// The name of the TaskQueue.
    pub task_queue: &'a str,
    /// How long the Task has waited.
    pub waited: Millis,
}

impl AgentGreeting {
    /// The greeting of the step at which a Task was created; `None`: the built-in one.
    pub fn of<'f>(flows: &'f VoiceFlows, state: &State) -> Option<&'f Self> {
        match &flows.step(state.at)?.action {
            Action::Queue(queue) => queue.agent_greeting.as_ref(),
            Action::Callback(callback) => callback.agent_greeting.as_ref(),
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
        }
    }

    /// The greeting as it is spoken, in the language of the call.
    pub fn spoken(
        &self,
        flows: &VoiceFlows,
        state: &State,
        greeted: Greeted<'_>,
        switches: &Switches,
        now: Timestamp,
    ) -> Vec<Heard> {
        let hours = HoursNow::of(flows, switches, now);
        let parties = Parties {
            from: greeted.from,
            to: greeted.to,
        };
        let scope = FlowScope::new(flows, state, parties, &hours, None);
        let speaker = Speaker {
            language: flows.language(state.language.as_deref()),
            scope: scope.with_task(greeted),
        };
        speaker.prompt(&self.prompt)
    }
}
