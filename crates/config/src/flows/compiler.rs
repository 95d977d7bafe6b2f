//! Reads the steps of all flows into one list.

use std::collections::{BTreeMap, BTreeSet};

use ids::TaskQueueSid;
use serde_saphyr::Spanned;
use voice_flows::{InList, RECORDING, Sound, SoundName, Step, StepId};

use super::Parts;
use super::references::{queues_by_condition_name, unknown};
use super::sounds::Sounds;
use super::steps::{NAME, nested_lists};
use crate::document::{Node, Value, place};
use crate::problem::Place;
use crate::reader::Reader;

/// The most steps of all flows together.
const STEPS_MAX: usize = 2_000;

/// The longest name of a flow, a step or a value, in characters.
const NAME_CHARS_MAX: usize = 64;

/// The names that texts and conditions can use in every flow.
const BUILT_IN: [&str; 8] = [
    "from", "hours", "language", "lists", "queue", RECORDING, "tags", "to",
];

/// What the greeting of a Worker can use besides: facts about the Task.
const TASK_FACTS: [&str; 3] = ["task.queue", "task.waited_minutes", "task.waited_seconds"];

/// Words that are targets of their own, so that no flow or step can have them as its name.
const RESERVED: [&str; 4] = ["next", "repeat", "back", "hang_up"];

/// The steps while they are read.
pub(super) struct Compiler<'c, 'r> {
    pub reader: &'c mut Reader<'r>,
    pub parts: Parts<'c>,
    /// The first step of each flow.
    flows: BTreeMap<String, StepId>,
    /// The steps with names, by flow and name.
    named: BTreeMap<(String, String), StepId>,
    /// A step is `None` until it is read, and after a problem.
    steps: Vec<Option<Step>>,
    /// The names of all values, and where texts and conditions use one.
    values: BTreeSet<String>,
    used: Vec<(String, Place)>,
    queues: BTreeMap<String, TaskQueueSid>,
    queues_used: BTreeSet<String>,
    places: BTreeMap<StepId, Place>,
    /// Number of lists.
    lists: u16,
    pub sounds: Sounds,
    /// Whether the text that is read is the greeting of a Worker.
    pub is_greeting: bool,
}

/// The steps as they were read.
pub(super) struct Compiled {
    pub flows: BTreeMap<String, StepId>,
    /// `None` after a problem.
    pub steps: Option<Vec<Step>>,
    /// The TaskQueues that conditions ask for.
    pub queues: BTreeMap<String, TaskQueueSid>,
    /// The positions of the steps.
    pub places: BTreeMap<StepId, Place>,
    /// The names of all audio files of the prompts.
    pub sound_names: BTreeSet<SoundName>,
    /// Those of them that are beside the configuration.
    pub sounds: Vec<Sound>,
}

/// Where a list of steps is.
#[derive(Clone)]
pub(super) struct Within<'n> {
    /// The flow.
    pub flow: &'n str,
    /// The innermost menu around the list, and the menu around that one.
    pub menu: Option<StepId>,
    pub menu_above: Option<StepId>,
    /// The step after the list.
    pub next: Option<StepId>,
    /// The step that follows an error of a step without `on_error`.
    pub on_error: Option<StepId>,
    /// The position of the list, for labels: `main/3`.
    pub label: String,
    /// The list, and the step whose target it is.
    pub list: Option<InList>,
    pub step: Option<StepId>,
}

impl<'c, 'r> Compiler<'c, 'r> {
    pub fn new(reader: &'c mut Reader<'r>, parts: Parts<'c>) -> Self {
        Self {
            reader,
            parts,
            flows: BTreeMap::new(),
            named: BTreeMap::new(),
            steps: Vec::new(),
            values: BUILT_IN.map(str::to_owned).into(),
            used: Vec::new(),
            queues: queues_by_condition_name(parts.workspace),
            queues_used: BTreeSet::new(),
            places: BTreeMap::new(),
            lists: 0,
            sounds: Sounds::default(),
            is_greeting: false,
        }
    }

    /// Declares a flow and its named steps, so that steps before them can refer to them.
    pub fn declare_flow(&mut self, flow: &str, key: &Spanned<String>, node: &Node) {
        if self.check_name("flows", flow, place(key)) {
            let first = self.reserve();
            self.flows.insert(flow.to_owned(), first);
        }
        self.declare_named(flow, steps_node(node));
    }

