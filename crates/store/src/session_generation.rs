//! Generations of the console's sessions. A session carries the generation of its principal at
//! sign-in, and is valid while the table has the same one. The next generation ends all sessions of
//! the principal at once.

use serde::{Deserialize, Serialize};

use crate::keys::Key;
use crate::{Error, Store, items};

#[derive(Serialize, Deserialize)]
struct Sessions {
    generation: u64,
}

impl Store {
    /// The present generation of a principal's sessions; 0 until they were ended for the first time.
    ///
    /// # Errors
    /// The request of the table failed.
    pub async fn session_generation(&self, principal: &str) -> Result<u64, Error> {
        let sessions: Option<Sessions> = self.get(&Key::sessions(principal)).await?;
        Ok(sessions.map_or(0, |sessions| sessions.generation))
    }

    /// Ends all sessions of a principal; their next generation. Two requests at the same moment may
    /// begin the same generation, which ends the same sessions.
    ///
    /// # Errors
    /// The request of the table failed.
    pub async fn end_sessions(&self, principal: &str) -> Result<u64, Error> {
        let generation = self.session_generation(principal).await?.saturating_add(1);
        let item = items::with_key(&Sessions { generation }, &Key::sessions(principal))?;
        self.put(item).await?;
        Ok(generation)
    }
}
