//! The centre of TaskRouter's resources in JSON: an answer of the REST API, the state or plan of
//! Terraform (`terraform show -json`), a stack of Pulumi (`pulumi stack export`), or the
//! configuration of a Workflow alone.
//!
//! The resources are found wherever they are in a document, by the keys that they have, in the
//! spelling of each of these programs.

use std::collections::BTreeSet;

use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, TaskQueueSid, WorkerSid, WorkflowSid, WorkspaceSid};
use routing_check::{Centre, Declared, DeclaredWorkflow, Keys};
use serde_json::Value as Json;
use task_router::model::{
    Configuration, ConfigurationError, Expression, RESERVATION_TIMEOUT_DEFAULT, TaskOrder,
    TaskQueue, Worker, Workflow,
};

/// The names of the key with a TaskQueue.
const QUEUE_KEYS: [&str; 2] = ["queue", "task_queue_sid"];

/// Why documents are no TaskRouter resources.
pub(super) struct DocumentError {
    /// The index of the document.
    pub file: usize,
    /// The path of the problem.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

/// The resources that were found.
#[derive(Default)]
struct Found<'j> {
    workflows: Vec<(String, &'j Json)>,
    queues: Vec<(String, &'j Json)>,
    workers: Vec<(String, &'j Json)>,
}

/// A value with one of these keys, the first that is there.
fn value<'j>(object: &'j Json, keys: &[&str]) -> Option<(&'j Json, String)> {
    keys.iter().find_map(|key| {
        let value = object.get(key).filter(|value| !value.is_null())?;
        Some((value, (*key).to_owned()))
    })
}

fn text<'j>(object: &'j Json, keys: &[&str]) -> Option<&'j str> {
    value(object, keys)?.0.as_str()
}

/// The centre of documents. Paths begin with the index of the document: `0:workflows[1]`.
pub(super) fn centre(documents: &[Json]) -> Result<Centre, DocumentError> {
    let mut found = Found::default();
    for (index, document) in documents.iter().enumerate() {
        visit(document, format!("{index}:"), &mut found);
    }
    if found.workflows.is_empty() && found.queues.is_empty() {
        return Err(DocumentError {
            file: 0,
            path: String::new(),
            message:
                "expected a contact-centre.yaml, or TaskRouter's resources: a Workflow with its \
                      configuration, TaskQueues, Workers"
                    .to_owned(),
        });
    }
    let mut queues = Vec::new();
    for (at, json) in &found.queues {
        queues.push(queue(at, json)?);
    }
    unique(&mut queues, |queue| queue.part.sid.to_string());
    let mut all_known = true;
    let mut workflows = Vec::new();
    for (at, json) in &found.workflows {
        workflows.push(workflow(at, json, &queues, &mut all_known)?);
    }
    unique(&mut workflows, |one| one.workflow.sid.to_string());
    let mut workers: Vec<_> = found
        .workers
        .iter()
        .map(|(at, json)| worker(at, json))
        .collect();
    unique(&mut workers, |worker| worker.part.sid.to_string());
    Ok(Centre {
        workflows,
        // A reference that a program fills in later says nothing about the TaskQueues.
        task_queues: (all_known && !queues.is_empty()).then_some(queues),
        workers: (!workers.is_empty()).then_some(workers),
        ..Centre::default()
    })
}

/// The index of the document, and the path in it.
pub(super) fn split(path: &str) -> (usize, &str) {
    let (index, rest) = path.split_once(':').unwrap_or(("0", path));
    (index.parse().unwrap_or_default(), rest)
}

/// Keeps the first of those that are the same: Pulumi has inputs and outputs of each resource.
fn unique<T>(parts: &mut Vec<T>, key: impl Fn(&T) -> String) {
    let mut seen = BTreeSet::new();
    parts.retain(|part| seen.insert(key(part)));
}

