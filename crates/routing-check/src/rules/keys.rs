//! CB701: keys of a configuration that are accepted, kept, and have no effect (taskrouter.md section
//! 7.1). `contact-centre.yaml` refuses unknown keys.

use serde_json::{Map, Value as Json};
use vocabulary::similar;

use super::Report;
use crate::{Centre, DeclaredWorkflow, Rule, Spot};

const ROUTING: &[&str] = &["filters", "default_filter"];

const FILTER: &[&str] = &[
    "filter_friendly_name",
    "friendly_name",
    "expression",
    "targets",
];

const TARGET: &[&str] = &[
    "queue",
    "task_queue_sid",
    "expression",
    "priority",
    "timeout",
    "order_by",
    "skip_if",
    "known_worker_sid",
    "known_worker_friendly_name",
];

pub(super) fn check(centre: &Centre, report: &mut Report) {
    for workflow in &centre.workflows {
        let text = workflow.workflow.configuration.text.as_ref();
        let json = text.and_then(|text| serde_json::from_str::<Json>(text).ok());
        let routing = json
            .as_ref()
            .map(|json| json.get("task_routing").unwrap_or(json));
        if let Some(routing) = routing.and_then(Json::as_object) {
            of_routing(workflow, routing, report);
        }
    }
}

fn of_routing(workflow: &DeclaredWorkflow, routing: &Map<String, Json>, report: &mut Report) {
    unknown(workflow, "", routing, &[ROUTING], report);
    let filters = routing.get("filters").and_then(Json::as_array);
    for (index, filter) in filters.into_iter().flatten().enumerate() {
        let Some(filter) = filter.as_object() else {
            continue;
        };
        let at = format!("filters[{index}]");
        let targets = filter.get("targets").and_then(Json::as_array);
        if targets.is_some() {
            unknown(workflow, &at, filter, &[FILTER], report);
        } else {
            unknown(workflow, &at, filter, &[FILTER, TARGET], report);
        }
        for (step, target) in targets.into_iter().flatten().enumerate() {
            if let Some(target) = target.as_object() {
                let at = format!("{at}.targets[{step}]");
                unknown(workflow, &at, target, &[TARGET], report);
            }
        }
    }
    if let Some(default) = routing.get("default_filter").and_then(Json::as_object) {
        // A label is no mistake.
        unknown(
            workflow,
            "default_filter",
            default,
            &[TARGET, FILTER],
            report,
        );
        if default.contains_key("timeout") {
            report.add(
                Rule::UnknownKey,
                Spot::at(workflow.below("default_filter.timeout")),
                "a timeout of the default_filter has no effect: its Tasks wait until their own timeout",
            );
        }
    }
}

fn unknown(
    workflow: &DeclaredWorkflow,
    at: &str,
    object: &Map<String, Json>,
    known: &[&[&str]],
    report: &mut Report,
) {
    let is_known = |key: &str| known.iter().any(|keys| keys.contains(&key));
    for key in object.keys().filter(|key| !is_known(key)) {
        let all = known.iter().flat_map(|keys| keys.iter().copied());
        let guess =
            similar(key, all).map_or(String::new(), |key| format!(". Did you mean \"{key}\"?"));
        let path = if at.is_empty() {
            key.clone()
        } else {
            format!("{at}.{key}")
        };
        report.add(
            Rule::UnknownKey,
            Spot::at(workflow.below(&path)),
            format!("the key \"{key}\" has no effect here{guess}"),
        );
    }
}
