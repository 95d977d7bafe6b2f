//! A flow as rows, for drawings and lists: each step once, in the order of the file, nested as the
//! file nests it.
//!
//! What a step leads to is either another row below it, or an [`Exit`]: a flow, a step that has a
//! row already, or the end of the call.

use std::collections::BTreeSet;

use ids::{TaskQueueSid, WorkflowSid};

use crate::{
    Action, Case, Collect, KeyOption, LookUp, Menu, Part, Prompt, Queue, Step, StepId, Target,
    Transfer, TransferTo, VoiceFlows,
};

/// Most rows of a flow: as many as a page can show.
pub const ROWS_MAX: usize = 500;

/// Deepest nesting that is followed; deeper lists of steps are left out.
const DEPTH_MAX: usize = 16;

/// A flow as rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The name of the flow.
    pub name: String,
    /// The rows, from top to bottom.
    pub rows: Vec<Row>,
    /// Where a step without an exit of its own leads when it fails.
    pub on_error: Option<Destination>,
}

/// One step of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The step.
    pub step: StepId,
    /// How deep its list of steps is nested, from 0.
    pub depth: usize,
    /// The row that leads here, by its place; `None`: the flow begins here.
    pub from: Option<usize>,
    /// The option or case that leads here: `9`; empty for the next step.
    pub via: String,
    /// The verb of the file: `menu`.
    pub verb: &'static str,
    /// What the step says, asks or does.
    pub about: About,
    /// What the step leads to besides other rows.
    pub exits: Vec<Exit>,
}

/// What a step says, asks or does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A text, in the language of a new call.
    Text(String),
    /// A Task of this Workflow.
    Workflow(WorkflowSid),
    /// A Task of this TaskQueue.
    TaskQueue(TaskQueueSid),
}

/// A way out of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// When it is taken: `9`, `no input`.
    pub when: String,
    /// Where it leads.
    pub to: Destination,
}

/// Where a call continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Another flow, at its first step.
    Flow(String),
    /// A step, by its label: `main/3`.
    Step(String),
    /// The step after this one.
    Next,
    /// The end of the flow: the call ends, or a flow that used this one continues.
    End,
    /// The end of the call.
    HangUp,
}

/// The ways out of a step, with what they lead to.
type Ways = Vec<(String, Target)>;

impl VoiceFlows {
    /// All flows as rows, in the order of their names.
    pub fn outlines(&self) -> Vec<Outline> {
        let names = self.flows.iter();
        names
            .map(|(name, first)| Walk::new(self, name).outline(*first))
            .collect()
    }

    /// The name of the flow that a step belongs to.
    pub fn flow_of(&self, step: &Step) -> String {
        let name = step.label.split('/').next();
        name.unwrap_or_default().to_owned()
    }

    /// What a step says, asks or does.
    pub fn about(&self, step: &Step) -> (&'static str, About) {
        let (verb, text) = match &step.action {
            Action::Queue(queue) => return ("queue", About::Workflow(queue.workflow)),
            Action::Callback(callback) => return ("callback", About::Workflow(callback.workflow)),
            Action::Voicemail(voicemail) => {
                return ("voicemail", About::TaskQueue(voicemail.task_queue));
            }
            Action::Say(prompt) => ("say", self.said(prompt)),
            Action::Menu(menu) => ("menu", self.said(&menu.prompt)),
            Action::Collect(collect) => ("collect", self.collected(collect)),
            Action::Branch(_) => ("branch", String::new()),
            Action::Set(values) => ("set", words(values.keys().map(String::as_str))),
            Action::Tag(tag) => ("tag", tag.clone()),
            Action::Language(language) => ("language", language.clone()),
            Action::LookUp(look_up) => ("look_up", asked(look_up)),
            Action::Record(record) => ("record", self.said(&record.prompt)),
            Action::Transfer(transfer) => ("transfer", called(transfer).to_owned()),
            Action::Use(_) => ("use", String::new()),
            Action::GoTo(_) => ("go_to", String::new()),
            Action::HangUp => ("hang_up", String::new()),
        };
        (verb, About::Text(text))
    }

