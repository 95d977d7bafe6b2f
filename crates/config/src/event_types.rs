//! The Event types that a Workspace subscribes to (taskrouter.md section 12.2).

use task_router::model::EventType;

use crate::document::{Node, place};
use crate::names;
use crate::reader::Reader;

/// The listed types without duplicates, in the order of the file.
pub(crate) fn read(reader: &mut Reader<'_>, node: &Node, key: &str) -> Vec<EventType> {
    let mut types = Vec::new();
    for node in reader.list(node, key, EventType::ALL.len()) {
        let expected = "an event type such as task.created";
        let Some(name) = reader.text(node, key, expected) else {
            continue;
        };
        match name.parse::<EventType>() {
            Ok(known) if types.contains(&known) => {}
            Ok(known) => types.push(known),
            Err(_unknown) => {
                let names: Vec<&str> = EventType::ALL.iter().map(|known| known.as_str()).collect();
                let guess = names::guess(name, &names);
                reader.problem(
                    place(node),
                    format!("{key}: unknown event type \"{name}\".{guess}"),
                );
            }
        }
    }
    types
}
