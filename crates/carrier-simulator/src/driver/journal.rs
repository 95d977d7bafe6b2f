//! The network's state on disk, in SQLite: one row for each call, queue and request. Only changed
//! rows are written.

use std::path::Path;

use ids::time::Timestamp;
use rusqlite::Connection;

use super::Error;
use crate::network::{Change, Row};

/// Version of the rows' format. A file with another version was written by another program.
const VERSION: i64 = 1;

/// The file that stores the network, or none.
pub struct Journal(Option<File>);

struct File {
    connection: Connection,
    path: String,
}

impl Journal {
    /// Keeps the network in memory only: a restart starts from an empty network.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Whether nothing is stored.
    pub(super) const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Stores the network in a SQLite file, which is created if it is missing. The file survives a
    /// kill at any moment.
    ///
    /// # Errors
    /// [`Error::Journal`] or [`Error::JournalVersion`].
    pub fn file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().display().to_string();
        let failed = |source| Error::Journal {
            path: path.clone(),
            source,
        };
        let connection = Connection::open(&path).map_err(failed)?;
        prepare(&connection).map_err(failed)?;
        let found: i64 = connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .map_err(failed)?;
        match found {
            0 => connection
                .pragma_update(None, "user_version", VERSION)
                .map_err(failed)?,
            VERSION => {}
            found => {
                return Err(Error::JournalVersion {
                    found,
                    expected: VERSION,
                });
            }
        }
        Ok(Self(Some(File { connection, path })))
    }

    /// The seed of the network's ids: that of the file, or `configured` without one. The seed of a
    /// new file contains the moment of its creation. The ids of a network whose file was deleted are
    /// therefore not used again.
    pub(super) fn seed(&self, configured: &str, now: Timestamp) -> Result<String, Error> {
        let Some(file) = &self.0 else {
            return Ok(configured.to_owned());
        };
        file.seed(configured, now)
            .map_err(|source| file.failed(source))
    }

    /// All stored rows, ordered by kind and key.
    pub(super) fn rows(&self) -> Result<Vec<Row>, Error> {
        let Some(file) = &self.0 else {
            return Ok(Vec::new());
        };
        file.rows().map_err(|source| file.failed(source))
    }

    /// Writes changes in one transaction.
    pub(super) fn write(&mut self, changes: &[Change]) -> Result<(), Error> {
        if changes.is_empty() {
            return Ok(());
        }
        let Some(file) = &mut self.0 else {
            return Ok(());
        };
        file.write(changes).map_err(|source| file.failed(source))
    }
}

fn prepare(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // With NORMAL, a killed process loses nothing; only a power cut could lose the last commits.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS network (
            kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS seed (id INTEGER PRIMARY KEY CHECK (id = 0), seed TEXT NOT NULL)",
    )
}

impl File {
    fn seed(&self, configured: &str, now: Timestamp) -> Result<String, rusqlite::Error> {
        // A file with calls and without a seed is of an earlier version, which had this seed.
        let seed = if self.is_empty()? {
            format!("{configured} {}", now.as_millis())
        } else {
            configured.to_owned()
        };
        self.connection.execute(
            "INSERT OR IGNORE INTO seed (id, seed) VALUES (0, ?1)",
            [seed],
        )?;
        self.connection
            .query_row("SELECT seed FROM seed", [], |row| row.get(0))
    }

    fn is_empty(&self) -> Result<bool, rusqlite::Error> {
        self.connection
            .query_row("SELECT NOT EXISTS (SELECT 1 FROM network)", [], |row| {
                row.get(0)
            })
    }

    fn rows(&self) -> Result<Vec<Row>, rusqlite::Error> {
        let mut select = self
            .connection
            .prepare("SELECT kind, key, value FROM network ORDER BY kind, key")?;
        let rows = select.query_map([], |row| {
            Ok(Row {
                table: row.get(0)?,
                key: row.get(1)?,
                value: row.get(2)?,
            })
        })?;
        rows.collect()
    }

    fn write(&mut self, changes: &[Change]) -> Result<(), rusqlite::Error> {
        let transaction = self.connection.transaction()?;
        {
            let mut put = transaction.prepare_cached(
                "INSERT OR REPLACE INTO network (kind, key, value) VALUES (?1, ?2, ?3)",
            )?;
            let mut delete =
                transaction.prepare_cached("DELETE FROM network WHERE kind = ?1 AND key = ?2")?;
            for change in changes {
                match &change.value {
                    Some(value) => put.execute((change.table, &change.key, value))?,
                    None => delete.execute((change.table, &change.key))?,
                };
            }
        }
        transaction.commit()
    }

    fn failed(&self, source: rusqlite::Error) -> Error {
        Error::Journal {
            path: self.path.clone(),
            source,
        }
    }
}
