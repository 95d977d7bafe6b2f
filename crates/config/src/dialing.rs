//! The section `dialing`: limits of the calls that the contact centre places.

use std::num::NonZeroU32;

use shared::dialing::{
    ALLOWED_MAX, Beginning, CALLS_PER_MINUTE_MAX, CALLS_PER_SECOND_MAX, Dialing,
};

use crate::document::{Node, place};
use crate::reader::{Fields, Reader};

const ALLOW: &str = "allow";
const CALLS_PER_MINUTE: &str = "calls_per_minute";
const CALLS_PER_SECOND: &str = "calls_per_second";

pub(crate) fn read(reader: &mut Reader<'_>, file: &Fields<'_>) -> Dialing {
    let keys = [ALLOW, CALLS_PER_MINUTE, CALLS_PER_SECOND];
    let section = file
        .get("dialing")
        .and_then(|node| reader.mapping(node, "dialing", &keys));
    let Some(fields) = section else {
        return Dialing::default();
    };
    Dialing {
        allow: fields.get(ALLOW).map(|node| allow(reader, node)),
        calls_per_minute: limit(reader, &fields, CALLS_PER_MINUTE, CALLS_PER_MINUTE_MAX),
        calls_per_second: limit(reader, &fields, CALLS_PER_SECOND, CALLS_PER_SECOND_MAX),
    }
}

fn allow(reader: &mut Reader<'_>, node: &Node) -> Vec<Beginning> {
    let entries = reader.list(node, ALLOW, ALLOWED_MAX);
    let beginnings = entries.iter().filter_map(|entry| {
        let expected = "a plus and digits such as \"+1\", or \"sip:\"";
        let text = reader.text(entry, ALLOW, expected)?;
        let read = text
            .parse()
            .map_err(|error| format!("{ALLOW}: {error}, got \"{text}\""));
        reader.take(read, place(entry))
    });
    beginnings.collect()
}

fn limit(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str, max: u32) -> Option<NonZeroU32> {
    let node = fields.get(key)?;
    NonZeroU32::new(reader.whole_number(node, key, 1..=max)?)
}
