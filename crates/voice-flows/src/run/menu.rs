//! A run at a menu.

use super::question::{Failed, Question};
use super::{Next, Run};
use crate::{KeyOption, Menu, Resume, Step};

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
        let failed = Failed {
            attempts: menu.attempts,
            comment: &menu.no_input,
            target: menu.on_no_input,
        };
        if self.has_another_attempt(failed, |texts| &texts.no_input) {
            return self.ask(menu);
        }
        self.leave_question(menu.on_no_input, step)
    }

    fn no_match(&mut self, menu: &'a Menu, step: &Step) -> Next {
        let failed = Failed {
            attempts: menu.attempts,
            comment: &menu.no_match,
            target: menu.on_no_match,
        };
        if self.has_another_attempt(failed, |texts| &texts.wrong_key) {
            return self.ask(menu);
        }
        self.leave_question(menu.on_no_match, step)
    }

    fn ask(&mut self, menu: &Menu) -> Next {
        let language = &self.speaker().language.selected_language;
        let question = Question {
            prompt: &menu.prompt,
            timeout_secs: menu.timeout_secs,
            num_digits: Some(1),
            hints: menu.has_speech(language).then(|| menu.hints(language)),
        };
        self.pose(question, Resume::Input, Resume::NoInput)
    }
}
