//! An embedded DynamoDB: the DynamoDB API over SQLite, called by the SDK that is used in the cloud,
//! without a socket ([`dynamodb_in_process`]). It checks no credentials, and no other process can
//! reach it.
//!
//! The engine is used only in this file and in that crate, so it can be replaced. Two workarounds
//! depend on a private table of the engine, hence the exact version in `Cargo.toml`. Each write
//! looks up the highest sequence number of the stream, which without an index takes longer with
//! every record: we add the index. The engine never deletes stream records: we delete the handled
//! ones.

mod health;
mod progress;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::SharedHttpClient;
use clap::ValueEnum;
use dynamodb_in_process::{InProcess, Layered};
use dynoxide::{Database, DynoxideError};
use rusqlite::Connection;
use tokio::sync::Notify;

use crate::queues::QueueChanges;
use health::Health;

pub use progress::Progress;

/// The position of a record in the stream: a number of 21 to 40 digits.
pub type SequenceNumber = u128;

/// The name of the table.
pub const TABLE: &str = "cordboard";

/// Name of the database file in the data folder.
pub(crate) const FILE: &str = "dynamodb.sqlite";

const STREAM_INDEX: &str = "CREATE INDEX IF NOT EXISTS cordboard_stream_order \
     ON _stream_records(table_name, CAST(sequence_number AS INTEGER))";

/// The place of the data.
#[derive(Debug)]
pub enum Place {
    /// In this folder, permanently.
    Folder(PathBuf),
    /// The same, and each write waits for the disk.
    SynchronizedFolder(PathBuf),
    /// In a temporary folder, which is deleted at the end. Not in memory, because only a file can
    /// have the index.
    Temporary,
}

/// What a write waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Durability {
    /// For the operating system. The disk is synchronized now and then: a crash of the process loses
    /// nothing, and a power failure at most the last moments, in which the calls ended as well.
    #[default]
    Normal,
    /// For the disk: a power failure loses nothing either.
    Full,
}

/// When SQLite waits for the disk: its setting `synchronous`.
#[derive(Debug, Clone, Copy)]
enum Synchronous {
    Off,
    Normal,
    Full,
}

impl Synchronous {
    fn as_str(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::Normal => "NORMAL",
            Self::Full => "FULL",
        }
    }
}

/// A running database.
pub struct EmbeddedDynamoDb {
    database: Database,
    http: SharedHttpClient,
    health: Health,
    written: Arc<Written>,
    maintenance: Arc<Mutex<Connection>>,
    // Last, because fields are dropped in this order: the database is closed before its folder is
    // deleted.
    _folder: Option<tempfile::TempDir>,
}

/// The signal that this process has written.
#[derive(Default)]
pub(crate) struct Written {
    is_unread: AtomicBool,
    notify: Arc<Notify>,
}

impl Written {
    /// Reports a write.
    pub(crate) fn signal(&self) {
        self.is_unread.store(true, Ordering::Release);
        self.notify.notify_one();
    }

    /// Whether there was a write since the last call.
    pub(crate) fn take(&self) -> bool {
        self.is_unread.swap(false, Ordering::Acquire)
    }

    /// Is notified of every write.
    pub(crate) fn notify(&self) -> Arc<Notify> {
        Arc::clone(&self.notify)
    }
}

