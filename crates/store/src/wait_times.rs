//! Recent wait times of a TaskQueue: the expected wait of its next caller.
//!
//! Each TaskQueue has one item. The roll-up of statistics writes it, and only when the average
//! changes, so no call pays for it.

use std::collections::BTreeMap;

use ids::TaskQueueSid;
use ids::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use task_router::statistics::WaitTimes;

use crate::keys::Key;
use crate::workers::Consistency;
use crate::{Error, Store, items};

/// How long a stored average counts: as long as the period over which it is taken.
pub const WAITS_KEPT: Millis = Millis::from_secs(3_600);

/// The wait times of the callers of one TaskQueue who were answered recently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentWaits {
    queue: TaskQueueSid,
    answered: u64,
    total_secs: u64,
    /// The moment up to which they are counted.
    until: Timestamp,
}

impl RecentWaits {
    /// The wait times of a TaskQueue, counted up to `until`.
    pub fn new(queue: TaskQueueSid, waits: &WaitTimes, until: Timestamp) -> Self {
        Self {
            queue,
            answered: waits.count(),
            total_secs: waits.total_secs(),
            until,
        }
    }

    /// The average wait; `None` if no caller was answered or the average is [`WAITS_KEPT`] old.
    pub fn expected(&self, now: Timestamp) -> Option<Millis> {
        if now.since(self.until) >= WAITS_KEPT {
            return None;
        }
        self.total_secs
            .checked_div(self.answered)
            .map(Millis::from_secs)
    }

    fn is_equivalent(&self, other: &Self) -> bool {
        (self.queue, self.answered, self.total_secs)
            == (other.queue, other.answered, other.total_secs)
    }
}

impl Store {
    /// The expected wait of a TaskQueue's next caller; `None` if no caller was answered recently.
    pub async fn expected_wait(
        &self,
        queue: TaskQueueSid,
        now: Timestamp,
    ) -> Result<Option<Millis>, Error> {
        let waits: Option<RecentWaits> = self.get(&Key::wait_times(queue)).await?;
        Ok(waits.and_then(|waits| waits.expected(now)))
    }

    /// Stores the wait times of these TaskQueues. Writes only those that differ from the stored
    /// ones.
    pub async fn save_recent_waits(&self, waits: &[RecentWaits]) -> Result<(), Error> {
        let keys = waits.iter().map(|waits| Key::wait_times(waits.queue));
        let mut known = BTreeMap::new();
        for item in self.read_batches(keys, Consistency::Eventual).await? {
            let waits: RecentWaits = items::read(item)?;
            known.insert(waits.queue, waits);
        }
        for waits in waits {
            let is_known = known
                .get(&waits.queue)
                .is_some_and(|known| known.is_equivalent(waits));
            if !is_known {
                self.put(items::with_key(waits, &Key::wait_times(waits.queue))?)
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
    fn expected_wait_is_average_for_an_hour() {
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
