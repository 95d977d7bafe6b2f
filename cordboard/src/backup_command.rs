//! `cordboard backup` and `cordboard restore`: the data folder as one file, copied while calls run.
//!
//! The file is a SQLite database: the database of the table and, in one more table, the other files of
//! the folder. SQLite's online backup copies each database as of one moment, and no write waits for
//! it. The simulated telephone network is copied after the table; with a real carrier there is none.
//! After a restore the two differ as after a power failure, and are reconciled in the same way.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use crate::centre::JOURNAL_FILE;
use crate::cli::{BackupFile, Start};
use crate::credentials;
use crate::data_folder::{self, write_private};
use crate::embedded_dynamodb::FILE as TABLE_FILE;

/// How long a copy waits for a database that is locked: a checkpoint of a large log takes seconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Adds the table of the other files. A database without it is no backup.
const CREATE: &str =
    "CREATE TABLE cordboard_backup (name TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID";

/// Why a backup or a restore failed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no folder to copy.
    #[error("--in-memory keeps no data: name the folder of the data with --data")]
    InMemory,
    /// The folder has no table.
    #[error("{0} has no data of a contact centre; name the folder of the data with --data")]
    NoData(String),
    /// The backup would replace a file.
    #[error("{0} exists; choose another name for the backup")]
    FileExists(String),
    /// The restore would replace data.
    #[error("{0} has data already; name a new folder with --data, or move the data away")]
    DataExists(String),
    /// The file was not written by `cordboard backup`.
    #[error("{0} is no backup of a contact centre")]
    NoBackup(String),
    /// A database is damaged.
    #[error("the database {file} is damaged ({problem})")]
    Damaged {
        /// Path of the database.
        file: String,
        /// What SQLite found.
        problem: String,
    },
    /// SQLite failed.
    #[error("{file} cannot be copied")]
    Database {
        /// Path of the database.
        file: String,
        /// The cause.
        source: rusqlite::Error,
    },
    /// The file system refused.
    #[error("{file} cannot be used")]
    File {
        /// Path of the file or folder.
        file: String,
        /// The cause.
        source: io::Error,
    },
}

/// Copies the data folder to a new file. A contact centre may be running on it.
///
/// # Errors
/// [`Error`]. The file is there only if it is complete.
pub fn backup(options: &BackupFile, start: &Start) -> Result<(), Error> {
    let folder = folder(start)?;
    let file = &options.file;
    let table = folder.join(TABLE_FILE);
    if !table.exists() {
        return Err(Error::NoData(shown(folder)));
    }
    if file.exists() {
        return Err(Error::FileExists(shown(file)));
    }
    let new = Unfinished::create(file)?;
    copy(&table, &new.0)?;
    let backup = open(&new.0)?;
    add_files(&backup, file, folder)?;
    check(&backup, &table)?;
    close(backup, &new.0)?;
    let bytes = new.finish(file)?;
    println!(
        "{} is in {}: {bytes} bytes",
        folder.display(),
        file.display()
    );
    Ok(())
}

/// Creates a data folder from a backup.
///
/// # Errors
/// [`Error`]. The table is there only if everything is.
pub fn restore(options: &BackupFile, start: &Start) -> Result<(), Error> {
    let folder = folder(start)?;
    let table = folder.join(TABLE_FILE);
    let files = files_of(folder);
    if table.exists() || files.iter().any(|(_, path)| path.exists()) {
        return Err(Error::DataExists(shown(folder)));
    }
    let backup = open_backup(&options.file)?;
    data_folder::create_private(folder).map_err(|source| file_error(folder, source))?;
    for (name, path) in &files {
        let content = content(&backup, name).map_err(|error| database_error(path, error))?;
        if let Some(content) = content {
            write_private(path, &content).map_err(|source| file_error(path, source))?;
        }
    }
    drop(backup);
    let new = Unfinished::create(&table)?;
    copy(&options.file, &new.0)?;
    let restored = open(&new.0)?;
    restored
        .execute_batch("DROP TABLE cordboard_backup")
        .map_err(|source| database_error(&new.0, source))?;
    close(restored, &new.0)?;
    new.finish(&table)?;
    println!(
        "{} is restored from {}",
        folder.display(),
        options.file.display()
    );
    Ok(())
}

fn folder(start: &Start) -> Result<&Path, Error> {
    if start.in_memory {
        return Err(Error::InMemory);
    }
    Ok(&start.data)
}

