//! Reads a recording: the files of `serve --record`, or those that a deployed stack has put into its
//! bucket.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use ids::WorkspaceSid;
use ids::time::Timestamp;
use recorded_day::{Change, Write};
use serde_json::Deserializer;
use store::items::Item;
use store::stream::{self, EventRecord};
use store::{keys, workspace_of_rows};
use task_router::model::Workspace;

use crate::recorder::{EXTENSION, SNAPSHOT};

/// Records that are replayed together, some 3 kB of memory each. A day of 50,000 calls has fewer.
pub const RECORDS_MAX: usize = 1_000_000;

/// Levels of folders: those of a bucket are year, month, day and hour.
const FOLDER_DEPTH_MAX: usize = 8;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read.
    #[error("{file}: {source}")]
    File {
        /// The file or folder.
        file: String,
        /// The cause.
        source: io::Error,
    },
    /// A file has something else than records.
    #[error("{file}: expected a record of a DynamoDB stream: {source}")]
    Format {
        /// The file.
        file: String,
        /// The cause, with its line and column.
        source: serde_json::Error,
    },
    /// A record cannot be understood.
    #[error(transparent)]
    Record(#[from] store::Error),
    /// There is nothing to replay.
    #[error("{0} has no records; expected the folder of `serve --record`, or a copy of the bucket")]
    Empty(String),
    /// The recording does not fit into memory.
    #[error("expected at most {RECORDS_MAX} records; move some of the files away")]
    TooLong,
}

/// The writes of each Workspace.
pub type Recording = BTreeMap<WorkspaceSid, Vec<Write>>;

/// Reads the files of a folder, and of the folders in it.
///
/// # Errors
/// A file cannot be read or understood, or there is none.
pub fn read(folder: &Path) -> Result<Recording, Error> {
    let mut files = Vec::new();
    collect(folder, FOLDER_DEPTH_MAX, &mut files)?;
    files.sort();
    let mut records = Vec::new();
    let mut is_in_order = true;
    for file in &files {
        is_in_order &= file.extension().is_some_and(|it| it == EXTENSION);
        read_file(file, &mut records)?;
    }
    if records.is_empty() {
        return Err(Error::Empty(folder.display().to_string()));
    }
    let mut builder = Builder::default();
    let mut items = Vec::with_capacity(records.len());
    for record in records {
        items.extend(item(record)?);
    }
    if !is_in_order {
        sort(&mut items);
    }
    for item in items {
        builder.add(item)?;
    }
    builder.finish()
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let in_file = |source| Error::File {
        file: folder.display().to_string(),
        source,
    };
    for entry in std::fs::read_dir(folder).map_err(in_file)? {
        let entry = entry.map_err(in_file)?;
        let path = entry.path();
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if is_hidden {
            continue;
        }
        if path.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, files)?;
            }
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn read_file(file: &Path, records: &mut Vec<EventRecord>) -> Result<(), Error> {
    let name = || file.display().to_string();
    let opened = File::open(file).map_err(|source| Error::File {
        file: name(),
        source,
    })?;
    let reader: Box<dyn Read> = if file.extension().is_some_and(|it| it == "gz") {
        Box::new(BufReader::new(MultiGzDecoder::new(BufReader::new(opened))))
    } else {
        Box::new(BufReader::new(opened))
    };
    // Firehose puts no line break between records.
    for record in Deserializer::from_reader(reader).into_iter::<EventRecord>() {
        match record {
            Ok(record) => records.push(record),
            // A process that was killed has left a part of a line.
            Err(source) if source.is_eof() => break,
            Err(source) => {
                return Err(Error::Format {
                    file: name(),
                    source,
                });
            }
        }
        if records.len() > RECORDS_MAX {
            return Err(Error::TooLong);
        }
    }
    Ok(())
}

/// A record that is replayed.
struct Recorded {
    workspace: WorkspaceSid,
    /// The moment of the decision; of configuration that of the write, in whole seconds.
    at: Timestamp,
    sequence: u128,
    /// The item, for the first sight of it.
    pk: String,
    version: u64,
    content: Content,
}

enum Content {
    Row { sk: String, row: Option<Item> },
    Write { old: Option<Change>, new: Change },
    Snapshot { known: Change, new: Change },
}

impl Content {
    fn snapshot<T: Clone>(new: T, known: fn(T) -> Change, changed: fn(T) -> Change) -> Self {
        Self::Snapshot {
            known: known(new.clone()),
            new: changed(new),
        }
    }

    fn write<T>(old: Option<T>, new: T, known: fn(T) -> Change, changed: fn(T) -> Change) -> Self {
        Self::Write {
            old: old.map(known),
            new: changed(new),
        }
    }
}

