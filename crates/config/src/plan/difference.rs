//! The difference of two files, part by part and by names.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::align::align;
use crate::export::tree::Tree;
use crate::flows::VERBS;

/// A part that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartChange {
    /// What it is: `Workflow`, `TaskQueue`, `Flow`.
    pub kind: String,
    /// Its name; `None`: there is only one of its kind.
    pub name: Option<String>,
    /// What differs.
    #[serde(flatten)]
    pub change: Change,
}

/// How a part differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// It is new.
    Created {
        /// Its settings.
        after: Tree,
    },
    /// It is no longer there.
    Removed,
    /// Its settings differ.
    Changed {
        /// Each setting that differs.
        settings: Vec<Setting>,
    },
}

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Where it is in its part, from the outside to the inside: `filter "English"`, `timeout`.
    pub path: Vec<String>,
    /// The value before; `None`: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Tree>,
    /// The value after; `None`: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Tree>,
}

const WORKFLOW: &str = "Workflow";

impl PartChange {
    /// Whether it is the Workflow with this name.
    pub(super) fn is_workflow(&self, name: &str) -> bool {
        self.kind == WORKFLOW && self.name.as_deref() == Some(name)
    }
}

/// A part of a file.
struct Part<'t> {
    kind: &'static str,
    name: Option<&'t str>,
    /// Two parts are the same if kind and identity are.
    identity: String,
    settings: Vec<(&'t str, &'t Tree)>,
}

/// Sections with a mapping of names to parts.
const BY_NAME: [(&str, &str); 5] = [
    ("numbers", "Number"),
    ("prompts", "Language"),
    ("lists", "List"),
    ("calendars", "Calendar"),
    ("flows", "Flow"),
];

/// Sections with a list of parts.
const LISTS: [(&str, &str); 3] = [
    ("task_queues", "TaskQueue"),
    ("workflows", WORKFLOW),
    ("workers", "Worker"),
];

/// Lists of parts in the section `workspace`.
const IN_WORKSPACE: [(&str, &str); 2] =
    [("activities", "Activity"), ("task_channels", "TaskChannel")];

/// The parts that differ: those of the Workspace first, then the telephone side.
pub fn difference(before: &Tree, after: &Tree) -> Vec<PartChange> {
    let before = parts(before);
    let after = parts(after);
    let mut changes = Vec::new();
    let mut kinds = BTreeSet::new();
    for kind in after.iter().chain(&before).map(|part| part.kind) {
        if kinds.insert(kind) {
            of_kind(kind, &before, &after, &mut changes);
        }
    }
    changes
}

fn of_kind(kind: &str, before: &[Part<'_>], after: &[Part<'_>], changes: &mut Vec<PartChange>) {
    let is_of_kind = |part: &&Part<'_>| part.kind == kind;
    for part in after.iter().filter(is_of_kind) {
        let earlier = before.iter().find(|other| part.is(other));
        let change = match earlier {
            None => Change::Created { after: part.tree() },
            Some(earlier) => {
                let mut settings = Vec::new();
                compare_maps(&earlier.settings, &part.settings, &[], &mut settings);
                Change::Changed { settings }
            }
        };
        let is_same = matches!(&change, Change::Changed { settings } if settings.is_empty());
        if !is_same {
            changes.push(part.with(change));
        }
    }
    let removed = before
        .iter()
        .filter(is_of_kind)
        .filter(|part| !after.iter().any(|other| part.is(other)));
    changes.extend(removed.map(|part| part.with(Change::Removed)));
}

impl Part<'_> {
    fn is(&self, other: &Self) -> bool {
        self.kind == other.kind && self.identity == other.identity
    }

    fn with(&self, change: Change) -> PartChange {
        PartChange {
            kind: self.kind.to_owned(),
            name: self.name.map(str::to_owned),
            change,
        }
    }

    /// The settings without the name, which is shown before them.
    fn tree(&self) -> Tree {
        let settings = self.settings.iter();
        let settings = settings.filter(|(key, _)| *key != NAME || self.name.is_none());
        Tree::Map(
            settings
                .map(|(key, value)| ((*key).to_owned(), (*value).clone()))
                .collect(),
        )
    }
}