fn visit<'j>(json: &'j Json, at: String, found: &mut Found<'j>) {
    match json {
        Json::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                visit(element, format!("{at}[{index}]"), found);
            }
        }
        Json::Object(entries) => {
            let has = |keys: &[&str]| value(json, keys).is_some();
            let named = has(&["friendly_name", "friendlyName", "FriendlyName"]);
            if is_configuration(json) || configuration_of(json).is_some() {
                found.workflows.push((at, json));
            } else if named && has(&["target_workers", "targetWorkers", "TargetWorkers"]) {
                found.queues.push((at, json));
            } else if named && has(&["attributes", "Attributes"]) {
                found.workers.push((at, json));
            } else {
                for (key, inner) in entries {
                    visit(inner, format!("{at}.{key}"), found);
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Is it a configuration, with or without its wrapper?
fn is_configuration(json: &Json) -> bool {
    let is_filter = |filter: &Json| {
        filter.get("targets").is_some()
            || filter.get("expression").is_some()
            || filter.get("queue").is_some()
    };
    json.get("task_routing").is_some_and(Json::is_object)
        || json
            .get("filters")
            .and_then(Json::as_array)
            .is_some_and(|filters| filters.iter().any(is_filter))
        || (json.get("default_filter").is_some_and(Json::is_object)
            && json.get("filters").is_some())
}

/// The configuration of a Workflow's resource, an object or a text, and its key.
fn configuration_of(json: &Json) -> Option<(Json, String)> {
    let (configuration, key) = value(json, &["configuration", "Configuration"])?;
    let parsed = match configuration.as_str() {
        Some(text) => serde_json::from_str(text).ok()?,
        None => configuration.clone(),
    };
    is_configuration(&parsed).then_some((parsed, key))
}

fn workflow(
    at: &str,
    json: &Json,
    queues: &[Declared<TaskQueue>],
    all_known: &mut bool,
) -> Result<DeclaredWorkflow, DocumentError> {
    let (mut configuration, at_configuration) = match configuration_of(json) {
        Some((configuration, key)) => (configuration, format!("{at}.{key}")),
        None => (json.clone(), at.to_owned()),
    };
    let routing = match configuration.get("task_routing") {
        Some(_) => format!("{at_configuration}.task_routing"),
        None => at_configuration.clone(),
    };
    resolve_queues(&mut configuration, queues, all_known);
    let parsed = Configuration::parse(&configuration.to_string());
    let parsed = parsed.map_err(|error| document_error(&at_configuration, error))?;
    let name = text(json, &["friendly_name", "friendlyName", "FriendlyName"]).unwrap_or_default();
    let sid = text(json, &["sid", "Sid"]).and_then(|sid| sid.parse().ok());
    let timeout = value(
        json,
        &[
            "task_reservation_timeout",
            "taskReservationTimeout",
            "TaskReservationTimeout",
        ],
    );
    let timeout = timeout.and_then(|(value, _)| match value.as_str() {
        Some(text) => text.parse().ok(),
        None => value.as_u64(),
    });
    let url = |keys: &[&str]| {
        text(json, keys)
            .filter(|url| !url.is_empty())
            .map(str::to_owned)
    };
    let sid = sid.unwrap_or_else(|| WorkflowSid::derive(&[name, &parsed.to_json()]));
    Ok(DeclaredWorkflow {
        at: at.to_owned(),
        routing,
        keys: Keys::API,
        reservation_timeout: timeout.map(Millis::from_secs),
        workflow: Workflow {
            assignment_callback_url: url(&["assignment_callback_url", "assignmentCallbackUrl"]),
            fallback_assignment_callback_url: url(&[
                "fallback_assignment_callback_url",
                "fallbackAssignmentCallbackUrl",
            ]),
            task_reservation_timeout: timeout
                .map_or(RESERVATION_TIMEOUT_DEFAULT, Millis::from_secs),
            ..Workflow::new(sid, name, parsed)
        },
    })
}

/// Replaces names and placeholders of TaskQueues by SIDs. A program may fill in a SID later:
/// `${twilio_taskrouter_task_queue.english.sid}`.
fn resolve_queues(json: &mut Json, queues: &[Declared<TaskQueue>], all_known: &mut bool) {
    match json {
        Json::Array(elements) => elements
            .iter_mut()
            .for_each(|element| resolve_queues(element, queues, all_known)),
        Json::Object(entries) => {
            for (key, value) in entries {
                let is_queue = QUEUE_KEYS.contains(&key.as_str());
                let name = value.as_str().filter(|_| is_queue).map(str::to_owned);
                match name {
                    Some(name) => *value = Json::String(sid_of(&name, queues, all_known)),
                    None => resolve_queues(value, queues, all_known),
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// The SID of a TaskQueue that is named by its SID, its name, or a placeholder.
fn sid_of(text: &str, queues: &[Declared<TaskQueue>], all_known: &mut bool) -> String {
    if text.parse::<TaskQueueSid>().is_ok() {
        return text.to_owned();
    }
    let named = queues.iter().find(|queue| queue.part.friendly_name == text);
    *all_known &= named.is_some();
    let sid = named.map_or_else(|| TaskQueueSid::derive(&[text]), |queue| queue.part.sid);
    sid.to_string()
}

fn document_error(at: &str, error: ConfigurationError) -> DocumentError {
    let (path, message) = match error {
        ConfigurationError::Value { path, message } => (path, message),
        other @ (ConfigurationError::TooLong { .. } | ConfigurationError::NotJson(_)) => {
            (String::new(), other.to_string())
        }
    };
    let (file, at) = split(at);
    DocumentError {
        file,
        path: format!("{at}.{path}"),
        message: format!("{path}: {message}"),
    }
}

fn queue(at: &str, json: &Json) -> Result<Declared<TaskQueue>, DocumentError> {
    let name = text(json, &["friendly_name", "friendlyName", "FriendlyName"]).unwrap_or_default();
    let sid = text(json, &["sid", "Sid"]).and_then(|sid| sid.parse().ok());
    let (target_workers, key) = value(json, &["target_workers", "targetWorkers", "TargetWorkers"])
        .unwrap_or((&Json::Null, String::new()));
    let source = target_workers.as_str().unwrap_or_default();
    let expression = if source.trim().is_empty() {
        None
    } else {
        let parsed = source.parse::<Expression>().map_err(|error| {
            let (file, at) = split(at);
            DocumentError {
                file,
                path: format!("{at}.{key}"),
                message: format!("{key}: {error}"),
            }
        });
        Some(parsed?)
    };
    let lifo = text(json, &["task_order", "taskOrder"]) == Some("LIFO");
    Ok(Declared {
        at: at.to_owned(),
        part: TaskQueue {
            sid: sid.unwrap_or_else(|| TaskQueueSid::derive(&["queue", name])),
            friendly_name: name.to_owned(),
            target_workers: expression,
            max_reserved_workers: 1,
            task_order: if lifo {
                TaskOrder::Lifo
            } else {
                TaskOrder::Fifo
            },
            reservation_activity_sid: None,
            assignment_activity_sid: None,
        },
    })
}

/// A Worker. Attributes that are no JSON object count as none.
fn worker(at: &str, json: &Json) -> Declared<Worker> {
    let name = text(json, &["friendly_name", "friendlyName", "FriendlyName"]).unwrap_or_default();
    let sid = text(json, &["sid", "Sid"]).and_then(|sid| sid.parse().ok());
    let attributes = match value(json, &["attributes", "Attributes"]) {
        Some((Json::String(text), _)) => text.clone(),
        Some((other, _)) => other.to_string(),
        None => String::new(),
    };
    let activity = text(json, &["activity_sid", "activitySid"]).and_then(|sid| sid.parse().ok());
    Declared {
        at: at.to_owned(),
        part: Worker {
            attributes: attributes.parse().unwrap_or_default(),
            ..Worker::new(
                sid.unwrap_or_else(|| WorkerSid::derive(&["worker", name])),
                WorkspaceSid::derive(&["check"]),
                name,
                activity.unwrap_or_else(|| ActivitySid::derive(&["check"])),
                Timestamp::from_millis(0),
            )
        },
    }
}
