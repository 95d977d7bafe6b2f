//! A step: one verb, and the keys that every step may have.

use voice_flows::{Action, Step, StepId, Target};

use super::compiler::{Compiler, Within};
use super::queue::{callback_of, queue_of};
use crate::document::{Entry, Node, Value, place};
use crate::names::unknown_key;

/// The key with the name of a step.
pub(super) const NAME: &str = "name";

const ON_ERROR: &str = "on_error";

const HANG_UP: &str = "hang_up";

/// The words of a target that are no names: the step after this one, the menu around it, the menu
/// around that one, and the end of the call.
const NEXT: &str = "next";
const REPEAT: &str = "repeat";
const BACK: &str = "back";

/// The verbs, in the order of the guide.
pub(crate) const VERBS: [&str; 19] = [
    "say",
    "play",
    "pause",
    "menu",
    "collect",
    "branch",
    "hours",
    "set",
    "tag",
    "language",
    "look_up",
    "record",
    "queue",
    "callback",
    "voicemail",
    "transfer",
    "use",
    "go_to",
    HANG_UP,
];

/// The lists of steps inside a step, at any depth but within no other step.
pub(super) fn nested_lists(step: &Node) -> Vec<&Node> {
    let mut lists = Vec::new();
    if let Value::Mapping(entries) = &step.value {
        for entry in entries {
            collect_lists(&entry.value, &mut lists);
        }
    }
    lists
}

/// A list of mappings that have a verb is a list of steps.
fn collect_lists<'n>(node: &'n Node, lists: &mut Vec<&'n Node>) {
    match &node.value {
        Value::List(nodes) if nodes.iter().any(is_step) => lists.push(node),
        Value::List(nodes) => nodes.iter().for_each(|node| collect_lists(node, lists)),
        Value::Mapping(entries) => entries
            .iter()
            .for_each(|entry| collect_lists(&entry.value, lists)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
    }
}

fn is_step(node: &Node) -> bool {
    match &node.value {
        Value::Mapping(entries) => entries
            .iter()
            .any(|entry| VERBS.contains(&entry.key.value.as_str())),
        Value::Text(word) => word == HANG_UP,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) => false,
    }
}

impl Compiler<'_, '_> {
    /// Reads a step; `id` is its number.
    pub fn read_step(&mut self, node: &Node, id: StepId, within: &Within<'_>) -> Option<Step> {
        if let Value::Text(word) = &node.value {
            return self.word(node, word, within);
        }
        let Value::Mapping(entries) = &node.value else {
            let expected = format!("a step with one of {}", VERBS.join(", "));
            self.reader.unexpected(node, within.flow, &expected);
            return None;
        };
        let verb = self.verb(node, entries)?;
        let on_error = entries.iter().find(|entry| entry.key.value == ON_ERROR);
        let mut within = Within {
            step: Some(id),
            ..within.clone()
        };
        if let Some(entry) = on_error {
            within.on_error = self.target_step(&entry.value, ON_ERROR, &within);
        }
        let action = self.action(verb, id, &within)?;
        Some(self.step(action, &within))
    }

    /// A step without settings, written as a word.
    fn word(&mut self, node: &Node, word: &str, within: &Within<'_>) -> Option<Step> {
        match word {
            HANG_UP => Some(self.step(Action::HangUp, within)),
            "queue" => {
                let queue = queue_of(self.default_workflow(node)?);
                Some(self.step(Action::Queue(Box::new(queue)), within))
            }
            "callback" => {
                let callback = callback_of(self.default_workflow(node)?);
                Some(self.step(Action::Callback(Box::new(callback)), within))
            }
            _name => {
                let target = self.target(node, within.flow, within)?;
                let Target::Step(step) = target else {
                    return Some(self.step(Action::Set(Default::default()), within));
                };
                Some(self.step(Action::GoTo(step), within))
            }
        }
    }

    fn step(&self, action: Action, within: &Within<'_>) -> Step {
        Step {
            label: within.label.clone(),
            action,
            next: within.next,
            on_error: within.on_error,
            list: within.list,
        }
    }

