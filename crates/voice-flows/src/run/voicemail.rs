//! A run at a voicemail step: the message of a caller becomes a Task.

use std::collections::BTreeMap;

use shared::twiml::Redirect;

use super::queue::FLOW_ATTRIBUTE;
use super::{Next, Run, Turn};
use crate::{FLOW_PATH_ATTRIBUTE, Purpose, Resume, Step, Voicemail, documents};

impl<'a> Run<'a> {
    pub(super) fn voicemail(&mut self, voicemail: &'a Voicemail, step: &'a Step) -> Next {
        match self.state.on {
            Resume::Recorded => self.keep_message(voicemail, step),
            Resume::NotRecorded => Next::Go(step.next),
            Resume::Begin
            | Resume::Input
            | Resume::NoInput
            | Resume::Confirm
            | Resume::Dialed
            | Resume::Leave
            | Resume::Bridged
            | Resume::Left
            | Resume::TimedOut => self.record(voicemail),
        }
    }

    fn record(&mut self, voicemail: &Voicemail) -> Next {
        let heard = self
            .speaker()
            .prompt_or(&voicemail.prompt, |texts| &texts.voicemail_prompt);
        self.hear(heard);
        let state = self.questioned();
        let record = documents::record(voicemail, &state);
        self.document.extend([record.into()]);
        let redirect = Redirect::new(state.resumed(Resume::NotRecorded).url());
        Next::Stop(Turn::Document(self.complete(redirect)))
    }

    fn keep_message(&mut self, voicemail: &Voicemail, step: &Step) -> Next {
        let Some(recorded) = self.inputs.recorded.clone() else {
            return Next::Go(step.next);
        };
        let mut attributes = self.task_attributes(&BTreeMap::new());
        // No caller waits, so the Task is not the call's.
        for name in ["call_sid", "call_status", FLOW_ATTRIBUTE] {
            attributes.remove(name);
        }
        let path = self.carried().path_attribute();
        attributes.insert(FLOW_PATH_ATTRIBUTE.to_owned(), path.into());
        attributes.extend(recorded.attributes(""));
        let task = self.new_task(Purpose::Voicemail(voicemail.task_queue), attributes);
        self.create(task, step)
    }

    pub(super) fn thank(&mut self, voicemail: &Voicemail, step: &Step) -> Next {
        let heard = self
            .speaker()
            .prompt_or(&voicemail.thanks, |texts| &texts.voicemail_thanks);
        self.hear(heard);
        Next::Go(step.next)
    }
}