/// The files of a data folder beside the table, by their names in a backup.
fn files_of(folder: &Path) -> [(&'static str, PathBuf); 2] {
    [JOURNAL_FILE, credentials::FILE].map(|name| (name, folder.join(name)))
}

/// Adds the files of the folder to a backup, those that exist.
fn add_files(backup: &Connection, file: &Path, folder: &Path) -> Result<(), Error> {
    let failed = |source| database_error(file, source);
    backup.execute_batch(CREATE).map_err(failed)?;
    for (name, path) in files_of(folder) {
        let content = match name {
            JOURNAL_FILE => database_content(&path)?,
            _ => read_if_exists(&path)?,
        };
        if let Some(content) = content {
            let add = "INSERT INTO cordboard_backup (name, content) VALUES (?1, ?2)";
            let added = backup.execute(add, params![name, content]);
            added.map_err(failed)?;
        }
    }
    Ok(())
}

/// The bytes of a database as of one moment.
fn database_content(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    if !path.exists() {
        return Ok(None);
    }
    // Only its owner can read it.
    let copied = tempfile::NamedTempFile::new().map_err(|source| file_error(path, source))?;
    copy(path, copied.path())?;
    close(open(copied.path())?, copied.path())?;
    read_if_exists(copied.path())
}

fn read_if_exists(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(file_error(path, source)),
    }
}

fn content(backup: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    let select = "SELECT content FROM cordboard_backup WHERE name = ?1";
    backup
        .query_row(select, [name], |row| row.get(0))
        .optional()
}

/// Opens a file that `backup` has written, and checks all of it.
fn open_backup(file: &Path) -> Result<Connection, Error> {
    if !file.exists() {
        let source = io::ErrorKind::NotFound.into();
        return Err(file_error(file, source));
    }
    let backup = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|source| database_error(file, source))?;
    check(&backup, file)?;
    let is_backup = backup
        .table_exists(None, "cordboard_backup")
        .map_err(|source| database_error(file, source))?;
    if !is_backup {
        return Err(Error::NoBackup(shown(file)));
    }
    Ok(backup)
}

/// Checks all of a database.
fn check(database: &Connection, file: &Path) -> Result<(), Error> {
    let problem = match data_folder::problem(database) {
        Ok(None) => return Ok(()),
        Ok(Some(problem)) => problem,
        Err(source) => return Err(database_error(file, source)),
    };
    let file = shown(file);
    Err(Error::Damaged { file, problem })
}

/// Copies a database as of one moment into an empty file.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    let copied = || -> rusqlite::Result<()> {
        let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        source.busy_timeout(BUSY_TIMEOUT)?;
        let mut copy = Connection::open(to)?;
        // All pages in one step: between two steps another process may write, and the copy would
        // begin again.
        let backup = Backup::new(&source, &mut copy)?;
        while backup.step(-1)? != StepResult::Done {
            std::thread::yield_now();
        }
        Ok(())
    };
    copied().map_err(|source| database_error(from, source))
}

fn open(file: &Path) -> Result<Connection, Error> {
    Connection::open(file).map_err(|source| database_error(file, source))
}

/// Closes a database so that everything is in its file.
fn close(database: Connection, file: &Path) -> Result<(), Error> {
    let closed = || -> rusqlite::Result<()> {
        let set = "PRAGMA journal_mode = DELETE";
        database.query_row(set, [], |_mode| Ok(()))?;
        database.close().map_err(|(_, error)| error)
    };
    closed().map_err(|source| database_error(file, source))
}

/// A file that gets its name when it is complete, and is removed otherwise.
struct Unfinished(PathBuf);

impl Unfinished {
    fn create(file: &Path) -> Result<Self, Error> {
        let mut new = file.as_os_str().to_owned();
        new.push(".new");
        let new = PathBuf::from(new);
        write_private(&new, b"").map_err(|source| file_error(&new, source))?;
        Ok(Self(new))
    }

    /// Gives the file its name; returns its bytes.
    fn finish(self, file: &Path) -> Result<u64, Error> {
        let finished = || -> io::Result<u64> {
            let written = File::open(&self.0)?;
            written.sync_all()?;
            fs::rename(&self.0, file)?;
            Ok(written.metadata()?.len())
        };
        finished().map_err(|source| file_error(file, source))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After `finish` there is none. One that remains is replaced by the next attempt.
        let _removed = fs::remove_file(&self.0);
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn database_error(file: &Path, source: rusqlite::Error) -> Error {
    let file = shown(file);
    match data_folder::damage_in(&source) {
        Some(problem) => Error::Damaged { file, problem },
        None => Error::Database { file, source },
    }
}

fn file_error(file: &Path, source: io::Error) -> Error {
    Error::File {
        file: shown(file),
        source,
    }
}
