//! The JSON schema of `contact-centre.yaml`: it allows what the reader allows.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "the enum is serde_json's, which has what JSON has"
)]

use std::collections::BTreeSet;

use config::SCHEMA;
use ids::AccountSid;
use serde_json::Value as Json;

const EXAMPLE: &str = include_str!("../../../contact-centre.yaml");
const UTILITY: &str = include_str!("../../../examples/utility/contact-centre.yaml");
const BASE: &str = include_str!("corpus/base.yaml");

/// Keywords that constrain nothing here: a pattern is for editors alone.
const NOT_CHECKED: [&str; 7] = [
    "$schema",
    "$id",
    "$defs",
    "title",
    "description",
    "pattern",
    "default",
];

fn schema() -> Json {
    serde_json::from_str(SCHEMA).unwrap()
}

/// Why a value does not satisfy a schema: the path of the first problem.
fn problem(root: &Json, schema: &Json, value: &Json, at: &str) -> Option<String> {
    for (keyword, rule) in schema.as_object().unwrap() {
        let is_right = match keyword.as_str() {
            "$ref" => {
                let found = root.pointer(rule.as_str().unwrap().trim_start_matches('#'));
                return problem(root, found.unwrap(), value, at);
            }
            "type" => match rule {
                Json::Array(types) => types.iter().any(|one| has_type(one, value)),
                one => has_type(one, value),
            },
            "enum" => rule.as_array().unwrap().contains(value),
            "anyOf" => {
                let mut choices = rule.as_array().unwrap().iter();
                choices.any(|choice| problem(root, choice, value, at).is_none())
            }
            "required" => value.as_object().is_none_or(|object| {
                let mut keys = rule.as_array().unwrap().iter();
                keys.all(|key| object.contains_key(key.as_str().unwrap()))
            }),
            "minimum" => value
                .as_f64()
                .is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value
                .as_f64()
                .is_none_or(|number| number <= rule.as_f64().unwrap()),
            "minItems" => length(value).is_none_or(|count| count >= rule.as_u64().unwrap()),
            "maxItems" => length(value).is_none_or(|count| count <= rule.as_u64().unwrap()),
            "items" => {
                for (index, element) in value.as_array().into_iter().flatten().enumerate() {
                    if let Some(found) = problem(root, rule, element, &format!("{at}[{index}]")) {
                        return Some(found);
                    }
                }
                true
            }
            "properties" => {
                for (key, rule) in rule.as_object().unwrap() {
                    let inner = value.get(key);
                    let found =
                        inner.and_then(|inner| problem(root, rule, inner, &format!("{at}.{key}")));
                    if found.is_some() {
                        return found;
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = schema.get("properties");
                let is_known = |key: &str| known.is_some_and(|known| known.get(key).is_some());
                let mut keys = value.as_object().into_iter().flatten();
                keys.all(|(key, inner)| match rule {
                    Json::Bool(allowed) => *allowed || is_known(key),
                    rule => is_known(key) || problem(root, rule, inner, at).is_none(),
                })
            }
            keyword if NOT_CHECKED.contains(&keyword) => true,
            keyword => panic!("the test does not know the keyword {keyword}"),
        };
        if !is_right {
            return Some(format!("{at}: {keyword}"));
        }
    }
    None
}

fn has_type(name: &Json, value: &Json) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("unknown type {other}"),
    }
}

fn length(value: &Json) -> Option<u64> {
    value.as_array().map(|elements| elements.len() as u64)
}

