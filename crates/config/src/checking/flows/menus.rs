//! CB805, CB806: keys that the texts do not name, and phrases of two keys.

use std::collections::BTreeMap;

use routing_check::Rule;
use voice_flows::{Action, Menu, Part, StepId, Text};

use super::{Centre, Report};

pub(super) fn check(centre: &Centre<'_>, report: &mut Report) {
    for (id, step) in centre.steps() {
        if let Action::Menu(menu) = &step.action {
            keys(centre, id, menu, report);
            phrases(centre, id, menu, report);
        }
    }
}

/// CB805: the texts name some keys by their digits, and not this one. A sound file may name it.
fn keys(centre: &Centre<'_>, id: StepId, menu: &Menu, report: &mut Report) {
    let mut texts = String::new();
    for part in &menu.prompt.0 {
        match part {
            Part::Say(text) => texts.extend(text.0.values().map(String::as_str)),
            Part::Play(_) => return,
            Part::Pause(_) => {}
        }
    }
    let keys = || menu.options.iter().filter_map(|option| option.key);
    let is_named = |key: char| texts.contains(key);
    if !keys().any(|key| is_named(key.as_char())) {
        return;
    }
    for key in keys().filter(|key| !is_named(key.as_char())) {
        let message = format!("the text of the menu does not name the key {key}");
        centre.add(Rule::KeyNotNamed, id, message, report);
    }
}

/// CB806.
fn phrases(centre: &Centre<'_>, id: StepId, menu: &Menu, report: &mut Report) {
    let languages: Vec<&str> = centre
        .flows
        .languages()
        .map(|language| language.selected_language.as_str())
        .collect();
    let mut reported = Vec::new();
    for language in languages {
        let mut first_of: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, option) in menu.options.iter().enumerate() {
            let lists = [Text::ANY, language].map(|key| option.phrases.get(key));
            for phrase in lists.into_iter().flatten().flatten() {
                let first = *first_of.entry(phrase).or_insert(index);
                if first != index && !reported.contains(&phrase) {
                    reported.push(phrase);
                    let message = format!(
                        "the phrase \"{phrase}\" is that of two keys: only the first one is ever chosen"
                    );
                    centre.add(Rule::PhraseTwice, id, message, report);
                }
            }
        }
    }
}
