//! The section `workflows` (taskrouter.md section 7).

use shared::model::{Configuration, Filter, Millis, OrderBy, Target, TaskQueueSid, Workflow, WorkflowSid, Workspace};

use crate::document::{Node, place};
use crate::names::Names;
use crate::reader::{Fields, Reader};
use crate::sids;

/// Workflows, and filters of one, and targets of one: far more than a person writes.
const ENTRIES_MAX: usize = 1_000;

/// Bytes a Workflow may have as JSON: an item of the table holds 400 KB, and has to hold its keys as well.
const WORKFLOW_BYTES_MAX: usize = 350_000;

/// Longest reservation timeout, in seconds (taskrouter.md section 14).
const RESERVATION_TIMEOUT_MAX_SECS: u32 = 86_400;

/// How long a Reservation waits when the file does not say (taskrouter.md section 2.7).
const RESERVATION_TIMEOUT: Millis = Millis::from_secs(120);

/// Longest step, in seconds: as long as a Task may live (taskrouter.md section 14).
const STEP_TIMEOUT_MAX_SECS: u32 = 1_209_600;

/// Highest priority (taskrouter.md section 2.8).
const PRIORITY_MAX: u32 = 2_147_483_647;

/// Characters a callback URL may have: what web servers take.
const URL_CHARS_MAX: usize = 2_048;

/// Cordboard's own assignment callback.
const ASSIGNMENT_CALLBACK: &str = "/assignment";

const WORKFLOW_KEYS: [&str; 6] =
    ["name", "assignment_callback", "fallback_assignment_callback", "reservation_timeout", "filters", "default_filter"];

pub(crate) fn read(
    reader: &mut Reader<'_>,
    file: &Fields<'_>,
    workspace: &mut Workspace,
    queues: &Names<TaskQueueSid>,
) -> Names<WorkflowSid> {
    let mut names = Names::new("workflow");
    if let Some(workflows) = reader.required(file, "workflows") {
        for node in reader.list(workflows, "workflows", ENTRIES_MAX) {
            read_workflow(reader, node, workspace, queues, &mut names);
        }
    }
    names
}

fn read_workflow(
    reader: &mut Reader<'_>,
    node: &Node,
    workspace: &mut Workspace,
    queues: &Names<TaskQueueSid>,
    names: &mut Names<WorkflowSid>,
) -> Option<()> {
    let fields = reader.mapping(node, "a workflow", &WORKFLOW_KEYS)?;
    let callback = fields.get("assignment_callback").and_then(|node| url(reader, node, "assignment_callback"));
    let fallback =
        fields.get("fallback_assignment_callback").and_then(|node| url(reader, node, "fallback_assignment_callback"));
    let timeout = fields
        .get("reservation_timeout")
        .and_then(|node| reader.duration(node, "reservation_timeout", RESERVATION_TIMEOUT_MAX_SECS));
    let filters = match reader.required(&fields, "filters") {
        Some(filters) => reader.list(filters, "filters", ENTRIES_MAX),
        None => &[],
    };
    let filters = filters.iter().filter_map(|node| read_filter(reader, node, queues)).collect();
    let default_filter = fields.get("default_filter").and_then(|node| read_default_filter(reader, node, queues));

    let name_node = reader.required(&fields, "name")?;
    let name = reader.friendly_name(name_node, "name")?;
    let sid = sids::workflow(workspace.sid, name);
    reader.take(names.declare(name, sid, place(name_node)), place(name_node))?;
    let workflow = Workflow {
        assignment_callback_url: Some(callback.unwrap_or_else(|| ASSIGNMENT_CALLBACK.to_owned())),
        fallback_assignment_callback_url: fallback,
        task_reservation_timeout: timeout.unwrap_or(RESERVATION_TIMEOUT),
        ..Workflow::new(sid, name, Configuration { filters, default_filter })
    };
    let bytes = serde_json::to_string(&workflow).map_or(usize::MAX, |json| json.len());
    if bytes > WORKFLOW_BYTES_MAX {
        let message =
            format!("the workflow \"{name}\" is too large: expected at most {WORKFLOW_BYTES_MAX} bytes, got {bytes}");
        reader.problem(place(node), message);
    }
    workspace.workflows.insert(sid, workflow);
    Some(())
}

