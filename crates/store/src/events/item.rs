//! The compact item of one write's Events: a write unit is a kilobyte.
//!
//! The parameters that all Events of the write share are stored once, under `all`; `told` has each
//! Event's type and its own parameters. Names of parameters are single letters, ids are bytes. What
//! follows from the rest (times, description, resource, account) is not stored.

use aws_sdk_dynamodb::types::AttributeValue;
use ids::time::Timestamp;
use ids::{EventSid, WorkspaceSid};
use serde::de::Error as _;
use task_router::model::EventType;
use task_router::router::events::{EVENT_KEPT, Event, EventCursor, Parameter, Parameters, Shape};

use super::{Attributes, binary};
use crate::Error;
use crate::items::{self, Item, number, text};
use crate::keys::Key;

/// The attribute with the parameters that all Events of the item share.
const ALL: &str = "all";

/// The attribute with the Events, each with its own parameters.
const EVENTS: &str = "told";

/// The type of an Event, beside its own parameters. No parameter's code has more than one letter.
const TYPE: &str = "type";

/// The time at which an Event happened, if that was before the write.
const EARLIER: &str = "at";

/// The attribute with the id of the first Event.
const FIRST: &str = "first";

/// The most bytes of the values of one item's Events. An item has 400 KB at most, names and numbers
/// included.
const VALUES_BYTES_MAX: usize = 300_000;

/// The item of these Events, all of one write; the first one's item key is `key`. The Events of
/// fifty Workers with the largest allowed attributes do not fit: they are stored without the
/// Workers' attributes.
pub(super) fn of(key: &Key, events: &[Event]) -> Item {
    if value_bytes(events) <= VALUES_BYTES_MAX {
        return whole(key, events);
    }
    tracing::warn!(
        events = events.len(),
        "Events too large for one item, stored without their Workers' attributes"
    );
    let events: Vec<Event> = events.iter().map(without_worker_attributes).collect();
    whole(key, &events)
}

fn without_worker_attributes(event: &Event) -> Event {
    let kept = event
        .parameters
        .iter()
        .filter(|(parameter, _)| *parameter != Parameter::WorkerAttributes);
    Event {
        parameters: kept
            .map(|(parameter, value)| (parameter, value.to_owned()))
            .collect(),
        ..event.clone()
    }
}

/// The bytes of all values. What all Events of the write share counts once.
fn value_bytes(events: &[Event]) -> usize {
    let Some(first) = events.first() else {
        return 0;
    };
    let of_first = first.parameters.iter().map(|(_, value)| value.len());
    let of_others = events.iter().skip(1).flat_map(|event| {
        event
            .parameters
            .iter()
            .filter(|(parameter, value)| first.parameters.get(*parameter) != Some(*value))
            .map(|(_, value)| value.len())
    });
    of_first.chain(of_others).sum()
}

/// Whether all Events have this value of a parameter.
fn is_common(events: &[Event], parameter: Parameter, value: &str) -> bool {
    events
        .iter()
        .all(|event| event.parameters.get(parameter) == Some(value))
}

fn whole(key: &Key, events: &[Event]) -> Item {
    let mut item = items::key_attributes(key);
    let Some(first) = events.first() else {
        return item;
    };
    let common = first
        .parameters
        .iter()
        .filter(|(parameter, value)| is_common(events, *parameter, value));
    let own_attributes = events.iter().map(|event| {
        let own = event
            .parameters
            .iter()
            .filter(|(parameter, value)| !is_common(events, *parameter, value));
        let mut attributes = attributes_of(own);
        attributes.insert(TYPE.to_owned(), number(event.event_type.code()));
        attributes.extend(
            event
                .earlier
                .map(|at| (EARLIER.to_owned(), number(at.as_millis()))),
        );
        AttributeValue::M(attributes)
    });
    item.insert(ALL.to_owned(), AttributeValue::M(attributes_of(common)));
    item.insert(
        EVENTS.to_owned(),
        AttributeValue::L(own_attributes.collect()),
    );
    item.insert(FIRST.to_owned(), binary(first.sid().to_bytes()));
    items::keep_until(&mut item, first.at() + EVENT_KEPT);
    item
}

/// The Events of an item.
pub(super) fn read(workspace_sid: WorkspaceSid, item: Item) -> Result<Vec<Event>, Error> {
    let events = events_of(workspace_sid, &item);
    events.ok_or_else(|| {
        let source =
            serde_dynamo::Error::custom("it has no events, or events of a type that is not known");
        items::corrupt(&items::key_of(&item), source)
    })
}

