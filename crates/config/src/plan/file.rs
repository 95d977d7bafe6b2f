//! A plan in a file: what is to be applied, and what it was made against.

use std::collections::BTreeMap;

use ids::AccountSid;
use serde::{Deserialize, Serialize};

use super::{Current, PartChange, Plan, difference};
use crate::export::tree::Tree;
use crate::{ContactCentre, Problem, read_with_files};

/// The version of the form of a plan file.
const VERSION: u32 = 1;

/// A configuration file with the files that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationFiles {
    /// The name of the configuration file in messages.
    pub name: String,
    /// Its content.
    pub text: String,
    /// The content of the files that it names, by their names; in JSON as base64.
    #[serde(default, with = "base64_contents")]
    pub beside: BTreeMap<String, Vec<u8>>,
}

impl ConfigurationFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// All problems, as [`read_with_files`].
    pub fn read(&self, account_sid: AccountSid) -> Result<ContactCentre, Vec<Problem>> {
        let beside = |name: &str| {
            let found = self.beside.get(name).cloned();
            found.ok_or_else(|| "it was not given".to_owned())
        };
        read_with_files(&self.text, &self.name, account_sid, &beside)
    }
}

/// A plan that can be applied later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanFile {
    version: u32,
    /// The account that the plan is for.
    pub account_sid: AccountSid,
    /// What would change.
    pub plan: Plan,
    /// What is applied.
    pub files: ConfigurationFiles,
    /// What was there.
    current: Tree,
}

/// Why a plan file cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// The file has another form.
    #[error("the plan has the form {0}; this program applies the form {VERSION}")]
    Version(u32),
    /// The plan is for another account.
    #[error("the plan is for the account {0}")]
    Account(AccountSid),
    /// The contact centre has changed since the plan was made.
    #[error("the contact centre has changed since the plan was made; make a new plan")]
    Changed(Vec<PartChange>),
}

impl PlanFile {
    /// The file of a plan.
    pub fn new(
        account_sid: AccountSid,
        plan: Plan,
        files: ConfigurationFiles,
        current: &Current,
    ) -> Self {
        Self {
            version: VERSION,
            account_sid,
            plan,
            files,
            current: current.describe_steady(),
        }
    }

    /// Checks that the plan is still the one for this account and contact centre.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self, account_sid: AccountSid, current: &Current) -> Result<(), PlanFileError> {
        if self.version != VERSION {
            return Err(PlanFileError::Version(self.version));
        }
        if self.account_sid != account_sid {
            return Err(PlanFileError::Account(self.account_sid));
        }
        if self.plan.against == current.fingerprint() {
            return Ok(());
        }
        // Expressions of a file that was read are texts; so are these then.
        let now = serde_json::to_value(current.describe_steady()).and_then(serde_json::from_value);
        let now = now.unwrap_or_else(|_| current.describe_steady());
        Err(PlanFileError::Changed(difference(&self.current, &now)))
    }
}

/// Contents of files as texts of base64: audio files are no texts.
mod base64_contents {
    use std::collections::BTreeMap;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(
        contents: &BTreeMap<String, Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let texts = contents
            .iter()
            .map(|(name, bytes)| (name, STANDARD.encode(bytes)));
        texts.collect::<BTreeMap<_, _>>().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, Vec<u8>>, D::Error> {
        let texts = BTreeMap::<String, String>::deserialize(deserializer)?;
        let decode = |(name, text): (String, String)| Ok((name, STANDARD.decode(text)?));
        let contents: Result<_, base64::DecodeError> = texts.into_iter().map(decode).collect();
        contents.map_err(D::Error::custom)
    }
}