fn read_filter(reader: &mut Reader<'_>, node: &Node, queues: &Names<TaskQueueSid>) -> Option<Filter> {
    let fields = reader.mapping(node, "a filter", &["name", "expression", "targets"])?;
    let name = reader.required(&fields, "name").and_then(|node| reader.friendly_name(node, "name"));
    let expression = fields.get("expression").and_then(|node| reader.expression(node, "expression"));
    let targets_node = reader.required(&fields, "targets")?;
    let nodes = reader.list(targets_node, "targets", ENTRIES_MAX);
    let mut targets = Vec::<Target>::new();
    let mut complete = true;
    for node in nodes {
        // A step whose predecessor could not be read has nothing to inherit, which is no mistake of its own.
        let inherited = match complete {
            true => targets.last().map_or(Inherited::Nothing, |before| Inherited::Queue(before.queue)),
            false => Inherited::Unknown,
        };
        match read_target(reader, node, inherited, queues) {
            Some(target) => targets.push(target),
            None => complete = false,
        }
    }
    if nodes.is_empty() {
        reader.unexpected(targets_node, "targets", "at least one target");
    }
    let filter = Filter { filter_friendly_name: name?.to_owned(), expression, targets };
    complete.then_some(filter)
}

/// The queue of a step that names none.
#[derive(Clone, Copy)]
enum Inherited {
    /// There is no step before it.
    Nothing,
    /// The step before it has this one.
    Queue(TaskQueueSid),
    /// A step before it is wrong.
    Unknown,
}

/// A step; one that names no queue has that of the step before it (taskrouter.md section 7.1).
fn read_target(
    reader: &mut Reader<'_>,
    node: &Node,
    inherited: Inherited,
    queues: &Names<TaskQueueSid>,
) -> Option<Target> {
    let fields = reader.mapping(node, "a target", &["queue", "expression", "priority", "timeout", "order_by"])?;
    let timeout = fields.get("timeout").and_then(|node| reader.duration(node, "timeout", STEP_TIMEOUT_MAX_SECS));
    let rest = read_choice(reader, &fields, inherited, queues)?;
    Some(Target { timeout, ..rest })
}

/// The target of Tasks that no filter wanted; they wait there until their own timeout (taskrouter.md section 7.2, 11).
fn read_default_filter(reader: &mut Reader<'_>, node: &Node, queues: &Names<TaskQueueSid>) -> Option<Target> {
    let fields = reader.mapping(node, "the default_filter", &["queue", "expression", "priority", "order_by"])?;
    read_choice(reader, &fields, Inherited::Nothing, queues)
}

/// Everything of a target but its timeout.
fn read_choice(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    inherited: Inherited,
    queues: &Names<TaskQueueSid>,
) -> Option<Target> {
    let expression = fields.get("expression").and_then(|node| reader.expression(node, "expression"));
    let priority = fields.get("priority").and_then(|node| reader.whole_number(node, "priority", 0..=PRIORITY_MAX));
    let order_by = fields.get("order_by").and_then(|node| order_by(reader, node));
    let queue = match (fields.get("queue"), inherited) {
        (Some(node), _) => reader.reference(node, "queue", queues),
        (None, Inherited::Queue(queue)) => Some(queue),
        (None, Inherited::Nothing) => reader.required(fields, "queue").and(None),
        (None, Inherited::Unknown) => None,
    };
    Some(Target { expression, priority, order_by, ..Target::to(queue?) })
}

fn order_by(reader: &mut Reader<'_>, node: &Node) -> Option<OrderBy> {
    let text = reader.text(node, "order_by", "an order such as `worker.level DESC`")?.to_owned();
    reader.take(OrderBy::try_from(text).map_err(|error| format!("order_by: {error}")), place(node))
}

fn url(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<String> {
    let expected = "a path such as /assignment or a URL such as https://example.com/assignment";
    let text = reader.text(node, key, expected)?.to_owned();
    let ours = text.starts_with('/') && !text.starts_with("//");
    let theirs =
        ["https://", "http://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|host| !host.is_empty()));
    let clean = text.chars().count() <= URL_CHARS_MAX && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if clean && (ours || theirs) {
        return Some(text);
    }
    reader.unexpected(node, key, expected);
    None
}
