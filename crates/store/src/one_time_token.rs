//! One-time tokens: a sign-in link works once.

use ids::time::Timestamp;

use crate::keys::Key;
use crate::{Error, Store, items};

impl Store {
    /// Uses the token with this name. False: it was used before. The token's item expires at
    /// `expires`, when the link itself is no longer valid.
    pub async fn use_once(&self, name: &str, expires: Timestamp) -> Result<bool, Error> {
        let mut item = items::key_attributes(&Key::used(name));
        items::keep_until(&mut item, expires);
        match self.put_new(item).await {
            Ok(()) => Ok(true),
            Err(Error::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