    /// A prompt in the language of a new call.
    fn said(&self, prompt: &Prompt) -> String {
        let language = &self.language.selected_language;
        let parts = prompt.0.iter().filter_map(|part| match part {
            Part::Say(text) => text.in_language(language).map(str::to_owned),
            Part::Play(url) => url.in_language(language).map(|url| format!("♪ {url}")),
            Part::Pause(_) => None,
        });
        parts.collect::<Vec<_>>().join(" ")
    }

    fn collected(&self, collect: &Collect) -> String {
        format!("{}: {}", collect.into, self.said(&collect.prompt))
    }

    fn destination(&self, target: StepId) -> Destination {
        let flow = self.flows.iter().find(|(_, first)| **first == target);
        match (flow, self.step(target)) {
            (Some((name, _)), _) => Destination::Flow(name.clone()),
            (None, Some(step)) if step.action == Action::HangUp => Destination::HangUp,
            (None, Some(step)) => Destination::Step(step.label.clone()),
            (None, None) => Destination::End,
        }
    }
}

/// The rows of one flow in the making.
struct Walk<'f> {
    flows: &'f VoiceFlows,
    name: &'f str,
    rows: Vec<Row>,
}

impl<'f> Walk<'f> {
    fn new(flows: &'f VoiceFlows, name: &'f str) -> Self {
        Self {
            flows,
            name,
            rows: Vec::new(),
        }
    }

    fn outline(mut self, first: StepId) -> Outline {
        let on_error = self.flows.step(first).and_then(|step| step.on_error);
        self.list(first, None, String::new(), 0, on_error, &BTreeSet::new());
        Outline {
            name: self.name.to_owned(),
            rows: self.rows,
            on_error: on_error.map(|step| self.flows.destination(step)),
        }
    }

    /// Adds the steps of a list, each after the one before it. A list ends where the list around it
    /// continues: `joins`.
    fn list(
        &mut self,
        first: StepId,
        from: Option<usize>,
        via: String,
        depth: usize,
        on_error: Option<StepId>,
        joins: &BTreeSet<StepId>,
    ) {
        let mut at = Some(first);
        let mut from = from;
        let mut via = via;
        while let Some(id) = at
            && self.rows.len() < ROWS_MAX
            && !joins.contains(&id)
            && let Some(step) = self.flows.step(id)
            && !self.is_known(step)
        {
            let row = self.add(id, step, from, std::mem::take(&mut via), depth);
            let inner: BTreeSet<StepId> = joins.iter().copied().chain(step.next).collect();
            for (when, target) in ways(&step.action) {
                self.way(row, step, when, target, depth, on_error, &inner);
            }
            self.end(row, step, on_error);
            at = step.next;
            from = Some(row);
        }
    }

    /// Whether the step has a row already. A first step with a name has two numbers.
    fn is_known(&self, step: &Step) -> bool {
        let mut rows = self.rows.iter();
        rows.any(|row| self.flows.step(row.step) == Some(step))
    }

    fn add(
        &mut self,
        id: StepId,
        step: &'f Step,
        from: Option<usize>,
        via: String,
        depth: usize,
    ) -> usize {
        let (verb, about) = self.flows.about(step);
        let place = self.rows.len();
        self.rows.push(Row {
            step: id,
            depth,
            from,
            via,
            verb,
            about,
            exits: Vec::new(),
        });
        place
    }

