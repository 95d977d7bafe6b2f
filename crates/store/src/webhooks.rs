//! Stored webhooks with their answers, for the webhook journal of a Task: one small item each, kept
//! as long as Events.
//!
//! They are for display only. No decision depends on them, and the trigger of `routing` filters
//! them out as it does Events.

use ids::TaskSid;
use ids::time::Timestamp;
use shared::webhook::Exchange;
use task_router::router::events::EVENT_KEPT;

use crate::items::{self, text};
use crate::keys::{self, Key};
use crate::{Error, Store};

/// The most webhooks that are read of one Task: a hundred rounds of offers. Further ones are left
/// out.
pub const WEBHOOKS_READ_MAX: i32 = 1_000;

impl Store {
    /// Stores a webhook. The same webhook, stored again, replaces what is stored of it.
    pub async fn keep_webhook(
        &self,
        task: TaskSid,
        exchange: &Exchange,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut item = items::with_key(exchange, &Key::webhook(task, exchange.sid))?;
        items::keep_until(&mut item, now + EVENT_KEPT);
        self.put(item).await
    }

    /// Stores a repeated webhook: the answer of the first one and the number of all. Two that are
    /// stored at the same time may be counted as one.
    pub async fn count_webhook(
        &self,
        task: TaskSid,
        exchange: &Exchange,
        now: Timestamp,
    ) -> Result<(), Error> {
        let known: Option<Exchange> = self.get(&Key::webhook(task, exchange.sid)).await?;
        match known.map(|known| known.counting(exchange)) {
            None => self.keep_webhook(task, exchange, now).await,
            Some(Some(counted)) => self.keep_webhook(task, &counted, now).await,
            Some(None) => Ok(()),
        }
    }

    /// The stored webhooks of a Task in the order in which they were sent, [`WEBHOOKS_READ_MAX`] at
    /// most.
    pub async fn webhooks(&self, task: TaskSid) -> Result<Vec<Exchange>, Error> {
        let found = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression("#pk = :partition")
            .expression_attribute_names("#pk", keys::PK)
            .expression_attribute_values(":partition", text(keys::webhooks_partition(task)))
            .limit(WEBHOOKS_READ_MAX)
            .send()
            .await?;
        let kept = found.items.unwrap_or_default().into_iter().map(items::read);
        let mut kept: Vec<Exchange> = kept.collect::<Result<_, _>>()?;
        kept.sort_by_key(|exchange| (exchange.at, exchange.order, exchange.sid));
        Ok(kept)
    }
}
