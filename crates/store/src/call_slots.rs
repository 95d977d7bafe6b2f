//! Slots of paced calls: the carrier starts so many calls a second, and every process takes the
//! moment of its next call from one item.

use std::collections::HashMap;
use std::num::NonZeroU32;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use ids::time::{Millis, Timestamp};

use crate::items::{self, number};
use crate::keys::Key;
use crate::{Error, Store};

/// The moment of the next free slot, in milliseconds since 1970.
const NEXT_CALL: &str = "next_call";

/// Attempts at a slot. The first finds the item idle or busy; a second is needed when it changes
/// between the two questions.
const ATTEMPTS_MAX: u32 = 2;

impl Store {
    /// Takes the next slot: the moment at which the call may be placed, `now` or later. `None` if
    /// it would be after `latest`; then no slot is taken.
    ///
    /// Each request is one conditional update of one item, so two processes never get the same
    /// slot. A slot that is free now costs one write unit, and a later one two, because the
    /// condition of the first request fails.
    pub async fn take_call_slot(
        &self,
        per_second: NonZeroU32,
        now: Timestamp,
        latest: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let interval = Millis::from_millis(1_000_u64.div_ceil(per_second.get().into()));
        for _ in 0..ATTEMPTS_MAX {
            match self.take_slot_of_now(interval, now).await {
                Ok(()) => return Ok(Some(now)),
                Err(Error::Conflict) => {}
                Err(error) => return Err(error),
            }
            match self.take_later_slot(interval, now, latest).await {
                Ok(slot) => return Ok(Some(slot)),
                Err(Error::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn take_slot_of_now(&self, interval: Millis, now: Timestamp) -> Result<(), Error> {
        let update = self.update_slots().update_expression("SET #next = :next");
        update
            .condition_expression("attribute_not_exists(#next) OR #next <= :now")
            .expression_attribute_names("#next", NEXT_CALL)
            .expression_attribute_values(":now", number(now.as_millis()))
            .expression_attribute_values(":next", number((now + interval).as_millis()))
            .send()
            .await?;
        Ok(())
    }

    async fn take_later_slot(
        &self,
        interval: Millis,
        now: Timestamp,
        latest: Timestamp,
    ) -> Result<Timestamp, Error> {
        let update = self
            .update_slots()
            .update_expression("SET #next = #next + :interval");
        let updated = update
            .condition_expression("#next > :now AND #next <= :latest")
            .expression_attribute_names("#next", NEXT_CALL)
            .expression_attribute_values(":now", number(now.as_millis()))
            .expression_attribute_values(":latest", number(latest.as_millis()))
            .expression_attribute_values(":interval", number(interval.as_millis()))
            .return_values(ReturnValue::UpdatedOld)
            .send()
            .await?;
        // The condition has read a number, so the old value is one.
        let slot = updated.attributes.as_ref().and_then(slot_in);
        Ok(slot.unwrap_or(now))
    }

    fn update_slots(
        &self,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(items::key_attributes(&Key::call_slots())))
    }
}

fn slot_in(old: &HashMap<String, AttributeValue>) -> Option<Timestamp> {
    let millis = old.get(NEXT_CALL)?.as_n().ok()?.parse().ok()?;
    Some(Timestamp::from_millis(millis))
}
