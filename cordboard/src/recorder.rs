//! Records the table's stream in files, for `cordboard replay`.
//!
//! A recording begins with a snapshot, the configuration, the Workers and the Tasks that have not
//! ended, and goes on with the stream's records of such items in their order. Each line of a file is
//! one record in Lambda's form. A record may be there twice, after a restart.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::AttributeValue;
use ids::WorkspaceSid;
use ids::time::Timestamp;
use serde_json::{Map, Value, json};
use store::items::{self, Item};
use store::{Store, keys};

use crate::data_folder::{create_private, new_private};
use crate::stream_reader::StreamRecord;

/// Bytes after which the next file begins: small enough to copy and to look into.
pub const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes of a recording, after which it ends: some 100,000 calls. A forgotten recording must not fill
/// the disk.
pub const RECORDING_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// `eventName` of the lines of a snapshot.
pub const SNAPSHOT: &str = "SNAPSHOT";

/// The extension of the files, whose lines are in the order of the writes.
pub const EXTENSION: &str = "jsonl";

/// Tasks that are read at the same time: DynamoDB's limit of a batch.
const TASKS_PER_READ: usize = 100;

/// A recording under way.
pub struct Recorder {
    folder: PathBuf,
    limits: Limits,
    /// The number of the current file.
    number: u32,
    file: Option<BufWriter<File>>,
    /// Bytes of the current file, and of all files.
    bytes: u64,
    total: u64,
    has_ended: bool,
}

/// The limits of a recording in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of a file.
    pub file: u64,
    /// Of all files.
    pub recording: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file: FILE_BYTES_MAX,
            recording: RECORDING_BYTES_MAX,
        }
    }
}

impl Recorder {
    /// Begins a recording in a folder, which only its owner can read from then on. Files of an earlier
    /// recording in it stay, and are continued by further files.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn create(folder: &Path, limits: Limits) -> io::Result<Self> {
        create_private(folder)?;
        let mut number = 0;
        let mut total = 0;
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if let Some(found) = number_of(&entry.path()) {
                number = number.max(found);
                total += entry.metadata()?.len();
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            limits,
            number,
            file: None,
            bytes: 0,
            total,
            has_ended: false,
        })
    }

    /// Writes what is in the table now.
    ///
    /// # Errors
    /// The table cannot be read, or the files cannot be written.
    pub async fn snapshot(&mut self, store: &Store, now: Timestamp) -> Result<(), Error> {
        for workspace in store.workspace_sids().await? {
            let lines = snapshot_of(store, workspace, now).await?;
            self.write(lines.iter())?;
        }
        Ok(())
    }

    /// Appends records of the stream. The recording ends with the first failure, which is logged:
    /// the contact centre goes on without it.
    pub fn append(&mut self, records: &[StreamRecord]) {
        if self.has_ended {
            return;
        }
        let recorded = records
            .iter()
            .map(|record| &record.event)
            .filter(|event| is_recorded(event));
        if let Err(error) = self.write(recorded) {
            self.has_ended = true;
            self.file = None;
            tracing::error!(folder = %self.folder.display(), %error, "recording ended");
        }
    }

    fn write<'v>(&mut self, lines: impl Iterator<Item = &'v Value>) -> io::Result<()> {
        for line in lines {
            let mut line = line.to_string();
            line.push('\n');
            let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
            if self.total + length > self.limits.recording {
                let max = self.limits.recording;
                return Err(io::Error::other(format!("it has {max} bytes, its limit")));
            }
            if self.bytes + length > self.limits.file {
                self.file = None;
            }
            let file = match &mut self.file {
                Some(file) => file,
                None => self.next_file()?,
            };
            file.write_all(line.as_bytes())?;
            self.bytes += length;
            self.total += length;
        }
        match &mut self.file {
            Some(file) => file.flush(),
            None => Ok(()),
        }
    }

    fn next_file(&mut self) -> io::Result<&mut BufWriter<File>> {
        self.number += 1;
        self.bytes = 0;
        let name = format!("{:06}.{EXTENSION}", self.number);
        let file = new_private(&self.folder.join(name))?;
        Ok(self.file.insert(BufWriter::new(file)))
    }
}

