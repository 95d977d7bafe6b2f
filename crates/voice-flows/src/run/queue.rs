//! A run at a queue step: the caller becomes a Task, waits, and leaves the queue.

use std::collections::BTreeMap;

use ids::TaskSid;
use serde_json::{Map, Value};
use shared::twiml::Response;

use super::{Next, Run, Turn};
use crate::{NewCallTask, Purpose, Queue, Resume, State, Step, documents};

/// The attribute of a Task with the state of its call ([`crate::State::attribute`]).
pub const FLOW_ATTRIBUTE: &str = "flow";

/// The attribute with the language of the call.
const LANGUAGE: &str = "selected_language";

/// The most Tasks of one call: a caller who leaves the queue and enters it again makes another one.
pub const TASKS_MAX: u8 = 20;

impl<'a> Run<'a> {
    pub(super) fn queue(&mut self, queue: &'a Queue, step: &'a Step) -> Next {
        match self.state.on {
            Resume::Leave => self.leave_by_key(queue),
            Resume::Bridged => Next::Go(step.next),
            Resume::Left => match &queue.leave {
                Some(leave) => Next::Go(leave.then.from(step)),
                None => self.timed_out(queue, step),
            },
            Resume::TimedOut => self.timed_out(queue, step),
            Resume::Begin
            | Resume::Input
            | Resume::NoInput
            | Resume::Confirm
            | Resume::Recorded
            | Resume::NotRecorded
            | Resume::Dialed => self.create_task(queue, step),
        }
    }

    fn create_task(&mut self, queue: &'a Queue, step: &Step) -> Next {
        // The language is decided here at the latest: the Task's filters ask for it.
        let language = self.speaker().language.selected_language.clone();
        self.state.language = Some(language);
        let mut attributes = self.task_attributes(&queue.attributes);
        // The Task counts itself: a call that is redirected when it times out continues with this
        // state, and its next Task must be another one.
        let waiting = State {
            tasks: self.state.tasks.saturating_add(1),
            ..self.carried()
        };
        attributes.insert(FLOW_ATTRIBUTE.to_owned(), waiting.attribute().into());
        let task = NewCallTask {
            priority: queue.priority,
            timeout: queue.timeout,
            virtual_start_time: self.state.waiting_since,
            ..self.new_task(Purpose::Conversation(queue.workflow), attributes)
        };
        self.create(task, step)
    }

    /// A Task with the SID of this call's next Task.
    pub(super) fn new_task(&self, purpose: Purpose, attributes: Map<String, Value>) -> NewCallTask {
        let call = self.call.call_sid;
        let sid = match self.state.tasks {
            0 => TaskSid::of_call(call),
            earlier => TaskSid::of_enqueue(call, u32::from(earlier) + 1),
        };
        NewCallTask {
            sid,
            purpose,
            attributes,
            priority: 0,
            timeout: None,
            virtual_start_time: None,
            redial: None,
        }
    }

    /// Has a Task created, unless the call had too many.
    pub(super) fn create(&mut self, task: NewCallTask, step: &Step) -> Next {
        if self.state.tasks >= TASKS_MAX {
            return self.fail(step);
        }
        self.outside(Turn::CreateTask(Box::new(task)))
    }

    /// The attributes of a Task: those of the call, the values, and `more`. The position in the
    /// flow comes last.
    pub(super) fn task_attributes(&self, more: &BTreeMap<String, Value>) -> Map<String, Value> {
        let state = self.carried();
        let mut attributes = self.attributes.clone();
        let values = state.values.iter();
        attributes.extend(values.map(|(name, value)| (name.clone(), value.clone())));
        attributes.extend(
            more.iter()
                .map(|(name, value)| (name.clone(), self.filled(value))),
        );
        if let Some(language) = &state.language {
            attributes.insert(LANGUAGE.to_owned(), language.as_str().into());
        }
        attributes.insert(FLOW_ATTRIBUTE.to_owned(), state.attribute().into());
        attributes
    }

    pub(super) fn enqueue(&mut self, task: TaskSid) -> Next {
        let enqueue = documents::enqueue(task, &self.carried());
        Next::Stop(Turn::Document(self.complete(enqueue)))
    }

    /// The caller pressed a key while waiting. Another key than the one that leaves is ignored: the
    /// empty document lets the carrier request the wait document again.
    fn leave_by_key(&mut self, queue: &Queue) -> Next {
        let key = queue.leave.as_ref().map(|leave| leave.key.as_char());
        let pressed = self.inputs.keys.as_deref().unwrap_or_default();
        match (self.inputs.task, key) {
            (Some(task), Some(key)) if pressed.chars().eq([key]) => {
                Next::Stop(Turn::LeaveQueue(task))
            }
            _other_key => Next::Stop(Turn::Document(Response::new())),
        }
    }

    fn timed_out(&mut self, queue: &Queue, step: &Step) -> Next {
        match (queue.on_timeout, step.on_error) {
            (Some(target), _) => Next::Go(target.from(step)),
            (None, Some(target)) => Next::Go(Some(target)),
            (None, None) => {
                self.hear_text(|texts| &texts.timed_out);
                self.say_goodbye()
            }
        }
    }
}
