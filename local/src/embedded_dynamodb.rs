//! A DynamoDB in this process: a real API over SQLite, reached by the same SDK as the one in the cloud.
//!
//! Everything about the engine is behind this file and the SDK's endpoint setting, so another engine can take its
//! place. It leans on one private table of the engine's (hence the exact version in `Cargo.toml`): writes look up the
//! highest sequence number of the stream, which without an index takes longer with every record, and the engine never
//! deletes records. So we add the index, and delete what has been handled.
//!
//! The engine takes any credential and answers every web page that asks (it echoes the page's `Origin`), and a page in a
//! browser on this machine can try ports. So it listens where no page finds it: on one of sixteen million loopback
//! addresses, chosen at random like its port, which can neither be guessed nor tried one by one. This keeps out web pages,
//! not other users of the machine, who can list what listens. Where a system has 127.0.0.1 alone
//! (macOS), only the random port hides it.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use dynoxide::{Database, server};
use rusqlite::Connection;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::stream_reader::SequenceNumber;

/// The one table.
pub const TABLE: &str = "cordboard";

/// The file of the database in the data folder.
const FILE: &str = "dynamodb.sqlite";

/// The engine asks for credentials and takes any.
const ANY_CREDENTIAL: &str = "local";

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
    endpoint: String,
    database: Database,
    maintenance: Arc<Mutex<Connection>>,
    // Fields are dropped in this order: the server ends before its folder goes.
    _server: oneshot::Sender<()>,
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
    /// The address.
    #[error("the embedded DynamoDB cannot listen")]
    Listen(#[source] io::Error),
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
        let (folder, temporary) = match place {
            Place::Folder(folder) => (folder, None),
            Place::Temporary => {
                let folder = tempfile::tempdir().map_err(|source| folder_error(&std::env::temp_dir(), source))?;
                (folder.path().to_owned(), Some(folder))
            }
        };
        std::fs::create_dir_all(&folder).map_err(|source| folder_error(&folder, source))?;
        let file = folder.join(FILE);
        let database = Database::new(&file.to_string_lossy())
            .map_err(|error| Error::Engine { folder: folder.display().to_string(), reason: error.to_string() })?;
        let maintenance = Connection::open(&file)?;
        maintenance.busy_timeout(std::time::Duration::from_secs(5))?;
        maintenance.execute_batch(STREAM_INDEX)?;

        let listener = listen().await.map_err(Error::Listen)?;
        let address = listener.local_addr().map_err(Error::Listen)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = database.clone();
        tokio::spawn(async move {
            let stopped = async move {
                // The sender is never used: it is dropped with the database.
                let _dropped = stopped.await;
            };
            if let Err(error) = server::serve_with_shutdown(listener, serving, stopped).await {
                tracing::error!(%error, "the embedded DynamoDB stopped");
            }
        });
        let endpoint = format!("http://{address}");
        let maintenance = Arc::new(Mutex::new(maintenance));
        let database = Self { endpoint, database, maintenance, _server: stop, _folder: temporary };
        store::schema::create_table(&database.client(), TABLE).await?;
        Ok(database)
    }

    /// Where it listens: what `AWS_ENDPOINT_URL_DYNAMODB` has to be for another process.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The SDK's client for it.
    pub fn client(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(ANY_CREDENTIAL))
            .credentials_provider(credentials())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&self.endpoint);
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// The SDK's client for its streams.
    pub fn streams(&self) -> aws_sdk_dynamodbstreams::Client {
        let config = aws_sdk_dynamodbstreams::Config::builder()
            .behavior_version(aws_sdk_dynamodbstreams::config::BehaviorVersion::latest())
            .region(Region::from_static(ANY_CREDENTIAL))
            .credentials_provider(credentials())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&self.endpoint);
        aws_sdk_dynamodbstreams::Client::from_conf(config.build())
    }

    /// Deletes the stream's records up to this sequence number, but for the newest one.
    pub async fn trim_stream(&self, handled: SequenceNumber) -> Result<(), Error> {
        let stored = i64::try_from(handled.saturating_sub(SEQUENCE_NUMBER_OFFSET)).unwrap_or(i64::MAX);
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
        aside(move || database.sweep_ttl().map_err(|error| Error::CleanUp(error.to_string()))).await
    }
}

/// Does work that waits for the disk on a thread of its own: the others serve on.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await?
}

async fn listen() -> io::Result<TcpListener> {
    let mut random = [0; 3];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    match TcpListener::bind((hidden_address(random), 0)).await {
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
        }
        bound => bound,
    }
}

/// A loopback address of these bytes, the last two kept off the edges, which may mean a network or a broadcast.
fn hidden_address([second, third, fourth]: [u8; 3]) -> Ipv4Addr {
    Ipv4Addr::new(127, second, third.clamp(1, 254), fourth.clamp(1, 254))
}

fn credentials() -> Credentials {
    Credentials::new(ANY_CREDENTIAL, ANY_CREDENTIAL, None, None, "embedded")
}

fn folder_error(folder: &Path, source: std::io::Error) -> Error {
    Error::Folder { folder: folder.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_a_loopback_address_off_the_edges() {
        for (random, expected) in
            [([0, 0, 0], "127.0.1.1"), ([255, 255, 255], "127.255.254.254"), ([7, 8, 9], "127.7.8.9")]
        {
            assert_eq!(hidden_address(random).to_string(), expected);
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn it_listens_on_another_address_each_time() {
        let (one, another) = (listen().await.unwrap(), listen().await.unwrap());
        assert_ne!(one.local_addr().unwrap().ip(), another.local_addr().unwrap().ip());
        assert_ne!(one.local_addr().unwrap().ip(), Ipv4Addr::LOCALHOST);
    }
}