fn events_of(workspace_sid: WorkspaceSid, item: &Item) -> Option<Vec<Event>> {
    let first = <[u8; 16]>::try_from(item.get(FIRST)?.as_b().ok()?.as_ref()).ok()?;
    let first = EventCursor::of_sid(EventSid::from_bytes(first));
    let common = parameters_of(item.get(ALL)?.as_m().ok()?);
    let events = (0..=u8::MAX)
        .zip(item.get(EVENTS)?.as_l().ok()?)
        .map(|(index, own)| {
            let own = own.as_m().ok()?;
            let event_type = EventType::of_code(own.get(TYPE)?.as_n().ok()?.parse().ok()?)?;
            let parameters = common.clone().and(parameters_of(own));
            let earlier = own
                .get(EARLIER)
                .and_then(|at| at.as_n().ok()?.parse().ok())
                .map(Timestamp::from_millis);
            Some(Event {
                place: first.numbered(index),
                earlier,
                event_type,
                workspace_sid,
                parameters,
            })
        });
    events.collect()
}

fn attributes_of<'v>(values: impl Iterator<Item = (Parameter, &'v str)>) -> Attributes {
    values
        .map(|(parameter, value)| (parameter.code().to_owned(), attribute(parameter, value)))
        .collect()
}

/// A value in its shortest form; a string if it does not have the shape of its parameter.
fn attribute(parameter: Parameter, value: &str) -> AttributeValue {
    match parameter.shape() {
        Shape::Text => text(value),
        Shape::Number
            if value
                .parse::<i64>()
                .is_ok_and(|known| known.to_string() == value) =>
        {
            number(value)
        }
        Shape::Number => text(value),
        Shape::Sid(prefix) => match bytes_of(prefix, value) {
            Some(bytes) => binary(bytes),
            None => text(value),
        },
    }
}

fn parameters_of(attributes: &Attributes) -> Parameters {
    let values = attributes.iter().filter_map(|(code, value)| {
        let parameter = Parameter::of_code(code)?;
        Some((parameter, value_of(parameter, value)?))
    });
    values.collect()
}

fn value_of(parameter: Parameter, value: &AttributeValue) -> Option<String> {
    if let (Shape::Sid(prefix), Ok(bytes)) = (parameter.shape(), value.as_b()) {
        return Some(sid_of(prefix, <[u8; 16]>::try_from(bytes.as_ref()).ok()?));
    }
    value.as_s().or_else(|_| value.as_n()).ok().cloned()
}

/// The bytes of an id, if the id can be restored from them.
fn bytes_of(prefix: &str, value: &str) -> Option<[u8; 16]> {
    let digits = value.strip_prefix(prefix)?;
    let bytes = format!("{}{digits}", EventSid::PREFIX)
        .parse::<EventSid>()
        .ok()?
        .to_bytes();
    (sid_of(prefix, bytes) == value).then_some(bytes)
}

fn sid_of(prefix: &str, bytes: [u8; 16]) -> String {
    let sid = EventSid::from_bytes(bytes).to_string();
    format!("{prefix}{}", sid.trim_start_matches(EventSid::PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_back_unchanged() {
        let sid = |prefix: &str| format!("{prefix}0123456789abcdef0123456789abcdef");
        for parameter in Parameter::ALL {
            let mut values = vec!["", "0", "007", "-3", "12.50", "x", "{\"a\":[1]}"]
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>();
            values.extend([
                sid("WT"),
                sid("TC"),
                sid("WT").to_uppercase(),
                "9".repeat(40),
            ]);
            for value in values {
                assert_eq!(
                    value_of(*parameter, &attribute(*parameter, &value)),
                    Some(value),
                    "{parameter:?}"
                );
            }
        }
    }

    #[test]
    fn oversized_events_lose_worker_attributes() {
        let place = EventCursor::before(Timestamp::from_millis(1_795_348_801_000));
        let event = |index: u8, attributes: String| Event {
            place: place.numbered(index),
            earlier: None,
            event_type: EventType::ReservationCreated,
            workspace_sid: WorkspaceSid::derive(&["ws"]),
            parameters: [
                (Parameter::WorkerAttributes, attributes),
                (Parameter::TaskPriority, "1".to_owned()),
            ]
            .into_iter()
            .collect(),
        };
        let fifty = |size: usize| {
            (0..50)
                .map(|index| event(index, "न".repeat(size) + &index.to_string()))
                .collect::<Vec<_>>()
        };
        let key = Key::events(WorkspaceSid::derive(&["ws"]), place);
        for (size, is_said) in [(100, true), (4_000, false)] {
            let events = read(WorkspaceSid::derive(&["ws"]), of(&key, &fifty(size))).unwrap();
            assert_eq!(events.len(), 50);
            assert!(
                events
                    .iter()
                    .all(|event| event.parameters.get(Parameter::TaskPriority) == Some("1"))
            );
            assert!(events.iter().all(|event| {
                event.parameters.get(Parameter::WorkerAttributes).is_some() == is_said
            }));
        }
    }
}
