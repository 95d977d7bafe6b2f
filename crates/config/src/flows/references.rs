//! Messages about unknown names, and the names that texts and conditions use.

use std::collections::BTreeMap;

use ids::TaskQueueSid;
use task_router::model::Workspace;

use crate::names::guess;

/// The most names in a message.
const SHOWN_MAX: usize = 12;

/// The message about an unknown name.
pub(super) fn unknown<'n>(
    kind: &str,
    name: &str,
    known: impl Iterator<Item = &'n String>,
) -> String {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let shown: Vec<&str> = known.iter().copied().take(SHOWN_MAX).collect();
    let shown = if shown.is_empty() {
        "none".to_owned()
    } else {
        shown.join(", ")
    };
    format!(
        "unknown {kind} \"{name}\"; the file has {shown}.{}",
        guess(name, &known)
    )
}

/// The name of a TaskQueue in conditions: lower case, with `_` between words.
pub(super) fn condition_name(friendly_name: &str) -> String {
    let spaced: String = friendly_name
        .chars()
        .map(|char| if char.is_alphanumeric() { char } else { ' ' })
        .collect();
    let words: Vec<String> = spaced.split_whitespace().map(str::to_lowercase).collect();
    words.join("_")
}

/// The TaskQueues by the names that conditions use. Of two with the same name, the first.
pub(super) fn queues_by_condition_name(workspace: &Workspace) -> BTreeMap<String, TaskQueueSid> {
    let mut queues = BTreeMap::new();
    for queue in workspace.task_queues.values() {
        let name = condition_name(&queue.friendly_name);
        queues.entry(name).or_insert(queue.sid);
    }
    queues
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_name_has_words_and_lines() {
        for (name, expected) in [
            ("Support", "support"),
            (
                "Customer Contact Center – English",
                "customer_contact_center_english",
            ),
            ("2nd level", "2nd_level"),
        ] {
            assert_eq!(condition_name(name), expected, "{name}");
        }
    }
}
