//! A query of one shard of one hour of Events, in either direction.

use ids::WorkspaceSid;
use task_router::router::events::{Event, EventCursor};

use super::item;
use crate::items::text;
use crate::keys;
use crate::{Error, Store};

/// The range of a shard that is queried; both bounds are included.
pub(super) struct ShardRange {
    pub workspace: WorkspaceSid,
    pub hour: i64,
    pub shard: u8,
    pub lower: String,
    pub upper: String,
}

impl ShardRange {
    /// The same range of each of these shards.
    pub fn of_each(
        shards: impl IntoIterator<Item = u8>,
        workspace: WorkspaceSid,
        hour: i64,
        (lower, upper): (EventCursor, EventCursor),
    ) -> Vec<Self> {
        let ranges = shards.into_iter().map(|shard| Self {
            workspace,
            hour,
            shard,
            lower: lower.write_key(),
            upper: upper.write_key(),
        });
        ranges.collect()
    }
}

/// The order in which a shard is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Oldest first.
    Forward,
    /// Newest first.
    Backward,
}

/// The result of one query of a shard.
pub(super) struct Found {
    /// The Events of each write, in the order in which the writes were read.
    pub writes: Vec<Vec<Event>>,
    /// The sort key of the last write, if the range may have more after it.
    pub more: Option<String>,
}

impl Found {
    /// All Events.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.writes.iter().flatten()
    }
}

impl Store {
    pub(super) async fn query_shard(
        &self,
        part: &ShardRange,
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
