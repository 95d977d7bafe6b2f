//! The table of a contact centre in one process: the embedded DynamoDB, or a table in memory for
//! routing tests.

use std::sync::Arc;

use ids::time::Clock;
use memory_table::MemoryTable;
use tokio::sync::Notify;

use crate::embedded_dynamodb::{self, EmbeddedDynamoDb, Progress, SequenceNumber, TABLE, Written};
use crate::queues::QueueChanges;
use crate::stream_reader::StreamReader;

/// A table, and its stream.
pub enum Table {
    /// The embedded DynamoDB, over SQLite.
    Embedded(EmbeddedDynamoDb),
    /// A table in memory.
    Memory(InMemory),
}

impl From<EmbeddedDynamoDb> for Table {
    fn from(database: EmbeddedDynamoDb) -> Self {
        Self::Embedded(database)
    }
}

impl From<InMemory> for Table {
    fn from(table: InMemory) -> Self {
        Self::Memory(table)
    }
}

/// A table in memory, with a signal of its writes.
#[derive(Clone)]
pub struct InMemory {
    table: MemoryTable,
    written: Arc<Written>,
}

impl InMemory {
    /// An empty table.
    ///
    /// # Errors
    /// The table cannot be created, which no schema of this program causes.
    pub async fn create(clock: Arc<dyn Clock>) -> Result<Self, store::Error> {
        let table = Self::of(MemoryTable::new(clock));
        store::schema::create_table(&table.client(), TABLE).await?;
        Ok(table)
    }

    /// Another table with the same items, and an empty stream.
    #[must_use]
    pub fn copy(&self, clock: Arc<dyn Clock>) -> Self {
        Self::of(self.table.copy(clock))
    }

    fn of(table: MemoryTable) -> Self {
        let written = Arc::new(Written::default());
        let signal = Arc::clone(&written);
        Self {
            table: table.on_write(move || signal.signal()),
            written,
        }
    }

    fn client(&self) -> aws_sdk_dynamodb::Client {
        dynamodb_in_process::client(self.table.clone())
    }
}

impl Table {
    /// The SDK's client of the table.
    pub fn client(&self) -> aws_sdk_dynamodb::Client {
        match self {
            Self::Embedded(database) => database.client(),
            Self::Memory(memory) => memory.client(),
        }
    }

    /// A reader of the table's stream.
    pub(crate) fn reader(&self) -> StreamReader {
        match self {
            Self::Embedded(database) => StreamReader::new(database.streams(), TABLE),
            Self::Memory(memory) => StreamReader::of_memory(memory.table.clone()),
        }
    }

    pub(crate) fn written(&self) -> Arc<Notify> {
        match self {
            Self::Embedded(database) => database.written(),
            Self::Memory(memory) => memory.written.notify(),
        }
    }

    pub(crate) fn take_written(&self) -> bool {
        match self {
            Self::Embedded(database) => database.take_written(),
            Self::Memory(memory) => memory.written.take(),
        }
    }

    pub(crate) fn log_failures(&self) {
        match self {
            Self::Embedded(database) => database.log_failures(),
            Self::Memory(_) => {}
        }
    }

    /// Requests that have failed because the disk does, so far.
    pub(crate) fn failures(&self) -> u64 {
        match self {
            Self::Embedded(database) => database.failures(),
            Self::Memory(_) => 0,
        }
    }

    /// The progress of the processes before this one. A table in memory has none.
    pub(crate) async fn progress(&self) -> Result<Progress, embedded_dynamodb::Error> {
        match self {
            Self::Embedded(database) => database.progress().await,
            Self::Memory(_) => Ok(Progress::default()),
        }
    }

    /// Writes how far the stream was handled, and deletes these records. A table in memory does not
    /// keep the Events that wait for delivery: they end with its process.
    pub(crate) async fn write_progress(
        &self,
        handled: Option<SequenceNumber>,
        events: Arc<QueueChanges>,
    ) -> Result<(), embedded_dynamodb::Error> {
        match self {
            Self::Embedded(database) => database.write_progress(handled, events).await,
            Self::Memory(memory) => {
                if let Some(handled) = handled {
                    memory.table.trim(handled);
                }
                Ok(())
            }
        }
    }

    pub(crate) async fn delete_expired(&self) -> Result<usize, embedded_dynamodb::Error> {
        match self {
            Self::Embedded(database) => database.delete_expired().await,
            Self::Memory(memory) => Ok(memory.table.delete_expired()),
        }
    }
}
