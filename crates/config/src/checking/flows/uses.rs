//! CB810 to CB816, CB602: parts, values and languages that nothing uses, and uses that are wrong.

use std::collections::{BTreeMap, BTreeSet};

use routing_check::{Rule, refused_by_deployed};
use serde_json::Value as Json;
use task_router::model::{Condition, Expression, Operand};
use voice_flows::{Action, Collect, Part, Prompt, Step, StepId, Text, TransferTo};

use super::graph::reachable;
use super::{Centre, Report};

pub(super) fn check(centre: &Centre<'_>, report: &mut Report) {
    let uses = Uses::of(centre);
    calendars(centre, &uses, report);
    lists(centre, &uses, report);
    values(centre, &uses, report);
    languages(centre, report);
    addresses(centre, report);
}

/// What steps use.
#[derive(Default)]
struct Uses<'c> {
    /// The first keys of names in conditions, and in texts: `account`, `hours`.
    names: BTreeSet<String>,
    /// Names with their second key: `hours.support`.
    pairs: BTreeSet<(String, String)>,
    /// The lists that conditions name.
    lists: BTreeSet<String>,
    /// A condition compares `lists` with something else than a text.
    has_other_lists: bool,
    /// Every text that a step has, with the step.
    texts: Vec<(StepId, &'c str)>,
}

impl<'c> Uses<'c> {
    fn of(centre: &Centre<'c>) -> Self {
        let mut uses = Self::default();
        for (id, step) in centre.steps() {
            let mut texts = Vec::new();
            texts_of(step, &mut texts);
            for text in texts {
                for name in Text::placeholders(text) {
                    uses.name(name);
                }
                uses.texts.push((id, text));
            }
            match &step.action {
                Action::Branch(cases) => {
                    cases
                        .iter()
                        .for_each(|case| uses.condition(&case.condition));
                }
                Action::LookUp(look_up) => look_up.send.iter().for_each(|name| uses.name(name)),
                Action::Callback(callback) => uses.name(&callback.number),
                Action::Say(_)
                | Action::Menu(_)
                | Action::Collect(_)
                | Action::Set(_)
                | Action::Tag(_)
                | Action::Language(_)
                | Action::Record(_)
                | Action::Queue(_)
                | Action::Voicemail(_)
                | Action::Transfer(_)
                | Action::Use(_)
                | Action::GoTo(_)
                | Action::HangUp => {}
            }
        }
        uses
    }

    fn name(&mut self, name: &str) {
        let mut keys = name.split('.');
        let first = keys.next().unwrap_or_default().to_owned();
        if let Some(second) = keys.next() {
            self.pairs.insert((first.clone(), second.to_owned()));
        }
        self.names.insert(first);
    }

    fn condition(&mut self, condition: &Expression) {
        for path in condition.paths() {
            self.name(&path.keys().join("."));
        }
        for Condition { comparison, .. } in condition.conditions() {
            let asks = |operand: &Operand| match operand {
                Operand::Path(path) => path.keys().first() == Some(&"lists"),
                Operand::Null
                | Operand::Bool(_)
                | Operand::Number(_)
                | Operand::Text(_)
                | Operand::Array(_) => false,
            };
            match (&comparison.left, &comparison.right) {
                (left, Operand::Text(list)) if asks(left) => {
                    self.lists.insert(list.clone());
                }
                (left, right) => self.has_other_lists |= asks(left) || asks(right),
            }
        }
    }
}

/// The texts that a caller or a Worker hears at a step.
fn texts_of<'s>(step: &'s Step, texts: &mut Vec<&'s str>) {
    let mut prompt = |prompt: &'s Prompt| {
        for part in &prompt.0 {
            match part {
                Part::Say(text) | Part::Play(text) => {
                    texts.extend(text.0.values().map(String::as_str));
                }
                Part::Pause(_) => {}
            }
        }
    };
    match &step.action {
        Action::Say(said) => prompt(said),
        Action::Menu(menu) => [&menu.prompt, &menu.no_input, &menu.no_match]
            .into_iter()
            .for_each(prompt),
        Action::Collect(collect) => {
            let Collect {
                prompt: question,
                confirm,
                no_input,
                no_match,
                ..
            } = collect;
            [question, confirm, no_input, no_match]
                .into_iter()
                .for_each(prompt);
        }
        Action::Queue(queue) => {
            prompt(&queue.wait.welcome);
            queue.wait.announcements.iter().for_each(&mut prompt);
            queue.leave.iter().for_each(|leave| prompt(&leave.prompt));
            if let Some(greeting) = &queue.agent_greeting {
                prompt(&greeting.prompt);
            }
            texts.extend(queue.attributes.values().filter_map(Json::as_str));
        }
        Action::Record(record) => prompt(&record.prompt),
        Action::Callback(callback) => {
            if let Some(greeting) = &callback.agent_greeting {
                prompt(&greeting.prompt);
            }
            texts.extend(callback.attributes.values().filter_map(Json::as_str));
        }
        Action::Voicemail(voicemail) => {
            prompt(&voicemail.prompt);
            prompt(&voicemail.thanks);
        }
        Action::Set(values) => texts.extend(values.values().filter_map(Json::as_str)),
        Action::Branch(_)
        | Action::Tag(_)
        | Action::Language(_)
        | Action::LookUp(_)
        | Action::Transfer(_)
        | Action::Use(_)
        | Action::GoTo(_)
        | Action::HangUp => {}
    }
}