    fn declare_named(&mut self, flow: &str, list: &Node) {
        let Value::List(nodes) = &list.value else {
            return;
        };
        for node in nodes {
            let Value::Mapping(entries) = &node.value else {
                continue;
            };
            for entry in entries.iter().filter(|entry| entry.key.value == NAME) {
                let Value::Text(name) = &entry.value.value else {
                    continue;
                };
                if !self.check_name(NAME, name, place(&entry.value)) {
                    continue;
                }
                let slot = self.reserve();
                let key = (flow.to_owned(), name.clone());
                if self.named.insert(key, slot).is_some() || self.flows.contains_key(name) {
                    let message = format!("name: \"{name}\" is declared twice");
                    self.reader.problem(place(&entry.value), message);
                }
            }
            for list in nested_lists(node) {
                self.declare_named(flow, list);
            }
        }
    }

    fn check_name(&mut self, key: &str, name: &str, place: Place) -> bool {
        let is_word = !name.is_empty()
            && name.chars().count() <= NAME_CHARS_MAX
            && name
                .chars()
                .all(|char| char.is_alphanumeric() || matches!(char, '_' | '-'));
        let is_valid = is_word && !RESERVED.contains(&name);
        if !is_valid {
            let message = format!(
                "{key}: expected a name of 1 to {NAME_CHARS_MAX} letters, digits, _ or -, and none of {}",
                RESERVED.join(", ")
            );
            self.reader.problem(place, message);
        }
        is_valid
    }

    /// Reads a flow: a list of steps, or a mapping with `steps` and `on_error`.
    pub fn read_flow(&mut self, flow: &str, node: &Node) {
        let mut within = Within {
            flow,
            menu: None,
            menu_above: None,
            next: None,
            on_error: None,
            label: flow.to_owned(),
            list: None,
            step: None,
        };
        if let Value::Mapping(_) = &node.value {
            let Some(fields) = self.reader.mapping(node, "a flow", &["steps", "on_error"]) else {
                return;
            };
            if let Some(node) = fields.get("on_error") {
                within.on_error = self.target_step(node, "on_error", &within);
            }
            self.reader.required(&fields, "steps");
        }
        let first = self.flows.get(flow).copied();
        let list = steps_node(node);
        if let Value::List(nodes) = &list.value
            && !nodes.is_empty()
        {
            self.read_list(nodes, first, &within);
        } else {
            self.reader
                .unexpected(list, flow, "a list of at least one step");
        }
    }

    /// Reads a list of steps from its end. Returns the first step; for an empty list, the step
    /// after it. The first step gets the number `first`, if there is one.
    pub fn read_list(
        &mut self,
        nodes: &[Node],
        first: Option<StepId>,
        within: &Within<'_>,
    ) -> Option<StepId> {
        let mut next = within.next;
        let list = InList {
            number: self.lists,
            of: within.step,
        };
        // Every list has a step, so there are no more lists than steps.
        self.lists = self.lists.saturating_add(1);
        for (index, node) in nodes.iter().enumerate().rev() {
            let name = name_of(node);
            let position = index + 1;
            let label = match name {
                Some(name) => format!("{}/{name}", within.flow),
                None => format!("{}/{position}", within.label),
            };
            let named = name.and_then(|name| {
                let key = (within.flow.to_owned(), name.to_owned());
                self.named.get(&key).copied()
            });
            let id = match (index, first, named) {
                (0, Some(first), _) => first,
                (_, _, Some(named)) => named,
                (_, _, None) => self.reserve(),
            };
            self.places.insert(id, place(node));
            // A first step with a name has two numbers.
            let alias = named.filter(|named| *named != id);
            let within = Within {
                next,
                label,
                list: Some(list),
                ..within.clone()
            };
            if let Some(step) = self.read_step(node, id, &within) {
                if let Some(alias) = alias {
                    let step = Step {
                        list: None,
                        ..step.clone()
                    };
                    self.put(alias, step);
                }
                self.put(id, step);
            }
            next = Some(id);
        }
        next
    }

    /// A number for a step that is read later.
    pub fn reserve(&mut self) -> StepId {
        let id = StepId(u16::try_from(self.steps.len()).unwrap_or(u16::MAX));
        if self.steps.len() < STEPS_MAX {
            self.steps.push(None);
        } else if self.steps.len() == STEPS_MAX {
            self.steps.push(None);
            let message = format!("flows: expected at most {STEPS_MAX} steps");
            self.reader.problem(Place::START, message);
        }
        id
    }

