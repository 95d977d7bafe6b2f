//! The section `dialing`: limits of the calls that the contact centre places.

use std::num::NonZeroU32;

use shared::dialing::{CALLS_PER_SECOND_MAX, Dialing};

use crate::reader::{Fields, Reader};

const CALLS_PER_SECOND: &str = "calls_per_second";

pub(crate) fn read(reader: &mut Reader<'_>, file: &Fields<'_>) -> Dialing {
    let section = file
        .get("dialing")
        .and_then(|node| reader.mapping(node, "dialing", &[CALLS_PER_SECOND]));
    let Some(fields) = section else {
        return Dialing::default();
    };
    Dialing {
        calls_per_second: limit(reader, &fields, CALLS_PER_SECOND, CALLS_PER_SECOND_MAX),
    }
}

fn limit(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str, max: u32) -> Option<NonZeroU32> {
    let node = fields.get(key)?;
    NonZeroU32::new(reader.whole_number(node, key, 1..=max)?)
}
