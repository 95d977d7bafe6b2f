//! The types of events a Workspace may ask for (taskrouter.md section 12.2).

use crate::document::{Node, place};
use crate::names;
use crate::reader::Reader;

const EVENT_TYPES: [&str; 49] = [
    "workspace.created",
    "workspace.updated",
    "workspace.deleted",
    "activity.created",
    "activity.updated",
    "activity.deleted",
    "worker.created",
    "worker.deleted",
    "worker.activity.update",
    "worker.attributes.update",
    "worker.capacity.update",
    "worker.channel.availability.update",
    "task-channel.created",
    "task-channel.updated",
    "task-channel.deleted",
    "task-queue.created",
    "task-queue.deleted",
    "task-queue.entered",
    "task-queue.timeout",
    "task-queue.moved",
    "task-queue.expression.updated",
    "workflow.created",
    "workflow.updated",
    "workflow.deleted",
    "workflow.entered",
    "workflow.target-matched",
    "workflow.timeout",
    "workflow.skipped",
    "task.created",
    "task.updated",
    "task.canceled",
    "task.wrapup",
    "task.completed",
    "task.deleted",
    "task.system-deleted",
    "task.transfer-initiated",
    "task.transfer-attempt-failed",
    "task.transfer-failed",
    "task.transfer-canceled",
    "task.transfer-completed",
    "reservation.created",
    "reservation.accepted",
    "reservation.rejected",
    "reservation.timeout",
    "reservation.canceled",
    "reservation.rescinded",
    "reservation.wrapup",
    "reservation.completed",
    "reservation.failed",
];

/// The types listed, each once and in the order of the file.
pub(crate) fn read(reader: &mut Reader<'_>, node: &Node, key: &str) -> Vec<String> {
    let mut types = Vec::new();
    for node in reader.list(node, key, EVENT_TYPES.len()) {
        let expected = "a type of event such as task.created";
        let Some(name) = reader.text(node, key, expected) else { continue };
        if !EVENT_TYPES.contains(&name) {
            let guess = names::guess(name, &EVENT_TYPES);
            reader.problem(place(node), format!("{key}: unknown type of event \"{name}\".{guess}"));
        } else if !types.iter().any(|known| known == name) {
            types.push(name.to_owned());
        }
    }
    types
}