    /// Follows a way out of a step: into a list of steps of its own, or to an exit.
    #[expect(
        clippy::too_many_arguments,
        reason = "the state of the walk, which is recursive"
    )]
    fn way(
        &mut self,
        row: usize,
        step: &'f Step,
        when: String,
        target: Target,
        depth: usize,
        on_error: Option<StepId>,
        joins: &BTreeSet<StepId>,
    ) {
        let Target::Step(id) = target else {
            return self.exit(row, when, Destination::Next);
        };
        if step.next == Some(id) {
            return self.exit(row, when, Destination::Next);
        }
        let flows = self.flows;
        let is_own = flows.step(id).is_some_and(|found| {
            let is_named = flows.flows.values().any(|first| *first == id);
            let is_nested = flows.flow_of(found) == self.name && !is_named;
            is_nested && found.action != Action::HangUp && !self.is_known(found)
        });
        if is_own && depth < DEPTH_MAX && !joins.contains(&id) {
            return self.list(id, Some(row), when, depth + 1, on_error, joins);
        }
        self.exit(row, when, flows.destination(id));
    }

    /// The exits of a step that has no step after it, or leads elsewhere when it fails.
    fn end(&mut self, row: usize, step: &Step, on_error: Option<StepId>) {
        match &step.action {
            Action::GoTo(target) | Action::Use(target) => {
                self.exit(row, String::new(), self.flows.destination(*target));
            }
            Action::HangUp => {}
            Action::Say(_)
            | Action::Menu(_)
            | Action::Collect(_)
            | Action::Branch(_)
            | Action::Set(_)
            | Action::Tag(_)
            | Action::Language(_)
            | Action::LookUp(_)
            | Action::Record(_)
            | Action::Queue(_)
            | Action::Callback(_)
            | Action::Voicemail(_)
            | Action::Transfer(_) => {
                if step.next.is_none() && !always_leads_elsewhere(&step.action) {
                    self.exit(row, "then".to_owned(), Destination::End);
                }
            }
        }
        if let Some(target) = step.on_error.filter(|target| Some(*target) != on_error) {
            self.exit(row, "error".to_owned(), self.flows.destination(target));
        }
    }

    fn exit(&mut self, row: usize, when: String, to: Destination) {
        if let Some(row) = self.rows.get_mut(row) {
            row.exits.push(Exit { when, to });
        }
    }
}

/// The ways out of a step besides the next one.
fn ways(action: &Action) -> Ways {
    match action {
        Action::Menu(menu) => of_menu(menu),
        Action::Branch(cases) => cases.iter().map(of_case).collect(),
        Action::Collect(collect) => optional("no answer", collect.on_failure),
        Action::Queue(queue) => of_queue(queue),
        Action::Transfer(transfer) => optional("no answer", transfer.on_no_answer),
        Action::Say(_)
        | Action::Set(_)
        | Action::Tag(_)
        | Action::Language(_)
        | Action::LookUp(_)
        | Action::Record(_)
        | Action::Callback(_)
        | Action::Voicemail(_)
        | Action::Use(_)
        | Action::GoTo(_)
        | Action::HangUp => Vec::new(),
    }
}

/// Whether a step is a menu all of whose options lead elsewhere: then no call reaches the step after
/// it.
fn always_leads_elsewhere(action: &Action) -> bool {
    let Action::Menu(menu) = action else {
        return false;
    };
    of_menu(menu)
        .iter()
        .all(|(_, target)| *target != Target::Next)
}

fn optional(when: &str, target: Option<Target>) -> Ways {
    let target = target.into_iter();
    target.map(|target| (when.to_owned(), target)).collect()
}

fn of_menu(menu: &Menu) -> Ways {
    let options = menu.options.iter();
    let mut ways: Ways = options
        .map(|option| (of_option(option), option.then))
        .collect();
    ways.extend(optional("no input", menu.on_no_input));
    ways.extend(optional("no match", menu.on_no_match));
    ways
}

/// `9`, or `1 "bill"` for an option with phrases.
fn of_option(option: &KeyOption) -> String {
    let key = option.key.map(|key| key.as_char().to_string());
    let phrase = option.phrases.values().flatten().next();
    let phrase = phrase.map(|phrase| format!("\"{phrase}\""));
    let language = option.language.as_ref().map(|it| format!("({it})"));
    words([key, phrase, language].iter().flatten().map(String::as_str))
}

fn of_case(case: &Case) -> (String, Target) {
    (case.condition.to_string(), case.then)
}

fn of_queue(queue: &Queue) -> Ways {
    let mut ways = optional("timed out", queue.on_timeout);
    if let Some(leave) = &queue.leave {
        ways.push((format!("leaves by {}", leave.key.as_char()), leave.then));
    }
    ways
}

fn words<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

/// The host that a look-up asks.
fn asked(look_up: &LookUp) -> String {
    let rest = look_up.url.split_once("://").map(|(_, rest)| rest);
    let host = rest.and_then(|rest| rest.split('/').next());
    host.unwrap_or(&look_up.url).to_owned()
}

fn called(transfer: &Transfer) -> &str {
    match &transfer.to {
        TransferTo::Number(to) | TransferTo::Sip(to) => to,
    }
}
