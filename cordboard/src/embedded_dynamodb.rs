//! A DynamoDB in this process: a real API over SQLite, asked by the same SDK as the one in the cloud, without a socket
//! ([`in_process`]). It asks nobody who they are, and nobody outside the process can ask it anything.
//!
//! Everything about the engine is behind this file and that crate, so another engine can take its place. It leans on one
//! private table of the engine's (hence the exact version in `Cargo.toml`): writes look up the highest sequence number of
//! the stream, which without an index takes longer with every record, and the engine never deletes records. So we add the
//! index, and delete what has been handled.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::SharedHttpClient;
use dynamodb_in_process::InProcess;
use dynoxide::{Database, DynoxideError};
use rusqlite::Connection;

use crate::stream_reader::SequenceNumber;

/// The one table.
pub const TABLE: &str = "cordboard";

/// The file of the database in the data folder.
const FILE: &str = "dynamodb.sqlite";

const STREAM_INDEX: &str = "CREATE INDEX IF NOT EXISTS cordboard_stream_order \
     ON _stream_records(table_name, CAST(sequence_number AS INTEGER))";

/// What the engine adds to a stored sequence number to give it the length the API wants.
const SEQUENCE_NUMBER_OFFSET: SequenceNumber = 100_000_000_000_000_000_000;

/// The newest record stays: the engine counts on from the highest number it finds.
const TRIM: &str = "DELETE FROM _stream_records WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) <= ?2 \
     AND CAST(sequence_number AS INTEGER) < (SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1)";

/// Where the data is.
#[derive(Debug)]
pub enum Place {
    /// In this folder; it survives.
    Folder(PathBuf),
    /// In a folder of its own, gone at the end. Not in memory: only a file can have the index.
    Temporary,
}

/// A running database.
pub struct EmbeddedDynamoDb {
    database: Database,
    http: SharedHttpClient,
    maintenance: Arc<Mutex<Connection>>,
    // Last, as fields are dropped in this order: the database is closed before its folder goes.
    _folder: Option<tempfile::TempDir>,
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder.
    #[error("the data folder {folder} cannot be used: {source}")]
    Folder {
        /// Which.
        folder: String,
        /// Why.
        source: io::Error,
    },
    /// The engine.
    #[error("the embedded DynamoDB cannot be started on {folder}: {reason}")]
    Engine {
        /// The folder.
        folder: String,
        /// Why.
        reason: String,
    },
    /// The engine's file.
    #[error("the embedded DynamoDB's file cannot be looked after")]
    File(#[from] rusqlite::Error),
    /// The items whose time is over.
    #[error("the embedded DynamoDB cannot clean up: {0}")]
    CleanUp(String),
    /// Work on the file broke off.
    #[error("work on the embedded DynamoDB's file broke off")]
    Broken(#[from] tokio::task::JoinError),
    /// The table.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl EmbeddedDynamoDb {
    /// Starts the database and makes the table, unless it is there.
    pub async fn open(place: Place) -> Result<Self, Error> {
        Self::open_through(place, |engine| {
            SharedHttpClient::new(engine.without_request_tokens())
        })
        .await
    }

    /// The same, with layers between the SDK and the engine: `layers` puts them around the way to it.
    pub async fn open_through(
        place: Place,
        layers: impl FnOnce(InProcess) -> SharedHttpClient,
    ) -> Result<Self, Error> {
        let (folder, temporary) = match place {
            Place::Folder(folder) => (folder, None),
            Place::Temporary => {
                let folder = tempfile::tempdir()
                    .map_err(|source| folder_error(&std::env::temp_dir(), source))?;
                (folder.path().to_owned(), Some(folder))
            }
        };
        std::fs::create_dir_all(&folder).map_err(|source| folder_error(&folder, source))?;
        let file = folder.join(FILE);
        let engine_error = |error: DynoxideError| Error::Engine {
            folder: folder.display().to_string(),
            reason: error.to_string(),
        };
        let database = Database::new(&file.to_string_lossy()).map_err(engine_error)?;
        let maintenance = Connection::open(&file)?;
        maintenance.busy_timeout(std::time::Duration::from_secs(5))?;
        maintenance.execute_batch(STREAM_INDEX)?;
        match temporary {
            // Nobody will read it after a power cut: the disk need not be waited for. 64 MB of it are kept in memory, and 256 MB mapped.
            Some(_) => database.enable_bulk_loading(),
            // The disk is waited for now and then, not with each write: a process that dies loses nothing, and a power cut at
            // most the last moments, in which the calls ended as well. Some 2 MB are kept in memory, however large the file is.
            None => database.disable_bulk_loading(),
        }
        .map_err(engine_error)?;
        maintenance.pragma_update(
            None,
            "synchronous",
            if temporary.is_some() { "OFF" } else { "NORMAL" },
        )?;
        let http = layers(InProcess::new(database.clone()));
        let database = Self {
            database,
            http,
            maintenance: Arc::new(Mutex::new(maintenance)),
            _folder: temporary,
        };
        store::schema::create_table(&database.client(), TABLE).await?;
        Ok(database)
    }

    /// The SDK's client for it.
    pub fn client(&self) -> aws_sdk_dynamodb::Client {
        dynamodb_in_process::client(self.http.clone())
    }

    /// The SDK's client for its streams.
    pub fn streams(&self) -> aws_sdk_dynamodbstreams::Client {
        dynamodb_in_process::streams(self.http.clone())
    }

    /// The engine itself, for whoever serves it to another process.
    pub fn database(&self) -> Database {
        self.database.clone()
    }

    /// Deletes the stream's records up to this sequence number, but for the newest one.
    pub async fn trim_stream(&self, handled: SequenceNumber) -> Result<(), Error> {
        let stored =
            i64::try_from(handled.saturating_sub(SEQUENCE_NUMBER_OFFSET)).unwrap_or(i64::MAX);
        let maintenance = Arc::clone(&self.maintenance);
        aside(move || {
            let maintenance = maintenance.lock().unwrap_or_else(PoisonError::into_inner);
            maintenance.execute(TRIM, rusqlite::params![TABLE, stored])?;
            Ok(())
        })
        .await
    }

    /// Removes the items whose time to live is over, which DynamoDB does by itself.
    pub async fn clean_up(&self) -> Result<usize, Error> {
        let database = self.database.clone();
        aside(move || {
            database
                .sweep_ttl()
                .map_err(|error| Error::CleanUp(error.to_string()))
        })
        .await
    }
}

/// Does work that waits for the disk on a thread of its own: the others serve on.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await?
}

fn folder_error(folder: &Path, source: std::io::Error) -> Error {
    Error::Folder {
        folder: folder.display().to_string(),
        source,
    }
}
