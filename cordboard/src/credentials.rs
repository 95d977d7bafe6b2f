//! The account of the local contact centre: from the environment, or created once and kept with the
//! data.

use std::fs;
use std::io;
use std::path::Path;

use carrier::Tokens;
use ids::AccountSid;
use runtime::{Env, EnvError};
use serde::{Deserialize, Serialize};

use crate::data_folder::write_private;

/// The file in the data folder.
pub(crate) const FILE: &str = "account.json";

/// Account SID and auth token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `AC…`
    pub account_sid: AccountSid,
    /// The auth token, which signs webhooks and is the password of the API.
    pub auth_token: String,
    /// A second token that is accepted like the first, while the account's are rotated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_auth_token: Option<String>,
}

/// The reason for which there is no account.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An environment variable is missing or malformed.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The file cannot be read or written.
    #[error("{file} cannot be used: {source}")]
    File {
        /// Path of the file.
        file: String,
        /// The cause.
        source: io::Error,
    },
    /// The file is damaged.
    #[error(
        "{file} is damaged ({source}); restore it from a copy, or set ACCOUNT_SID and AUTH_TOKEN to what it had"
    )]
    Damaged {
        /// Path of the file.
        file: String,
        /// What is wrong with its JSON.
        source: serde_json::Error,
    },
    /// The operating system provides no random numbers.
    #[error("no auth token could be created, because there are no random numbers: {0}")]
    Random(getrandom::Error),
}

impl Account {
    /// `ACCOUNT_SID`, `AUTH_TOKEN` and `SECONDARY_AUTH_TOKEN` if they are set; otherwise the account in `folder`; otherwise
    /// a new one, which is stored there. Without a folder the account is not stored, and has the
    /// same SID at each start: the SIDs of the configuration are derived from it, and an application
    /// that names the Workflow keeps working.
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
                secondary_auth_token: env
                    .optional("SECONDARY_AUTH_TOKEN", "the account's secondary auth token")?,
            });
        }
        let Some(folder) = folder else {
            return Ok(Self {
                account_sid: AccountSid::derive(&["cordboard --in-memory"]),
                ..Self::random()?
            });
        };
        let file = folder.join(FILE);
        let error = |source| Error::File {
            file: file.display().to_string(),
            source,
        };
        match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|source| Error::Damaged {
                file: file.display().to_string(),
                source,
            }),
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
                let account = Self::random()?;
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

    /// The tokens that requests are checked with.
    pub fn tokens(&self) -> Tokens {
        Tokens {
            primary: self.auth_token.clone(),
            secondary: self.secondary_auth_token.clone(),
        }
    }

    fn random() -> Result<Self, Error> {
        let mut sid = [0; 16];
        let mut token = [0; 16];
        getrandom::fill(&mut sid)
            .and_then(|()| getrandom::fill(&mut token))
            .map_err(Error::Random)?;
        let auth_token = token.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            account_sid: AccountSid::from_bytes(sid),
            auth_token,
            secondary_auth_token: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SIDs of the configuration are derived from the account's.
    #[test]
    fn account_without_folder_keeps_its_sid() {
        let account = || Account::find(&Env::new(|_| None), None).unwrap();
        assert_eq!(account().account_sid, account().account_sid);
        assert_ne!(account().auth_token, account().auth_token);
    }
}