const NAME: &str = "name";

fn parts(file: &Tree) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let Tree::Map(sections) = file else {
        return parts;
    };
    if let Some(Tree::Map(workspace)) = file.get("workspace") {
        let is_own = |key: &str| !IN_WORKSPACE.iter().any(|(list, _)| *list == key);
        let settings = workspace
            .iter()
            .filter(|(key, _)| is_own(key))
            .map(|(key, value)| (key.as_str(), value));
        parts.push(Part {
            kind: "Workspace",
            name: None,
            identity: String::new(),
            settings: settings.collect(),
        });
        for (key, kind) in IN_WORKSPACE {
            let list = file.get("workspace").and_then(|one| one.get(key));
            parts.extend(list.into_iter().flat_map(|list| of_list(kind, list)));
        }
    }
    for (key, kind) in LISTS {
        let list = file.get(key);
        parts.extend(list.into_iter().flat_map(|list| of_list(kind, list)));
    }
    let is_own = |key: &str| {
        let mut known = BY_NAME.iter().chain(&LISTS);
        key != "workspace" && !known.any(|(section, _)| *section == key)
    };
    let settings: Vec<(&str, &Tree)> = sections
        .iter()
        .filter(|(key, _)| is_own(key))
        .map(|(key, value)| (key.as_str(), value))
        .collect();
    if !settings.is_empty() {
        parts.push(Part {
            kind: "Telephone",
            name: None,
            identity: String::new(),
            settings,
        });
    }
    for (key, kind) in BY_NAME {
        let Some(Tree::Map(entries)) = file.get(key) else {
            continue;
        };
        parts.extend(entries.iter().map(|(name, value)| Part {
            kind,
            name: Some(name),
            identity: name.clone(),
            settings: settings_of(kind, value),
        }));
    }
    parts
}

fn of_list<'t>(kind: &'static str, list: &'t Tree) -> Vec<Part<'t>> {
    let Tree::List(elements) = list else {
        return Vec::new();
    };
    let part = |element: &'t Tree| Part {
        kind,
        name: element.text_at(NAME),
        identity: identity(kind, element),
        settings: settings_of(kind, element),
    };
    elements.iter().map(part).collect()
}

/// The name, as far as it identifies a part: an Activity of another availability is another one, and
/// Workers are the same in upper and lower case.
fn identity(kind: &str, element: &Tree) -> String {
    let name = element.text_at(NAME).unwrap_or_default();
    match (kind, element.get("available")) {
        ("Activity", Some(Tree::Bool(available))) => format!("{name} {available}"),
        ("Worker", _) => name.to_lowercase(),
        (_, _) => name.to_owned(),
    }
}

/// The settings of a part. One that is no mapping has a single setting.
fn settings_of<'t>(kind: &str, value: &'t Tree) -> Vec<(&'t str, &'t Tree)> {
    let only = match kind {
        "Number" => "flow",
        "List" => "numbers",
        _flow => "steps",
    };
    match value {
        Tree::Map(entries) => {
            let entries = entries.iter();
            entries.map(|(key, value)| (key.as_str(), value)).collect()
        }
        Tree::Bool(_)
        | Tree::Number(_)
        | Tree::Null
        | Tree::Text(_)
        | Tree::Expression(_)
        | Tree::List(_) => vec![(only, value)],
    }
}

fn compare_maps(
    before: &[(&str, &Tree)],
    after: &[(&str, &Tree)],
    path: &[String],
    found: &mut Vec<Setting>,
) {
    let value = |entries: &[(&str, &Tree)], key: &str| {
        let entry = entries.iter().find(|(known, _)| *known == key);
        entry.map(|(_, value)| (*value).clone())
    };
    for (key, value_before) in before {
        if value(after, key).is_none() {
            found.push(Setting {
                path: below(path, key),
                before: Some((*value_before).clone()),
                after: None,
            });
        }
    }
    for (key, after) in after {
        let path = below(path, key);
        match value(before, key) {
            Some(before) => compare(&before, after, key, path, found),
            None => found.push(Setting {
                path,
                before: None,
                after: Some((*after).clone()),
            }),
        }
    }
}