/// The reason for which the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data folder cannot be created or used.
    #[error("the data folder {folder} cannot be used: {source}")]
    Folder {
        /// Path of the folder.
        folder: String,
        /// The cause.
        source: io::Error,
    },
    /// The engine cannot open its file.
    #[error("the embedded DynamoDB cannot be started on {folder}: {reason}")]
    Engine {
        /// The data folder.
        folder: String,
        /// The engine's message.
        reason: String,
    },
    /// Our own connection to the engine's file failed.
    #[error("maintenance of the embedded DynamoDB's file failed")]
    File(#[from] rusqlite::Error),
    /// Expired items could not be deleted.
    #[error("the embedded DynamoDB cannot delete expired items: {0}")]
    Expire(String),
    /// The thread that worked on the file panicked.
    #[error("work on the embedded DynamoDB's file was aborted")]
    Aborted(#[from] tokio::task::JoinError),
    /// The table cannot be created.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl EmbeddedDynamoDb {
    /// Opens the database, and creates the table if it does not exist.
    pub async fn open(place: Place) -> Result<Self, Error> {
        Self::open_through(place, |engine| {
            SharedHttpClient::new(engine.without_request_tokens())
        })
        .await
    }

    /// The same, with layers between the SDK and the engine, which `layers` adds.
    pub async fn open_through(
        place: Place,
        layers: impl FnOnce(InProcess) -> SharedHttpClient,
    ) -> Result<Self, Error> {
        let (folder, temporary, synchronous) = match place {
            Place::Folder(folder) => (folder, None, Synchronous::Normal),
            Place::SynchronizedFolder(folder) => (folder, None, Synchronous::Full),
            Place::Temporary => {
                let folder = tempfile::tempdir()
                    .map_err(|source| folder_error(&std::env::temp_dir(), source))?;
                (folder.path().to_owned(), Some(folder), Synchronous::Off)
            }
        };
        std::fs::create_dir_all(&folder).map_err(|source| folder_error(&folder, source))?;
        let file = folder.join(FILE);
        let engine_error = |error: DynoxideError| Error::Engine {
            folder: folder.display().to_string(),
            reason: error.to_string(),
        };
        let database = Database::new(&file.to_string_lossy()).map_err(engine_error)?;
        let reader = Database::new(&file.to_string_lossy()).map_err(engine_error)?;
        let maintenance = Connection::open(&file)?;
        maintenance.busy_timeout(std::time::Duration::from_secs(5))?;
        maintenance.execute_batch(STREAM_INDEX)?;
        progress::create(&maintenance)?;
        match synchronous {
            // The file is not needed after a power failure, so writes do not wait for the disk. The
            // engine keeps 64 MB of it in memory, and maps 256 MB.
            Synchronous::Off => {
                database.enable_bulk_loading().map_err(engine_error)?;
                reader.enable_bulk_loading().map_err(engine_error)?;
            }
            // Some 2 MB are kept in memory for each connection, however large the file is.
            Synchronous::Normal => database.disable_bulk_loading().map_err(engine_error)?,
            // SQLite's default, with the same memory. The engine has no
            // function for it.
            Synchronous::Full => {}
        }
        maintenance.pragma_update(None, "synchronous", synchronous.as_str())?;
        let written = Arc::new(Written::default());
        let signal = Arc::clone(&written);
        let engine = InProcess::new(database.clone())
            .with_reader(reader)
            .on_write(move || signal.signal());
        let health = Health::default();
        let watched = Layered::new(layers(engine), Arc::new(health.clone()));
        let database = Self {
            database,
            http: SharedHttpClient::new(watched),
            health,
            written,
            maintenance: Arc::new(Mutex::new(maintenance)),
            _folder: temporary,
        };
        store::schema::create_table(&database.client(), TABLE).await?;
        Ok(database)
    }

    /// The SDK's client of the database.
    pub fn client(&self) -> aws_sdk_dynamodb::Client {
        dynamodb_in_process::client(self.http.clone())
    }

    /// The SDK's client of its streams.
    pub fn streams(&self) -> aws_sdk_dynamodbstreams::Client {
        dynamodb_in_process::streams(self.http.clone())
    }

    /// Is notified of every write of this process.
    pub fn written(&self) -> Arc<Notify> {
        self.written.notify()
    }

    /// Whether this process has written since the last call.
    pub fn take_written(&self) -> bool {
        self.written.take()
    }

    /// Logs failures of the file from now on. Before, they prevent the start.
    pub fn log_failures(&self) {
        self.health.start();
    }

    /// Requests that have failed in the engine so far: the disk is full or cannot be read.
    pub fn failures(&self) -> u64 {
        self.health.failures()
    }

    /// The engine, for programs that serve it to another process.
    pub fn database(&self) -> Database {
        self.database.clone()
    }

    /// The progress of the processes before this one.
    pub async fn progress(&self) -> Result<Progress, Error> {
        let maintenance = Arc::clone(&self.maintenance);
        blocking(move || {
            let maintenance = maintenance.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(progress::read(&maintenance)?)
        })
        .await
    }

    /// Writes progress, in one transaction: the stream was handled up to this record, whose records
    /// are deleted, and the Events that wait for delivery have changed.
    pub async fn write_progress(
        &self,
        handled: Option<SequenceNumber>,
        events: Arc<QueueChanges>,
    ) -> Result<(), Error> {
        let maintenance = Arc::clone(&self.maintenance);
        blocking(move || {
            let mut maintenance = maintenance.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(progress::write(&mut maintenance, handled, &events)?)
        })
        .await
    }

    /// Deletes the expired items, as DynamoDB does by itself. Returns their number.
    pub async fn delete_expired(&self) -> Result<usize, Error> {
        let database = self.database.clone();
        blocking(move || {
            database
                .sweep_ttl()
                .map_err(|error| Error::Expire(error.to_string()))
        })
        .await
    }
}

/// Does blocking work on another thread, so that it delays no request.
async fn blocking<T: Send + 'static>(
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
