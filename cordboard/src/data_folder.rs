//! The data folder of the local contact centre. Only its owner can read it: it has the auth token and
//! the data of callers.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use crate::centre::JOURNAL_FILE;
use crate::embedded_dynamodb;

/// How long the check of a database may delay the start: enough for some hundred megabytes. The rest
/// of a larger one is not checked.
const CHECK_TIME_MAX: Duration = Duration::from_secs(1);

/// The databases in the folder.
const DATABASES: [&str; 2] = [embedded_dynamodb::FILE, JOURNAL_FILE];

/// The data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refuses.
    #[error("the data folder {folder} cannot be used: {source}")]
    File {
        /// Path of the folder.
        folder: String,
        /// The cause.
        source: io::Error,
    },
    /// Another process uses it.
    #[error(
        "{0} is in use by another Cordboard process; stop it, or choose another folder with --data"
    )]
    InUse(String),
    /// The table was opened and an item that every start needs cannot be read.
    #[error(
        "the table in {folder} cannot be read; if it is damaged, restore {folder} from a backup, or move it away to start with an empty one"
    )]
    Unreadable {
        /// Path of the folder.
        folder: String,
        /// The cause.
        source: store::Error,
    },
    /// A database is damaged.
    #[error(
        "the database {file} is damaged ({problem}); restore {folder} from a backup, or move it away to start with an empty one"
    )]
    Damaged {
        /// Path of the database.
        file: String,
        /// Path of the folder.
        folder: String,
        /// What SQLite found.
        problem: String,
    },
}

/// Creates the folder and its databases if they are missing, closes them to other users, and locks
/// the folder: only one process may use it at a time. The lock ends when the file is dropped.
///
/// # Errors
/// [`Error`]
pub fn open(folder: &Path) -> Result<File, Error> {
    let name = || folder.display().to_string();
    let lock = prepare(folder).map_err(|source| Error::File {
        folder: name(),
        source,
    })?;
    lock.try_lock().map_err(|_| Error::InUse(name()))?;
    for database in DATABASES {
        let file = folder.join(database);
        if let Some(problem) = damage(&file) {
            return Err(Error::Damaged {
                file: file.display().to_string(),
                folder: name(),
                problem,
            });
        }
    }
    Ok(lock)
}

/// What SQLite finds wrong with a database, for [`CHECK_TIME_MAX`] at most. `None`: nothing was
/// found. A file that cannot be opened is reported by those who use it.
fn damage(file: &Path) -> Option<String> {
    let connection = Connection::open(file).ok()?;
    let interrupt = connection.get_interrupt_handle();
    let (checked, is_checked) = mpsc::channel::<()>();
    let timer = thread::spawn(move || {
        if is_checked.recv_timeout(CHECK_TIME_MAX) == Err(RecvTimeoutError::Timeout) {
            interrupt.interrupt();
        }
    });
    let found = problem(&connection);
    drop(checked);
    // It has ended or ends at once, and does not panic.
    let _ended = timer.join();
    match found {
        Ok(found) => found,
        Err(error) => damage_in(&error),
    }
}

/// What SQLite finds wrong with a database; `None`: nothing.
pub(crate) fn problem(database: &Connection) -> rusqlite::Result<Option<String>> {
    let found: String = database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((found != "ok").then(|| found.replace('\n', " ")))
}

/// The damage that an error of SQLite reports; `None`: it has another cause.
pub(crate) fn damage_in(error: &rusqlite::Error) -> Option<String> {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Some(error.to_string()),
        Some(_) | None => None,
    }
}

/// Creates a folder, if it is missing, and closes it to other users.
pub(crate) fn create_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    close(folder, 0o700)
}

fn prepare(folder: &Path) -> io::Result<File> {
    create_private(folder)?;
    // SQLite gives its journals the mode of the database.
    for database in DATABASES {
        create(&folder.join(database), fs::OpenOptions::new().append(true))?;
    }
    create(&folder.join("lock"), fs::OpenOptions::new().append(true))
}

/// Writes a file that only its owner can read. A file of this name is replaced at once and whole, so
/// a full disk leaves the earlier file or none.
///
/// # Errors
/// Those of the file system.
pub(crate) fn write_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = file.as_os_str().to_owned();
    new.push(".new");
    let new = Path::new(&new);
    let write = || -> io::Result<()> {
        let mut written = create(new, fs::OpenOptions::new().write(true).truncate(true))?;
        written.write_all(bytes)?;
        written.sync_all()?;
        fs::rename(new, file)
    };
    write().inspect_err(|_| {
        // What cannot be removed is overwritten by the next attempt.
        let _removed = fs::remove_file(new);
    })
}

/// Creates a file that only its owner can read. It must not exist.
///
/// # Errors
/// Those of the file system.
pub(crate) fn new_private(file: &Path) -> io::Result<File> {
    create(file, fs::OpenOptions::new().write(true).create_new(true))
}

/// Opens a file that only its owner can read, and creates it if it is missing.
fn create(file: &Path, options: &mut fs::OpenOptions) -> io::Result<File> {
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    let opened = options.open(file)?;
    close(file, 0o600)?;
    Ok(opened)
}

/// Closes an existing file or folder to other users.
#[cfg(unix)]
fn close(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn close(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_the_folder() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        fs::create_dir(&folder).unwrap();
        let database = folder.join(embedded_dynamodb::FILE);
        fs::write(&database, "").unwrap();
        close(&database, 0o644).unwrap();
        close(&folder, 0o755).unwrap();
        let _lock = open(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
        for database in DATABASES {
            assert_eq!(mode(&folder.join(database)), 0o600, "{database}");
        }
        assert!(matches!(open(&folder), Err(Error::InUse(_))));
    }

    /// The first page, and a page that is read only later.
    #[test]
    fn damaged_database_is_refused_with_advice() {
        for database in DATABASES {
            for (from, to) in [(0, 4_096), (8_192, 12_288)] {
                let folder = tempfile::tempdir().unwrap();
                let file = folder.path().join(database);
                let connection = Connection::open(&file).unwrap();
                connection
                    .execute_batch("CREATE TABLE items (item TEXT)")
                    .unwrap();
                for _ in 0..100 {
                    connection
                        .execute("INSERT INTO items VALUES (?1)", ["item".repeat(250)])
                        .unwrap();
                }
                drop(connection);
                drop(open(folder.path()).unwrap());
                let mut bytes = fs::read(&file).unwrap();
                bytes[from..to].fill(0xab);
                fs::write(&file, bytes).unwrap();
                let message = open(folder.path()).unwrap_err().to_string();
                for expected in [database, "is damaged", "from a backup", "move it away"] {
                    assert!(message.contains(expected), "{expected}: {message}");
                }
            }
        }
    }

    #[test]
    fn failed_write_keeps_the_earlier_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("account.json");
        write_private(&file, b"first").unwrap();
        // A folder is in the way of the new file.
        fs::create_dir(folder.path().join("account.json.new")).unwrap();
        assert!(write_private(&file, b"second").is_err());
        assert_eq!(fs::read(&file).unwrap(), b"first");
    }
}