fn below(path: &[String], name: &str) -> Vec<String> {
    let mut path = path.to_vec();
    path.push(name.to_owned());
    path
}

fn compare(before: &Tree, after: &Tree, key: &str, path: Vec<String>, found: &mut Vec<Setting>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Tree::Map(before), Tree::Map(after)) => {
            let before: Vec<_> = before.iter().map(|(key, value)| (&**key, value)).collect();
            let after: Vec<_> = after.iter().map(|(key, value)| (&**key, value)).collect();
            compare_maps(&before, &after, &path, found);
        }
        (Tree::List(before), Tree::List(after)) if has_mappings(before) || has_mappings(after) => {
            compare_lists(before, after, key, &path, found);
        }
        (before, after) => found.push(Setting {
            path,
            before: Some(before.clone()),
            after: Some(after.clone()),
        }),
    }
}

fn has_mappings(elements: &[Tree]) -> bool {
    elements
        .iter()
        .any(|element| matches!(element, Tree::Map(_)))
}

/// Elements with names are the same if their names are. Others are aligned.
fn compare_lists(
    before: &[Tree],
    after: &[Tree],
    key: &str,
    path: &[String],
    found: &mut Vec<Setting>,
) {
    let (kind, path) = element_of(key, before.iter().chain(after), path);
    let names = |elements: &[Tree]| -> Option<Vec<String>> {
        let name = |element: &Tree| name_of(element).map(str::to_owned);
        let names: Option<Vec<String>> = elements.iter().map(name).collect();
        let count = elements.len();
        names.filter(|names| names.iter().collect::<BTreeSet<_>>().len() == count)
    };
    if let (Some(names_before), Some(names_after)) = (names(before), names(after)) {
        for (name, element) in names_after.iter().zip(after) {
            let path = below(path, &format!("{kind} \"{name}\""));
            let earlier = names_before.iter().position(|known| known == name);
            match earlier.and_then(|index| before.get(index)) {
                Some(earlier) => compare(earlier, element, kind, path, found),
                None => found.push(Setting {
                    path,
                    before: None,
                    after: Some(element.clone()),
                }),
            }
        }
        for (name, element) in names_before.iter().zip(before) {
            if !names_after.contains(name) {
                found.push(Setting {
                    path: below(path, &format!("{kind} \"{name}\"")),
                    before: Some(element.clone()),
                    after: None,
                });
            }
        }
        order(&names_before, &names_after, key, path, found);
        return;
    }
    for (earlier, later) in align(before, after) {
        let number = later.or(earlier).map_or(0, |index| index + 1);
        let path = below(path, &format!("{kind} {number}"));
        let earlier = earlier.and_then(|index| before.get(index));
        let later = later.and_then(|index| after.get(index));
        match (earlier, later) {
            (Some(earlier), Some(later)) => compare(earlier, later, kind, path, found),
            (earlier, later) => found.push(Setting {
                path,
                before: earlier.cloned(),
                after: later.cloned(),
            }),
        }
    }
}

/// The order of the elements that are in both lists, if it differs.
fn order(
    before: &[String],
    after: &[String],
    key: &str,
    path: &[String],
    found: &mut Vec<Setting>,
) {
    let common = |names: &[String], others: &[String]| -> Vec<String> {
        let names = names.iter().filter(|name| others.contains(name));
        names.cloned().collect()
    };
    let before = common(before, after);
    let after = common(after, &before);
    if before != after {
        let list = |names: Vec<String>| Tree::List(names.into_iter().map(Tree::Text).collect());
        found.push(Setting {
            path: below(path, &format!("order of {key}")),
            before: Some(list(before)),
            after: Some(list(after)),
        });
    }
}

fn name_of(element: &Tree) -> Option<&str> {
    element
        .text_at(NAME)
        .or_else(|| element.text_at("selected_language"))
}

