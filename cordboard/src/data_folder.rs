//! The data folder of the local contact centre. Only its owner can read it: it has the auth token and
//! the data of callers.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::centre::JOURNAL_FILE;
use crate::embedded_dynamodb;

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
    Ok(lock)
}

fn prepare(folder: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    close(folder, 0o700)?;
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
        fs::write(&database, "earlier data").unwrap();
        close(&database, 0o644).unwrap();
        close(&folder, 0o755).unwrap();
        let _lock = open(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
        for database in DATABASES {
            assert_eq!(mode(&folder.join(database)), 0o600, "{database}");
        }
        assert_eq!(fs::read_to_string(&database).unwrap(), "earlier data");
        assert!(matches!(open(&folder), Err(Error::InUse(_))));
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
