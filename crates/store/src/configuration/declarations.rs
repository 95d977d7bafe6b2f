//! Declarations of Workers in `contact-centre.yaml`.

use ids::WorkerSid;
use serde::{Deserialize, Serialize};

use crate::items;
use crate::keys::Key;
use crate::{Error, Store};

#[derive(Serialize, Deserialize)]
struct Declaration {
    digest: String,
}

impl Store {
    /// The digest of what `contact-centre.yaml` last declared for a Worker; `None` if nothing.
    pub async fn declaration(&self, worker: WorkerSid) -> Result<Option<String>, Error> {
        let found: Option<Declaration> = self.get(&Key::declaration(worker)).await?;
        Ok(found.map(|declaration| declaration.digest))
    }

    /// Stores the digest of what `contact-centre.yaml` declares for a Worker; `None` deletes it.
    pub async fn save_declaration(
        &self,
        worker: WorkerSid,
        digest: Option<&str>,
    ) -> Result<(), Error> {
        let key = Key::declaration(worker);
        match digest {
            Some(digest) => {
                self.put(items::with_key(
                    &Declaration {
                        digest: digest.to_owned(),
                    },
                    &key,
                )?)
                .await
            }
            None => self.delete(&key).await,
        }
    }
}
