//! The section `workflows`.

use task_router::model::{
    Filter, KnownWorker, PartId, RESERVATION_TIMEOUT_DEFAULT, Target, Workflow,
};

use super::names::PartNames;
use super::tree::{Entries, Tree};
use super::{Content, Notes};
use crate::workflows::ASSIGNMENT_CALLBACK;

pub(super) fn write(content: Content<'_>, names: &PartNames, notes: &mut Notes) -> Tree {
    let workspace = content.workspace;
    let mut workflows: Vec<&Workflow> = workspace.workflows.values().collect();
    workflows.sort_by_key(|workflow| {
        let part = PartId::Workflow(workflow.sid);
        (workspace.ledger.position(part), workflow.sid)
    });
    let workflows = workflows.into_iter().map(|workflow| {
        let re_evaluates = content.re_evaluate_tasks.contains(&workflow.sid);
        write_workflow(workflow, re_evaluates, names, notes)
    });
    Tree::List(workflows.collect())
}

fn write_workflow(
    workflow: &Workflow,
    re_evaluates: bool,
    names: &PartNames,
    notes: &mut Notes,
) -> Tree {
    let mut entries = Entries::new();
    let name = names.workflow(workflow.sid).unwrap_or_default();
    let mut notes = WorkflowNotes { name, notes };
    entries.set("name", Tree::text(name));
    match workflow.assignment_callback_url.as_deref() {
        Some(ASSIGNMENT_CALLBACK) => {}
        Some(url) => entries.set("assignment_callback", Tree::text(url)),
        None => notes.add(&format!(
            "it has no assignment callback; a file gives it {ASSIGNMENT_CALLBACK}"
        )),
    }
    let fallback = workflow.fallback_assignment_callback_url.as_deref();
    entries.set_some("fallback_assignment_callback", fallback.map(Tree::text));
    entries.set_unless(
        "reservation_timeout",
        &workflow.task_reservation_timeout,
        &RESERVATION_TIMEOUT_DEFAULT,
        |timeout| Tree::duration(*timeout),
    );
    if re_evaluates {
        entries.set("re_evaluate_tasks", Tree::Bool(true));
    }
    let configuration = &workflow.configuration;
    let filters = configuration.filters.iter().enumerate();
    let filters = filters.filter_map(|(index, filter)| {
        let written = write_filter(index, filter, names);
        if written.is_none() {
            let number = index + 1;
            notes.add(&format!(
                "filter {number} has no step with a TaskQueue and is left out"
            ));
        }
        written
    });
    entries.set("filters", Tree::List(filters.collect()));
    let default = configuration.default_filter.as_ref();
    let default = default.and_then(|target| write_target(target, names));
    entries.set_some("default_filter", default.map(Entries::into_tree));
    entries.into_tree()
}

struct WorkflowNotes<'n> {
    name: &'n str,
    notes: &'n mut Notes,
}

impl WorkflowNotes<'_> {
    fn add(&mut self, note: &str) {
        self.notes
            .add(format!("Workflow \"{}\": {note}", self.name));
    }
}

fn write_filter(index: usize, filter: &Filter, names: &PartNames) -> Option<Tree> {
    let mut entries = Entries::new();
    // A file needs a name; the REST API does not.
    let name = match filter.filter_friendly_name.as_str() {
        "" => format!("Filter {}", index + 1),
        name => name.to_owned(),
    };
    entries.set("name", Tree::Text(name));
    let expression = filter.expression.as_ref();
    entries.set_some("expression", expression.map(Tree::expression));
    if let [target] = filter.targets.as_slice()
        && *target == Target::to(target.queue)
    {
        let queue = names.task_queue(target.queue)?;
        entries.set("queue", Tree::text(queue));
        return Some(entries.into_tree());
    }
    let targets = filter.targets.iter().filter_map(|target| {
        let mut entries = write_target(target, names)?;
        entries.set_some("timeout", target.timeout.map(Tree::duration));
        Some(entries.into_tree())
    });
    let targets: Vec<Tree> = targets.collect();
    if targets.is_empty() {
        return None;
    }
    entries.set("targets", Tree::List(targets));
    Some(entries.into_tree())
}

/// A step without its timeout, which a default filter has not. `None`: its TaskQueue does not exist.
fn write_target(target: &Target, names: &PartNames) -> Option<Entries> {
    let mut entries = Entries::new();
    entries.set("queue", Tree::text(names.task_queue(target.queue)?));
    let expression = target.expression.as_ref();
    entries.set_some("expression", expression.map(Tree::expression));
    entries.set_some("priority", target.priority.map(Tree::number));
    let order_by = target.order_by.clone().map(String::from);
    entries.set_some("order_by", order_by.map(Tree::Text));
    let skip_if = target.skip_if.as_ref();
    entries.set_some("skip_if", skip_if.map(Tree::expression));
    match &target.known_worker {
        Some(KnownWorker::Sid(path)) => {
            entries.set("known_worker_sid", Tree::Text(format!("task.{path}")));
        }
        Some(KnownWorker::FriendlyName(path)) => {
            let path = Tree::Text(format!("task.{path}"));
            entries.set("known_worker_friendly_name", path);
        }
        None => {}
    }
    Some(entries)
}
