//! What the file last said about a Worker, as a short note in the table.

use serde::Serialize;
use sha2::{Digest, Sha256};
use store::{Error, Store};

use crate::DeclaredWorker;
use crate::workers::CAPACITY;

/// Bytes of a digest that are kept: as many as an id has.
const DIGEST_BYTES: usize = 16;

/// The note of a Worker who left the file but could not go yet: differs from whatever the file may say of them later.
pub(super) const RETIRED: &str = "retired";

/// Two digests: a change of skills leaves the Worker's Activity alone, and the other way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declaration {
    skills: String,
    activity: String,
}

/// What the file says anew about a Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct News {
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
        // A new TaskChannel begins with the capacity it has without a word in the file, so it is no news.
        let capacity: Vec<_> = capacity
            .iter()
            .filter(|(_, capacity)| *capacity != CAPACITY)
            .collect();
        Self {
            skills: digest(&(friendly_name, attributes, capacity)),
            activity: digest(activity_sid),
        }
    }

    /// What is new against the note in the table. Without one everything is.
    pub fn news(&self, noted: Option<&str>) -> News {
        let (skills, activity) = noted
            .and_then(|noted| noted.split_once(' '))
            .unwrap_or_default();
        News {
            skills: self.skills != skills,
            activity: self.activity != activity,
        }
    }

    /// Notes it.
    pub async fn save(&self, store: &Store, worker: &DeclaredWorker) -> Result<(), Error> {
        store
            .save_declaration(
                worker.sid,
                Some(&format!("{} {}", self.skills, self.activity)),
            )
            .await
    }
}

impl News {
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
