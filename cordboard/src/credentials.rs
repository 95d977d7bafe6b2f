//! The account this machine's contact centre belongs to: from the environment, or made once and kept with the data.

use std::fs;
use std::io;
use std::path::Path;

use ids::AccountSid;
use runtime::{Env, EnvError};
use serde::{Deserialize, Serialize};

/// The file in the data folder.
const FILE: &str = "account.json";

/// Account SID and auth token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `AC…`
    pub account_sid: AccountSid,
    /// Signs webhooks, opens the API.
    pub auth_token: String,
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// One of the two variables is missing or malformed.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The file.
    #[error("{file} cannot be used: {source}")]
    File {
        /// Which.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// The machine gives no random numbers to make a secret from.
    #[error("no random numbers to make an auth token from: {0}")]
    Random(getrandom::Error),
}

impl Account {
    /// `ACCOUNT_SID` and `AUTH_TOKEN` if they are set; else the account kept in `folder`; else a new one, kept there.
    pub fn find(env: &Env<'_>, folder: Option<&Path>) -> Result<Self, Error> {
        let account_sid = env.optional(
            "ACCOUNT_SID",
            "an account SID: AC and 32 hexadecimal digits",
        )?;
        if let Some(account_sid) = account_sid {
            let auth_token = env.required("AUTH_TOKEN", "the auth token of ACCOUNT_SID")?;
            return Ok(Self {
                account_sid,
                auth_token,
            });
        }
        let Some(folder) = folder else {
            return Self::random();
        };
        let file = folder.join(FILE);
        let error = |source| Error::File {
            file: file.display().to_string(),
            source,
        };
        match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(io::Error::from)
                .map_err(error),
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
                let account = Self::random()?;
                fs::create_dir_all(folder).map_err(error)?;
                write_private(
                    &file,
                    &serde_json::to_vec_pretty(&account).unwrap_or_default(),
                )
                .map_err(error)?;
                Ok(account)
            }
            Err(source) => Err(error(source)),
        }
    }

    fn random() -> Result<Self, Error> {
        let (mut sid, mut token) = ([0; 16], [0; 16]);
        getrandom::fill(&mut sid)
            .and_then(|()| getrandom::fill(&mut token))
            .map_err(Error::Random)?;
        let auth_token = token.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            account_sid: AccountSid::from_bytes(sid),
            auth_token,
        })
    }
}

/// Writes a file only its owner can read.
pub(crate) fn write_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(file)?, bytes)
}
