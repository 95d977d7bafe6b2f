//! The state of the network as rows for the journal: the changed rows, and a network restored from
//! rows.

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
    /// The table, as in [`Row`].
    pub table: &'static str,
    /// The key, as JSON.
    pub key: String,
    /// The new value as JSON; `None` for a deleted row.
    pub value: Option<String>,
}

/// A row that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// This version does not know the table.
    #[error("the journal has a table {0} that this version does not know")]
    UnknownTable(String),
    /// The row is not the expected JSON.
    #[error("row {key} of {table} in the journal cannot be read")]
    Unreadable {
        /// The table of the row.
        table: String,
        /// The key, as JSON.
        key: String,
        /// The error of the JSON parser.
        source: serde_json::Error,
    },
    /// The state cannot be written as JSON.
    #[error("a row of {table} cannot be written")]
    Unwritable {
        /// The table of the row.
        table: &'static str,
        /// The error of the JSON writer.
        source: serde_json::Error,
    },
}

const COUNTER: &str = "counter";

impl Network {
    /// Restores a network from `rows`, with the current `setup`.
    ///
    /// # Errors
    /// [`RowError`] for a row that another version has written.
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

    /// The rows that changed since [`changes_written`](Self::changes_written).
    ///
    /// # Errors
    /// [`RowError::Unwritable`], which no state should cause.
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

    /// Marks all rows as stored.
    pub fn changes_written(&mut self) {
        self.calls.mark_stored();
        self.queues.mark_stored();
        self.conferences.mark_stored();
        self.fetches.mark_stored();
        self.recordings.mark_stored();
        self.media.mark_stored();
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
    let key = read(&row, &row.key)?;
    let value = read(&row, &row.value)?;
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
