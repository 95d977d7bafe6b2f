//! The section `numbers`: the flow of each number.

use std::collections::BTreeMap;

use shared::webhook::redact;
use voice_flows::StepId;

use super::references::unknown;
use crate::document::{Node, Value, place};
use crate::reader::{Fields, Reader, is_e164};

/// The flow of `phone_number` if `numbers` does not name it.
const MAIN: &str = "main";

/// The most numbers of a contact centre.
const NUMBERS_MAX: usize = 1_000;

pub(super) fn read(
    reader: &mut Reader<'_>,
    file: &Fields<'_>,
    flows_section: &Node,
    flows: &BTreeMap<String, StepId>,
    phone_number: Option<&str>,
) -> Option<BTreeMap<String, String>> {
    let mut numbers = BTreeMap::new();
    if let Some(section) = file.get("numbers") {
        let Value::Mapping(entries) = &section.value else {
            reader.unexpected(section, "numbers", "a mapping of numbers to flows");
            return None;
        };
        if entries.len() > NUMBERS_MAX {
            let message = format!(
                "numbers: expected at most {NUMBERS_MAX}, got {}",
                entries.len()
            );
            reader.problem(place(section), message);
        }
        for entry in entries.iter().take(NUMBERS_MAX) {
            let number = &entry.key.value;
            if !is_e164(number) {
                let message = format!(
                    "numbers: expected a number such as \"+17075550183\", in quotes, got \"{}\"",
                    redact(number)
                );
                reader.problem(place(&entry.key), message);
                continue;
            }
            if let Some(flow) = reader.text(&entry.value, "numbers", "the name of a flow") {
                if !flows.contains_key(flow) {
                    let message = unknown("flow", flow, flows.keys());
                    reader.problem(place(&entry.value), message);
                }
                numbers.insert(number.clone(), flow.to_owned());
            }
        }
    }
    let phone_number = phone_number?;
    // Callers of a number without a flow hear the menu.
    if !numbers.contains_key(phone_number) && file.get("menu").is_none() {
        if !flows.contains_key(MAIN) {
            let message = format!(
                "the phone_number has no flow: name one under `numbers`, or name a flow \"{MAIN}\""
            );
            reader.problem(place(flows_section), message);
            return None;
        }
        numbers.insert(phone_number.to_owned(), MAIN.to_owned());
    }
    Some(numbers)
}