/// Why a recording cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder cannot be used.
    #[error("the recording cannot be written: {0}")]
    File(#[from] io::Error),
    /// The table cannot be read.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The number of a file of a recording.
fn number_of(file: &Path) -> Option<u32> {
    if file.extension()? != EXTENSION {
        return None;
    }
    file.file_stem()?.to_str()?.parse().ok()
}

/// Whether a record is of a Task, a Worker or a part of a Workspace: the others route nothing.
fn is_recorded(event: &Value) -> bool {
    let key = |name| event["dynamodb"]["Keys"][name]["S"].as_str();
    let (Some(pk), Some(sk)) = (key(keys::PK), key(keys::SK)) else {
        return false;
    };
    sk == keys::TASK || sk == keys::WORKER || pk.parse::<WorkspaceSid>().is_ok()
}

async fn snapshot_of(
    store: &Store,
    sid: WorkspaceSid,
    now: Timestamp,
) -> Result<Vec<Value>, Error> {
    let Some(workspace) = store.fresh_workspace(sid, now).await? else {
        return Ok(Vec::new());
    };
    let mut rows = store.configuration_rows(sid).await?;
    for worker in store.workers(&store.worker_sids(sid).await?).await? {
        rows.push(items::of_worker(&worker, &workspace)?);
    }
    for page in store.task_sids(sid).await?.chunks(TASKS_PER_READ) {
        let tasks = store.tasks(page).await?;
        let active = tasks.iter().filter(|task| !task.assignment_status.is_end());
        for task in active {
            rows.push(items::of_task(task, &workspace)?);
        }
    }
    Ok(rows.into_iter().map(|row| line_of(row, now)).collect())
}

/// An item of a snapshot in the form of a stream record.
fn line_of(item: Item, now: Timestamp) -> Value {
    let image: Map<String, Value> = item
        .into_iter()
        .map(|(name, value)| (name, attribute(value)))
        .collect();
    let key = |name: &str| image.get(name).cloned().unwrap_or_default();
    let keys = json!({ keys::PK: key(keys::PK), keys::SK: key(keys::SK) });
    json!({
        "eventID": "snapshot",
        "eventName": SNAPSHOT,
        "dynamodb": {
            "ApproximateCreationDateTime": now.as_secs(),
            "Keys": keys,
            "NewImage": image,
        },
    })
}

fn attribute(value: AttributeValue) -> Value {
    serde_json::to_value(serde_dynamo::AttributeValue::from(value)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(pk: &str, sk: &str) -> StreamRecord {
        StreamRecord {
            number: 1,
            partition_key: pk.to_owned(),
            written_at: Timestamp::from_millis(0),
            event: json!({ "dynamodb": { "Keys": { "pk": { "S": pk }, "sk": { "S": sk } } } }),
        }
    }

    fn files(folder: &Path) -> Vec<(String, usize)> {
        let files = std::fs::read_dir(folder).unwrap();
        let mut found: Vec<(String, usize)> = files
            .map(|file| {
                let file = file.unwrap();
                let text = std::fs::read_to_string(file.path()).unwrap();
                let name = file.file_name().into_string().unwrap();
                (name, text.lines().count())
            })
            .collect();
        found.sort();
        found
    }

    #[test]
    fn files_are_limited_and_numbered() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let task = || record("WT1", keys::TASK);
        let line = u64::try_from(task().event.to_string().len() + 1).unwrap();
        let limits = Limits {
            file: 2 * line,
            recording: 5 * line,
        };
        let mut recorder = Recorder::create(folder, limits).unwrap();
        recorder.append(&[task(), record("USED#1", "USED"), task(), task()]);
        let expected = [
            ("000001.jsonl".to_owned(), 2),
            ("000002.jsonl".to_owned(), 1),
        ];
        assert_eq!(files(folder), expected);
        // Another process continues, up to the limit of all files.
        let mut recorder = Recorder::create(folder, limits).unwrap();
        recorder.append(&[task(), task(), task()]);
        let lines: usize = files(folder).iter().map(|(_, lines)| lines).sum();
        assert_eq!(lines, 5);
        recorder.append(&[task()]);
        assert_eq!(files(folder).len(), 3);
    }

    #[test]
    fn only_routed_items_are_recorded() {
        let workspace = WorkspaceSid::derive(&["w"]).to_string();
        for (pk, sk, expected) in [
            ("WT1", keys::TASK, true),
            ("WK1", keys::WORKER, true),
            (workspace.as_str(), keys::WORKSPACE, true),
            ("WK1", "DECLARED", false),
            ("SESSIONS#a", "SESSIONS", false),
        ] {
            assert_eq!(is_recorded(&record(pk, sk).event), expected, "{pk} {sk}");
        }
    }
}