    /// The verb of a step: its only key besides the common ones.
    fn verb<'n>(&mut self, node: &Node, entries: &'n [Entry]) -> Option<&'n Entry> {
        let mut verb = None;
        for entry in entries {
            let key = entry.key.value.as_str();
            if [NAME, ON_ERROR].contains(&key) {
                continue;
            }
            if !VERBS.contains(&key) {
                let message = unknown_key(key, "a step", &[&[NAME, ON_ERROR][..], &VERBS].concat());
                self.reader.problem(place(&entry.key), message);
                return None;
            }
            if verb.is_some() {
                let message =
                    format!("{key}: expected one verb in a step; begin a new step with -");
                self.reader.problem(place(&entry.key), message);
                return None;
            }
            verb = Some(entry);
        }
        if verb.is_none() {
            let message = format!("expected a step with one of {}", VERBS.join(", "));
            self.reader.problem(place(node), message);
        }
        verb
    }

    fn action(&mut self, verb: &Entry, id: StepId, within: &Within<'_>) -> Option<Action> {
        let node = &verb.value;
        match verb.key.value.as_str() {
            "say" => self.say(node).map(Action::Say),
            "play" => self.play(node).map(Action::Say),
            "pause" => self.pause(node).map(Action::Say),
            "menu" => self.menu(node, id, within).map(Action::Menu),
            "collect" => self.collect(node, within).map(Action::Collect),
            "branch" => self.branch(node, within).map(Action::Branch),
            "hours" => self.hours(node, within).map(Action::Branch),
            "set" => self.set(node).map(Action::Set),
            "tag" => self.tag(node).map(Action::Tag),
            "language" => self.language(node).map(Action::Language),
            "look_up" => self.look_up(node).map(Action::LookUp),
            "record" => self.record(node).map(Action::Record),
            "queue" => self.queue(node, within).map(Action::Queue),
            "callback" => self.callback(node).map(Action::Callback),
            "voicemail" => self.voicemail(node).map(Action::Voicemail),
            "transfer" => self.transfer(node, within).map(Action::Transfer),
            "use" => self.use_flow(node).map(Action::Use),
            "go_to" => self.target_step(node, "go_to", within).map(Action::GoTo),
            _hang_up => Some(Action::HangUp),
        }
    }

    /// A target: a list of steps, the name of a flow or step, or one of the words.
    pub fn target(&mut self, node: &Node, key: &str, within: &Within<'_>) -> Option<Target> {
        match &node.value {
            Value::List(nodes) => Some(match self.read_list(nodes, None, within) {
                Some(first) if !nodes.is_empty() => Target::Step(first),
                Some(_) | None => Target::Next,
            }),
            Value::Text(word) if word == NEXT => Some(Target::Next),
            Value::Text(word) if word == REPEAT => self.menu_target(node, key, within.menu),
            Value::Text(word) if word == BACK => self.menu_target(node, key, within.menu_above),
            Value::Text(word) if word == HANG_UP => {
                let id = self.reserve();
                let step = Step {
                    list: None,
                    ..self.step(Action::HangUp, within)
                };
                self.put(id, step);
                Some(Target::Step(id))
            }
            Value::Text(name) => {
                let step = self.named(name, within.flow, place(node))?;
                Some(Target::Step(step))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Mapping(_) => {
                let expected =
                    "a list of steps, the name of a flow or step, next, repeat, back or hang_up";
                self.reader.unexpected(node, key, expected);
                None
            }
        }
    }

    /// A target that is a step.
    pub fn target_step(&mut self, node: &Node, key: &str, within: &Within<'_>) -> Option<StepId> {
        match self.target(node, key, within)? {
            Target::Step(step) => Some(step),
            Target::Next => {
                let expected = "at least one step, or the name of a flow or step";
                self.reader.unexpected(node, key, expected);
                None
            }
        }
    }

    /// The target of an optional key.
    pub fn optional_target(
        &mut self,
        node: Option<&Node>,
        key: &str,
        within: &Within<'_>,
    ) -> Option<Target> {
        node.and_then(|node| self.target(node, key, within))
    }

    fn menu_target(&mut self, node: &Node, key: &str, menu: Option<StepId>) -> Option<Target> {
        if menu.is_none() {
            let message = format!(
                "{key}: there is no such menu: `repeat` is for the options of a menu, `back` for those of a menu within a menu"
            );
            self.reader.problem(place(node), message);
        }
        menu.map(Target::Step)
    }
}
