//! The section `workers`.

use serde_json::Value as Json;

use super::names::PartNames;
use super::tree::{Entries, Tree};
use super::{Content, Notes};
use crate::DeclaredWorker;
use crate::workers::{CAPACITY, is_address};

pub(super) fn write(content: Content<'_>, names: &PartNames, notes: &mut Notes) -> Tree {
    let workers = content.workers.iter();
    Tree::List(
        workers
            .map(|worker| write_worker(worker, content, names, notes))
            .collect(),
    )
}

fn write_worker(
    worker: &DeclaredWorker,
    content: Content<'_>,
    names: &PartNames,
    notes: &mut Notes,
) -> Tree {
    let mut entries = Entries::new();
    let name = &*worker.friendly_name;
    entries.set("name", Tree::text(name));
    let attributes = worker.attributes.as_object();
    if !attributes.is_empty() {
        let written = attributes.iter().filter(|(key, value)| {
            let is_readable = *key != "contact_uri" || value.as_str().is_some_and(is_address);
            if !is_readable {
                notes.add(format!(
                    "Worker \"{name}\": its contact_uri is no number, client: or sip: address and is left out"
                ));
            }
            is_readable
        });
        let written: Vec<(String, Tree)> = written
            .map(|(key, value): (&String, &Json)| (key.clone(), Tree::json(value)))
            .collect();
        if !written.is_empty() {
            entries.set("attributes", Tree::Map(written));
        }
    }
    if worker.activity_sid != content.workspace.default_activity_sid {
        let activity = names.activity(worker.activity_sid).map(Tree::text);
        entries.set_some("activity", activity);
    }
    let mut capacity = Entries::new();
    for (channel, number) in &worker.capacity {
        let number = (*number != CAPACITY).then(|| Tree::number(*number));
        capacity.set_some(channel.as_str(), number);
    }
    if !capacity.is_empty() {
        entries.set("capacity", capacity.into_tree());
    }
    entries.into_tree()
}
