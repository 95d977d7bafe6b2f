//! Webhooks with their answers, kept for the story of the Task they are about: one small item each, for as long as events.
//!
//! They are nobody's truth. Nothing is decided by them, and routing's trigger passes them by as it does events.

use ids::TaskSid;
use ids::time::Timestamp;
use shared::webhook::Exchange;
use task_router::router::events::EVENT_KEPT;

use crate::items::{self, text};
use crate::keys::{self, Key};
use crate::{Error, Store};

/// Webhooks read of one Task: a hundred rounds of offers. Of more, some are left out.
pub const WEBHOOKS_READ_MAX: i32 = 1_000;

impl Store {
    /// Keeps a webhook. The same one again takes the place of what is known of it.
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

    /// Keeps a webhook that comes again and again: of the first one what was answered, of all of them how many. Two at once
    /// may be counted as one.
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

    /// The webhooks that were kept of a Task, in the order they were asked in; [`WEBHOOKS_READ_MAX`] at most.
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
