//! The number of calls that were placed in a minute of the clock.

use std::num::NonZeroU32;

use ids::time::{Millis, Timestamp};

use crate::items::{self, number};
use crate::keys::{self, Key};
use crate::{Error, Store};

/// How long a minute's count is kept: it is read within its minute, and the clocks of two
/// processes differ by seconds.
const COUNT_KEPT: Millis = Millis::from_secs(600);

const SECS_PER_MINUTE: i64 = 60;

impl Store {
    /// Counts a call in the minute of `now`. False: as many as `per_minute` have been counted, and
    /// the call is not. One conditional update, so no two processes count the last call; it costs a
    /// write unit.
    pub async fn count_call(&self, per_minute: NonZeroU32, now: Timestamp) -> Result<bool, Error> {
        let minute = now.as_secs().div_euclid(SECS_PER_MINUTE);
        let kept_until = (now + COUNT_KEPT).as_secs();
        let update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(items::key_attributes(&Key::calls_in_minute(minute))));
        let counted = update
            .update_expression("ADD #calls :one SET #ttl = :ttl")
            .condition_expression("attribute_not_exists(#calls) OR #calls < :max")
            .expression_attribute_names("#calls", "calls")
            .expression_attribute_names("#ttl", keys::TTL)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":max", number(per_minute))
            .expression_attribute_values(":ttl", number(kept_until))
            .send()
            .await;
        match counted.map_err(Error::from) {
            Ok(_) => Ok(true),
            Err(Error::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
