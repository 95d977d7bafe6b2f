//! The section `task_queues` (taskrouter.md section 2.6).

use ids::TaskQueueSid;
use task_router::model::{
    ALL_WORKERS, Expression, PartId, RESERVED_WORKERS_MAX, TaskOrder, TaskQueue, Workspace,
};

use crate::document::{Node, place};
use crate::names::Names;
use crate::reader::{Fields, Reader};
use crate::sids;

/// Which Task is served first (taskrouter.md section 10); also which kind of queue is served first
/// (section 2.1).
pub(crate) const TASK_ORDERS: [(&str, TaskOrder); 2] =
    [("FIFO", TaskOrder::Fifo), ("LIFO", TaskOrder::Lifo)];

pub(crate) fn read(
    reader: &mut Reader<'_>,
    file: &Fields<'_>,
    workspace: &mut Workspace,
) -> Names<TaskQueueSid> {
    let mut names = Names::new("task queue");
    if let Some(queues) = reader.required(file, "task_queues") {
        let max = usize::try_from(workspace.rules.task_queues_max).unwrap_or(usize::MAX);
        for node in reader.list(queues, "task_queues", max) {
            read_queue(reader, node, workspace, &mut names);
        }
    }
    names
}

fn read_queue(
    reader: &mut Reader<'_>,
    node: &Node,
    workspace: &mut Workspace,
    names: &mut Names<TaskQueueSid>,
) -> Option<()> {
    let fields = reader.mapping(
        node,
        "a task queue",
        &[
            "name",
            "target_workers",
            "max_reserved_workers",
            "task_order",
        ],
    )?;
    let target_workers = match fields.get("target_workers") {
        Some(node) => reader.expression(node, "target_workers"),
        None => ALL_WORKERS.parse::<Expression>().ok(),
    };
    let max_reserved_workers = fields.get("max_reserved_workers").map_or(Some(1), |node| {
        let number = reader.whole_number(node, "max_reserved_workers", 1..=RESERVED_WORKERS_MAX)?;
        u8::try_from(number).ok()
    });
    let task_order = fields
        .get("task_order")
        .and_then(|node| reader.choice(node, "task_order", &TASK_ORDERS));
    // The name is declared even if another setting has a problem: one mistake causes one message.
    let name_node = reader.required(&fields, "name")?;
    let name = reader.friendly_name(name_node, "name")?;
    let sid = sids::task_queue(workspace.sid, name);
    reader.take(names.declare(name, sid, place(name_node)), place(name_node))?;
    reader.record_place(PartId::TaskQueue(sid), place(name_node));
    workspace.ledger.append(PartId::TaskQueue(sid));
    let queue = TaskQueue {
        sid,
        friendly_name: name.to_owned(),
        target_workers,
        max_reserved_workers: max_reserved_workers.unwrap_or(1),
        task_order: task_order.unwrap_or_default(),
        reservation_activity_sid: None,
        assignment_activity_sid: None,
    };
    workspace.task_queues.insert(sid, queue);
    Some(())
}
