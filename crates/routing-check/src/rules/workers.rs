//! CB5xx: Workers who cannot be called, or are offered nothing, and attributes that differ among
//! them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use task_router::model::TaskChannelName;

use super::Report;
use super::attributes::meant_by;
use super::serving::{Serving, capacity};
use super::steps::OWN_CALLBACK;
use crate::{Centre, Rule, Spot};

/// The attribute with the Worker's phone (taskrouter.md section 2.3).
const PHONE: &str = "contact_uri";

pub(super) fn check(centre: &Centre, serving: &Serving, report: &mut Report) {
    without_phone(centre, serving, report);
    shared_phones(centre, report);
    without_work(centre, serving, report);
    spellings(centre, report);
    types(centre, report);
}

/// CB501: Workers of the steps of calls.
fn without_phone(centre: &Centre, serving: &Serving, report: &mut Report) {
    let mut called = BTreeSet::new();
    for workflow in &centre.workflows {
        let callback = workflow.workflow.assignment_callback_url.as_deref();
        if centre.voice_of(workflow.workflow.sid).is_none() || callback != Some(OWN_CALLBACK) {
            continue;
        }
        for step in workflow.steps() {
            called.extend(serving.of_step(centre, step.target).unwrap_or_default());
        }
    }
    for index in called {
        let Some(worker) = centre.workers().get(index) else {
            continue;
        };
        let has_phone = worker.part.attributes.text(PHONE).is_some();
        if !has_phone && capacity(&worker.part, TaskChannelName::VOICE) > 0 {
            let name = &worker.part.friendly_name;
            report.add(
                Rule::WorkerWithoutPhone,
                Spot::at(format!("{}.name", worker.at)),
                format!(
                    "\"{name}\" is offered calls and has no contact_uri: every call to them fails. Add \
                     it, or write capacity: {{ voice: 0 }}"
                ),
            );
        }
    }
}

/// CB502.
fn shared_phones(centre: &Centre, report: &mut Report) {
    let mut phones: BTreeMap<&str, &str> = BTreeMap::new();
    for worker in centre.workers() {
        let Some(phone) = worker.part.attributes.text(PHONE) else {
            continue;
        };
        let name = worker.part.friendly_name.as_str();
        match phones.get(phone) {
            Some(first) => report.add(
                Rule::SharedPhone,
                Spot::at(format!("{}.attributes.{PHONE}", worker.at)),
                format!("\"{name}\" has the phone of \"{first}\": two calls may ring it at once"),
            ),
            None => {
                phones.insert(phone, name);
            }
        }
    }
}

/// CB503, CB504.
fn without_work(centre: &Centre, serving: &Serving, report: &mut Report) {
    if !serving.is_complete || centre.task_queues().is_empty() {
        return;
    }
    for (index, worker) in centre.workers().iter().enumerate() {
        let name = &worker.part.friendly_name;
        let at = format!("{}.name", worker.at);
        let channels = &worker.part.channels;
        if !channels.is_empty()
            && channels
                .iter()
                .all(|channel| channel.configured_capacity == 0)
        {
            let message =
                format!("\"{name}\" has the capacity 0 in every TaskChannel: no Task is offered");
            report.add(Rule::WorkerWithoutCapacity, Spot::at(at), message);
        } else if !serving.has_queue(index) {
            let message = format!("\"{name}\" serves no TaskQueue: no Task is offered");
            report.add(Rule::WorkerWithoutQueue, Spot::at(at), message);
        }
    }
}

/// The Workers that have an attribute, by its name.
fn owners(centre: &Centre) -> BTreeMap<&str, Vec<usize>> {
    let mut owners: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, worker) in centre.workers().iter().enumerate() {
        for key in worker.part.attributes.as_object().keys() {
            owners.entry(key).or_default().push(index);
        }
    }
    owners
}

/// CB506.
fn spellings(centre: &Centre, report: &mut Report) {
    let owners = owners(centre);
    for (name, of_workers) in &owners {
        let often = owners
            .iter()
            .filter(|(_, others)| others.len() > of_workers.len())
            .map(|(other, _)| *other);
        let in_other_case = often.clone().find(|other| other.eq_ignore_ascii_case(name));
        let meant = in_other_case.or_else(|| {
            let alone = of_workers.len() == 1;
            alone.then(|| meant_by(name, often)).flatten()
        });
        let Some(meant) = meant else {
            continue;
        };
        for worker in of_workers
            .iter()
            .filter_map(|index| centre.workers().get(*index))
        {
            // A Worker with both has two different attributes.
            if worker.part.attributes.get(meant).is_none() {
                let message = format!(
                    "\"{name}\" is most likely meant to be \"{meant}\", which the other Workers have"
                );
                let at = format!("{}.attributes.{name}", worker.at);
                report.add(Rule::AttributeSpelling, Spot::at(at), message);
            }
        }
    }
}

/// CB507: one attribute is an array in most Workers and a text in one, say.
fn types(centre: &Centre, report: &mut Report) {
    for (name, of_workers) in owners(centre) {
        let mut by_type: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for index in of_workers {
            let worker = centre.workers().get(index);
            if let Some(kind) = worker.and_then(|worker| kind(worker.part.attributes.get(name)?)) {
                by_type.entry(kind).or_default().push(index);
            }
        }
        let Some((usual, of_usual)) = by_type.iter().max_by_key(|(_, workers)| workers.len())
        else {
            continue;
        };
        for (kind, of_kind) in &by_type {
            if kind == usual || of_kind.len() > of_usual.len() {
                continue;
            }
            for worker in of_kind
                .iter()
                .filter_map(|index| centre.workers().get(*index))
            {
                report.add(
                    Rule::AttributeTypes,
                    Spot::at(format!("{}.attributes.{name}", worker.at)),
                    format!("\"{name}\" is {kind} here and {usual} in other Workers"),
                );
            }
        }
    }
}

fn kind(value: &Json) -> Option<&'static str> {
    match value {
        Json::Null => None,
        Json::Bool(_) => Some("true or false"),
        Json::Number(_) => Some("a number"),
        Json::String(_) => Some("a text"),
        Json::Array(_) => Some("an array"),
        Json::Object(_) => Some("an object"),
    }
}
