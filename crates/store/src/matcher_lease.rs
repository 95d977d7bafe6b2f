//! The lease of a pool's matcher, as an item.

use ids::TaskQueueSid;
use ids::time::{Millis, Timestamp};
use task_router::router::matcher_lease::MatcherLease;

use crate::keys::Key;
use crate::{Error, Store, items};

/// How long the item of an unused lease is kept: a centre is busy every day or not at all.
const LEASE_KEPT: Millis = Millis::from_secs(24 * 3_600);

impl Store {
    /// The lease of the pool with this name, read consistently.
    pub async fn matcher_lease(&self, pool: TaskQueueSid) -> Result<MatcherLease, Error> {
        let lease = self.get(&Key::matcher_lease(pool)).await?;
        Ok(lease.unwrap_or(MatcherLease::ABSENT))
    }

    /// Does a matcher of the pool run, as far as an eventually consistent read shows? A hint, for
    /// half the price.
    pub async fn has_matcher(&self, pool: TaskQueueSid, now: Timestamp) -> Result<bool, Error> {
        let key = items::key_attributes(&Key::matcher_lease(pool));
        let get = self.client.get_item().table_name(&*self.table);
        let read = get.set_key(Some(key)).consistent_read(false).send().await?;
        let lease = read.item.map(items::read::<MatcherLease>).transpose()?;
        Ok(lease.is_some_and(|lease| lease.is_held(now)))
    }

    /// Writes the next version of a lease. False: another process wrote it first.
    pub async fn write_matcher_lease(
        &self,
        pool: TaskQueueSid,
        lease: &MatcherLease,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut item = items::with_key(lease, &Key::matcher_lease(pool))?;
        items::keep_until(&mut item, now + LEASE_KEPT);
        let is_first = lease.version <= 1;
        let written = if is_first {
            self.put_new(item).await
        } else {
            self.put_one(self.put_next(item, lease.version)?).await
        };
        match written {
            Ok(()) => Ok(true),
            Err(Error::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
