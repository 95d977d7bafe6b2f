//! A run at a menu.

use shared::twiml::{Gather, Redirect};

use super::{Next, Run, Turn};
use crate::documents::Question;
use crate::{KeyOption, Menu, Resume, State, Step, Target};

impl<'a> Run<'a> {
    pub(super) fn menu(&mut self, menu: &'a Menu, step: &'a Step) -> Next {
        match self.state.on {
            Resume::Input => match self.chosen(menu) {
                Some(option) => self.choose(option, step),
                None => self.no_match(menu, step),
            },
            Resume::NoInput => self.no_input(menu, step),
            Resume::Begin
            | Resume::Confirm
            | Resume::Recorded
            | Resume::NotRecorded
            | Resume::Dialed
            | Resume::Leave
            | Resume::Bridged
            | Resume::Left
            | Resume::TimedOut => self.ask(menu),
        }
    }

    fn chosen(&self, menu: &'a Menu) -> Option<&'a KeyOption> {
        if let Some(keys) = &self.inputs.keys {
            return menu.by_key(keys);
        }
        let language = &self.speaker().language.selected_language;
        menu.by_speech(self.inputs.speech.as_deref()?, language)
    }

    fn choose(&mut self, option: &KeyOption, step: &Step) -> Next {
        if let Some(language) = &option.language {
            self.state.language = Some(language.clone());
        }
        Next::Go(option.then.from(step))
    }

    fn no_input(&mut self, menu: &'a Menu, step: &Step) -> Next {
        let is_left = self.ask_again(menu.attempts);
        // A caller who is silent on purpose hears where the file leads them, and no reproach.
        if is_left || menu.on_no_input.is_none() {
            let heard = self
                .speaker()
                .prompt_or(&menu.no_input, |texts| &texts.no_input);
            self.hear(heard);
        }
        if is_left {
            return self.ask(menu);
        }
        self.leave_question(menu.on_no_input, step)
    }

    fn no_match(&mut self, menu: &'a Menu, step: &Step) -> Next {
        let heard = self
            .speaker()
            .prompt_or(&menu.no_match, |texts| &texts.wrong_key);
        self.hear(heard);
        if self.ask_again(menu.attempts) {
            return self.ask(menu);
        }
        self.leave_question(menu.on_no_match, step)
    }

    fn ask(&mut self, menu: &Menu) -> Next {
        let state = self.questioned();
        let speaker = self.speaker();
        let language = &speaker.language.selected_language;
        let question = Question {
            prompt: speaker.prompt(&menu.prompt),
            timeout_secs: menu.timeout_secs,
            num_digits: Some(1),
            language: speaker.language,
            hints: menu.has_speech(language).then(|| menu.hints(language)),
            state: state.resumed(Resume::Input),
        };
        let gather = question.gather();
        self.pose(gather, &state.resumed(Resume::NoInput))
    }

    /// Ends the document with a question; silence resumes the state `silent`.
    pub(super) fn pose(&mut self, gather: Gather, silent: &State) -> Next {
        self.document.extend([gather.into()]);
        let redirect = Redirect::new(silent.url());
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

    /// Where a call continues whose last attempt at a question failed.
    pub(super) fn leave_question(&mut self, target: Option<Target>, step: &Step) -> Next {
        match (target, step.on_error) {
            (Some(target), _) => Next::Go(target.from(step)),
            (None, Some(target)) => Next::Go(Some(target)),
            (None, None) => self.say_goodbye(),
        }
    }
}
