//! A run at a collect step.

use serde_json::Value;

use super::question::{Failed, Question};
use super::{Inputs, Next, Run};
use crate::{Collect, Resume, Step};

/// The key that confirms an input. Every other key, and silence, asks again.
const CONFIRMED: &str = "1";

impl<'a> Run<'a> {
    pub(super) fn collect(&mut self, collect: &'a Collect, step: &'a Step) -> Next {
        match self.state.on {
            Resume::Input => match self.collected(collect) {
                Some(value) => self.keep(collect, value, step),
                None => self.invalid_input(collect, step),
            },
            Resume::NoInput => self.nothing_collected(collect, step),
            Resume::Confirm => self.confirmed(collect, step),
            Resume::Begin
            | Resume::Recorded
            | Resume::NotRecorded
            | Resume::Dialed
            | Resume::Leave
            | Resume::Bridged
            | Resume::Left
            | Resume::TimedOut => self.ask_for(collect),
        }
    }

    fn collected(&self, collect: &Collect) -> Option<String> {
        let Inputs { keys, speech, .. } = &self.inputs;
        match (keys, speech) {
            (Some(keys), _) => collect.of_keys(keys),
            (None, Some(speech)) => collect.of_speech(speech),
            (None, None) => None,
        }
    }

    fn keep(&mut self, collect: &'a Collect, value: String, step: &'a Step) -> Next {
        if self
            .state
            .values
            .set(&collect.into, Value::String(value))
            .is_err()
        {
            return self.fail(step);
        }
        if collect.is_secret {
            self.secrets.push(collect.into.clone());
        }
        if collect.confirm.0.is_empty() {
            return Next::Go(step.next);
        }
        self.ask_to_confirm(collect)
    }

    fn ask_to_confirm(&mut self, collect: &Collect) -> Next {
        let question = Question {
            prompt: &collect.confirm,
            timeout_secs: collect.timeout_secs,
            num_digits: Some(1),
            hints: None,
        };
        self.pose(question, Resume::Confirm, Resume::Confirm)
    }

    fn confirmed(&mut self, collect: &'a Collect, step: &Step) -> Next {
        if self.inputs.keys.as_deref() == Some(CONFIRMED) {
            return Next::Go(step.next);
        }
        self.state.values.remove(&collect.into);
        if self.ask_again(collect.attempts) {
            return self.ask_for(collect);
        }
        self.leave_question(collect.on_failure, step)
    }

    fn nothing_collected(&mut self, collect: &'a Collect, step: &Step) -> Next {
        let failed = Failed {
            attempts: collect.attempts,
            comment: &collect.no_input,
            target: collect.on_failure,
        };
        if self.has_another_attempt(failed, |texts| &texts.no_input) {
            return self.ask_for(collect);
        }
        self.leave_question(collect.on_failure, step)
    }

    fn invalid_input(&mut self, collect: &'a Collect, step: &Step) -> Next {
        let failed = Failed {
            attempts: collect.attempts,
            comment: &collect.no_match,
            target: collect.on_failure,
        };
        if self.has_another_attempt(failed, |texts| &texts.wrong_key) {
            return self.ask_for(collect);
        }
        self.leave_question(collect.on_failure, step)
    }

    fn ask_for(&mut self, collect: &Collect) -> Next {
        let question = Question {
            prompt: &collect.prompt,
            timeout_secs: collect.timeout_secs,
            num_digits: collect.num_digits(),
            hints: collect.has_speech().then(String::new),
        };
        self.pose(question, Resume::Input, Resume::NoInput)
    }
}
