//! The section `workflows` (taskrouter.md section 7).

use std::collections::BTreeSet;

use ids::{TaskQueueSid, WorkflowSid};
use task_router::model::{
    Configuration, Filter, PartId, RESERVATION_TIMEOUT_DEFAULT, RESERVATION_TIMEOUT_MAX_SECS,
    Target, WORKFLOW_BYTES_MAX, WORKFLOWS_MAX, Workflow, Workspace,
};

use crate::document::{Node, place};
use crate::names::Names;
use crate::reader::{Fields, Reader};
use crate::sids;
use crate::targets;
use crate::urls::url_or_path;

/// Most filters of a Workflow, and most targets of a filter: far more than a person writes.
const ENTRIES_MAX: usize = 1_000;

/// Cordboard's own assignment callback.
pub(crate) const ASSIGNMENT_CALLBACK: &str = "/assignment";

const WORKFLOW_KEYS: [&str; 7] = [
    "name",
    "assignment_callback",
    "fallback_assignment_callback",
    "reservation_timeout",
    "re_evaluate_tasks",
    "filters",
    "default_filter",
];

/// The Workflows of a file.
pub(crate) struct Workflows {
    /// Ids by name.
    pub names: Names<WorkflowSid>,
    /// Workflows whose pending Tasks restart when the configuration changes.
    pub re_evaluate_tasks: BTreeSet<WorkflowSid>,
}

pub(crate) fn read(
    reader: &mut Reader<'_>,
    file: &Fields<'_>,
    workspace: &mut Workspace,
    queues: &Names<TaskQueueSid>,
) -> Workflows {
    let mut workflows = Workflows {
        names: Names::new("workflow"),
        re_evaluate_tasks: BTreeSet::new(),
    };
    if let Some(nodes) = reader.required(file, "workflows") {
        for node in reader.list(nodes, "workflows", WORKFLOWS_MAX) {
            read_workflow(reader, node, workspace, queues, &mut workflows);
        }
    }
    workflows
}

fn read_workflow(
    reader: &mut Reader<'_>,
    node: &Node,
    workspace: &mut Workspace,
    queues: &Names<TaskQueueSid>,
    workflows: &mut Workflows,
) -> Option<()> {
    let fields = reader.mapping(node, "a workflow", &WORKFLOW_KEYS)?;
    let callback = fields
        .get("assignment_callback")
        .and_then(|node| url_or_path(reader, node, "assignment_callback"));
    let fallback = fields
        .get("fallback_assignment_callback")
        .and_then(|node| url_or_path(reader, node, "fallback_assignment_callback"));
    let timeout = fields.get("reservation_timeout").and_then(|node| {
        reader.duration(node, "reservation_timeout", RESERVATION_TIMEOUT_MAX_SECS)
    });
    let re_evaluate = fields
        .get("re_evaluate_tasks")
        .and_then(|node| reader.boolean(node, "re_evaluate_tasks"));
    let filters = match reader.required(&fields, "filters") {
        Some(filters) => reader.list(filters, "filters", ENTRIES_MAX),
        None => &[],
    };
    let filters = filters
        .iter()
        .filter_map(|node| read_filter(reader, node, queues))
        .collect();
    let default_filter = fields
        .get("default_filter")
        .and_then(|node| targets::read_default_filter(reader, node, queues));

    let name_node = reader.required(&fields, "name")?;
    let name = reader.friendly_name(name_node, "name")?;
    let sid = sids::workflow(workspace.sid, name);
    reader.take(
        workflows.names.declare(name, sid, place(name_node)),
        place(name_node),
    )?;
    reader.record_place(PartId::Workflow(sid), place(name_node));
    workspace.ledger.append(PartId::Workflow(sid));
    let workflow = Workflow {
        assignment_callback_url: Some(callback.unwrap_or_else(|| ASSIGNMENT_CALLBACK.to_owned())),
        fallback_assignment_callback_url: fallback,
        task_reservation_timeout: timeout.unwrap_or(RESERVATION_TIMEOUT_DEFAULT),
        ..Workflow::new(
            sid,
            name,
            Configuration {
                filters,
                default_filter,
                text: None,
            },
        )
    };
    let bytes = serde_json::to_string(&workflow).map_or(usize::MAX, |json| json.len());
    if bytes > WORKFLOW_BYTES_MAX {
        let message = format!(
            "the workflow \"{name}\" is too large: expected at most {WORKFLOW_BYTES_MAX} bytes, got {bytes}"
        );
        reader.problem(place(node), message);
    }
    workspace.workflows.insert(sid, workflow);
    if re_evaluate.unwrap_or_default() {
        workflows.re_evaluate_tasks.insert(sid);
    }
    Some(())
}

fn read_filter(
    reader: &mut Reader<'_>,
    node: &Node,
    queues: &Names<TaskQueueSid>,
) -> Option<Filter> {
    let fields = reader.mapping(
        node,
        "a filter",
        &["name", "expression", "queue", "targets"],
    )?;
    let name = reader
        .required(&fields, "name")
        .and_then(|node| reader.friendly_name(node, "name"));
    let expression = fields
        .get("expression")
        .and_then(|node| reader.expression(node, "expression"));
    let targets = read_targets(reader, &fields, queues);
    Some(Filter {
        filter_friendly_name: name?.to_owned(),
        expression,
        targets: targets?,
    })
}

/// The steps of a filter: `targets`, or `queue` as a short form of a single target (taskrouter.md
/// section 7.1).
fn read_targets(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    queues: &Names<TaskQueueSid>,
) -> Option<Vec<Target>> {
    if let Some(queue) = fields.get("queue") {
        if fields.get("targets").is_some() {
            reader.problem(
                place(queue),
                "queue: a filter has this or targets, not both",
            );
        }
        return reader
            .reference(queue, "queue", queues)
            .map(|queue| vec![Target::to(queue)]);
    }
    let node = reader.required(fields, "targets")?;
    let nodes = reader.list(node, "targets", ENTRIES_MAX);
    if nodes.is_empty() {
        reader.unexpected(node, "targets", "at least one target");
    }
    targets::read(reader, nodes, queues)
}