/// CB810, CB812.
fn calendars(centre: &Centre<'_>, uses: &Uses<'_>, report: &mut Report) {
    for (name, calendar) in &centre.flows.calendars {
        let path = format!("calendars.{name}");
        if !uses.pairs.contains(&("hours".to_owned(), name.clone())) {
            let message = format!("no step asks for the hours of the calendar \"{name}\"");
            centre.add_at(Rule::UnusedCalendar, &path, message, report);
        }
        let Some(today) = centre.today else {
            continue;
        };
        let holidays = &calendar.holidays;
        if !holidays.is_empty() && holidays.iter().all(|days| days.are_before(today)) {
            let message = format!("all holidays of the calendar \"{name}\" are in the past");
            let path = format!("{path}.holidays");
            centre.add_at(Rule::HolidaysPast, &path, message, report);
        }
    }
}

/// CB811.
fn lists(centre: &Centre<'_>, uses: &Uses<'_>, report: &mut Report) {
    for name in centre.flows.lists.keys() {
        if !uses.has_other_lists && !uses.lists.contains(name) {
            let message = format!("no condition asks for the list \"{name}\"");
            centre.add_at(Rule::UnusedList, &format!("lists.{name}"), message, report);
        }
    }
}

/// CB813, CB814. Values are attributes of Tasks, so one that is followed by a Task is used.
fn values(centre: &Centre<'_>, uses: &Uses<'_>, report: &mut Report) {
    let mut secret: BTreeMap<&str, StepId> = BTreeMap::new();
    for (id, step) in centre.steps() {
        let Action::Collect(collect) = &step.action else {
            continue;
        };
        if collect.is_secret {
            secret.insert(&collect.into, id);
        }
        let creates_task = |id: &StepId| {
            let step = centre.flows.step(*id);
            step.is_some_and(|step| matches!(step.action, Action::Queue(_) | Action::Callback(_)))
        };
        let is_attribute =
            !collect.is_secret && reachable(centre.flows, [id]).iter().any(creates_task);
        if !is_attribute && !uses.names.contains(&collect.into) {
            let message = format!(
                "the value \"{}\" is asked for, and no step and no Task uses it",
                collect.into
            );
            centre.add(Rule::UnusedValue, id, message, report);
        }
    }
    for (id, text) in &uses.texts {
        if let Some(name) = Text::placeholders(text).find(|name| secret.contains_key(name)) {
            let message =
                format!("the secret value \"{name}\" is in a text here, which is spoken or stored");
            centre.add(Rule::SecretSpoken, *id, message, report);
        }
    }
}

/// CB815: the first language is that of every new call.
fn languages(centre: &Centre<'_>, report: &mut Report) {
    let mut chosen: BTreeSet<&str> = BTreeSet::new();
    for (_, step) in centre.steps() {
        match &step.action {
            Action::Language(language) => {
                chosen.insert(language);
            }
            Action::Menu(menu) => {
                let languages = menu.options.iter();
                chosen.extend(languages.filter_map(|option| option.language.as_deref()));
            }
            Action::Say(_)
            | Action::Collect(_)
            | Action::Branch(_)
            | Action::Set(_)
            | Action::Tag(_)
            | Action::LookUp(_)
            | Action::Record(_)
            | Action::Queue(_)
            | Action::Callback(_)
            | Action::Voicemail(_)
            | Action::Transfer(_)
            | Action::Use(_)
            | Action::GoTo(_)
            | Action::HangUp => {}
        }
    }
    // The languages of a `menu` are chosen in it, and without `prompts` they are the built-in ones.
    if !centre.outline.has("prompts") {
        return;
    }
    for language in &centre.flows.more_languages {
        let name = language.selected_language.as_str();
        if !chosen.contains(name) {
            let message = format!("no step chooses the language \"{name}\", so no caller hears it");
            let path = format!("prompts.{name}");
            centre.add_at(Rule::LanguageNeverChosen, &path, message, report);
        }
    }
}

/// CB602 for look-ups, CB816.
fn addresses(centre: &Centre<'_>, report: &mut Report) {
    let settings = &centre.read.voice_settings;
    let is_own = |number: &String| {
        *number == settings.phone_number || centre.flows.numbers.contains_key(number)
    };
    for (id, step) in centre.steps() {
        match &step.action {
            Action::LookUp(look_up) => {
                if let Some(problem) = refused_by_deployed(&look_up.url) {
                    let message = format!(
                        "{problem}: on one machine this works, a deployed centre refuses it"
                    );
                    centre.add(Rule::CallbackRefused, id, message, report);
                }
            }
            Action::Transfer(transfer) => {
                if let TransferTo::Number(number) = &transfer.to
                    && is_own(number)
                {
                    let message = "the number is one of this contact centre: the call begins again, and costs a second one";
                    centre.add(Rule::TransferToItself, id, message, report);
                }
            }
            Action::Say(_)
            | Action::Menu(_)
            | Action::Collect(_)
            | Action::Branch(_)
            | Action::Set(_)
            | Action::Tag(_)
            | Action::Language(_)
            | Action::Record(_)
            | Action::Queue(_)
            | Action::Callback(_)
            | Action::Voicemail(_)
            | Action::Use(_)
            | Action::GoTo(_)
            | Action::HangUp => {}
        }
    }
}