fn of_yaml(text: &str) -> Json {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn example_files_satisfy_the_schema() {
    let schema = schema();
    for text in [EXAMPLE, BASE, UTILITY] {
        assert_eq!(problem(&schema, &schema, &of_yaml(text), ""), None);
    }
}

#[test]
fn wrong_files_do_not_satisfy_it() {
    let schema = schema();
    for (from, to, expected) in [
        (
            "workflow: Calls\n",
            "workflw: Calls\n",
            "additionalProperties",
        ),
        ("workflow: Calls\n", "", "required"),
        (
            "max_length_secs: 120",
            "max_length_secs: 0",
            ".menu.voicemail.max_length_secs: minimum",
        ),
        (
            "available: true",
            "available: yes please",
            "available: type",
        ),
        (
            "    target_workers: 1==1\n",
            "    target_worker: 1==1\n",
            "additionalProperties",
        ),
    ] {
        let text = BASE.replacen(from, to, 1);
        assert_ne!(text, BASE, "{from}");
        let found = problem(&schema, &schema, &of_yaml(&text), "").unwrap_or_default();
        assert!(found.contains(expected), "{to}: {found}");
    }
}

/// Each object of the schema has the keys that the reader allows there.
#[test]
fn schema_has_the_keys_of_the_reader() {
    let schema = schema();
    let keys = |pointer: &str| -> BTreeSet<String> {
        let properties = schema.pointer(&format!("{pointer}/properties")).unwrap();
        properties.as_object().unwrap().keys().cloned().collect()
    };
    for (from, to, pointer) in [
        ("workflow: Calls\n", "workflow: Calls\nzzz: 1\n", ""),
        (
            "  name: Help\n",
            "  name: Help\n  zzz: 1\n",
            "/$defs/workspace",
        ),
        (
            "available: true }",
            "available: true, zzz: 1 }",
            "/$defs/activity",
        ),
        (
            "- { name: chat }",
            "- { name: chat, zzz: 1 }",
            "/$defs/task_channel",
        ),
        (
            "  - name: Maya\n",
            "  - name: Maya\n    zzz: 1\n",
            "/$defs/worker",
        ),
        (
            "  - name: Everyone\n",
            "  - name: Everyone\n    zzz: 1\n",
            "/$defs/task_queue",
        ),
        (
            "  - name: Chats\n",
            "  - name: Chats\n    zzz: 1\n",
            "/$defs/workflow",
        ),
        (
            "      - name: Billing\n",
            "      - name: Billing\n        zzz: 1\n",
            "/$defs/filter",
        ),
        (
            "            timeout: 900s\n",
            "            timeout: 900s\n            zzz: 1\n",
            "/$defs/target",
        ),
        (
            "    default_filter:\n",
            "    default_filter:\n      zzz: 1\n",
            "/$defs/default_filter",
        ),
        (
            "next: Available }",
            "next: Available, zzz: 1 }",
            "/$defs/workspace/properties/wrap_up",
        ),
        ("menu:\n", "dialing: { zzz: 1 }\nmenu:\n", "/$defs/dialing"),
        (
            "menu:\n",
            "calendars: { day: { zzz: 1 } }\nmenu:\n",
            "/$defs/flow_calendar",
        ),
        (
            "menu:\n",
            "flows: { a: [{ zzz: 1 }] }\nmenu:\n",
            "/$defs/flow_verb",
        ),
        (
            "menu:\n",
            "flows: { a: [{ menu: { zzz: 1 } }] }\nmenu:\n",
            "/$defs/flow_menu",
        ),
        (
            "menu:\n",
            "flows: { a: [{ collect: { zzz: 1 } }] }\nmenu:\n",
            "/$defs/flow_collect",
        ),
        (
            "menu:\n",
            "flows: { a: [{ queue: { zzz: 1 } }] }\nmenu:\n",
            "/$defs/flow_queue",
        ),
        (
            "menu:\n",
            "flows: { a: [{ queue: { wait: { zzz: 1 } } }] }\nmenu:\n",
            "/$defs/flow_wait",
        ),
        (
            "menu:\n",
            "flows: { a: [{ look_up: { zzz: 1 } }] }\nmenu:\n",
            "/$defs/flow_look_up",
        ),
    ] {
        assert_eq!(BASE.matches(from).count(), 1, "{from}");
        let text = BASE.replace(from, to);
        let problems = config::read(&text, "f", AccountSid::derive(&["test"])).unwrap_err();
        let problem = problems
            .iter()
            .find(|one| one.message.contains("\"zzz\""))
            .unwrap();
        let (_, allowed) = problem.message.split_once("allowed: ").unwrap();
        let allowed = allowed.split('.').next().unwrap();
        let allowed: BTreeSet<String> = allowed.split(", ").map(str::to_owned).collect();
        assert_eq!(keys(pointer), allowed, "{pointer}");
    }
}
