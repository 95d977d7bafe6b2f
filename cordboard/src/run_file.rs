//! The run file: how other commands on this machine reach a running contact centre and sign in to
//! it.
//!
//! `cordboard call` needs the account of the contact centre that listens on its port, whatever its
//! data folder is. The file is in the system's temporary folder. Its name contains the port, only
//! its owner can read it, and it is removed when the contact centre stops.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::credentials::Account;
use crate::data_folder::write_private;

/// The account and phone number of a running contact centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    /// The account, with its auth token.
    pub account: Account,
    /// The number to dial.
    pub phone_number: String,
}

/// A written [`RunFile`]; dropping it removes the file.
#[derive(Debug)]
pub struct Written(PathBuf);

impl RunFile {
    /// Writes the file of the contact centre on this port.
    ///
    /// # Errors
    /// If the file cannot be written. The contact centre runs without it.
    pub fn write(&self, port: u16) -> io::Result<Written> {
        let path = path(port);
        // The file of a killed process is deleted, so that the new one has this user's owner and
        // mode.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        write_private(&path, &serde_json::to_vec(self)?)?;
        Ok(Written(path))
    }

    /// Reads the file of the contact centre on this port; `None` if there is no readable one.
    pub fn read(port: u16) -> Option<Self> {
        serde_json::from_slice(&fs::read(path(port)).ok()?).ok()
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::debug!(path = %self.0.display(), %error, "run file not removed");
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
    fn run_file_is_private_and_removed_on_drop() {
        // No server listens on port 0, so the file of no other contact centre has this name.
        let account = Account {
            account_sid: AccountSid::derive(&["test"]),
            auth_token: "secret".to_owned(),
            secondary_auth_token: None,
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
