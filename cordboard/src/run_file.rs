//! What a running contact centre leaves for other commands on this machine: how to reach and open it.
//!
//! `cordboard call` needs the account of the centre that listens on its port, whatever data folder that was started with.
//! The file is in the system's folder for temporary files, named by the port, readable by its owner only, and removed
//! when the centre stops.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::credentials::{Account, write_private};

/// How to reach and open a running centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    /// Its account.
    pub account: Account,
    /// The number to dial.
    pub phone_number: String,
}

/// A written [`RunFile`]; dropping it removes the file.
#[derive(Debug)]
pub struct Written(PathBuf);

impl RunFile {
    /// Writes it for the centre on this port.
    ///
    /// # Errors
    /// When the file cannot be written; the centre runs all the same.
    pub fn write(&self, port: u16) -> io::Result<Written> {
        let path = path(port);
        // One left by a process that was killed is made anew, with its owner and mode.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        write_private(&path, &serde_json::to_vec(self)?)?;
        Ok(Written(path))
    }

    /// Reads that of the centre on this port; `None` if there is none that can be read.
    pub fn read(port: u16) -> Option<Self> {
        serde_json::from_slice(&fs::read(path(port)).ok()?).ok()
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::debug!(path = %self.0.display(), %error, "could not be removed");
        }
    }
}

fn path(port: u16) -> PathBuf {
    std::env::temp_dir().join(format!("cordboard-{port}.json"))
}

#[cfg(test)]
mod tests {
    use ids::AccountSid;

    use super::*;

    #[test]
    fn it_is_there_while_the_centre_runs_and_only_for_its_owner() {
        // No server listens on port 0, so no other centre can have this file.
        let account = Account {
            account_sid: AccountSid::derive(&["test"]),
            auth_token: "secret".to_owned(),
        };
        let run_file = RunFile {
            account,
            phone_number: "+17075550183".to_owned(),
        };
        let written = run_file.write(0).unwrap();
        assert_eq!(RunFile::read(0), Some(run_file));
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(path(0)).unwrap().permissions(),
            );
            assert_eq!(mode & 0o077, 0);
        }
        drop(written);
        assert_eq!(RunFile::read(0), None);
    }
}
