//! Emergency openings and closings, by calendar.

use std::collections::BTreeMap;
use std::sync::Arc;

use calendars::Switch;
use ids::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::configuration::fresh;
use crate::items::{self, text};
use crate::keys::{self, Key};
use crate::{Error, Store};

/// The switches as last read.
pub(crate) type KnownSwitches = Option<(Timestamp, Arc<BTreeMap<String, Switch>>)>;

/// The item of one switch.
#[derive(Serialize, Deserialize)]
struct Stored {
    calendar: String,
    switch: Switch,
}

impl Store {
    /// The switches in force, at most [`CONFIGURATION_KEPT`](crate::CONFIGURATION_KEPT) old.
    ///
    /// # Errors
    /// [`Error`] when the table fails.
    pub async fn calendar_switches(
        &self,
        now: Timestamp,
    ) -> Result<Arc<BTreeMap<String, Switch>>, Error> {
        if let Some(known) = &self.cache.lock().await.switches
            && let Some(known) = fresh(known, now)
        {
            return Ok(known);
        }
        let read = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression("#pk = :switches")
            .expression_attribute_names("#pk", keys::PK)
            .expression_attribute_values(":switches", text(keys::SWITCHES))
            .send()
            .await?;
        let mut switches = BTreeMap::new();
        for item in read.items.unwrap_or_default() {
            let Stored { calendar, switch } = items::read(item)?;
            switches.insert(calendar, switch);
        }
        let switches = Arc::new(switches);
        self.cache.lock().await.switches = Some((now, Arc::clone(&switches)));
        Ok(switches)
    }

    /// Sets the switch of a calendar, or removes it.
    ///
    /// # Errors
    /// [`Error`] when the table fails.
    pub async fn set_calendar_switch(
        &self,
        calendar: &str,
        switch: Option<&Switch>,
    ) -> Result<(), Error> {
        self.cache.lock().await.switches = None;
        let key = Key::calendar_switch(calendar);
        let Some(switch) = switch else {
            return self.delete(&key).await;
        };
        let stored = Stored {
            calendar: calendar.to_owned(),
            switch: switch.clone(),
        };
        self.put(items::with_key(&stored, &key)?).await
    }
}
