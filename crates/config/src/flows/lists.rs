//! The section `lists`: telephone numbers by name, for conditions such as `lists HAS "vip"`.

use std::collections::{BTreeMap, BTreeSet};

use shared::webhook::redact;

use crate::document::{Value, place};
use crate::reader::{Fields, Reader, is_e164};

/// The most numbers of a list. Lists are stored with the flows and read by every process.
const NUMBERS_MAX: usize = 10_000;

pub(super) fn read(
    reader: &mut Reader<'_>,
    file: &Fields<'_>,
) -> BTreeMap<String, BTreeSet<String>> {
    let Some(section) = file.get("lists") else {
        return BTreeMap::new();
    };
    let Value::Mapping(entries) = &section.value else {
        reader.unexpected(section, "lists", "a mapping of names to lists of numbers");
        return BTreeMap::new();
    };
    let mut lists = BTreeMap::new();
    for entry in entries {
        let mut numbers = BTreeSet::new();
        for node in reader.list(&entry.value, &entry.key.value, NUMBERS_MAX) {
            let expected = "a number such as \"+17075550183\"";
            let Some(number) = reader.text(node, &entry.key.value, expected) else {
                continue;
            };
            if is_e164(number) {
                numbers.insert(number.to_owned());
            } else {
                let message = format!(
                    "{}: expected {expected}, got \"{}\"",
                    entry.key.value,
                    redact(number)
                );
                reader.problem(place(node), message);
            }
        }
        lists.insert(entry.key.value.clone(), numbers);
    }
    lists
}
