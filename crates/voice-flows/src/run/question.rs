//! What the questions of menus and collect steps share.

use shared::menu::Texts;
use shared::twiml::{Gather, Redirect, Speech};

use super::{Next, Run, Turn};
use crate::{Prompt, Resume, State, Step, Target};

/// A question.
pub(super) struct Question<'q> {
    /// What the caller hears; input interrupts it.
    pub prompt: &'q Prompt,
    /// Seconds of silence that count as no input.
    pub timeout_secs: u16,
    /// Number of keys that complete the input.
    pub num_digits: Option<u8>,
    /// The hints of the speech recognition; `None`: keys only.
    pub hints: Option<String>,
}

/// A failed attempt at a question.
pub(super) struct Failed<'q> {
    /// Number of times the question is asked.
    pub attempts: u8,
    /// What the caller hears about it; the built-in text if empty.
    pub comment: &'q Prompt,
    /// Where the call continues after the last attempt.
    pub target: Option<Target>,
}

impl Run<'_> {
    /// Ends the document with a question. An answer resumes the step with `answered`, silence with
    /// `silent`.
    pub(super) fn pose(
        &mut self,
        question: Question<'_>,
        answered: Resume,
        silent: Resume,
    ) -> Next {
        let state = self.questioned();
        let speaker = self.speaker();
        let gather = Gather {
            speech: question.hints.map(|hints| Speech {
                language: speaker.language.language.clone(),
                hints,
            }),
            num_digits: question.num_digits,
            timeout_secs: question.timeout_secs,
            action: state.resumed(answered).url(),
            nested: speaker.prompt(question.prompt),
        };
        self.document.extend([gather.into()]);
        let redirect = Redirect::new(state.resumed(silent).url());
        Next::Stop(Turn::Document(self.complete(redirect)))
    }

    /// The state that a question carries. Secrets end with it.
    pub(super) fn questioned(&mut self) -> State {
        let state = self.carried();
        self.state = state.clone();
        self.secrets.clear();
        state
    }

    /// Begins another attempt, if one is left.
    pub(super) fn ask_again(&mut self, attempts: u8) -> bool {
        let is_left = self.state.attempt < attempts;
        if is_left {
            self.state.attempt += 1;
        }
        is_left
    }

    /// Begins another attempt, if one is left. The caller hears what was wrong before the question
    /// is repeated, and before a goodbye; a caller whom the file leads on hears no reproach.
    pub(super) fn has_another_attempt(
        &mut self,
        failed: Failed<'_>,
        built_in: impl FnOnce(&Texts) -> &str,
    ) -> bool {
        let is_left = self.ask_again(failed.attempts);
        if is_left || failed.target.is_none() {
            let heard = self.speaker().prompt_or(failed.comment, built_in);
            self.hear(heard);
        }
        is_left
    }

    /// Where a call continues whose last attempt at a question failed.
    pub(super) fn leave_question(&mut self, target: Option<Target>, step: &Step) -> Next {
        match (target, step.on_error) {
            (Some(target), _) => Next::Go(target.from(step)),
            (None, Some(target)) => Next::Go(Some(target)),
            (None, None) => self.say_goodbye(),
        }
    }
}
