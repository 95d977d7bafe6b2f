//! How long callers of a queue waited lately: what the next one may expect to hear.
//!
//! An item for each queue, written by the roll-up of statistics and only if there is another average than before, so that no
//! call pays for it.

use std::collections::BTreeMap;

use ids::TaskQueueSid;
use ids::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use task_router::statistics::WaitTimes;

use crate::keys::Key;
use crate::workers::Consistency;
use crate::{Error, Store, items};

/// How long an average that nobody changes says something about now: as long as it is taken over.
pub const WAITS_KEPT: Millis = Millis::from_secs(3_600);

/// The waits of the callers of one queue who were answered lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentWaits {
    queue: TaskQueueSid,
    answered: u64,
    total_secs: u64,
    /// The moment up to which they are counted.
    until: Timestamp,
}

impl RecentWaits {
    /// What was counted of a queue up to a moment.
    pub fn new(queue: TaskQueueSid, waits: &WaitTimes, until: Timestamp) -> Self {
        Self {
            queue,
            answered: waits.count(),
            total_secs: waits.total_secs(),
            until,
        }
    }

    /// The average wait, if anybody was answered within [`WAITS_KEPT`].
    pub fn expected(&self, now: Timestamp) -> Option<Millis> {
        if now.since(self.until) >= WAITS_KEPT {
            return None;
        }
        self.total_secs
            .checked_div(self.answered)
            .map(Millis::from_secs)
    }

    fn says_the_same(&self, other: &Self) -> bool {
        (self.queue, self.answered, self.total_secs)
            == (other.queue, other.answered, other.total_secs)
    }
}

impl Store {
    /// The wait a caller of this queue may expect; `None`: nobody was answered lately.
    pub async fn expected_wait(
        &self,
        queue: TaskQueueSid,
        now: Timestamp,
    ) -> Result<Option<Millis>, Error> {
        let waits: Option<RecentWaits> = self.get(&Key::waits(queue)).await?;
        Ok(waits.and_then(|waits| waits.expected(now)))
    }

    /// Notes the waits of some queues; writes those that are not known yet.
    pub async fn save_recent_waits(&self, waits: &[RecentWaits]) -> Result<(), Error> {
        let keys = waits.iter().map(|waits| Key::waits(waits.queue));
        let mut known = BTreeMap::new();
        for item in self.read_many(keys, Consistency::Eventual).await? {
            let waits: RecentWaits = items::read(item)?;
            known.insert(waits.queue, waits);
        }
        for waits in waits {
            if !known
                .get(&waits.queue)
                .is_some_and(|known| known.says_the_same(waits))
            {
                self.put(items::with_key(waits, &Key::waits(waits.queue))?)
                    .await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expected_wait_is_the_average_and_says_nothing_an_hour_later() {
        let until = Timestamp::from_millis(10_000_000);
        let mut waits = WaitTimes::of(10);
        waits.merge(&WaitTimes::of(20));
        let queue = TaskQueueSid::derive(&["English"]);
        let recent = RecentWaits::new(queue, &waits, until);
        assert_eq!(recent.expected(until), Some(Millis::from_secs(15)));
        assert_eq!(recent.expected(until + WAITS_KEPT), None);
        assert_eq!(
            RecentWaits::new(queue, &WaitTimes::default(), until).expected(until),
            None
        );
    }
}
