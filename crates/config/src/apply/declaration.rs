//! The declaration of a Worker at the last apply, stored in the table as two digests.

use serde::Serialize;
use sha2::{Digest, Sha256};
use store::{Error, Store};

use crate::DeclaredWorker;
use crate::workers::CAPACITY;

/// Bytes of a digest that are stored: as many as an id has.
const DIGEST_BYTES: usize = 16;

/// Stored for a Worker who is no longer in the file but cannot be deleted yet. It differs from
/// every digest, so a later declaration counts as changed.
pub(crate) const RETIRED: &str = "retired";

/// Two digests, because a change of the attributes leaves the Worker's Activity alone, and vice
/// versa.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declaration {
    skills: String,
    activity: String,
}

/// The parts of a declaration that changed since the last apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Changed {
    /// Name, attributes or capacity.
    pub skills: bool,
    /// The Activity.
    pub activity: bool,
}

impl Declaration {
    pub fn of(worker: &DeclaredWorker) -> Self {
        let DeclaredWorker {
            sid: _,
            friendly_name,
            attributes,
            activity_sid,
            capacity,
        } = worker;
        // A new TaskChannel starts with the default capacity, so a default capacity is not a
        // change.
        let capacity: Vec<_> = capacity
            .iter()
            .filter(|(_, capacity)| *capacity != CAPACITY)
            .collect();
        Self {
            skills: digest(&(friendly_name, attributes, capacity)),
            activity: digest(activity_sid),
        }
    }

    /// Compares this declaration with the stored one. Without a stored one everything changed.
    pub fn changed_since(&self, stored: Option<&str>) -> Changed {
        let (skills, activity) = stored
            .and_then(|stored| stored.split_once(' '))
            .unwrap_or_default();
        Changed {
            skills: self.skills != skills,
            activity: self.activity != activity,
        }
    }

    /// Stores the declaration.
    pub async fn save(&self, store: &Store, worker: &DeclaredWorker) -> Result<(), Error> {
        store
            .save_declaration(
                worker.sid,
                Some(&format!("{} {}", self.skills, self.activity)),
            )
            .await
    }
}

impl Changed {
    pub fn any(self) -> bool {
        self.skills || self.activity
    }
}

fn digest(value: &impl Serialize) -> String {
    // Names, attributes and numbers always have a JSON form.
    let json = serde_json::to_vec(value).unwrap_or_default();
    Sha256::digest(&json)
        .iter()
        .take(DIGEST_BYTES)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