fn item(record: EventRecord) -> Result<Option<Recorded>, Error> {
    let key = |name: &str| match record.change.keys.get(name) {
        Some(serde_dynamo::AttributeValue::S(text)) => text.clone(),
        Some(_) | None => String::new(),
    };
    let pk = key(keys::PK);
    let sequence = record.change.sequence_number.as_deref();
    let sequence = sequence.and_then(|it| it.parse().ok()).unwrap_or_default();
    let written_at = stream::written_at(&record);
    if let Ok(workspace) = pk.parse::<WorkspaceSid>() {
        let row: Item = record.change.new_image.clone().into();
        return Ok(Some(Recorded {
            workspace,
            at: written_at,
            sequence,
            content: Content::Row {
                sk: key(keys::SK),
                row: (!row.is_empty()).then_some(row),
            },
            pk,
            version: 0,
        }));
    }
    let is_snapshot = record.event_name == SNAPSHOT;
    // Items of a snapshot have not changed at the moment when they are recorded.
    let moment = |updated| if is_snapshot { written_at } else { updated };
    let recorded = match stream::change(&record)? {
        stream::Change::Task { old, new } => Recorded {
            workspace: new.workspace_sid,
            at: moment(new.date_updated),
            sequence,
            pk,
            version: new.version,
            content: if is_snapshot {
                Content::snapshot(new, Change::KnownTask, Change::Task)
            } else {
                Content::write(old, new, Change::KnownTask, Change::Task)
            },
        },
        stream::Change::Worker { old, new } => Recorded {
            workspace: new.workspace_sid,
            at: moment(new.date_updated),
            sequence,
            pk,
            version: new.version,
            content: if is_snapshot {
                Content::snapshot(new, Change::KnownWorker, Change::Worker)
            } else {
                Content::write(old, new, Change::KnownWorker, Change::Worker)
            },
        },
        stream::Change::WorkerRemoved { old } => Recorded {
            workspace: old.workspace_sid,
            at: written_at,
            sequence,
            pk,
            version: old.version + 1,
            content: Content::Write {
                old: Some(Change::KnownWorker(old.clone())),
                new: Change::WorkerRemoved(old.sid),
            },
        },
        stream::Change::Part(_) | stream::Change::Other => return Ok(None),
    };
    Ok(Some(recorded))
}

/// Brings records of many shards into one order: that of the decisions, and of each item that of its
/// versions.
fn sort(items: &mut [Recorded]) {
    items.sort_by(|one, other| (&one.pk, one.version).cmp(&(&other.pk, other.version)));
    // A writer whose clock was behind must not come before the version it replaced.
    let mut latest: Option<(String, Timestamp)> = None;
    for item in items.iter_mut() {
        if let Some((pk, at)) = &latest
            && *pk == item.pk
            && item.version > 0
        {
            item.at = item.at.max(*at);
        }
        latest = Some((item.pk.clone(), item.at));
    }
    items.sort_by_key(|item| (item.at, item.sequence));
}

#[derive(Default)]
struct Builder {
    recording: Recording,
    /// What was there before the first record of each item.
    known: BTreeMap<WorkspaceSid, Vec<Change>>,
    seen: BTreeSet<String>,
    rows: BTreeMap<WorkspaceSid, BTreeMap<String, Item>>,
    /// Workspaces whose rows have changed since the last write, and when.
    changed: BTreeMap<WorkspaceSid, Timestamp>,
    workspaces: BTreeMap<WorkspaceSid, Arc<Workspace>>,
}

impl Builder {
    fn add(&mut self, item: Recorded) -> Result<(), Error> {
        let Recorded {
            workspace,
            at,
            pk,
            content,
            ..
        } = item;
        let (old, new) = match content {
            Content::Row { sk, row } => {
                let rows = self.rows.entry(workspace).or_default();
                match row {
                    Some(row) => rows.insert(sk, row),
                    None => rows.remove(&sk),
                };
                self.changed.insert(workspace, at);
                return Ok(());
            }
            Content::Write { old, new } => (old, new),
            Content::Snapshot { known, new } => {
                let is_first = !self.seen.contains(&pk);
                let change = if is_first { known } else { new };
                self.seen.insert(pk);
                self.configure(workspace)?;
                self.push(workspace, at, change);
                return Ok(());
            }
        };
        if self.seen.insert(pk) {
            self.known.entry(workspace).or_default().extend(old);
        }
        self.configure(workspace)?;
        self.push(workspace, at, new);
        Ok(())
    }

    fn push(&mut self, workspace: WorkspaceSid, at: Timestamp, change: Change) {
        let writes = self.recording.entry(workspace).or_default();
        writes.push(Write { at, change });
    }

    /// Adds the configuration, if its rows have changed.
    fn configure(&mut self, sid: WorkspaceSid) -> Result<(), Error> {
        let Some(at) = self.changed.remove(&sid) else {
            return Ok(());
        };
        let rows = self.rows.get(&sid).into_iter().flatten();
        let rows = rows.map(|(_, row)| row.clone()).collect();
        let Some(workspace) = workspace_of_rows(rows)? else {
            return Ok(());
        };
        let is_same = self
            .workspaces
            .get(&sid)
            .is_some_and(|known| **known == workspace);
        if !is_same {
            let workspace = Arc::new(workspace);
            self.workspaces.insert(sid, Arc::clone(&workspace));
            self.push(sid, at, Change::Configuration(workspace));
        }
        Ok(())
    }

    /// Puts what was known before the first records to the beginning.
    fn finish(mut self) -> Result<Recording, Error> {
        for sid in self.changed.clone().into_keys() {
            self.configure(sid)?;
        }
        for (sid, known) in self.known {
            let writes = self.recording.entry(sid).or_default();
            let Some(at) = writes.first().map(|first| first.at) else {
                continue;
            };
            let first_task = writes
                .iter()
                .position(|it| !matches!(it.change, Change::Configuration(_)));
            let place = first_task.unwrap_or_default();
            let known = known.into_iter().map(|change| Write { at, change });
            writes.splice(place..place, known);
        }
        Ok(self.recording)
    }
}
