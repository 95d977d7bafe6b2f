//! The item of one write's events, made small: a write unit is a kilobyte.
//!
//! What all events of the write say is kept once, under `all`; `told` has each event's type and what it alone says. Names of
//! parameters are single letters, ids are bytes. What follows from the rest (times, description, resource, account) is
//! not kept at all.

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

/// What all events of the item say.
const ALL: &str = "all";

/// The events, each with what it alone says.
const TOLD: &str = "told";

/// The type among what an event alone says: no parameter's code has more than one letter.
const TYPE: &str = "type";

/// When it happened, among what an event alone says, if that was before the write.
const EARLIER: &str = "at";

/// The id of the first event.
const FIRST: &str = "first";

/// Bytes the values of one item's events may have: an item has 400 KB at most, names and numbers included.
const VALUES_BYTES_MAX: usize = 300_000;

/// The item of these events, all of one write; the first one is at `key`. Fifty Workers with the largest attributes there can be
/// do not fit: then the events do without those.
pub(super) fn of(key: &Key, events: &[Event]) -> Item {
    if bytes(events) <= VALUES_BYTES_MAX {
        return whole(key, events);
    }
    tracing::warn!(
        events = events.len(),
        "too much for one item: these events do not say their Workers' attributes"
    );
    let without = |event: &Event| {
        let kept = event
            .parameters
            .iter()
            .filter(|(parameter, _)| *parameter != Parameter::WorkerAttributes);
        let parameters = kept
            .map(|(parameter, value)| (parameter, value.to_owned()))
            .collect();
        Event {
            parameters,
            ..event.clone()
        }
    };
    whole(key, &events.iter().map(without).collect::<Vec<_>>())
}

/// What all events of a write say counts once.
fn bytes(events: &[Event]) -> usize {
    let Some(first) = events.first() else {
        return 0;
    };
    let size = |event: &Event| {
        event
            .parameters
            .iter()
            .map(|(_, value)| value.len())
            .sum::<usize>()
    };
    let own = |event: &Event| {
        let differs = |(parameter, value): &(Parameter, &str)| {
            first.parameters.get(*parameter) != Some(*value)
        };
        event
            .parameters
            .iter()
            .filter(differs)
            .map(|(_, value)| value.len())
            .sum::<usize>()
    };
    size(first) + events.iter().skip(1).map(own).sum::<usize>()
}

fn whole(key: &Key, events: &[Event]) -> Item {
    let mut item = items::key_attributes(key);
    let Some(first) = events.first() else {
        return item;
    };
    let is_common = |parameter: Parameter, value: &str| {
        events
            .iter()
            .all(|event| event.parameters.get(parameter) == Some(value))
    };
    let common = first
        .parameters
        .iter()
        .filter(|(parameter, value)| is_common(*parameter, value));
    let told = events.iter().map(|event| {
        let own = event
            .parameters
            .iter()
            .filter(|(parameter, value)| !is_common(*parameter, value));
        let mut told = written(own);
        told.insert(TYPE.to_owned(), number(event.event_type.code()));
        told.extend(
            event
                .earlier
                .map(|at| (EARLIER.to_owned(), number(at.as_millis()))),
        );
        AttributeValue::M(told)
    });
    item.insert(ALL.to_owned(), AttributeValue::M(written(common)));
    item.insert(TOLD.to_owned(), AttributeValue::L(told.collect()));
    item.insert(FIRST.to_owned(), binary(first.sid().to_bytes()));
    items::keep_until(&mut item, first.at() + EVENT_KEPT);
    item
}

/// The events of an item.
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
    let common = said(item.get(ALL)?.as_m().ok()?);
    let events = (0..=u8::MAX)
        .zip(item.get(TOLD)?.as_l().ok()?)
        .map(|(index, told)| {
            let told = told.as_m().ok()?;
            let event_type = EventType::of_code(told.get(TYPE)?.as_n().ok()?.parse().ok()?)?;
            let parameters = common.clone().and(said(told));
            let earlier = told
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

fn written<'v>(values: impl Iterator<Item = (Parameter, &'v str)>) -> Attributes {
    values
        .map(|(parameter, value)| (parameter.code().to_owned(), attribute(parameter, value)))
        .collect()
}

/// A value in its smallest form; text, if it has not the shape it should have.
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

fn said(attributes: &Attributes) -> Parameters {
    let values = attributes.iter().filter_map(|(code, value)| {
        let parameter = Parameter::of_code(code)?;
        Some((parameter, value_of(parameter, value)?))
    });
    values.collect()
}

fn value_of(parameter: Parameter, value: &AttributeValue) -> Option<String> {
    let as_bytes = || Some((value.as_b().ok()?.as_ref(), parameter.shape()));
    if let Some((bytes, Shape::Sid(prefix))) = as_bytes() {
        return Some(sid_of(prefix, <[u8; 16]>::try_from(bytes).ok()?));
    }
    value.as_s().or_else(|_| value.as_n()).ok().cloned()
}

/// The bytes of an id that can be made from them again.
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
    fn every_value_is_read_back_as_it_was_whatever_it_looks_like() {
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
    fn events_that_would_not_fit_into_an_item_do_without_their_workers_attributes() {
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
