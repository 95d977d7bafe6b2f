//! A run at a callback step: a Worker will call the caller.

use serde_json::Value;
use task_router::model::Redial;

use super::queue::FLOW_ATTRIBUTE;
use super::{Next, Run};
use crate::{Callback, FLOW_PATH_ATTRIBUTE, NewCallTask, Purpose, Step};

/// The attribute with the number that is dialed once a Worker has accepted (taskrouter.md section
/// 11.4, the customer of a conference).
const OUTBOUND_TO: &str = "outbound_to";

/// The attribute with the kind of Task.
const TYPE: &str = "type";

impl<'a> Run<'a> {
    pub(super) fn callback(&mut self, callback: &'a Callback, step: &'a Step) -> Next {
        let number = match self.speaker().scope.text(&callback.number) {
            number if number.is_empty() => self.call.from.as_str().to_owned(),
            number => number,
        };
        if !is_dialable(&number) {
            return self.fail(step);
        }
        let language = self.speaker().language.selected_language.clone();
        self.state.language = Some(language);
        let mut attributes = self.task_attributes(&callback.attributes);
        // The call has ended when the Worker accepts, so the Task is not the call's.
        for name in ["call_sid", "call_status"] {
            attributes.remove(name);
        }
        if callback.agent_greeting.is_none() {
            attributes.remove(FLOW_ATTRIBUTE);
        }
        let path = self.carried().path_attribute();
        attributes.insert(FLOW_PATH_ATTRIBUTE.to_owned(), path.into());
        attributes.insert(TYPE.to_owned(), "callback".into());
        attributes.insert(OUTBOUND_TO.to_owned(), Value::String(number));
        let task = NewCallTask {
            priority: callback.priority,
            timeout: callback.expires,
            virtual_start_time: self.state.waiting_since,
            redial: Some(Redial::new(callback.attempts, callback.pause)),
            ..self.new_task(Purpose::Callback(callback.workflow), attributes)
        };
        self.create(task, step)
    }
}

/// Whether a number can be dialed: E.164, or a number of digits that a national pattern collected.
fn is_dialable(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    (6..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}
