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

/// A switch, with the person who set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarSwitch {
    /// The switch.
    pub switch: Switch,
    /// The name of the person, or the SID of the credentials.
    pub set_by: String,
    /// When it was set.
    pub set_at: Timestamp,
}

/// The item of one switch.
#[derive(Serialize, Deserialize)]
struct Stored {
    calendar: String,
    switch: Switch,
    set_by: String,
    set_at: Timestamp,
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
        let read = self.fresh_calendar_switches().await?.into_iter();
        let switches = read.map(|(calendar, set)| (calendar, set.switch));
        let switches = Arc::new(switches.collect());
        self.cache.lock().await.switches = Some((now, Arc::clone(&switches)));
        Ok(switches)
    }

    /// All switches that are set, those that have ended included, read from the table.
    ///
    /// # Errors
    /// [`Error`] when the table fails.
    pub async fn fresh_calendar_switches(&self) -> Result<BTreeMap<String, CalendarSwitch>, Error> {
        let read = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression("#pk = :switches")
            .expression_attribute_names("#pk", keys::PK)
            .expression_attribute_values(":switches", text(keys::SWITCHES))
            .consistent_read(true)
            .send()
            .await?;
        let mut switches = BTreeMap::new();
        for item in read.items.unwrap_or_default() {
            let Stored {
                calendar,
                switch,
                set_by,
                set_at,
            } = items::read(item)?;
            let set = CalendarSwitch {
                switch,
                set_by,
                set_at,
            };
            switches.insert(calendar, set);
        }
        Ok(switches)
    }

    /// Sets the switch of a calendar, or removes it.
    ///
    /// # Errors
    /// [`Error`] when the table fails.
    pub async fn set_calendar_switch(
        &self,
        calendar: &str,
        switch: Option<&CalendarSwitch>,
    ) -> Result<(), Error> {
        let key = Key::calendar_switch(calendar);
        match switch {
            None => self.delete(&key).await?,
            Some(switch) => {
                let stored = Stored {
                    calendar: calendar.to_owned(),
                    switch: switch.switch.clone(),
                    set_by: switch.set_by.clone(),
                    set_at: switch.set_at,
                };
                self.put(items::with_key(&stored, &key)?).await?;
            }
        }
        // After the write: a reader beside it may have cached the switches of before.
        self.cache.lock().await.switches = None;
        Ok(())
    }
}
