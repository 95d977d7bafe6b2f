//! The types of events a Workspace may ask for (taskrouter.md section 12.2).

use task_router::model::EventType;

use crate::document::{Node, place};
use crate::names;
use crate::reader::Reader;

/// The types listed, each once and in the order of the file.
pub(crate) fn read(reader: &mut Reader<'_>, node: &Node, key: &str) -> Vec<EventType> {
    let mut types = Vec::new();
    for node in reader.list(node, key, EventType::ALL.len()) {
        let expected = "a type of event such as task.created";
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
                    format!("{key}: unknown type of event \"{name}\".{guess}"),
                );
            }
        }
    }
    types
}
