//! The section `flows`: nests the steps again that the reader has put into one list.
//!
//! Each step knows its list, and the step whose target that list is. A target is written as a list if
//! the list is one of this step, and otherwise as the name of a step or flow.

use std::collections::{BTreeMap, BTreeSet};

use ids::WorkflowSid;
use voice_flows::{Action, Step, StepId, Target, VoiceFlows};

use super::Notes;
use super::names::PartNames;
use super::steps::write_action;
use super::tree::{Entries, Tree};

/// The section, with the flows in the order of their names.
pub(super) fn write(
    flows: &VoiceFlows,
    names: &PartNames,
    workflow: WorkflowSid,
    notes: &mut Notes,
) -> Tree {
    let mut writer = FlowsWriter::new(flows, names, workflow, BTreeMap::new());
    let written = writer.flows();
    if writer.unnamed.is_empty() {
        return written;
    }
    // Steps that several targets lead to need names.
    let given = writer.unnamed.iter();
    let given = given.map(|id| (*id, free_name(flows, *id))).collect();
    let mut writer = FlowsWriter::new(flows, names, workflow, given);
    let written = writer.flows();
    for id in &writer.unnamed {
        notes.add(format!(
            "flows: the step {} cannot be reached as it is; calls hang up there",
            id.0
        ));
    }
    written
}

/// A name that no flow and no step has.
fn free_name(flows: &VoiceFlows, id: StepId) -> String {
    let mut name = format!("step_{}", id.0);
    let is_used = |name: &str| {
        let mut steps = flows.steps.iter();
        flows.flows.contains_key(name)
            || steps.any(|step| step.label.ends_with(&format!("/{name}")))
    };
    while is_used(&name) {
        name.push('_');
    }
    name
}

/// The flows while they are written.
pub(super) struct FlowsWriter<'a> {
    pub flows: &'a VoiceFlows,
    pub names: &'a PartNames,
    /// The Workflow of steps that name none.
    pub workflow: WorkflowSid,
    /// The flow that begins with a step.
    flow_at: BTreeMap<StepId, &'a str>,
    /// The steps that come after another step of their list.
    after_another: BTreeSet<StepId>,
    /// The steps that were written.
    written: BTreeSet<StepId>,
    /// Names for steps that have none.
    given: BTreeMap<StepId, String>,
    /// Steps that need a name.
    unnamed: BTreeSet<StepId>,
}

/// Where a list of steps, or a target, is.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub flow: &'a str,
    /// The step whose targets are written; `None`: the flow itself.
    pub step: Option<StepId>,
    /// The innermost menu around it, and the one around that.
    pub menu: Option<StepId>,
    pub menu_above: Option<StepId>,
    /// The step that follows an error of a step without `on_error`.
    pub on_error: Option<StepId>,
}

impl<'a> FlowsWriter<'a> {
    fn new(
        flows: &'a VoiceFlows,
        names: &'a PartNames,
        workflow: WorkflowSid,
        given: BTreeMap<StepId, String>,
    ) -> Self {
        let flow_at = flows.flows.iter();
        let list = |id| flows.step(id).and_then(|step| step.list);
        let after_another = flows.steps.iter().filter_map(|step| {
            let next = step.next?;
            (step.list.is_some() && list(next) == step.list).then_some(next)
        });
        Self {
            flow_at: flow_at
                .map(|(name, first)| (*first, name.as_str()))
                .collect(),
            after_another: after_another.collect(),
            flows,
            names,
            workflow,
            written: BTreeSet::new(),
            given,
            unnamed: BTreeSet::new(),
        }
    }

    fn flows(&mut self) -> Tree {
        let mut entries = Entries::new();
        for (name, first) in &self.flows.flows {
            entries.set(name.clone(), self.flow(name, *first));
        }
        entries.into_tree()
    }

    /// A list of steps, or a mapping with the `on_error` of all of them.
    fn flow(&mut self, name: &'a str, first: StepId) -> Tree {
        let mut place = Place {
            flow: name,
            step: None,
            menu: None,
            menu_above: None,
            on_error: None,
        };
        let Some(on_error) = self.common_on_error(name, first) else {
            return Tree::List(self.list(first, place));
        };
        let target = self.target(Target::Step(on_error), place);
        place.on_error = Some(on_error);
        let steps = self.list(first, place);
        let mut entries = Entries::new();
        entries.set("on_error", target);
        entries.set("steps", Tree::List(steps));
        entries.into_tree()
    }