/// What an element of a list is called, and the path above it. The name of the list is left out where
/// it says no more.
fn element_of<'t, 'p>(
    key: &str,
    elements: impl Iterator<Item = &'t Tree>,
    path: &'p [String],
) -> (&'static str, &'p [String]) {
    let above = path.split_last().map_or(path, |(_, above)| above);
    match key {
        "filters" => ("filter", above),
        "targets" | "steps" => ("step", above),
        "languages" => ("language", above),
        "holidays" => ("holiday", above),
        "exceptions" => ("exception", above),
        "branch" => ("case", above),
        "numbers" => ("number", above),
        _other if elements.into_iter().any(is_step) => ("step", path),
        _other => ("element", path),
    }
}

/// Whether it is a step of a flow.
fn is_step(element: &Tree) -> bool {
    match element {
        Tree::Map(entries) => entries.iter().any(|(key, _)| VERBS.contains(&key.as_str())),
        Tree::Bool(_)
        | Tree::Number(_)
        | Tree::Null
        | Tree::Text(_)
        | Tree::Expression(_)
        | Tree::List(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changes(before: serde_json::Value, after: serde_json::Value) -> serde_json::Value {
        let changes = difference(&Tree::json(&before), &Tree::json(&after));
        serde_json::to_value(changes).unwrap()
    }

    #[test]
    fn parts_are_compared_by_name() {
        let before = json!({
            "workspace": {"name": "Help", "activities": [{"name": "Lunch", "available": false}]},
            "task_queues": [{"name": "English"}, {"name": "Hindi"}],
            "flows": {"main": [{"say": "Hello"}, {"queue": {}}]},
        });
        let after = json!({
            "workspace": {"name": "Help", "activities": [{"name": "Lunch", "available": true}]},
            "task_queues": [{"name": "French"}, {"name": "English", "task_order": "LIFO"}],
            "flows": {"main": [{"say": "Hello"}, {"tag": "vip"}, {"queue": {"priority": 5}}]},
        });
        assert_eq!(
            changes(before, after),
            json!([
                {"kind": "Activity", "name": "Lunch", "change": "created", "after": {"available": true}},
                {"kind": "Activity", "name": "Lunch", "change": "removed"},
                {"kind": "TaskQueue", "name": "French", "change": "created", "after": {}},
                {"kind": "TaskQueue", "name": "English", "change": "changed",
                    "settings": [{"path": ["task_order"], "after": "LIFO"}]},
                {"kind": "TaskQueue", "name": "Hindi", "change": "removed"},
                {"kind": "Flow", "name": "main", "change": "changed", "settings": [
                    {"path": ["step 2"], "after": {"tag": "vip"}},
                    {"path": ["step 3", "queue", "priority"], "after": 5},
                ]},
            ])
        );
    }

    #[test]
    fn filters_keep_their_names_and_order() {
        let filter = |name: &str, queue: &str| json!({"name": name, "queue": queue});
        let workflow = |filters: Vec<serde_json::Value>| json!({"workflows": [{"name": "W", "filters": filters}]});
        let before = workflow(vec![filter("a", "Q"), filter("b", "Q"), filter("c", "Q")]);
        let after = workflow(vec![filter("b", "R"), filter("a", "Q"), filter("d", "Q")]);
        assert_eq!(
            changes(before, after)[0]["settings"],
            json!([
                {"path": ["filter \"b\"", "queue"], "before": "Q", "after": "R"},
                {"path": ["filter \"d\""], "after": {"name": "d", "queue": "Q"}},
                {"path": ["filter \"c\""], "before": {"name": "c", "queue": "Q"}},
                {"path": ["order of filters"], "before": ["a", "b"], "after": ["b", "a"]},
            ])
        );
    }

    #[test]
    fn spelling_of_an_expression_is_no_difference() {
        let file = |source: &str| {
            let expression = Tree::expression(&source.parse().unwrap());
            let queue = vec![
                ("name".to_owned(), Tree::text("Q")),
                ("target_workers".to_owned(), expression),
            ];
            Tree::Map(vec![(
                "task_queues".to_owned(),
                Tree::List(vec![Tree::Map(queue)]),
            )])
        };
        let one = file("languages HAS 'en' and level>=3");
        let same = file("languages  HAS \"en\"  AND level >= 3");
        let other = file("languages HAS 'en' AND level >= 4");
        assert_eq!(difference(&one, &same), Vec::new());
        assert_eq!(difference(&one, &other).len(), 1);
    }
}