    pub fn put(&mut self, id: StepId, step: Step) {
        if let Some(slot) = self.steps.get_mut(usize::from(id.0)) {
            *slot = Some(step);
        }
    }

    /// The flow or step with this name.
    pub fn named(&mut self, name: &str, flow: &str, place: Place) -> Option<StepId> {
        let step = self.named.get(&(flow.to_owned(), name.to_owned()));
        if let Some(found) = step.or_else(|| self.flows.get(name)) {
            return Some(*found);
        }
        let message = unknown("flow or step", name, self.flows.keys());
        self.reader.problem(place, message);
        None
    }

    /// The flow with this name.
    pub fn flow(&mut self, name: &str, place: Place) -> Option<StepId> {
        let found = self.flows.get(name).copied();
        if found.is_none() {
            let message = unknown("flow", name, self.flows.keys());
            self.reader.problem(place, message);
        }
        found
    }

    /// Declares the name of a value.
    pub fn declare_value(&mut self, key: &str, name: &str, place: Place) -> bool {
        let is_name = self.check_name(key, name, place);
        if is_name && BUILT_IN.contains(&name) {
            let message = format!("{key}: \"{name}\" is a built-in name; choose another one");
            self.reader.problem(place, message);
            return false;
        }
        if is_name {
            self.values.insert(name.to_owned());
        }
        is_name
    }

    /// Records the use of a value in a text or a condition: `account`, `hours.support.open`.
    pub fn use_value(&mut self, name: &str, place: Place) {
        if self.is_greeting && TASK_FACTS.contains(&name) {
            return;
        }
        let mut keys = name.split('.');
        match (keys.next(), keys.next()) {
            (Some("queue"), Some(queue)) => self.use_queue(queue, place),
            (Some("hours"), Some(calendar)) => self.use_calendar(calendar, place),
            (Some(_) | None, _) => self.used.push((name.to_owned(), place)),
        }
    }

    /// Checks the name of a calendar.
    pub fn use_calendar(&mut self, name: &str, place: Place) {
        let calendars = self.parts.calendars;
        if !calendars.contains_key(name) {
            let message = unknown("calendar", name, calendars.keys());
            self.reader.problem(place, message);
        }
    }

    /// Checks the name of a list.
    pub fn use_list(&mut self, name: &str, place: Place) {
        let lists = self.parts.lists;
        if !lists.contains_key(name) {
            let message = unknown("list", name, lists.keys());
            self.reader.problem(place, message);
        }
    }

    fn use_queue(&mut self, name: &str, place: Place) {
        if self.queues.contains_key(name) {
            self.queues_used.insert(name.to_owned());
            return;
        }
        let message = unknown("task queue", name, self.queues.keys());
        self.reader.problem(place, message);
    }

    /// Checks what can be checked only at the end, and returns the steps.
    pub fn finish(self) -> Compiled {
        for (name, place) in &self.used {
            let root = name.split('.').next().unwrap_or_default();
            if !self.values.contains(root) {
                let message = unknown("value", root, self.values.iter());
                self.reader
                    .problem(*place, format!("{{{name}}}: {message}"));
            }
        }
        let queues = self.queues.into_iter();
        let (sound_names, sounds) = self.sounds.into_names_and_files();
        Compiled {
            flows: self.flows,
            steps: self.steps.into_iter().collect(),
            places: self.places,
            queues: queues
                .filter(|(name, _)| self.queues_used.contains(name))
                .collect(),
            sound_names,
            sounds,
        }
    }
}

/// The list of steps of a flow.
fn steps_node(node: &Node) -> &Node {
    let Value::Mapping(entries) = &node.value else {
        return node;
    };
    let steps = entries.iter().find(|entry| entry.key.value == "steps");
    steps.map_or(node, |entry| &entry.value)
}

fn name_of(node: &Node) -> Option<&str> {
    let Value::Mapping(entries) = &node.value else {
        return None;
    };
    let entry = entries.iter().find(|entry| entry.key.value == NAME)?;
    match &entry.value.value {
        Value::Text(name) => Some(name),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Mapping(_) => {
            None
        }
    }
}