    /// The `on_error` of a flow, if all of its own steps have one: the target that is beside the steps
    /// of the flow, otherwise the most frequent name.
    fn common_on_error(&self, flow: &str, first: StepId) -> Option<StepId> {
        let mut counts: BTreeMap<StepId, usize> = BTreeMap::new();
        for id in self.chain(first) {
            let on_error = self.flows.step(id)?.on_error?;
            *counts.entry(on_error).or_default() += 1;
        }
        let beside = counts.keys().copied().find(|id| self.is_beside(*id, flow));
        let is_named =
            |id: &StepId| self.flow_at.contains_key(id) || self.name_of(*id, flow).is_some();
        let named = counts.iter().filter(|(id, _)| is_named(id));
        let most = named.max_by_key(|(_, count)| **count).map(|(id, _)| *id);
        beside.or(most)
    }

    /// Whether a target is written beside the steps of a flow: a list, or the word `hang_up`.
    fn is_beside(&self, id: StepId, flow: &str) -> bool {
        let Some(step) = self.flows.step(id) else {
            return false;
        };
        match step.list {
            Some(list) => list.of.is_none() && self.begins_list(id),
            None => matches!(step.action, Action::HangUp) && step.label == flow,
        }
    }

    /// Whether a step begins a list that is no flow.
    fn begins_list(&self, id: StepId) -> bool {
        !self.flow_at.contains_key(&id) && !self.after_another.contains(&id)
    }

    /// The steps of the list that begins with one.
    fn chain(&self, first: StepId) -> impl Iterator<Item = StepId> {
        let list = self.flows.step(first).and_then(|step| step.list);
        let next = move |id: &StepId| {
            let next = self.flows.step(*id)?.next?;
            let is_in_list = list.is_some() && self.flows.step(next)?.list == list;
            is_in_list.then_some(next)
        };
        // Steps that lead in a circle are no list.
        std::iter::successors(Some(first), next).take(self.flows.steps.len())
    }

    fn list(&mut self, first: StepId, place: Place<'a>) -> Vec<Tree> {
        let chain: Vec<StepId> = self.chain(first).collect();
        let mut steps = Vec::new();
        for id in chain {
            if let Some(step) = self.flows.step(id)
                && self.written.insert(id)
            {
                steps.push(self.step(id, step, place));
            }
        }
        steps
    }

    fn step(&mut self, id: StepId, step: &'a Step, place: Place<'a>) -> Tree {
        let name = self.name_of(id, place.flow);
        let own_on_error = step.on_error.filter(|_| step.on_error != place.on_error);
        if matches!(step.action, Action::HangUp) && name.is_none() && own_on_error.is_none() {
            return Tree::text(HANG_UP);
        }
        let place = Place {
            step: Some(id),
            ..place
        };
        let on_error = own_on_error.map(|target| self.target(Target::Step(target), place));
        let place = Place {
            on_error: step.on_error,
            ..place
        };
        let (verb, value) = write_action(self, id, &step.action, place);
        let mut entries = Entries::new();
        entries.set_some("name", name.map(Tree::Text));
        entries.set(verb, value);
        entries.set_some("on_error", on_error);
        entries.into_tree()
    }

    /// The name of a step. The label of a step without one ends in its position.
    fn name_of(&self, id: StepId, flow: &str) -> Option<String> {
        if let Some(given) = self.given.get(&id) {
            return Some(given.clone());
        }
        let step = self.flows.step(id)?;
        let name = step.label.strip_prefix(flow)?.strip_prefix('/')?;
        let is_position = name.chars().all(|char| char.is_ascii_digit());
        (!is_position && !name.contains('/')).then(|| name.to_owned())
    }

    /// A target: a word, a name, or a list of steps.
    pub fn target(&mut self, target: Target, place: Place<'a>) -> Tree {
        let Target::Step(id) = target else {
            return Tree::text("next");
        };
        if Some(id) == place.menu {
            return Tree::text("repeat");
        }
        if Some(id) == place.menu_above {
            return Tree::text("back");
        }
        if let Some(flow) = self.flow_at.get(&id) {
            return Tree::text(*flow);
        }
        let Some(step) = self.flows.step(id) else {
            return Tree::text(HANG_UP);
        };
        let is_here = step.list.is_some_and(|list| list.of == place.step);
        if is_here && self.begins_list(id) && !self.written.contains(&id) {
            return Tree::List(self.list(id, place));
        }
        if step.list.is_none() && matches!(step.action, Action::HangUp) {
            return Tree::text(HANG_UP);
        }
        match self.name_of(id, place.flow) {
            Some(name) => Tree::Text(name),
            None => {
                self.unnamed.insert(id);
                Tree::text(HANG_UP)
            }
        }
    }

    /// The target of an optional key.
    pub fn optional_target(&mut self, target: Option<Target>, place: Place<'a>) -> Option<Tree> {
        target.map(|target| self.target(target, place))
    }

    /// The flow that begins with a step.
    pub fn flow_at(&mut self, id: StepId) -> Tree {
        match self.flow_at.get(&id) {
            Some(flow) => Tree::text(*flow),
            None => {
                self.unnamed.insert(id);
                Tree::text("")
            }
        }
    }
}

/// The step that ends the call.
pub(super) const HANG_UP: &str = "hang_up";
