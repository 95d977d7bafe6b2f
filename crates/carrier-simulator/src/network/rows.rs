//! The state as rows of text, for a journal: which rows changed, and a network from rows.

use ids::time::Millis;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::call::{Call, Phase};
use super::table::Table;
use super::{Conference, Fetch, Network, Queue, Recording, Setup};

/// A stored row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `calls`, `queues`, `conferences`, `fetches`, `recordings`, `media` or `counter`.
    pub table: String,
    /// The key, as JSON.
    pub key: String,
    /// The row, as JSON.
    pub value: String,
}

/// A row that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its table.
    pub table: &'static str,
    /// Its key, as JSON.
    pub key: String,
    /// Its new value as JSON; none when the row is gone.
    pub value: Option<String>,
}

/// A row that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// A table this version does not know.
    #[error("the journal has a table {0} that this version does not know")]
    UnknownTable(String),
    /// Not the JSON that was expected.
    #[error("row {key} of {table} in the journal cannot be read")]
    Unreadable {
        /// Its table.
        table: String,
        /// Its key.
        key: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The state cannot be written as JSON.
    #[error("a row of {table} cannot be written")]
    Unwritable {
        /// Its table.
        table: &'static str,
        /// Why.
        source: serde_json::Error,
    },
}

const COUNTER: &str = "counter";

impl Network {
    /// The network that was stored as `rows`, with today's `setup`.
    ///
    /// # Errors
    /// [`RowError`] for a row another version wrote.
    pub fn from_rows(setup: Setup, rows: impl IntoIterator<Item = Row>) -> Result<Self, RowError> {
        let mut network = Self::new(setup);
        for row in rows {
            network.restore(row)?;
        }
        for call in network.calls.values() {
            if call.phase == Phase::Ended {
                network.ended.insert((call.serial, call.sid));
            } else {
                network.live.insert(call.sid);
            }
        }
        Ok(network)
    }

    /// What changed since [`changes_written`](Self::changes_written).
    ///
    /// # Errors
    /// [`RowError::Unwritable`]; not expected of any state.
    pub fn changes(&self) -> Result<Vec<Change>, RowError> {
        let mut changes = Vec::new();
        collect("calls", &self.calls, &mut changes)?;
        collect("queues", &self.queues, &mut changes)?;
        collect("conferences", &self.conferences, &mut changes)?;
        collect("fetches", &self.fetches, &mut changes)?;
        collect("recordings", &self.recordings, &mut changes)?;
        collect("media", &self.media, &mut changes)?;
        if !changes.is_empty() {
            changes.push(Change {
                table: COUNTER,
                key: String::new(),
                value: Some(self.serial.to_string()),
            });
        }
        Ok(changes)
    }

    /// Forgets which rows changed: they are stored.
    pub fn changes_written(&mut self) {
        self.calls.settle();
        self.queues.settle();
        self.conferences.settle();
        self.fetches.settle();
        self.recordings.settle();
        self.media.settle();
    }

    fn restore(&mut self, row: Row) -> Result<(), RowError> {
        match row.table.as_str() {
            "calls" => put::<_, Call>(&mut self.calls, row),
            "queues" => put::<_, Queue>(&mut self.queues, row),
            "conferences" => put::<_, Conference>(&mut self.conferences, row),
            "fetches" => put::<_, Fetch>(&mut self.fetches, row),
            "recordings" => put::<_, Recording>(&mut self.recordings, row),
            "media" => put::<_, Millis>(&mut self.media, row),
            COUNTER => {
                self.serial = read(&row, &row.value)?;
                Ok(())
            }
            _ => Err(RowError::UnknownTable(row.table)),
        }
    }
}

fn collect<K, V>(
    name: &'static str,
    table: &Table<K, V>,
    changes: &mut Vec<Change>,
) -> Result<(), RowError>
where
    K: Ord + Clone + Serialize,
    V: Serialize,
{
    let unwritable = |source| RowError::Unwritable {
        table: name,
        source,
    };
    for (key, row) in table.changes() {
        let value = row
            .map(serde_json::to_string)
            .transpose()
            .map_err(unwritable)?;
        let key = serde_json::to_string(key).map_err(unwritable)?;
        changes.push(Change {
            table: name,
            key,
            value,
        });
    }
    Ok(())
}

fn put<K, V>(table: &mut Table<K, V>, row: Row) -> Result<(), RowError>
where
    K: Ord + Clone + DeserializeOwned,
    V: DeserializeOwned,
{
    let (key, value) = (read(&row, &row.key)?, read(&row, &row.value)?);
    table.restore(key, value);
    Ok(())
}

fn read<T: DeserializeOwned>(row: &Row, text: &str) -> Result<T, RowError> {
    let unreadable = |source| RowError::Unreadable {
        table: row.table.clone(),
        key: row.key.clone(),
        source,
    };
    serde_json::from_str(text).map_err(unreadable)
}
