//! Erasure of a number in stored Events.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use ids::{TaskSid, WorkspaceSid};
use task_router::router::events::{EVENT_SHARDS, Event, Parameter};

use super::shard::{Direction, ShardRange};
use super::{ITEMS_PER_QUERY_MAX, first_of_hour, item};
use crate::erasure::mentions;
use crate::keys::{self, Key};
use crate::{Error, Store};

/// The attributes of a Task of which nothing is kept.
const NO_ATTRIBUTES: &str = "{}";

/// What was erased in Events.
#[derive(Debug, Default)]
pub(crate) struct ErasedEvents {
    /// Writes whose Events were changed.
    pub writes: usize,
    /// The Tasks whose attributes had the number.
    pub tasks: BTreeSet<TaskSid>,
}

impl Store {
    /// Erases the attributes of Tasks with this number from the Events of one hour.
    pub(crate) async fn erase_events_of_hour(
        &self,
        workspace: WorkspaceSid,
        hour: i64,
        number: &str,
    ) -> Result<ErasedEvents, Error> {
        let bounds = (first_of_hour(hour), first_of_hour(hour + 1));
        let ranges = ShardRange::of_each(0..EVENT_SHARDS, workspace, hour, bounds);
        let shards = ranges
            .into_iter()
            .map(|range| self.erase_events_of_shard(range, number));
        let mut all = ErasedEvents::default();
        for shard in try_join_all(shards).await? {
            all.writes += shard.writes;
            all.tasks.extend(shard.tasks);
        }
        Ok(all)
    }

    async fn erase_events_of_shard(
        &self,
        mut range: ShardRange,
        number: &str,
    ) -> Result<ErasedEvents, Error> {
        let mut erased = ErasedEvents::default();
        loop {
            let found = self
                .query_shard(&range, Direction::Forward, ITEMS_PER_QUERY_MAX)
                .await?;
            for events in found.writes {
                let tasks = tasks_with(&events, number);
                if tasks.is_empty() {
                    continue;
                }
                self.replace_events(&erased_from(events, number)).await?;
                erased.writes += 1;
                erased.tasks.extend(tasks);
            }
            // The next page begins with the last write of this one, which is a page of its own only
            // if it is the only one left.
            match found.more {
                Some(more) if more != range.lower => range.lower = more,
                Some(_) | None => return Ok(erased),
            }
        }
    }

    /// Writes Events again that are stored; those that have expired stay deleted.
    async fn replace_events(&self, events: &[Event]) -> Result<(), Error> {
        let Some(first) = events.first() else {
            return Ok(());
        };
        let key = Key::events(first.workspace_sid, first.place);
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item::of(&key, events)))
            .condition_expression(format!("attribute_exists({})", keys::PK))
            .send()
            .await;
        match put.map_err(Error::from) {
            Ok(_) | Err(Error::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn has_number(event: &Event, number: &str) -> bool {
    let attributes = event.parameters.get(Parameter::TaskAttributes);
    attributes.is_some_and(|attributes| mentions(attributes, number))
}

fn tasks_with(events: &[Event], number: &str) -> BTreeSet<TaskSid> {
    let with_number = events.iter().filter(|event| has_number(event, number));
    with_number
        .filter_map(|event| event.parameters.get(Parameter::TaskSid)?.parse().ok())
        .collect()
}

fn erased_from(events: Vec<Event>, number: &str) -> Vec<Event> {
    let erase = |event: Event| {
        if !has_number(&event, number) {
            return event;
        }
        let parameters = event.parameters.iter().map(|(parameter, value)| {
            let kept = if parameter == Parameter::TaskAttributes {
                NO_ATTRIBUTES
            } else {
                value
            };
            (parameter, kept.to_owned())
        });
        Event {
            parameters: parameters.collect(),
            ..event.clone()
        }
    };
    events.into_iter().map(erase).collect()
}
