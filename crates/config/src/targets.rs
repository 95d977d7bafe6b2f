//! The targets (steps) of a Workflow (taskrouter.md sections 7.1, 7.3 and 7.4).

use ids::TaskQueueSid;
use task_router::model::{KnownWorker, OrderBy, Path, Target};
use vocabulary::{PRIORITY_MAX, TASK_TIMEOUT_MAX_SECS};

use crate::document::{Node, place};
use crate::names::Names;
use crate::reader::{Fields, Reader};

/// The keys of a default filter.
const DEFAULT_FILTER_KEYS: &[&str] = &[
    "queue",
    "expression",
    "priority",
    "order_by",
    "skip_if",
    "known_worker_sid",
    "known_worker_friendly_name",
];

/// The keys of a target.
const TARGET_KEYS: &[&str] = &[
    "queue",
    "expression",
    "priority",
    "timeout",
    "order_by",
    "skip_if",
    "known_worker_sid",
    "known_worker_friendly_name",
];

/// The TaskQueue that a step without its own inherits.
#[derive(Clone, Copy)]
enum Inherited {
    /// There is no step before it.
    Nothing,
    /// The TaskQueue of the step before it.
    Queue(TaskQueueSid),
    /// A step before it has a problem.
    Unknown,
}

/// The steps of a filter, from top to bottom; `None` if one of them has a problem.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    nodes: &[Node],
    queues: &Names<TaskQueueSid>,
) -> Option<Vec<Target>> {
    let mut targets = Vec::<Target>::new();
    let mut complete = true;
    for node in nodes {
        // After a step with a problem there is nothing to inherit, which is not a problem of its
        // own.
        let inherited = if complete {
            targets
                .last()
                .map_or(Inherited::Nothing, |before| Inherited::Queue(before.queue))
        } else {
            Inherited::Unknown
        };
        match read_target(reader, node, inherited, queues) {
            Some(target) => targets.push(target),
            None => complete = false,
        }
    }
    complete.then_some(targets)
}

/// The target of Tasks that match no filter. They wait there until their own timeout (taskrouter.md
/// section 7.2, 11).
pub(crate) fn read_default_filter(
    reader: &mut Reader<'_>,
    node: &Node,
    queues: &Names<TaskQueueSid>,
) -> Option<Target> {
    let fields = reader.mapping(node, "the default_filter", DEFAULT_FILTER_KEYS)?;
    read_choice(reader, &fields, Inherited::Nothing, queues)
}

/// A step. Without a queue it inherits that of the step before it (taskrouter.md section 7.1).
fn read_target(
    reader: &mut Reader<'_>,
    node: &Node,
    inherited: Inherited,
    queues: &Names<TaskQueueSid>,
) -> Option<Target> {
    let fields = reader.mapping(node, "a target", TARGET_KEYS)?;
    let timeout = fields
        .get("timeout")
        .and_then(|node| reader.duration(node, "timeout", TASK_TIMEOUT_MAX_SECS));
    let rest = read_choice(reader, &fields, inherited, queues)?;
    Some(Target { timeout, ..rest })
}

/// All settings of a target except its timeout.
fn read_choice(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    inherited: Inherited,
    queues: &Names<TaskQueueSid>,
) -> Option<Target> {
    let expression = fields
        .get("expression")
        .and_then(|node| reader.expression(node, "expression"));
    let priority = fields
        .get("priority")
        .and_then(|node| reader.whole_number(node, "priority", 0..=PRIORITY_MAX));
    let order_by = fields
        .get("order_by")
        .and_then(|node| order_by(reader, node));
    let skip_if = fields.get("skip_if").and_then(|node| skip_if(reader, node));
    let known_worker = known_worker(reader, fields);
    let queue = match (fields.get("queue"), inherited) {
        (Some(node), _) => reader.reference(node, "queue", queues),
        (None, Inherited::Queue(queue)) => Some(queue),
        (None, Inherited::Nothing) => reader.required(fields, "queue").and(None),
        (None, Inherited::Unknown) => None,
    };
    Some(Target {
        expression,
        priority,
        order_by,
        skip_if,
        known_worker,
        ..Target::to(queue?)
    })
}

fn order_by(reader: &mut Reader<'_>, node: &Node) -> Option<OrderBy> {
    let text = reader
        .text(node, "order_by", "an order such as `worker.level DESC`")?
        .to_owned();
    reader.take(
        OrderBy::try_from(text).map_err(|error| format!("order_by: {error}")),
        place(node),
    )
}

fn skip_if(reader: &mut Reader<'_>, node: &Node) -> Option<task_router::model::Expression> {
    let expression = reader.expression(node, "skip_if")?;
    let checked = expression
        .check_skip_if()
        .map_err(|error| format!("skip_if: {error}"));
    reader.take(checked, place(node))?;
    Some(expression)
}

fn known_worker(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<KnownWorker> {
    let sid = fields.get("known_worker_sid");
    let name = fields.get("known_worker_friendly_name");
    if let (Some(_), Some(node)) = (sid, name) {
        reader.problem(
            place(node),
            "known_worker_friendly_name: a target has this or known_worker_sid, not both",
        );
    }
    let sid = sid
        .and_then(|node| task_path(reader, node, "known_worker_sid"))
        .map(KnownWorker::Sid);
    let name = name.and_then(|node| task_path(reader, node, "known_worker_friendly_name"));
    sid.or(name.map(KnownWorker::FriendlyName))
}

/// A path into the Task's attributes, without its prefix `task.`.
fn task_path(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<Path> {
    let expected = "a path into the Task such as task.agent_sid";
    let text = reader.text(node, key, expected)?;
    let path = text
        .trim()
        .strip_prefix("task.")
        .and_then(|path| path.parse().ok());
    if path.is_none() {
        reader.unexpected(node, key, expected);
    }
    path
}
