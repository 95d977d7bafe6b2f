//! One query of a shard of an hour of events, in either direction.

use ids::WorkspaceSid;
use task_router::router::events::Event;

use super::item;
use crate::items::text;
use crate::keys;
use crate::{Error, Store};

/// Where the query of a shard begins and ends.
pub(super) struct Stretch {
    pub workspace: WorkspaceSid,
    pub hour: i64,
    pub shard: u8,
    pub lower: String,
    pub upper: String,
}

/// In which order a shard is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Oldest first.
    Forward,
    /// Newest first.
    Back,
}

/// What one query of a shard brings.
pub(super) struct Found {
    /// The events of each write, the writes in the order they were read.
    pub writes: Vec<Vec<Event>>,
    /// The sort key of the last write, if there are more behind it.
    pub more: Option<String>,
}

impl Found {
    /// All events.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.writes.iter().flatten()
    }
}

impl Store {
    pub(super) async fn query_shard(
        &self,
        part: &Stretch,
        direction: Direction,
        limit: i32,
    ) -> Result<Found, Error> {
        let partition = keys::events_partition(part.workspace, part.hour, part.shard);
        let found = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression("#pk = :partition AND #sk BETWEEN :lower AND :upper")
            .expression_attribute_names("#pk", keys::PK)
            .expression_attribute_names("#sk", keys::SK)
            .expression_attribute_values(":partition", text(partition))
            .expression_attribute_values(":lower", text(&part.lower))
            .expression_attribute_values(":upper", text(&part.upper))
            .scan_index_forward(direction == Direction::Forward)
            .limit(limit)
            .send()
            .await?;
        let last = found
            .last_evaluated_key
            .and_then(|mut key| key.remove(keys::SK));
        let items = found.items.unwrap_or_default().into_iter();
        let writes = items
            .map(|item| item::read(part.workspace, item))
            .collect::<Result<_, _>>()?;
        Ok(Found {
            writes,
            more: last.and_then(|sk| sk.as_s().ok().cloned()),
        })
    }
}
