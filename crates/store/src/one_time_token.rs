//! What may be used once, by whoever comes first: links that sign in.

use ids::time::Timestamp;

use crate::keys::Key;
use crate::{Error, Store, items};

impl Store {
    /// Uses up what has this name. False: it has been used before. `expires`: when nobody takes it any more anyway, so that it
    /// need not be remembered longer.
    pub async fn use_once(&self, name: &str, expires: Timestamp) -> Result<bool, Error> {
        let mut item = items::key_attributes(&Key::used(name));
        items::keep_until(&mut item, expires);
        match self.put_if(item, false).await {
            Ok(()) => Ok(true),
            Err(Error::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
